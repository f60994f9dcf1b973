insert into lifecycle.metric values (
    'repeat_rate',
    'Repeat rate',
    'Of the customers who had purchased by the end of the period, the share who had done so on '
    'at least two days',
    'ratio', 'customers with at least two purchase days so far',
    'customers with at least one purchase day so far',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled', '{channel,campaign,attribute}', 'numerator');

create function metric.repeat_rate(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select b.label, metric.grouped(question, b.cell, null), b.repeaters / nullif(b.buyers, 0),
           'ratio', b.repeaters, b.buyers, b.buyers::bigint, b.complete,
           case when b.buyers = 0 then 'empty_denominator' end, 0::bigint
    from metric.buyers_so_far(question) b
    order by b.since, b.cell nulls last
$$;
comment on function metric.repeat_rate is
    'The share of customers who came back, as of the end of each period';

create function metric.members_of_repeat_rate(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select d.bucket, d.customer_id
    from metric.purchase_days(question) d
    join metric.chosen_population(question, chosen) p
      on p.bucket = d.bucket and p.customer_id = d.customer_id
    where d.previous = d.first
$$;
comment on function metric.members_of_repeat_rate is
    'The customers who had purchased on at least two days by the end of a period';
