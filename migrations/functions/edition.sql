-- The edition of the data, by which answers are known to stand. A snapshot tells which transactions
-- are seen: two that are alike see the same. Of whatever else an answer may depend on, there is the
-- day: it begins on a quarter of an hour in every time zone.
--
-- A standby does not tell which transactions between the first and the last are still under way: while
-- there are any, no two states of it have one name.

create function lifecycle.data_edition()
returns text
language sql stable
as $$
    select md5(concat_ws(' ', pg_current_snapshot(), pg_postmaster_start_time(),
                         (select d.oid from pg_database d where d.datname = current_database()),
                         floor(extract(epoch from now()) / 900),
                         case when pg_is_in_recovery()
                               and pg_snapshot_xmin(pg_current_snapshot())
                                   <> pg_snapshot_xmax(pg_current_snapshot())
                              then gen_random_uuid() end))
$$;
comment on function lifecycle.data_edition is
    'Names what the statement that calls it sees, and when: equal for equal data within a quarter '
    'of an hour, on every server; another one after any transaction that wrote, wherever in the '
    'cluster';
