insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'cost_to_serve',
    'Cost to serve',
    'What customers cost in the departments deliver, bill and support (the cost of any of their '
    'events, and support.cost.recorded), by active customer: those who purchased in the period, or '
    'those with MRR at its end, whichever are more. A row for each currency, or with currency '
    'converted by the rate of the day',
    'minor', 'costs in deliver, bill and support', 'active customers',
    '{from,to,interval=month,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}',
    1, 'any event with data.cost, support.cost.recorded; sell.order.placed, bill.subscription.*',
    '{channel,campaign,attribute}');

create function metric.cost_to_serve(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with served as materialized (
        select metric.period_of(question, t.day) as since, t.cell, t.currency,
               sum(t.amount) as amount, sum(t.n) as n, sum(t.unrated) as unrated
        from metric.money_by_day(question, '{cost}') t
        where t.label in ('deliver', 'bill', 'support')
        group by 1, 2, 3
    ), active as materialized (
        select * from metric.active_customers(question)
    ), cells as (
        select s.cell from served s union select a.cell from active a
    ), currencies as (
        select s.currency from served s
        union
        select question.currency
        where question.currency is not null or not exists (select from served)
    )
    select p.label, metric.grouped(question, c.cell, to_json(d)),
           l.amount / nullif(l.customers, 0), 'minor', l.amount, l.customers,
           l.customers::bigint, p.complete,
           case when l.customers = 0 then 'empty_denominator' end, l.unrated::bigint
    from metric.periods(question) p
    cross join cells c
    cross join currencies k
    left join served s on s.since = p.since and s.cell is not distinct from c.cell
                      and s.currency is not distinct from k.currency
    left join active a on a.since = p.since and a.cell is not distinct from c.cell,
    lateral (select coalesce(s.amount, 0) as amount, coalesce(a.customers, 0) as customers,
                    coalesce(s.unrated, 0) as unrated) l,
    lateral (select k.currency) d
    order by p.since, c.cell nulls first, k.currency
$$;
comment on function metric.cost_to_serve is
    'What an active customer cost in deliver, bill and support, in each period';
