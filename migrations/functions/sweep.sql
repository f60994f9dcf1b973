-- The sweep: what is kept of everyone, for questions about one. It is done in the background, by one
-- server at a time, where something has changed since the latest one, and takes no more than a
-- twentieth of the time, however long the history. All of it is as of one moment.

create function lifecycle.sweep_setup()
returns text
language sql stable
as $$
    select md5(concat_ws(' ', lifecycle.show_settings(),
                         (select m.model from lifecycle.stage_model m where m.state = 'active')))
$$;
comment on function lifecycle.sweep_setup is
    'A digest of what a sweep goes by, beside the events';

create function lifecycle.is_sweep_due(pause interval)
returns boolean
language plpgsql stable
as $$
declare
    latest lifecycle.sweep;
begin
    select * into latest from lifecycle.sweep;
    return latest.ended_at is null
        or latest.ended_at + greatest(pause, 20 * (latest.ended_at - latest.swept_at))
               <= clock_timestamp()
           and (latest.day < (select b.today from lifecycle.business_day b)
                or latest.setup is distinct from lifecycle.sweep_setup()
                or exists (select
                           from lifecycle.event e
                           where e.recorded_xid >= latest.seen_below));
end
$$;
comment on function lifecycle.is_sweep_due is
    'Whether something has changed since the latest sweep, and that was long enough ago: so long at '
    'least, and twenty times what it took';

create function lifecycle.sweep(pause interval)
returns boolean
language plpgsql
as $$
begin
    if not lifecycle.is_sweep_due(pause) or not pg_try_advisory_xact_lock(2, 2) then
        return false;
    end if;
    update lifecycle.sweep
    set swept_at = statement_timestamp(),
        day = (select b.today from lifecycle.business_day b),
        seen_below = pg_snapshot_xmin(pg_current_snapshot()),
        setup = lifecycle.sweep_setup(),
        usual_gap = lifecycle.measure_usual_gap();
    delete from lifecycle.peer_measure;
    insert into lifecycle.peer_measure
    select * from lifecycle.measure_peers();
    update lifecycle.sweep
    set ended_at = clock_timestamp();
    return true;
end
$$;
comment on function lifecycle.sweep is
    'Measures everyone anew, if that is due and nobody else is at it: whether it did';
