insert into lifecycle.metric values (
    'revenue',
    'Revenue',
    'By the setting revenue_basis: payments received, less refunds and lost chargebacks, each '
    'on its own date (payments), or the money of orders placed (orders). Measures received, '
    'returned (negative) and revenue, their sum: a row for each currency, or with currency '
    'converted by the rate of the day',
    'minor', null, null,
    '{from,to,interval,timezone,currency}', '{day,week,month,quarter,year}', 1,
    'bill.payment.succeeded, bill.refund.issued, bill.chargeback.lost; or sell.order.placed');

create function metric.revenue(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with booked as materialized (
        select metric.period_of(question, t.day) as since, t.currency as held,
               coalesce(question.currency, t.currency) as currency, sum(t.entries) as entries,
               sum(t.received * x.factor) as received, sum(t.returned * x.factor) as returned,
               coalesce(sum(t.entries) filter (where x.factor is not null), 0) as rated
        from metric.revenue_by_day(question.timezone) t
        left join lateral metric.exchange(t.currency, question.currency, t.day) x on true
        where t.day >= question.since and t.day < question.until
        group by 1, 2, 3
        having sum(t.entries) <> 0
    ), currencies as (
        select currency from booked
        union
        select question.currency
        where question.currency is not null or not exists (select from booked)
    ), sums as (
        select p.since, p.label, p.complete, c.currency, coalesce(sum(b.rated), 0) as entries,
               coalesce(round(sum(b.received)), 0) as received,
               coalesce(round(sum(b.received + b.returned)), 0) as revenue,
               coalesce(sum(b.entries - b.rated), 0) as unrated
        from metric.periods(question) p
        cross join currencies c
        left join booked b on b.since = p.since and b.currency = c.currency
        group by 1, 2, 3, 4
    )
    select s.label, to_json(d), m.value, 'minor', null::numeric, null::numeric,
           s.entries::bigint, s.complete, null::text, m.unrated::bigint
    from sums s,
         lateral (values (1, 'revenue', s.revenue, s.unrated), (2, 'received', s.received, 0),
                         (3, 'returned', s.revenue - s.received, 0))
             m (place, measure, value, unrated),
         lateral (select s.currency, m.measure) d
    order by s.since, s.currency, m.place
$$;
comment on function metric.revenue is
    'Revenue in each period, and what was received and given back';
