insert into lifecycle.metric values (
    'purchases',
    'Purchases',
    'Orders placed in the period and not cancelled: how many (measure purchases), their units '
    '(units), and their money (amount): a row for each currency, or with currency converted by '
    'the rate of the day. By offering: the orders that it is in, and its own units and money by '
    'their items; what they do not say is in the row of none, so that units and money add up',
    'purchases', null, null,
    '{from,to,interval,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled', '{channel,campaign,offering,attribute}', null);

create function metric.purchases(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with sold as materialized (
        select * from metric.sold(question)
    ), rows as (
        select s.since, s.cell, m.*
        from (select s.since, s.cell, sum(s.purchases) as purchases, sum(s.units) as units,
                     sum(s.purchases - s.rated) as unrated
              from sold s
              group by 1, 2) s,
             lateral (values (1, null, 'purchases', s.purchases, 'purchases', s.purchases,
                              s.unrated),
                             (2, null, 'units', s.units, 'units', s.purchases, 0))
                 m (place, currency, measure, value, unit, n, unrated)
        union all
        select s.since, s.cell, 3, s.currency, 'amount', s.amount, 'minor', s.rated, 0
        from sold s
    )
    select p.label,
           metric.grouped(question, r.cell, case when r.measure = 'amount' then to_json(money)
                                                 else to_json(number) end),
           r.value, r.unit, null::numeric, null::numeric, r.n::bigint, p.complete, null::text,
           r.unrated::bigint
    from metric.periods(question) p
    join rows r on r.since = p.since,
    lateral (select r.currency, r.measure) money,
    lateral (select r.measure) number
    order by p.since, r.cell nulls last, r.place, r.currency
$$;
comment on function metric.purchases is 'Purchases, units and money in each period';
