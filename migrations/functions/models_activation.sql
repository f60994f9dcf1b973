-- From one stage model to another. Once a model is `deriving`, the ingest derives the visits of
-- new events by it too, and history is derived by it in the background, customer by customer
-- within bucket by bucket; meanwhile all answers are given by the active one. When nothing is
-- left, the two change places in one transaction, and what the old one derived is taken away,
-- again piece by piece.
--
-- Each piece is a transaction: it is done or it is not, whatever is killed, and whoever comes next
-- goes on behind it. One piece is done at a time, on whatever server: advisory lock (2, 1). States
-- change while no other transaction stores events or does a piece: advisory lock (2, 0), alone.
-- At any time the roll-up is what the visits say, of whichever model.

create function lifecycle.hold_models()
returns void
language plpgsql
as $$
begin
    perform lifecycle.keep_apart(true);
    lock table lifecycle.rule in exclusive mode;
end
$$;
comment on function lifecycle.hold_models is
    'Keeps away, to the end of the transaction, whoever stores events or does a piece by the state of '
    'the models, or is about to change their rules';

create function lifecycle.activate_stage_model(wanted text, wanted_version integer)
returns table (document json, is_under_way boolean)
language plpgsql
as $$
declare
    chosen lifecycle.stage_model;
    other lifecycle.stage_model;
begin
    perform lifecycle.hold_models();
    select *
    into chosen
    from lifecycle.stage_model m
    where m.name = wanted and m.version = coalesce(wanted_version, m.version)
    order by m.version desc
    limit 1;
    if chosen.model is null then
        perform lifecycle.refuse('CL404', null, 'there is no such stage model or version of it');
    end if;
    select *
    into other
    from lifecycle.stage_model m
    where m.state = 'deriving';
    if other.model is not null then
        perform lifecycle.refuse('CL409', null, format(
            'history is being derived by version %s of %s: wait for its end, or cancel it',
            other.version, other.name));
    end if;
    if chosen.state <> 'active' then
        update lifecycle.stage_model m
        set state = 'deriving', derived = 0, reached = 0, started_at = now(), failed_at = null
        where m.model = chosen.model;
        perform lifecycle.refresh_rules();
        perform lifecycle.audit('stage_model.activation_started', chosen.name, chosen.state,
                                'version ' || chosen.version);
    end if;
    return query
    select lifecycle.show_stage_model(chosen.name, chosen.version), chosen.state <> 'active';
end
$$;
comment on function lifecycle.activate_stage_model is
    'Lets a version of a model, or its latest one, become the active one; it is shown as it is '
    'then, and whether there is something to be done for that. What an earlier activation has '
    'left of its visits is corrected, as everything is that differs';

create function lifecycle.cancel_activation(wanted text)
returns json
language plpgsql
as $$
declare
    cancelled integer;
begin
    perform lifecycle.hold_models();
    update lifecycle.stage_model m
    set state = case when m.activated_at is null then 'ready' else 'retired' end,
        derived = 64, reached = 0, started_at = null, failed_at = null
    where m.name = wanted and m.state = 'deriving'
    returning m.version into cancelled;
    if cancelled is null then
        perform lifecycle.refuse('CL404', null, 'no activation of this model is under way');
    end if;
    perform lifecycle.refresh_rules();
    perform lifecycle.audit('stage_model.activation_cancelled', wanted, 'version ' || cancelled);
    return lifecycle.show_stage_model(wanted, cancelled);
end
$$;
comment on function lifecycle.cancel_activation is
    'Gives up an activation that is under way; what it has derived is taken away again';

create function lifecycle.finish_activation(fresh smallint)
returns void
language plpgsql
as $$
begin
    perform lifecycle.hold_models();
    update lifecycle.stage_model m
    set state = 'retired', derived = 64, reached = 0
    where m.state = 'active';
    update lifecycle.stage_model m
    set state = 'active', activated_at = now(), started_at = null, failed_at = null
    where m.model = fresh;
    perform lifecycle.refresh_rules();
end
$$;
comment on function lifecycle.finish_activation is
    'Puts a model by which all history has been derived in the place of the active one';

create function lifecycle.derive_piece(work lifecycle.stage_model, size integer)
returns void
language plpgsql
as $$
declare
    setup constant lifecycle.setup := lifecycle.setup_now();
    touched lifecycle.touch[];
begin
    touched := array(
        with locked as materialized (
            select c.bucket, c.customer_id
            from lifecycle.customer c
            where c.bucket = work.derived and c.customer_id > work.reached
            order by c.bucket, c.customer_id
            limit size
            for no key update
        )
        select row(l.bucket, l.customer_id, '-infinity')::lifecycle.touch
        from locked l
        order by l.customer_id);
    perform lifecycle.derive_visits(touched, work.model, setup.zone, setup.writer);
    if cardinality(touched) < size then
        work.derived := work.derived + 1;
        work.reached := 0;
    else
        work.reached := touched[size].customer_id;
    end if;
    update lifecycle.stage_model m
    set derived = work.derived, reached = work.reached, failed_at = null
    where m.model = work.model;
end
$$;
comment on function lifecycle.derive_piece is
    'Derives the history of the next customers by a model that is on its way';

create function lifecycle.clear_piece(work lifecycle.stage_model, size integer)
returns void
language plpgsql
as $$
declare
    setup constant lifecycle.setup := lifecycle.setup_now();
    which constant smallint := work.derived - 1;
    customers bigint[];
    stays lifecycle.stay[];
begin
    customers := array(
        select c.customer_id
        from lifecycle.customer c
        where c.bucket = which and c.customer_id > work.reached
        order by c.bucket, c.customer_id
        limit size);
    with gone as (
        delete from lifecycle.model_visit v
        where v.bucket = which and v.customer_id = any(customers) and v.model = work.model
        returning v as visit
    ),
    total as (
        insert into lifecycle.model_transition_total as total
            (writer, model, day, from_stage, to_stage, kind, transitions, dwell_seconds)
        select setup.writer, work.model, m.day, m.from_stage, m.to_stage, m.kind, -count(*),
               -sum(m.dwell_seconds)
        from gone g
        cross join lateral lifecycle.moves_of(g.visit, setup.zone) m
        group by m.day, m.from_stage, m.to_stage, m.kind
        on conflict (model, day, from_stage, to_stage, kind, writer) do update
        set transitions = total.transitions + excluded.transitions,
            dwell_seconds = total.dwell_seconds + excluded.dwell_seconds
    )
    select array_agg(lifecycle.stay_of(g.visit, -1, setup.zone))
    into stays
    from gone g
    where (g.visit).left_at is not null;
    if stays is not null then
        perform lifecycle.count_stays(stays, work.model, setup.writer);
    end if;
    if cardinality(customers) < size then
        work.derived := which;
        work.reached := 0;
    else
        work.reached := customers[size];
    end if;
    if work.derived = 0 then
        delete from lifecycle.model_transition_total t where t.model = work.model;
        delete from lifecycle.model_transition_month t where t.model = work.model;
        delete from lifecycle.model_dwell_total t where t.model = work.model;
        delete from lifecycle.model_departure_total t where t.model = work.model;
    end if;
    update lifecycle.stage_model m
    set derived = work.derived, reached = work.reached
    where m.model = work.model;
end
$$;
comment on function lifecycle.clear_piece is
    'Takes away what a model that is out of use derived for the next customers, and in the end the '
    'roll-ups, which then say nothing any more';

create view lifecycle.model_work as
    select m.*
    from lifecycle.stage_model m
    where m.state = 'deriving' or m.state in ('ready', 'retired') and m.derived > 0
    order by m.state <> 'deriving', m.model
    limit 1;
comment on view lifecycle.model_work is 'The model that there is something to be done for, if any';

create function lifecycle.work_on_models(size integer, out has_more boolean, out activated text)
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off -- few customers among many: by key
set enable_mergejoin = off
set jit = off
as $$
declare
    work lifecycle.stage_model;
    is_alone boolean;
begin
    has_more := false;
    select w.state = 'deriving' and w.derived = 64
    into is_alone
    from lifecycle.model_work w;
    if is_alone is null or not pg_try_advisory_xact_lock(2, 1) then
        return;
    end if;
    perform lifecycle.keep_apart(is_alone);
    select *
    into work
    from lifecycle.model_work;
    if work.state = 'deriving' and work.derived < 64 then
        perform lifecycle.derive_piece(work, size);
    elsif work.state = 'deriving' and is_alone then
        perform lifecycle.finish_activation(work.model);
        activated := format('%s, version %s', work.name, work.version);
    elsif work.state in ('ready', 'retired') then
        perform lifecycle.clear_piece(work, size);
    end if;
    has_more := work.model is not null;
end
$$;
comment on function lifecycle.work_on_models is
    'Does a piece of the work on stage models, of so many customers; whether there may be more at '
    'once (not if there is none, or somebody else is at it), and the model that it made active';

create function lifecycle.note_failed_work()
returns void
language plpgsql
as $$
begin
    update lifecycle.stage_model m
    set failed_at = now()
    where m.state = 'deriving';
end
$$;
comment on function lifecycle.note_failed_work is
    'Notes that a piece failed, for those who look at the activation';
