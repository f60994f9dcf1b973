insert into lifecycle.metric values (
    'revenue',
    'Revenue',
    'By the setting revenue_basis: payments received, less refunds and lost chargebacks, each '
    'on its own date, or, with refund_basis=invoice, on that of its invoice (payments); or the '
    'money of orders placed (orders). Measures received, returned (negative) and revenue, their '
    'sum: a row for each currency, or with currency converted by the rate of the day',
    'minor', null, null,
    '{from,to,interval,timezone,currency,refund_basis=refund,segment,group_by}',
    '{day,week,month,quarter,year}', 2,
    'bill.payment.succeeded, bill.refund.issued, bill.chargeback.lost; or sell.order.placed',
    '{channel,campaign,attribute}', null);

create function metric.revenue(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with booked as materialized (
        select metric.period_of(question, t.day) as since, t.cell,
               coalesce(question.currency, t.currency) as currency, sum(t.entries) as entries,
               sum(t.received * x.factor) as received, sum(t.returned * x.factor) as returned,
               coalesce(sum(t.entries) filter (where x.factor is not null), 0) as rated
        from metric.revenue_by_day(question) t
        left join lateral metric.exchange(t.currency, question.currency, t.day) x on true
        group by 1, 2, 3
        having sum(t.entries) <> 0 or sum(t.received) <> 0 or sum(t.returned) <> 0
    ), spans as (
        select distinct cell, currency from booked
        union all
        select null, question.currency where not exists (select from booked)
    ), sums as (
        select p.since, p.label, p.complete, c.cell, c.currency, coalesce(b.rated, 0) as entries,
               coalesce(round(b.received), 0) as received,
               coalesce(round(b.received + b.returned), 0) as revenue,
               coalesce(b.entries - b.rated, 0) as unrated
        from metric.periods(question) p
        cross join spans c
        left join booked b on b.since = p.since and b.cell is not distinct from c.cell
                          and b.currency = c.currency
    )
    select s.label, metric.grouped(question, s.cell, to_json(d)), m.value, 'minor', null::numeric,
           null::numeric, s.entries::bigint, s.complete, null::text, m.unrated::bigint
    from sums s,
         lateral (values (1, 'revenue', s.revenue, s.unrated), (2, 'received', s.received, 0),
                         (3, 'returned', s.revenue - s.received, 0))
             m (place, measure, value, unrated),
         lateral (select s.currency, m.measure) d
    order by s.since, s.cell nulls last, s.currency, m.place
$$;
comment on function metric.revenue is
    'Revenue in each period, and what was received and given back';
