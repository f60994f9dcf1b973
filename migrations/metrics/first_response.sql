insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'first_response',
    'Time to the first response',
    'Of the cases first answered in the period (by a reply of the staff that is not internal): the '
    'mean, the median and the 90th percentile (p90) of the time since they were opened, percentiles '
    'to three digits; and the cases that wait at the period''s end, neither answered nor closed '
    '(measure waiting)',
    'seconds', 'time to the first response, added up', 'cases first answered',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'support.case.opened, .replied, .closed', '{channel,campaign,attribute}');

create function metric.first_response(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, greatest(t.day, question.since)) as since, t.cell,
               sum(t.n) filter (where t.measure = 'case_answered' and t.day >= question.since)
                   as cases,
               sum(t.amount) filter (where t.measure = 'case_answered'
                                       and t.day >= question.since) as seconds,
               sum(case t.measure when 'case_opened' then t.n when 'case_attended' then -t.n end)
                   as waiting
        from metric.sums_so_far(question, '{case_opened,case_answered,case_attended}') t
        group by 1, 2
    ), answered as (
        select p.*, coalesce(t.cases, 0) as cases, coalesce(t.seconds, 0) as seconds, s.median,
               s.p90, coalesce(sum(t.waiting) over (partition by p.cell order by p.since), 0)
                   as waiting
        from metric.spans(question, array(select t.cell from told t)) p
        left join told t on t.since = p.since and t.cell is not distinct from p.cell
        left join metric.percentiles(question, 'case_answered') s
               on s.since = p.since and s.cell is not distinct from p.cell
    )
    select a.label, metric.grouped(question, a.cell, to_json(d)), m.value, m.unit, m.numerator,
           m.denominator, m.n::bigint, a.complete,
           case when m.value is null then 'empty_denominator' end, 0::bigint
    from answered a,
    lateral (values (1, 'mean', a.seconds / nullif(a.cases, 0), 'seconds', a.seconds, a.cases,
                     a.cases),
                    (2, 'median', a.median, 'seconds', null, null, a.cases),
                    (3, 'p90', a.p90, 'seconds', null, null, a.cases),
                    (4, 'waiting', a.waiting, 'cases', null, null, a.waiting))
        m (place, measure, value, unit, numerator, denominator, n),
    lateral (select m.measure) d
    order by a.since, a.cell nulls last, m.place
$$;
comment on function metric.first_response is
    'How long it took to answer the cases answered in each period, and how many wait';
