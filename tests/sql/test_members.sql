-- Behind the rows of every metric that counts customers there are as many of them as they say, in a
-- random history, by period and as a whole, grouped and not: of so many rows of each question, by
-- chance. psql -v rows=1000 for all of them, which takes minutes.
\ir setup.sql
\o /dev/null
\if :{?rows}
\else
    \set rows 2
\endif
select set_config('test.rows', :'rows', true);
\ir histories.sql
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
insert into lifecycle.rate values ('USD', 'EUR', '2024-01-01', 0.90);

create temp table asked as
select m.name, m.members, i.name as "interval", g.name as group_by
from lifecycle.metric m
cross join lateral (select 'month' as name
                    where 'month' = any (m.intervals)
                    union all
                    select null
                    where metric.default_of(m, 'interval') is null) i
cross join lateral (select null as name
                    union all
                    select 'channel'
                    where metric.grouping_of(m, 'channel') is not null) g
where m.members is not null;

create function pg_temp.wrong_members()
returns table (wrong text)
language sql
as $$
    select format('%s %s %s: %s of %s', q.metric, r.period, r.dimensions, c.counted, f.figure)
    from asked a
    cross join lateral metric.resolve(a.name, jsonb_strip_nulls(jsonb_build_object(
        'from', '2024-11-01', 'to', '2025-07-01', 'interval', a.interval,
        'group_by', a.group_by))) q
    cross join lateral (select any_row.*
                        from unnest(metric.rows_of(q)) any_row
                        order by random()
                        limit current_setting('test.rows')::integer) r
    cross join lateral (select pg_temp.counted_in(r, a.members) as figure) f
    cross join lateral (select pg_temp.members_of(q, r.period, r.dimensions) as counted) c
    where c.counted <> f.figure
$$;

create function pg_temp.faults()
returns text
language plpgsql
as $$
declare
    events json[];
    faults text;
begin
    perform setseed(0.1);
    events := pg_temp.random_history(120, 6);
    perform pg_temp.record(events);
    select string_agg(w.wrong, '; ') into faults from pg_temp.wrong_members() w;
    raise exception using errcode = 'TEST1';
exception
    when sqlstate 'TEST1' then
        return coalesce(left(faults, 1500), '');
end
$$;
\o
select pg_temp.is((select count(distinct a.name)
                   from asked a
                   where to_regprocedure(format('metric.%I(metric.question, json)',
                                                'members_of_' || a.name)) is null), 0,
                  'each metric that counts customers can name them');
select pg_temp.is(pg_temp.faults(), '', 'there are as many members as the rows say');
\ir teardown.sql
