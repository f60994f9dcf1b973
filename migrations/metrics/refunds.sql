insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'refunds',
    'Refunds',
    'Money given back in the period, on its own date: refunds and lost chargebacks (measure amount; '
    'n and measure count: how many), and its share of the money received in the period (share). A '
    'row for each currency, or with currency converted by the rate of the day',
    'minor', 'money given back', 'money received',
    '{from,to,interval,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'bill.refund.issued, bill.chargeback.lost; what revenue stands on',
    '{channel,campaign,attribute}');

create function metric.refunds(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with refunded as materialized (
        select metric.period_of(question, t.day) as since, t.cell, t.currency,
               sum(t.amount) as amount, sum(t.n) as n, sum(t.unrated) as unrated
        from metric.money_by_day(question, '{refund}') t
        group by 1, 2, 3
    ), received as materialized (
        select metric.period_of(question, t.day) as since, t.cell,
               coalesce(question.currency, t.currency) as currency,
               sum(t.received * x.factor) as amount
        from metric.revenue_by_day(question) t
        left join lateral metric.exchange(t.currency, question.currency, t.day) x on true
        group by 1, 2, 3
        having sum(t.entries) <> 0
    ), series as (
        select r.cell, r.currency from refunded r
        union
        select r.cell, r.currency from received r
        union
        select null, question.currency
        where question.group_by is null
          and (question.currency is not null
               or not exists (select from refunded) and not exists (select from received))
    )
    select p.label, metric.grouped(question, s.cell, to_json(d)), m.value, m.unit, m.numerator,
           m.denominator, l.n::bigint, p.complete,
           case when m.value is null then 'empty_denominator' end,
           case when m.place = 1 then coalesce(b.unrated, 0) else 0 end::bigint
    from metric.periods(question) p
    cross join series s
    left join refunded b on b.since = p.since and b.cell is not distinct from s.cell
                        and b.currency is not distinct from s.currency
    left join received r on r.since = p.since and r.cell is not distinct from s.cell
                        and r.currency is not distinct from s.currency,
    lateral (select coalesce(round(b.amount), 0) as amount, coalesce(b.n, 0) as n,
                    coalesce(round(r.amount), 0) as received) l,
    lateral (values (1, 'amount', l.amount, 'minor', null, null),
                    (2, 'count', l.n, 'refunds', null, null),
                    (3, 'share', l.amount / nullif(l.received, 0), 'ratio', l.amount, l.received))
        m (place, measure, value, unit, numerator, denominator),
    lateral (select s.currency, m.measure) d
    order by p.since, s.cell nulls first, s.currency, m.place
$$;
comment on function metric.refunds is
    'What was given back in each period, and its share of what was received';
