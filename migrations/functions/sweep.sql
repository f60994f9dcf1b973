-- The sweep: what is kept of everyone, for questions about one. It is done in the background, by one
-- server at a time, where something has changed since the latest one, and takes no more than a
-- twentieth of the time, however long the history. It goes step by step, each a transaction, and
-- whoever comes next goes on where another one ended.

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

create function lifecycle.begin_sweep(pause interval)
returns boolean
language plpgsql
as $$
begin
    if not lifecycle.is_sweep_due(pause) then
        return false;
    end if;
    update lifecycle.sweep
    set swept_at = statement_timestamp(),
        day = (select b.today from lifecycle.business_day b),
        step = 1,
        seen_below = pg_snapshot_xmin(pg_current_snapshot()),
        setup = lifecycle.sweep_setup(),
        usual_gap = lifecycle.measure_usual_gap();
    return true;
end
$$;
comment on function lifecycle.begin_sweep is 'Begins a sweep, if one is due: whether it did';

create function lifecycle.keep_peers(swept text)
returns void
language plpgsql
as $$
begin
    delete from lifecycle.peer_measure p
    using lifecycle.measure_kinds() k
    where k.relation = swept and p.measure = k.name;
    insert into lifecycle.peer_measure
    select * from lifecycle.measure_peers(swept);
end
$$;
comment on function lifecycle.keep_peers is 'Measures anew what a view measures of everyone';

create function lifecycle.sweep_step(pause interval)
returns boolean
language plpgsql
as $$
declare
    relations constant text[] :=
        array(select distinct k.relation from lifecycle.measure_kinds() k order by 1);
    next integer;
begin
    if not pg_try_advisory_xact_lock(2, 2) then
        return false;
    end if;
    select s.step into next from lifecycle.sweep s;
    if next = 0 then
        return lifecycle.begin_sweep(pause);
    elsif next <= cardinality(relations) + 2 then
        if next = 1 then
            if lifecycle.gather(5000) = 5000 then
                return true; -- there may be more
            end if;
        elsif next = 2 then
            perform lifecycle.keep_signals();
        else
            perform lifecycle.keep_peers(relations[next - 2]);
        end if;
        update lifecycle.sweep set step = next + 1;
        return true;
    end if;
    update lifecycle.sweep set step = 0, ended_at = clock_timestamp();
    return false;
end
$$;
comment on function lifecycle.sweep_step is
    'One step of a sweep, if one is under way or due and nobody else is at it; whether another one '
    'follows';

create function lifecycle.skip_sweep_step()
returns void
language sql
as $$
    update lifecycle.sweep
    set step = step + 1
    where step > 0 and pg_try_advisory_xact_lock(2, 2)
$$;
comment on function lifecycle.skip_sweep_step is
    'Leaves out a step that failed, until the next sweep: what it measures stays as it was';

create function lifecycle.sweep(pause interval)
returns boolean
language plpgsql
as $$
declare
    has_swept boolean := false;
begin
    while lifecycle.sweep_step(pause) loop
        has_swept := true;
    end loop;
    return has_swept;
end
$$;
comment on function lifecycle.sweep is 'All steps of a sweep, if it is due: whether it was';
