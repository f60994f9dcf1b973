-- What more than one metric stands on, by the periods of a question.

create function metric.populations(question metric.question)
returns table (since date, stage smallint, entries numeric, exits numeric, population numeric)
language sql stable
as $$
    with moved as (
        select metric.period_of(question, t.day) as since, m.stage,
               sum(m.entered) filter (where t.day >= question.since) as entries,
               sum(m.departed) filter (where t.day >= question.since) as exits,
               sum(m.entered - m.departed) as change
        from metric.transitions_by_day(question.timezone) t,
             lateral (values (t.to_stage, t.transitions, 0), (t.from_stage, 0, t.transitions))
                 m (stage, entered, departed)
        where t.day < question.until and m.stage <> 0
        group by 1, 2
    )
    select p.since, s.stage, coalesce(m.entries, 0), coalesce(m.exits, 0),
           coalesce(sum(m.change) over (partition by s.stage order by p.since), 0)
    from metric.periods(question) p
    cross join lifecycle.stage s
    left join moved m on m.since = p.since and m.stage = s.stage
$$;
comment on function metric.populations is
    'Visits begun and ended in each period in each stage, and those open at its end: all begun '
    'so far less all ended';

create function metric.buyers_so_far(question metric.question)
returns table (since date, label text, complete boolean, buyers numeric, repeaters numeric,
               gap_days numeric)
language sql stable
as $$
    select p.since, p.label, p.complete, coalesce(sum(b.first) over so_far, 0),
           coalesce(sum(b.second) over so_far, 0), coalesce(sum(b.gap_days) over so_far, 0)
    from metric.periods(question) p
    left join (select metric.period_of(question, t.day) as since, sum(t.first) as first,
                      sum(t.second) as second, sum(t.gap_days) as gap_days
               from metric.buyers_by_day(question.timezone) t
               where t.day < question.until
               group by 1) b on b.since = p.since
    window so_far as (order by p.since)
$$;
comment on function metric.buyers_so_far is
    'At the end of each period: customers who ever purchased, those of them on two days or '
    'more, and the days from first to latest purchase of all of them, added up';
