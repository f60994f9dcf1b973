-- What the metrics of stages read: moves between stages, and how long visits last, by the periods
-- of a question; from the roll-ups where the question is plain, else from the visits of the
-- customers whom it is about.

create function metric.moves(question metric.question)
returns table (since date, from_stage smallint, to_stage smallint, kind text, cell text,
               transitions numeric, dwell_seconds numeric)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if question.is_plain and metric.is_monthly(question) then
        return query
        select case when t.day >= question.since then metric.period_of(question, t.day) end,
               t.from_stage, t.to_stage, t.kind, null::text, sum(t.transitions),
               sum(t.dwell_seconds)
        from lifecycle.transition_part t
        where t.day < question.until
        group by 1, 2, 3, 4
        having sum(t.transitions) <> 0;
        return;
    elsif question.is_plain then
        return query
        select case when t.day >= question.since then metric.period_of(question, t.day) end,
               t.from_stage, t.to_stage, t.kind, null::text, sum(t.transitions),
               sum(t.dwell_seconds)
        from lifecycle.transition_total t
        where t.day < question.until
        group by 1, 2, 3, 4
        having sum(t.transitions) <> 0;
        return;
    end if;
    return query
    select case when m.day >= question.since then metric.period_of(question, m.day) end,
           m.from_stage, m.to_stage, m.kind, m.cell, count(*)::numeric, sum(m.dwell)
    from (select (v.left_at at time zone question.timezone)::date as day, v.stage as from_stage,
                 coalesce(v.left_to, 0::smallint) as to_stage, v.left_kind as kind, c.cell,
                 extract(epoch from v.left_at - v.entered_at) as dwell
          from metric.population(question) c
          join lifecycle.visit v on v.bucket = c.bucket and v.customer_id = c.customer_id
          where v.left_at is not null
          union all
          select (v.entered_at at time zone question.timezone)::date, 0::smallint, v.stage, v.kind,
                 c.cell, 0
          from metric.population(question) c
          join lifecycle.visit v on v.bucket = c.bucket and v.customer_id = c.customer_id
          where v.kind in ('enter', 'return')) m
    where m.day < question.until
    group by 1, 2, 3, 4, 5;
end
$$;
comment on function metric.moves is
    'Transitions by period (null: before the window), stages and kind; stage 0 is none (before the '
    'first, after an exit); dwell is the time in the visits that they closed';

create function metric.populations(question metric.question)
returns table (since date, cell text, stage smallint, entries numeric, exits numeric,
               population numeric)
language sql stable
as $$
    with moved as materialized (
        select t.since, t.cell, m.stage, sum(m.entered) as entries, sum(m.departed) as exits
        from metric.moves(question) t,
             lateral (values (t.to_stage, t.transitions, 0), (t.from_stage, 0, t.transitions))
                 m (stage, entered, departed)
        where m.stage <> 0
        group by 1, 2, 3
    ), spans as (
        select c.cell, s.stage
        from (select distinct cell from moved
              union all
              select null where not exists (select from moved)) c
        cross join lifecycle.stage s
    )
    select p.since, x.cell, x.stage, coalesce(m.entries, 0), coalesce(m.exits, 0),
           coalesce(b.entries - b.exits, 0)
           + coalesce(sum(m.entries - m.exits) over so_far, 0)
    from metric.periods(question) p
    cross join spans x
    left join moved m on m.since = p.since and m.stage = x.stage
                     and m.cell is not distinct from x.cell
    left join moved b on b.since is null and b.stage = x.stage
                     and b.cell is not distinct from x.cell
    window so_far as (partition by x.cell, x.stage order by p.since)
$$;
comment on function metric.populations is
    'Visits begun and ended in each period in each stage, and those open at its end: all begun so '
    'far less all ended';

create function metric.stays(question metric.question)
returns table (since date, has_ended boolean, stage smallint, cell text, bin smallint,
               visits double precision, seconds numeric)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if question.is_plain and metric.is_monthly(question) then
        return query
        select coalesce(x.left_in, x.entered_in), x.left_in is not null, x.stage, null::text,
               x.bin, sum(x.visits)::double precision, sum(x.seconds)
        from (select t.stage, t.bin, t.visits, t.seconds,
                     metric.period_of(question, t.left_month) as left_in,
                     case when t.entered_month >= question.since
                          then metric.period_of(question, t.entered_month) end as entered_in
              from lifecycle.dwell_total t
              where t.left_month >= question.since and t.left_month < question.until) x
        group by grouping sets ((x.left_in, x.stage, x.bin), (x.entered_in, x.stage, x.bin))
        having sum(x.visits) <> 0 and coalesce(x.left_in, x.entered_in) is not null;
        return;
    end if;
    return query
    select coalesce(x.left_in, x.entered_in), x.left_in is not null, x.stage, x.cell, x.bin,
           count(*)::double precision, sum(x.seconds)
    from (select v.stage, c.cell, lifecycle.dwell_bin(l.seconds) as bin, l.seconds,
                 metric.period_of(question, l.left_day) as left_in,
                 case when l.entered_day >= question.since
                      then metric.period_of(question, l.entered_day) end as entered_in
          from lifecycle.visit v
          left join metric.population(question) c
            on not question.is_plain and c.bucket = v.bucket
           and c.customer_id = v.customer_id
          cross join lateral (
              select (v.entered_at at time zone question.timezone)::date as entered_day,
                     (v.left_at at time zone question.timezone)::date as left_day,
                     extract(epoch from v.left_at - v.entered_at) as seconds) l
          where (question.is_plain or c.customer_id is not null)
            and l.left_day >= question.since and l.left_day < question.until) x
    group by grouping sets ((x.left_in, x.stage, x.cell, x.bin),
                            (x.entered_in, x.stage, x.cell, x.bin))
    having coalesce(x.left_in, x.entered_in) is not null;
end
$$;
comment on function metric.stays is
    'Visits that ended in the window, by stage and by the bin of their time: once by the periods '
    'in which they ended (has_ended), and once, of those that began in the window too, by the '
    'periods in which they began';

create function metric.unfinished(question metric.question)
returns table (entered date, stage smallint, cell text, day date, visits numeric)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if question.is_plain and metric.is_monthly(question) then
        return query
        select metric.period_of(question, x.day), x.stage, null::text, x.day, sum(x.visits)
        from (select t.day, t.to_stage as stage, t.transitions as visits
              from lifecycle.transition_total t
              where t.day >= question.since and t.day < question.until and t.to_stage <> 0
              union all
              select t.entered_day, t.stage, -t.visits
              from lifecycle.departure_total t
              where t.entered_day >= question.since and t.left_month < question.until) x
        group by 2, 4
        having sum(x.visits) <> 0;
        return;
    end if;
    return query
    select metric.period_of(question, l.day), v.stage, c.cell, l.day, count(*)::numeric
    from lifecycle.visit v
    left join metric.population(question) c
      on not question.is_plain and c.bucket = v.bucket and c.customer_id = v.customer_id
    cross join lateral (
        select (v.entered_at at time zone question.timezone)::date as day,
               (v.left_at at time zone question.timezone)::date as left_day) l
    where (question.is_plain or c.customer_id is not null)
      and l.day >= question.since and l.day < question.until
      and (l.left_day is null or l.left_day >= question.until)
    group by 2, 3, 4;
end
$$;
comment on function metric.unfinished is
    'Visits that began in the window and were open at its end, by the day that they began';
