insert into lifecycle.metric values (
    'cohort_revenue',
    'Cohort revenue',
    'The money of the orders that the customers placed in the k-th period after that of their '
    'first purchase, by the cohort of that period (measure amount), and the same by the size of '
    'the cohort (per_customer): a row for each currency, or with currency converted by the rate '
    'of the day. Periods are whole, and are those that begin in the window. A cell whose period '
    'has not ended is null; a cohort of nobody has its first cell only. Weeks are counted from '
    'the purchases themselves',
    'minor', 'money of the orders of the cohort in the period', 'customers of the cohort',
    '{from,to,interval=month,timezone,currency,segment,group_by}', '{week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled', '{channel,campaign,attribute}', null);

create function metric.cohort_revenue(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with calendar as materialized (
        select * from metric.whole_periods(question)
    ), sizes as materialized (
        select t.cell, t.cohort, t.buyers
        from metric.cohort_cells(question) t
        where t.cohort = t.period and t.cohort >= question.since
    ), spent as materialized (
        select t.cell, t.cohort, lifecycle.period_start(question.interval, t.day) as period,
               coalesce(question.currency, t.currency) as currency,
               sum(t.purchases) as purchases, sum(t.amount * x.factor) as amount,
               coalesce(sum(t.purchases) filter (where x.factor is not null), 0) as rated
        from metric.cohort_amounts(question) t
        left join lateral metric.exchange(t.currency, question.currency, t.day) x on true
        group by 1, 2, 3, 4
        having sum(t.purchases) <> 0
    ), spans as (
        select distinct cell, currency from spent
        union all
        select null, question.currency where not exists (select from spent)
    ), cells as (
        select g.cell, g.currency, c.number, c.label as cohort, p.number - c.number as k,
               p.label, p.complete, coalesce(s.buyers, 0) as size,
               coalesce(round(x.amount), 0) as amount, coalesce(x.rated, 0) as rated,
               coalesce(x.purchases - x.rated, 0) as unrated
        from spans g
        cross join calendar c
        left join sizes s on s.cohort = c.since and s.cell is not distinct from g.cell
        join calendar p on p.number = c.number or p.number > c.number and s.buyers > 0
        left join spent x on x.cohort = c.since and x.period = p.since
                         and x.cell is not distinct from g.cell and x.currency = g.currency
    )
    select c.label, metric.grouped(question, c.cell, to_json(d)),
           case when c.complete then m.value end, 'minor', m.numerator, m.denominator,
           c.rated::bigint, c.complete,
           case when not c.complete then 'window_not_elapsed'
                when m.value is null then 'empty_denominator'
           end, m.unrated::bigint
    from cells c,
         lateral (values (1, 'amount', c.amount, null, null, c.unrated),
                         (2, 'per_customer', c.amount / nullif(c.size, 0), c.amount, c.size, 0))
             m (place, measure, value, numerator, denominator, unrated),
         lateral (select c.currency, c.cohort, c.k, m.measure) d
    order by c.cell nulls last, c.currency, c.number, c.k, m.place
$$;
comment on function metric.cohort_revenue is
    'What each cohort of first purchase spent, period by period, and each customer of it on the '
    'average';
