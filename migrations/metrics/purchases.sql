insert into lifecycle.metric values (
    'purchases',
    'Purchases',
    'Orders placed in the period and not cancelled: how many (measure purchases), their units '
    '(units), and their money (amount): a row for each currency, or with currency converted by '
    'the rate of the day',
    'purchases', null, null,
    '{from,to,interval,timezone,currency}', '{day,week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled');

create function metric.purchases(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with sold as materialized (
        select metric.period_of(question, t.day) as since, t.currency as held,
               coalesce(question.currency, t.currency) as currency,
               sum(t.purchases) as purchases, sum(t.units) as units,
               sum(t.amount * x.factor) as amount,
               coalesce(sum(t.purchases) filter (where x.factor is not null), 0) as rated
        from metric.purchases_by_day(question.timezone) t
        left join lateral metric.exchange(t.currency, question.currency, t.day) x on true
        where t.day >= question.since and t.day < question.until
        group by 1, 2, 3
        having sum(t.purchases) <> 0
    ), counted as (
        select p.since, coalesce(sum(s.purchases), 0) as purchases,
               coalesce(sum(s.units), 0) as units,
               coalesce(sum(s.purchases - s.rated), 0) as unrated
        from metric.periods(question) p
        left join sold s on s.since = p.since
        group by 1
    ), currencies as (
        select currency from sold
        union
        select question.currency
        where question.currency is not null or not exists (select from sold)
    ), paid as (
        select p.since, c.currency, coalesce(round(sum(s.amount)), 0) as amount,
               coalesce(sum(s.rated), 0) as purchases
        from metric.periods(question) p
        cross join currencies c
        left join sold s on s.since = p.since and s.currency = c.currency
        group by 1, 2
    ), rows as (
        select c.since, m.*
        from counted c,
             lateral (values (1, null, 'purchases', c.purchases, 'purchases', c.purchases,
                              c.unrated),
                             (2, null, 'units', c.units, 'units', c.purchases, 0))
                 m (place, currency, measure, value, unit, n, unrated)
        union all
        select p.since, 3, p.currency, 'amount', p.amount, 'minor', p.purchases, 0
        from paid p
    )
    select p.label, case when r.measure = 'amount' then to_json(money) else to_json(number) end,
           r.value, r.unit, null::numeric, null::numeric, r.n::bigint, p.complete, null::text,
           r.unrated::bigint
    from metric.periods(question) p
    join rows r on r.since = p.since,
    lateral (select r.currency, r.measure) money,
    lateral (select r.measure) number
    order by p.since, r.place, r.currency
$$;
comment on function metric.purchases is 'Purchases, units and money in each period';
