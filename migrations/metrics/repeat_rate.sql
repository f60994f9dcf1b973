insert into lifecycle.metric values (
    'repeat_rate',
    'Repeat rate',
    'Of the customers who had purchased by the end of the period, the share who had done so on '
    'at least two days',
    'ratio', 'customers with at least two purchase days so far',
    'customers with at least one purchase day so far',
    '{from,to,interval,timezone}', '{day,week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled');

create function metric.repeat_rate(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select b.label, null::json, b.repeaters / nullif(b.buyers, 0), 'ratio',
           b.repeaters, b.buyers, b.buyers::bigint, b.complete,
           case when b.buyers = 0 then 'empty_denominator' end, 0::bigint
    from metric.buyers_so_far(question) b
    order by b.since
$$;
comment on function metric.repeat_rate is
    'The share of customers who came back, as of the end of each period';
