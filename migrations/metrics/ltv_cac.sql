insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source)
values (
    'ltv_cac',
    'Customer value against cost of acquisition',
    'clv_formula by cac, both of the period. lag_days as in cac',
    'ratio', 'customer value by the formula', 'cost of acquiring a customer',
    '{from,to,interval=month,timezone,currency,lag_days=0}', '{month,quarter,year}', 1,
    'what clv_formula and cac stand on');

create function metric.ltv_cac(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with value as materialized (
        select * from metric.customer_values(question)
    ), cost as materialized (
        select a.since, a.label, a.complete, a.currency, a.customers, a.unrated,
               a.spend / nullif(a.customers, 0) as cac
        from metric.acquisition_costs(question) a
    ), currencies as (
        select v.currency from value v where v.currency is not null
        union
        select c.currency from cost c where c.currency is not null
        union
        select question.currency
        where question.currency is not null
           or not exists (select from value v where v.currency is not null)
              and not exists (select from cost c where c.currency is not null)
    )
    select p.label, to_json(d), v.value / nullif(c.cac, 0), 'ratio', v.value, c.cac,
           coalesce(c.customers, n.customers, 0)::bigint,
           p.complete and not coalesce(v.is_early, true),
           case when v.value / nullif(c.cac, 0) is not null then null
                when coalesce(v.is_early, true) then 'window_not_elapsed'
                when coalesce(c.customers, n.customers, 0) = 0 then 'no_new_customers'
                else 'empty_denominator' end,
           (coalesce(c.unrated, 0) + coalesce(v.unrated, 0))::bigint
    from metric.periods(question) p
    cross join currencies k
    left join value v on v.since = p.since and v.currency is not distinct from k.currency
    left join cost c on c.since = p.since and c.currency is not distinct from k.currency
    left join (select a.since, sum(a.customers) as customers
               from metric.acquired_customers(question) a
               group by 1) n on n.since = p.since,
    lateral (select k.currency) d
    order by p.since, k.currency
$$;
comment on function metric.ltv_cac is
    'What a customer is worth by the formula, against what it cost to win one';
