insert into lifecycle.metric values (
    'time_in_stage',
    'Time in each stage',
    'Of the visits to the stage that ended in the period, n of them: the mean, the median and '
    'the 90th percentile of their time (p90; the shortest time that at least this share of '
    'them did not exceed); and the visits open at the period''s end (measure open). Ended '
    'visits alone are biased short: the long ones are still open',
    'seconds', 'time in the visits that ended', 'visits that ended',
    '{from,to,interval,timezone}', '{day,week,month,quarter,year}', 1, 'stage-entering events');

create function metric.time_in_stage(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with closed as (
        select metric.period_of(question, l.day) as since, v.stage, count(*) as visits,
               sum(v.left_at - v.entered_at) as total,
               percentile_disc(array[0.5, 0.9])
                   within group (order by v.left_at - v.entered_at) as shares
        from lifecycle.visit v
        cross join lateral (select (v.left_at at time zone question.timezone)::date as day) l
        where v.left_at >= (question.since - 1)::timestamp at time zone question.timezone
          and v.left_at < question.until::timestamp at time zone question.timezone
          and l.day >= question.since and l.day < question.until
        group by 1, 2
    )
    select p.label, to_json(d), m.value, m.unit, m.numerator, m.denominator, m.n::bigint,
           p.complete, case when m.value is null then 'empty_denominator' end, 0::bigint
    from metric.periods(question) p
    join metric.populations(question) o on o.since = p.since
    join lifecycle.stage s on s.stage = o.stage
    left join closed c on c.since = p.since and c.stage = o.stage,
    lateral (select coalesce(c.visits, 0) as visits,
                    coalesce(extract(epoch from c.total), 0) as total,
                    extract(epoch from c.shares[1]) as median,
                    extract(epoch from c.shares[2]) as p90) t,
    lateral (values (1, 'mean', t.total / nullif(t.visits, 0), 'seconds',
                     t.total, t.visits, t.visits),
                    (2, 'median', t.median, 'seconds', null, null, t.visits),
                    (3, 'p90', t.p90, 'seconds', null, null, t.visits),
                    (4, 'open', o.population, 'visits', null, null, o.population))
        m (place, measure, value, unit, numerator, denominator, n),
    lateral (select s.name as stage, m.measure) d
    order by p.since, s.stage, m.place
$$;
comment on function metric.time_in_stage is
    'How long the visits lasted that ended in each period, by stage, and how many go on';
