insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source)
values (
    'profit_per_customer',
    'Profit per customer',
    'Revenue of the period x margin (setting), less all costs of customers and all spend, by '
    'active customer (who purchased in the period, or has MRR at its end, whichever are more). A '
    'row for each currency, or with currency converted by the rate of the day',
    'minor', 'revenue x margin - costs - spend', 'active customers',
    '{from,to,interval=month,timezone,currency}', '{day,week,month,quarter,year}', 1,
    'what revenue stands on; any event with data.cost, support.cost.recorded; '
    'find.spend.recorded, sell.cost.recorded; sell.order.placed, bill.subscription.*');

create function metric.profit_per_customer(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select b.label, to_json(d), l.profit / nullif(l.customers, 0), 'minor', l.profit,
           l.customers, l.customers::bigint, b.complete,
           case when l.customers = 0 then 'empty_denominator' end, b.unrated::bigint
    from metric.balances(question, false) b
    left join metric.active_customers(question) a on a.since = b.since,
    lateral (select b.revenue * metric.margin() - b.serving - b.support - b.other
                    - b.acquisition - b.retention as profit,
                    coalesce(a.customers, 0) as customers) l,
    lateral (select b.currency) d
    order by b.since, b.currency
$$;
comment on function metric.profit_per_customer is
    'What remains of an active customer''s money, in each period';
