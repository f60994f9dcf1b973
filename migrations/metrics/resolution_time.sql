insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'resolution_time',
    'Time to resolution',
    'Of the cases whose last close falls into the period, and that were not reopened since: the '
    'mean, the median and the 90th percentile (p90) of the time from their opening to it, '
    'percentiles to three digits; and the cases open at the period''s end (measure open)',
    'seconds', 'time to the last close, added up', 'cases resolved',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'support.case.opened, .closed, .reopened', '{channel,campaign,attribute}');

create function metric.resolution_time(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, greatest(t.day, question.since)) as since, t.cell,
               sum(t.n) filter (where t.measure = 'case_resolved' and t.day >= question.since)
                   as cases,
               sum(t.amount) filter (where t.measure = 'case_resolved'
                                       and t.day >= question.since) as seconds,
               sum(case t.measure when 'case_opened' then t.n else -t.n end) as opened
        from metric.sums_so_far(question, '{case_opened,case_resolved}') t
        group by 1, 2
    ), resolved as (
        select p.*, coalesce(t.cases, 0) as cases, coalesce(t.seconds, 0) as seconds, s.median,
               s.p90, coalesce(sum(t.opened) over (partition by p.cell order by p.since), 0)
                   as still_open
        from metric.spans(question, array(select t.cell from told t)) p
        left join told t on t.since = p.since and t.cell is not distinct from p.cell
        left join metric.percentiles(question, 'case_resolved') s
               on s.since = p.since and s.cell is not distinct from p.cell
    )
    select r.label, metric.grouped(question, r.cell, to_json(d)), m.value, m.unit, m.numerator,
           m.denominator, m.n::bigint, r.complete,
           case when m.value is null then 'empty_denominator' end, 0::bigint
    from resolved r,
    lateral (values (1, 'mean', r.seconds / nullif(r.cases, 0), 'seconds', r.seconds, r.cases,
                     r.cases),
                    (2, 'median', r.median, 'seconds', null, null, r.cases),
                    (3, 'p90', r.p90, 'seconds', null, null, r.cases),
                    (4, 'open', r.still_open, 'cases', null, null, r.still_open))
        m (place, measure, value, unit, numerator, denominator, n),
    lateral (select m.measure) d
    order by r.since, r.cell nulls last, m.place
$$;
comment on function metric.resolution_time is
    'How long it took to resolve the cases resolved in each period, and how many are open';
