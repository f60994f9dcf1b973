insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings, members)
values (
    'profit_per_customer',
    'Profit per customer',
    'Revenue of the period x margin (setting), less all costs of customers and all spend, by '
    'active customer (who purchased in the period, or has MRR at its end, whichever are more). By '
    'channel or campaign, spend is that of the group; by an attribute, it is in the row of those '
    'without one; of a segment none is counted, and a warning says so. A row for each currency, or '
    'with currency converted by the rate of the day',
    'minor', 'revenue x margin - costs - spend', 'active customers',
    '{from,to,interval=month,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}',
    1, 'what revenue stands on; any event with data.cost, support.cost.recorded; '
    'find.spend.recorded, sell.cost.recorded; sell.order.placed, bill.subscription.*',
    '{channel,campaign,attribute}', 'denominator');

create function metric.profit_per_customer(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with active as materialized (
        select * from metric.active_customers(question)
    )
    select b.label, metric.grouped(question, b.cell, to_json(d)),
           l.profit / nullif(l.customers, 0), 'minor', l.profit, l.customers,
           l.customers::bigint, b.complete,
           case when l.customers = 0 then 'empty_denominator' end, b.unrated::bigint
    from metric.balances(question, false, array(select distinct a.cell from active a)) b
    left join active a on a.since = b.since and a.cell is not distinct from b.cell,
    lateral (select b.revenue * metric.margin() - b.serving - b.support - b.other
                    - b.acquisition - b.retention as profit,
                    coalesce(a.customers, 0) as customers) l,
    lateral (select b.currency) d
    order by b.since, b.cell nulls first, b.currency
$$;
comment on function metric.profit_per_customer is
    'What remains of an active customer''s money, in each period';

create function metric.members_of_profit_per_customer(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select * from metric.active_members(question, chosen)
$$;
comment on function metric.members_of_profit_per_customer is
    'The active customers of a period';
