insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source)
values (
    'cac_payback',
    'Months until the cost of acquisition is paid back',
    'cac of the period, by MRR per customer at its end x margin (setting). lag_days as in cac',
    'months', 'cost of acquiring a customer', 'MRR per customer x margin',
    '{from,to,interval=month,timezone,currency,lag_days=0}', '{day,week,month,quarter,year}', 1,
    'what cac and arpa stand on');

create function metric.cac_payback(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with value as materialized (
        select r.since, r.currency, r."end" * metric.margin() / nullif(r.payers, 0) as per_payer,
               r.missing_rate
        from metric.recurring(question) r
    )
    select a.label, to_json(d), c.cac / nullif(v.per_payer, 0), 'months', c.cac, v.per_payer,
           a.customers::bigint, a.complete,
           case when c.cac / nullif(v.per_payer, 0) is not null then null
                when a.customers = 0 then 'no_new_customers'
                else 'empty_denominator' end,
           (a.unrated + coalesce(v.missing_rate, 0))::bigint
    from metric.acquisition_costs(question) a
    left join value v on v.since = a.since and v.currency is not distinct from a.currency,
    lateral (select a.spend / nullif(a.customers, 0) as cac) c,
    lateral (select a.currency) d
    order by a.since, a.currency
$$;
comment on function metric.cac_payback is
    'After how many months a customer has earned what it cost to win one';
