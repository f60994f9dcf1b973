insert into lifecycle.metric values (
    'lifecycle',
    'Customers by lifecycle',
    'Customers who purchased in the period (measure active): for the first time ever (new), in '
    'the period before too (returning), or earlier but not in the period before (resurrected); '
    'and those who purchased in the period before but not in this one (dormant). Periods are '
    'whole, and are those that begin in the window',
    'customers', null, null,
    '{from,to,interval=month,timezone}', '{week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled');

create function metric.lifecycle(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with counts as materialized (
        select t.period, sum(t.buyers) as active, sum(t.stayed) as returning,
               sum(t.buyers) filter (where t.cohort = t.period) as new
        from metric.cohort_cells(question.timezone) t
        where t.interval = question.interval and t.period < question.until
          and t.period >= question.since - lifecycle.period_length(question.interval)
        group by 1
    ), states as (
        select p.since, p.label, p.complete,
               coalesce(c.active, 0) as active, coalesce(c.new, 0) as new,
               coalesce(c.returning, 0) as returning, coalesce(b.active, 0) as before
        from metric.whole_periods(question) p
        left join counts c on c.period = p.since
        left join counts b on b.period = p.since - lifecycle.period_length(question.interval)
    )
    select s.label, to_json(d), m.value, 'customers', null::numeric, null::numeric,
           m.value::bigint, s.complete, null::text, 0::bigint
    from states s,
         lateral (values (1, 'active', s.active), (2, 'new', s.new),
                         (3, 'returning', s.returning),
                         (4, 'resurrected', s.active - s.new - s.returning),
                         (5, 'dormant', s.before - s.returning)) m (place, measure, value),
         lateral (select m.measure) d
    order by s.since, m.place
$$;
comment on function metric.lifecycle is
    'Customers who purchased in each period: new, returning or resurrected; and the dormant';
