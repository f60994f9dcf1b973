insert into lifecycle.metric values (
    'retention',
    'Retention of customers',
    'Of the customers with MRR at the period''s start, the share who have some at its end. Periods '
    'are whole, and are those that begin in the window',
    'ratio', 'of these, customers with MRR at the end', 'customers with MRR at the start',
    '{from,to,interval=month,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'bill.subscription.*, bill.payment.failed, recovered and succeeded',
    '{channel,campaign,attribute}', 'numerator');

create function metric.retention(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select l.label, metric.grouped(question, l.cell, null),
           (l.at_start - l.lost) / nullif(l.at_start, 0), 'ratio', l.at_start - l.lost,
           l.at_start, l.at_start::bigint, l.complete,
           case when l.at_start = 0 then 'empty_denominator' end, 0::bigint
    from metric.lost_customers(question) l
    order by l.since, l.cell
$$;
comment on function metric.retention is 'The share of customers who stayed';

create function metric.members_of_retention(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select p.bucket, p.customer_id
    from metric.customers_at(question, chosen, question.since) p
    except
    select l.bucket, l.customer_id
    from metric.lost_behind(question, chosen, '{voluntary,involuntary}') l
$$;
comment on function metric.members_of_retention is 'The customers who stayed';
