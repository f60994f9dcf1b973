insert into lifecycle.metric values (
    'churn',
    'Churn of customers',
    'Of the customers with MRR at the period''s start, the share who have none at its end (measure '
    'churn): of their own will (voluntary) or not (involuntary: a payment not made, fraud, ended by '
    'the seller), which add up. Who came in between is in neither. Periods are whole, and are those '
    'that begin in the window',
    'ratio', 'of these, customers without MRR at the end', 'customers with MRR at the start',
    '{from,to,interval=month,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'bill.subscription.*, bill.payment.failed, recovered and succeeded',
    '{channel,campaign,attribute}', 'numerator');

create function metric.churn(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select l.label, metric.grouped(question, l.cell, to_json(d)),
           m.lost / nullif(l.at_start, 0), 'ratio', m.lost, l.at_start, l.at_start::bigint,
           l.complete, case when l.at_start = 0 then 'empty_denominator' end, 0::bigint
    from metric.lost_customers(question) l,
         lateral (values (1, 'churn', l.lost), (2, 'voluntary', l.voluntary),
                         (3, 'involuntary', l.lost - l.voluntary)) m (place, measure, lost),
         lateral (select m.measure) d
    order by l.since, l.cell, m.place
$$;
comment on function metric.churn is 'The share of customers who were lost';

create function metric.members_of_churn(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select l.*
    from metric.lost_behind(question, chosen,
                            case chosen ->> 'measure'
                                when 'churn' then '{voluntary,involuntary}'
                                else array[chosen ->> 'measure'] end) l
$$;
comment on function metric.members_of_churn is 'The customers who were lost';
