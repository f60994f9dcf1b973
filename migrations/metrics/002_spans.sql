-- What metrics stand on that count the things of facts: the rows of an answer before there is
-- anything in them, and percentiles.

create function metric.spans(question metric.question, cells text[])
returns table (since date, until date, label text, complete boolean, cell text)
language sql stable
as $$
    select p.since, p.until, p.label, p.complete, c.cell
    from metric.periods(question) p
    cross join (select unnest(cells) as cell
                union
                select null where cells = '{}') c
$$;
comment on function metric.spans is
    'The periods of a question, each for every cell of its grouping that anything was found in: the '
    'spine of the answer; one cell of none, if nothing was found at all';

create function metric.percentiles_by_month(question metric.question, wanted text,
                                            by_label boolean)
returns table (since date, label text, median numeric, p90 numeric)
language plpgsql stable -- keeps its plan
as $$
#variable_conflict use_column
begin
    return query
    with kept as materialized (
        select metric.period_of(question, x.month) as since,
               case when by_label then x.label else '' end as label,
               x.month, x.label as kept_label, x.bottom, sum(x.n) as n
        from (select r.month, r.label, r.bottom, r.n
              from lifecycle.spread_range r
              where r.measure = wanted
                and r.month >= question.since and r.month < question.until
              union all
              select t.month, t.label, lifecycle.range_of(t.value), t.n
              from lifecycle.spread_total t
              where t.writer < 64 and t.measure = wanted
                and t.month >= question.since and t.month < question.until) x
        group by 3, 4, 5
        having sum(x.n) <> 0
    ), ranked as (
        select k.since, k.label, k.bottom, sum(k.n) as n,
               sum(sum(k.n)) over (partition by k.since, k.label order by k.bottom) as reached,
               sum(sum(k.n)) over (partition by k.since, k.label) as total
        from kept k
        group by 1, 2, 3
    ), holding as materialized ( -- the ranges that the percentiles lie in
        select row_number() over () as place, r.since, r.label, r.bottom,
               lifecycle.range_end(r.bottom) as ending, s.share, s.share * r.total as goal,
               r.reached - r.n as before
        from ranked r
        cross join (values (0.5), (0.9)) s (share)
        where r.reached >= s.share * r.total and r.reached - r.n < s.share * r.total
    ), fine as (
        select h.place, v.value, sum(sum(v.n)) over (partition by h.place order by v.value) as n
        from holding h
        join kept k on k.since = h.since and k.label = h.label and k.bottom = h.bottom
        cross join lateral (
            select t.value, t.n
            from lifecycle.spread_total t
            where t.measure = wanted and t.month = k.month and t.label = k.kept_label
              and t.value >= h.bottom and t.value < h.ending
            offset 0 -- by key for each range
        ) v
        group by 1, 2
    )
    select h.since, h.label,
           min(f.value) filter (where h.share = 0.5 and h.before + f.n >= h.goal),
           min(f.value) filter (where h.share = 0.9 and h.before + f.n >= h.goal)
    from fine f
    join holding h on h.place = f.place
    group by 1, 2;
end
$$;
comment on function metric.percentiles_by_month is
    'The percentiles of a measure in each period of whole months, by label or over all: found in '
    'the ranges of one digit first, so that few of the values are read';

create function metric.percentiles(question metric.question, measure text)
returns table (since date, cell text, median numeric, p90 numeric)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
    if metric.takes_months(question) then
        return query
        select m.since, null::text, m.median, m.p90
        from metric.percentiles_by_month(question, percentiles.measure, false) m;
        return;
    end if;
    return query
    with spread as (
        select s.since, s.cell, s.value, sum(s.n) as n
        from metric.spread(question, percentiles.measure) s
        group by 1, 2, 3
    ), ranked as (
        select s.since, s.cell, s.value,
               sum(s.n) over (partition by s.since, s.cell order by s.value) as reached,
               sum(s.n) over (partition by s.since, s.cell) as total
        from spread s
    )
    select r.since, r.cell, min(r.value) filter (where r.reached >= 0.5 * r.total),
           min(r.value) filter (where r.reached >= 0.9 * r.total)
    from ranked r
    group by 1, 2;
end
$$;
comment on function metric.percentiles is
    'The smallest value, to three digits, that at least half, and nine tenths, of the values of a '
    'measure did not exceed, by period and cell';
