insert into lifecycle.metric values (
    'transitions',
    'Transition matrix',
    'For each pair of stages and kind: transitions in the period (measure count), their share '
    'of all transitions out of the stage in the period (probability), and the mean time spent '
    'in the visits that they closed (dwell); for each stage the visits open at the period''s '
    'end (still_in). A from of null is none: the first visit, or the first after an exit; a to '
    'of null is an exit',
    'transitions', 'transitions of this kind from one stage to the other',
    'transitions out of the stage',
    '{from,to,interval,timezone}', '{day,week,month,quarter,year}', 1, 'stage-entering events');

create function metric.transitions(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with moved as (
        select metric.period_of(question, t.day) as since, t.from_stage, t.to_stage, t.kind,
               sum(t.transitions) as transitions, sum(t.dwell_seconds) as dwell
        from metric.transitions_by_day(question.timezone) t
        where t.day >= question.since and t.day < question.until
        group by 1, 2, 3, 4
        having sum(t.transitions) <> 0
    ), matrix as (
        select p.since, k.from_stage, k.to_stage, k.kind,
               coalesce(m.transitions, 0) as transitions, coalesce(m.dwell, 0) as dwell,
               coalesce(sum(m.transitions) over (partition by p.since, k.from_stage), 0)
                   as departures
        from metric.periods(question) p
        cross join (select distinct from_stage, to_stage, kind from moved) k
        left join moved m using (since, from_stage, to_stage, kind)
    ), rows as (
        select x.since, x.from_stage, x.to_stage, x.kind, m.*
        from matrix x,
             lateral (values (1, 'count', x.transitions, 'transitions',
                              null, null, x.transitions),
                             (2, 'probability', x.transitions / nullif(x.departures, 0),
                              'ratio', x.transitions, x.departures, x.departures),
                             (3, 'dwell', x.dwell / nullif(x.transitions, 0), 'seconds',
                              x.dwell, x.transitions, x.transitions))
                 m (place, measure, value, unit, numerator, denominator, n)
        where x.from_stage <> 0 or m.measure <> 'dwell'
        union all
        select p.since, p.stage, null, null, 4, 'still_in', p.population, 'visits',
               null, null, p.population
        from metric.populations(question) p
    )
    select p.label, case when r.measure = 'still_in' then to_json(stay) else to_json(move) end,
           r.value, r.unit, r.numerator, r.denominator, r.n::bigint, p.complete,
           case when r.value is null then 'empty_denominator' end, 0::bigint
    from metric.periods(question) p
    join rows r on r.since = p.since
    left join lifecycle.stage f on f.stage = r.from_stage
    left join lifecycle.stage g on g.stage = r.to_stage,
    lateral (select f.name as "from", g.name as "to", r.kind, r.measure) move,
    lateral (select f.name as "from", r.measure) stay
    order by p.since, r.from_stage, r.to_stage, r.kind, r.place
$$;
comment on function metric.transitions is
    'Transitions by stages and kind in each period: how many, how probable, after how long; '
    'and the visits that go on';
