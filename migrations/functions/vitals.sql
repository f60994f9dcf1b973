-- How the database stands, as each server asks every second: for /readyz and /metrics. Nothing of it
-- takes longer with a longer history. Times are microseconds, since 1970 where they are moments.

create function lifecycle.microseconds(moment timestamptz)
returns bigint
language sql immutable
as $$ select (extract(epoch from moment) * 1000000)::bigint $$;
comment on function lifecycle.microseconds(timestamptz) is 'Microseconds from 1970 to a moment';

create function lifecycle.microseconds(duration interval)
returns bigint
language sql immutable
as $$ select (extract(epoch from duration) * 1000000)::bigint $$;
comment on function lifecycle.microseconds(interval) is 'Microseconds of a duration';

create function lifecycle.vitals()
returns table (can_write boolean, recorded_at bigint, swept_at bigint, sweep_time bigint,
               replay_lag bigint, replica_lag bigint)
language sql stable
as $$
    select current_setting('transaction_read_only') = 'off',
           lifecycle.microseconds((select max(e.recorded_at)
                                   from lifecycle.event e
                                   where e.recorded_xid = (select max(l.recorded_xid)
                                                           from lifecycle.event l))),
           lifecycle.microseconds(s.ended_at),
           case when s.step = 0 then lifecycle.microseconds(s.ended_at - s.swept_at) end,
           case
               when pg_is_in_recovery() then
                   lifecycle.microseconds(clock_timestamp() - pg_last_xact_replay_timestamp())
           end,
           lifecycle.microseconds((select max(r.replay_lag) from pg_stat_replication r))
    from lifecycle.sweep s
$$;
comment on function lifecycle.vitals is
    'Whether it takes writes; when the latest event was stored; when the latest sweep ended, and how '
    'long it took; on a replica, the age of what it has replayed; elsewhere, how far the slowest '
    'replica is behind, for roles that may know';
