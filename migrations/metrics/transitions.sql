insert into lifecycle.metric values (
    'transitions',
    'Transition matrix',
    'For each pair of stages and kind: transitions in the period (measure count), their share '
    'of all transitions out of the stage in the period (probability), and the mean time spent '
    'in the visits that they closed (dwell); for each stage the visits open at the period''s '
    'end (still_in). A from of null is none: the first visit, or the first after an exit; a to '
    'of null is an exit. Then all transitions of the period together (throughput), and of them '
    'those that left stages out (skips), went back (regressions) and began the lifecycle anew '
    '(loops)',
    'transitions', 'transitions of this kind from one stage to the other',
    'transitions out of the stage',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 2,
    'stage-entering events', '{channel,campaign,attribute}', null);

create function metric.transitions(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with moved as materialized (
        select *
        from metric.moves(question) t
        where t.since is not null
    ), spans as materialized (
        select p.since, c.cell
        from metric.periods(question) p
        cross join (select distinct cell from metric.populations(question)) c
    ), matrix as (
        select s.since, s.cell, k.from_stage, k.to_stage, k.kind,
               coalesce(m.transitions, 0) as transitions, coalesce(m.dwell_seconds, 0) as dwell,
               coalesce(sum(m.transitions) over (partition by s.since, s.cell, k.from_stage), 0)
                   as departures
        from spans s
        join (select distinct cell, from_stage, to_stage, kind from moved) k
          on k.cell is not distinct from s.cell
        left join moved m
          on m.since = s.since and m.cell is not distinct from s.cell
         and (m.from_stage, m.to_stage, m.kind) = (k.from_stage, k.to_stage, k.kind)
    ), rows as (
        select x.since, x.cell, x.from_stage::integer, x.to_stage, x.kind, m.*
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
        select p.since, p.cell, p.stage, null, null, 4, 'still_in', p.population, 'visits',
               null, null, p.population
        from metric.populations(question) p
        union all
        select a.since, a.cell, 32768, null, null, m.*
        from (select s.since, s.cell, coalesce(sum(t.transitions), 0) as moves,
                     coalesce(sum(t.transitions) filter (where t.kind = 'skip'), 0) as skips,
                     coalesce(sum(t.transitions) filter (where t.kind = 'regress'), 0)
                         as regressions,
                     coalesce(sum(t.transitions) filter (where t.kind = 'loop'), 0) as loops
              from spans s
              left join moved t on t.since = s.since and t.cell is not distinct from s.cell
              group by 1, 2) a,
             lateral (values (5, 'throughput', a.moves), (6, 'skips', a.skips),
                             (7, 'regressions', a.regressions), (8, 'loops', a.loops))
                 x (place, measure, value),
             lateral (select x.place, x.measure, x.value, 'transitions', null::numeric,
                             null::numeric, x.value) m
    )
    select p.label,
           metric.grouped(question, r.cell, case when r.place < 4 then to_json(move)
                                                 when r.place = 4 then to_json(stay)
                                                 else to_json(whole) end),
           r.value, r.unit, r.numerator, r.denominator, r.n::bigint, p.complete,
           case when r.value is null then 'empty_denominator' end, 0::bigint
    from metric.periods(question) p
    join rows r on r.since = p.since
    left join lifecycle.stage f on f.stage = r.from_stage
    left join lifecycle.stage g on g.stage = r.to_stage,
    lateral (select f.name as "from", g.name as "to", r.kind, r.measure) move,
    lateral (select f.name as "from", r.measure) stay,
    lateral (select r.measure) whole
    order by p.since, r.cell nulls last, r.from_stage, r.to_stage, r.kind, r.place
$$;
comment on function metric.transitions is
    'Transitions by stages and kind in each period: how many, how probable, after how long; '
    'the visits that go on; and how many moves leave the usual order';
