insert into lifecycle.metric values (
    'time_in_stage',
    'Time in each stage',
    'Of the visits to the stage that ended in the period, n of them: the mean, the median and '
    'the 90th percentile of their time (the shortest time that at least this share of them did '
    'not exceed; told as the mean of the visits in its bin, each bin a tenth wide); how many '
    'they are (closed), and how many visits are open at the period''s end (open). Ended visits '
    'alone are biased short: the long ones are still open. Therefore the median by Kaplan and '
    'Meier too (survival_median): of the visits begun in the period, n of them, followed to the '
    'window''s end, or to today if that is earlier; those open then are censored after the local '
    'days that they have lasted',
    'seconds', 'time in the visits that ended', 'visits that ended',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 2,
    'stage-entering events', '{channel,campaign,attribute,stage=stage}', null);

create function metric.time_in_stage(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with stays as materialized (
        select * from metric.stays(question)
    ), ranked as (
        select b.*, sum(b.visits) over (partition by b.since, b.stage, b.cell order by b.bin)
                   as reached,
               sum(b.visits) over (partition by b.since, b.stage, b.cell) as total
        from stays b
        where b.has_ended
    ), closed as (
        select r.since, r.stage, r.cell, sum(r.visits)::numeric as visits,
               sum(r.seconds) as seconds,
               min(r.seconds / r.visits::numeric)
                   filter (where 2 * r.reached >= r.total and 2 * (r.reached - r.visits) < r.total)
                   as median,
               min(r.seconds / r.visits::numeric)
                   filter (where 10 * r.reached >= 9 * r.total
                             and 10 * (r.reached - r.visits) < 9 * r.total) as p90
        from ranked r
        group by 1, 2, 3
    ),
    -- by Kaplan and Meier: how many visits ended and how many were seen last at each age
    followed as (
        select t.since, t.stage, t.cell, t.seconds::double precision / t.visits as age,
               t.visits as ended, t.visits
        from stays t
        where not t.has_ended
        union all
        select u.entered, u.stage, u.cell,
               extract(epoch from e.at - u.day::timestamp at time zone question.timezone), 0,
               u.visits
        from metric.unfinished(question) u,
             (select least(question.until, metric.today(question.timezone) + 1)::timestamp
                         at time zone question.timezone as at) e
    ), curve as (
        select f.*, sum(f.visits) over older as at_risk
        from followed f
        window older as (partition by f.since, f.stage, f.cell order by f.age desc)
    ), survival as (
        select c.*, sum(case when c.ended < c.at_risk then ln(1 - c.ended / c.at_risk)
                             else '-infinity' end)
                        over (partition by c.since, c.stage, c.cell order by c.age) as log
        from curve c
    ), survived as (
        select s.since, s.stage, s.cell, sum(s.visits)::numeric as begun,
               min(s.age) filter (where s.log <= ln(0.5::double precision) + 1e-9)::numeric
                   as median
        from survival s
        group by 1, 2, 3
    )
    select p.label, metric.grouped(question, o.cell, to_json(d)), m.value, m.unit, m.numerator,
           m.denominator, m.n::bigint, p.complete, case when m.value is null then m.reason end,
           0::bigint
    from metric.periods(question) p
    join metric.populations(question) o on o.since = p.since
    join lifecycle.stage s on s.stage = o.stage
    left join closed c
      on c.since = p.since and c.stage = o.stage and c.cell is not distinct from o.cell
    left join survived f
      on f.since = p.since and f.stage = o.stage and f.cell is not distinct from o.cell,
    lateral (select coalesce(c.visits, 0) as visits, coalesce(c.seconds, 0) as seconds) t,
    lateral (values (1, 'mean', t.seconds / nullif(t.visits, 0), 'seconds',
                     t.seconds, t.visits, t.visits, 'empty_denominator'),
                    (2, 'median', c.median, 'seconds', null, null, t.visits,
                     'empty_denominator'),
                    (3, 'p90', c.p90, 'seconds', null, null, t.visits, 'empty_denominator'),
                    (4, 'survival_median', f.median, 'seconds', null, null,
                     coalesce(f.begun, 0),
                     case when f.begun is null then 'empty_denominator'
                          else 'window_not_elapsed' end),
                    (5, 'closed', t.visits, 'visits', null, null, t.visits, null),
                    (6, 'open', o.population, 'visits', null, null, o.population, null))
        m (place, measure, value, unit, numerator, denominator, n, reason),
    lateral (select s.name as stage, m.measure) d
    order by p.since, o.cell nulls last, s.stage, m.place
$$;
comment on function metric.time_in_stage is
    'How long the visits lasted that ended in each period, by stage, and how many go on';
