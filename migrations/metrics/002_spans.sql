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

create function metric.percentiles(question metric.question, measure text)
returns table (since date, cell text, median numeric, p90 numeric)
language sql stable
as $$
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
    group by 1, 2
$$;
comment on function metric.percentiles is
    'The smallest value, to three digits, that at least half, and nine tenths, of the values of a '
    'measure did not exceed, by period and cell';
