insert into lifecycle.metric values (
    'aov',
    'Average order value',
    'Money of the orders placed in the period and not cancelled, by their number: a row for each '
    'currency, or with currency converted by the rate of the day; orders without a rate are left '
    'out of both',
    'minor', 'money of the orders', 'orders',
    '{from,to,interval,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled', '{channel,campaign,attribute}', null);

create function metric.aov(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select p.label, metric.grouped(question, s.cell, to_json(d)),
           s.amount / nullif(s.rated, 0), 'minor', s.amount, s.rated, s.rated::bigint, p.complete,
           case when s.rated = 0 then 'empty_denominator' end, (s.purchases - s.rated)::bigint
    from metric.periods(question) p
    join metric.sold(question) s on s.since = p.since,
    lateral (select s.currency) d
    order by p.since, s.cell nulls last, s.currency
$$;
comment on function metric.aov is 'What an order is worth on the average, in each period';
