insert into lifecycle.metric values (
    'gaps',
    'Gaps between purchases',
    'Days between a customer''s consecutive purchase days, by the day that closed the gap: the '
    'percentiles p10, median and p90 (the smallest gap that at least this share of the gaps '
    'did not exceed) and the mean',
    'days', 'days of the gaps, added up', 'gaps',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled', '{channel,campaign,attribute}', null);

create function metric.gaps(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with ranked as (
        select h.*, sum(h.gaps) over (partition by h.since, h.cell order by h.gap_days)
                   as reached,
               sum(h.gaps) over (partition by h.since, h.cell) as total
        from metric.gaps_by_period(question) h
    ), shares as materialized (
        select r.since, r.cell, sum(r.gaps) as gaps, sum(r.gaps * r.gap_days) as days,
               min(r.gap_days) filter (where r.reached >= 0.1 * r.total) as p10,
               min(r.gap_days) filter (where r.reached >= 0.5 * r.total) as median,
               min(r.gap_days) filter (where r.reached >= 0.9 * r.total) as p90
        from ranked r
        group by 1, 2
    )
    select p.label, metric.grouped(question, g.cell, to_json(d)), m.value, 'days', m.numerator,
           m.denominator, coalesce(s.gaps, 0)::bigint, p.complete,
           case when m.value is null then 'empty_denominator' end, 0::bigint
    from metric.periods(question) p
    cross join (select distinct cell from shares
                union all
                select null where not exists (select from shares)) g
    left join shares s on s.since = p.since and s.cell is not distinct from g.cell,
    lateral (values (1, 'p10', s.p10, null, null), (2, 'median', s.median, null, null),
                    (3, 'p90', s.p90, null, null),
                    (4, 'mean', s.days / s.gaps, coalesce(s.days, 0), coalesce(s.gaps, 0)))
        m (place, measure, value, numerator, denominator),
    lateral (select m.measure) d
    order by p.since, g.cell nulls last, m.place
$$;
comment on function metric.gaps is
    'Days between consecutive purchases, by the period that closed the gap';
