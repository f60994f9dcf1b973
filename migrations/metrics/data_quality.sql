insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'data_quality',
    'Quality of the data',
    'Events that happened in the period (measure events), and those of them that were recorded more '
    'than a day later (late) or that took others back (voided: event.voided); events that came in '
    'the period and were not stored, because the same source and id had come with other content '
    '(conflicting), or because something was wrong with them (rejected: as often as they were sent, '
    'of the empty source where it is unknown; a server that crashes forgets those of about its last '
    'second, clmd import those of its file); and the days from the last day on '
    'which anything happened that was heard of to the period''s end, or to today (last_heard; of '
    'sources that were heard of in the window or in the year before it). Days are those of UTC',
    'events', null, null,
    '{from,to,interval,group_by}', '{day,week,month,quarter,year}', 2, 'every event',
    '{source=source}');

create function metric.data_quality(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with heard as materialized (
        select case when question.group_by is not null then t.source end as source,
               case when t.day >= question.since then metric.period_of(question, t.day) end
                   as since,
               sum(t.events) as events, sum(t.late) as late,
               sum(t.voids) as voided,
               max(t.day) filter (where t.day <= metric.today('UTC')) as latest
        from lifecycle.event_part t
        where t.day >= question.since - 366 and t.day < question.until
        group by 1, 2
    ), refused as materialized (
        select case when question.group_by is not null then t.source end as source,
               metric.period_of(question, t.day) as since,
               coalesce(sum(t.events) filter (where t.outcome = 'conflict'), 0) as conflicting,
               coalesce(sum(t.events) filter (where t.outcome = 'rejected'), 0) as rejected
        from lifecycle.refused_total t
        where t.day >= question.since and t.day < question.until
        group by 1, 2
    ), sources as (
        select h.source from heard h
        union
        select r.source from refused r
        union
        select null where question.group_by is null
    )
    select p.label, metric.grouped(question, s.source, to_json(d)), m.value, m.unit, null::numeric,
           null::numeric, coalesce(h.events, 0)::bigint, p.complete,
           case when m.value is null then 'never_heard' end, 0::bigint
    from metric.periods(question) p
    cross join sources s
    left join heard h on h.since = p.since and h.source is not distinct from s.source
    left join refused r on r.since = p.since and r.source is not distinct from s.source,
    lateral (select max(b.latest) as day
             from heard b
             where b.source is not distinct from s.source
               and (b.since is null or b.since <= p.since)) latest,
    lateral (values (1, 'events', coalesce(h.events, 0), 'events'),
                    (2, 'late', coalesce(h.late, 0), 'events'),
                    (3, 'voided', coalesce(h.voided, 0), 'events'),
                    (4, 'conflicting', coalesce(r.conflicting, 0), 'events'),
                    (5, 'rejected', coalesce(r.rejected, 0), 'events'),
                    (6, 'last_heard',
                     least(p.until - 1, metric.today('UTC')) - latest.day, 'days'))
        m (place, measure, value, unit),
    lateral (select m.measure) d
    order by p.since, s.source, m.place
$$;
comment on function metric.data_quality is
    'How well the ledger is fed: late, voided, conflicting and rejected events, and when it was last '
    'heard of anything';
