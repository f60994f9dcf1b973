insert into lifecycle.metric values (
    'arpa',
    'Average revenue per account',
    'MRR at the period''s end by the customers who pay it',
    'minor', 'MRR', 'customers with MRR',
    '{from,to,interval=month,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}',
    1, 'bill.subscription.*, bill.payment.failed, recovered and succeeded',
    '{channel,campaign,attribute,plan=label}', 'denominator');

create function metric.arpa(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select r.label, metric.grouped(question, r.cell, to_json(d)),
           r."end" / nullif(r.payers, 0), 'minor', r."end", r.payers, r.payers::bigint,
           r.complete, case when r.payers = 0 then 'empty_denominator' end, r.missing_rate
    from metric.recurring(question) r,
         lateral (select r.currency) d
    order by r.since, r.cell, r.currency
$$;
comment on function metric.arpa is 'MRR per customer who pays it';

create function metric.members_of_arpa(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select * from metric.payers_behind(question, chosen, question.until, question.since)
$$;
comment on function metric.members_of_arpa is 'The customers who pay at the end of a period';
