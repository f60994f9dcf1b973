-- The ingest: a batch of events in one transaction, with an outcome for each.
--
-- The order of what it locks is the same in every batch, so that batches never wait for each
-- other in a circle: new identifiers by name, customers by key, events by id; roll-ups are of
-- the writer's own. Everything is found by key: no step grows with the history.

create function lifecycle.record_events(
    event_ids uuid[], sources text[], ids text[], subjects text[], types smallint[],
    times timestamptz[], sequences text[], amounts bigint[], currencies text[], units bigint[],
    objects text[], stages smallint[], targets uuid[], bodies text[])
returns table ("position" integer, outcome text, record text)
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    has_marks constant boolean := types && lifecycle.mark_types();
    is_new boolean[];
    strangers text[];
    fresh lifecycle.event[];
    stored uuid[]; -- fewer, if another writer stored some since they were looked for
    visits lifecycle.visit[];
    stage_names constant text[] := array(select s.name from lifecycle.stage s order by s.stage);
    touched lifecycle.touched;
begin
    perform lifecycle.keep_apart(array_remove(targets, null) <> '{}');

    select array_agg(f.is_new order by f.position),
           array_agg(distinct f.subject) filter (where f.is_new and f.is_stranger)
    into is_new, strangers
    from (select i.position, i.subject,
                 i.subject is not null and c.identifier is null as is_stranger,
                 e.event_id is null
                     and row_number() over (partition by i.event_id order by i.position) = 1
                     as is_new
          from unnest(event_ids, subjects) with ordinality i (event_id, subject, position)
          left join lifecycle.event e on e.event_id = i.event_id
          left join lifecycle.identifier c on c.identifier = i.subject) f;

    if strangers is not null then
        strangers := lifecycle.meet_customers(strangers);
    end if;

    if true = any(is_new) then
        fresh := array(
            select row(i.occurred_at, now(), pg_current_xact_id(), c.customer_id, i.amount,
                       i.units, i.event_id, i.target, c.bucket, i.type, i.stage, i.source, i.id,
                       i.sequence, i.currency, i.object, i.body::json)::lifecycle.event
            from unnest(event_ids, sources, ids, subjects, types, times, sequences, amounts,
                        currencies, units, objects, stages, targets, bodies)
                 with ordinality i (event_id, source, id, subject, type, occurred_at, sequence,
                                    amount, currency, units, object, stage, target, body,
                                    position)
            left join lifecycle.identifier c on c.identifier = i.subject
            where is_new[i.position]
            order by i.event_id);
        perform lifecycle.lock_customers(fresh);
        stored := lifecycle.store_events(fresh);
        if cardinality(stored) < cardinality(fresh) then
            is_new := array(
                select is_new[i.position] and i.event_id = any(stored)
                from unnest(event_ids) with ordinality i (event_id, position)
                order by i.position);
            fresh := array(select f from unnest(fresh) f where f.event_id = any(stored));
            perform lifecycle.refuse_strays(strangers, subjects, is_new);
        end if;
        if has_marks then
            perform lifecycle.note_marks(fresh);
        end if;
        touched := lifecycle.touched_by(fresh);
        if touched.visits is not null then
            visits := lifecycle.derive_visits(touched.visits);
        end if;
        if touched.purchases is not null then
            perform lifecycle.derive_purchases(touched.purchases);
        end if;
        if touched.revenue is not null then
            perform lifecycle.derive_revenue(touched.revenue);
        end if;
    end if;

    return query
    with caused as materialized (
        select m.*
        from unnest(visits) v
        cross join lateral lifecycle.transitions_of(v) m
    )
    select i.position::integer, o.outcome,
           case when o.outcome <> 'conflict' then to_json(shown)::text end
    from unnest(event_ids, sources, ids, types, times, bodies)
         with ordinality i (event_id, source, id, type, occurred_at, body, position)
    join lifecycle.event e on e.event_id = i.event_id
    cross join lateral (
        select case
            when is_new[i.position] then 'created'
            when e.body::text = i.body then 'duplicate'
            when (e.source, e.id, e.type, e.occurred_at) = (i.source, i.id, i.type, i.occurred_at)
             and lifecycle.content_of(e.body::jsonb)
                 = lifecycle.content_of(i.body::jsonb) then 'duplicate'
            else 'conflict'
        end as outcome
    ) o
    left join lifecycle.customer c on c.bucket = e.bucket and c.customer_id = e.customer_id
    left join lateral (
        select case when v.left_at is null then v.stage end as stage
        from lifecycle.visit v
        where v.bucket = e.bucket and v.customer_id = e.customer_id
        order by v.ordinal desc
        limit 1
    ) stands on true
    left join caused on caused.event_id = i.event_id
    left join lateral (
        select t.*
        from lifecycle.transition t
        where o.outcome = 'duplicate' and t.bucket = e.bucket and t.customer_id = e.customer_id
          and t.event_id = e.event_id
        limit 1 -- there is one at most; the limit makes it a probe by key
    ) told on true
    cross join lateral (
        select stage_names[coalesce(caused.from_stage, told.from_stage)] as "from",
               stage_names[coalesce(caused.to_stage, told.to_stage)] as "to",
               coalesce(caused.kind, told.kind) as kind,
               lifecycle.utc_text(coalesce(caused.at, told.at)) as at
    ) moved
    cross join lateral (
        select e.event_id, e.source, e.id, c.ref as customer,
               stage_names[stands.stage] as stage,
               case when moved.kind is not null then to_json(moved) end as transition,
               lifecycle.utc_text(e.recorded_at) as recorded_at
    ) shown
    order by i.position;
end
$$;
comment on function lifecycle.record_events is
    'Stores a batch of events, each once for ever, and derives what follows from them; a row '
    'for each: created, duplicate (the record is the first one''s) or conflict (other content '
    'under the same source and id)';

create function lifecycle.mark_types()
returns smallint[]
language plpgsql stable
as $$
begin
    return array(select t.type
                 from lifecycle.event_type t
                 where t.name in ('event.voided', 'sell.order.cancelled'));
end
$$;
comment on function lifecycle.mark_types is 'The types whose events take others back';

create function lifecycle.keep_apart(is_alone boolean)
returns void
language plpgsql
as $$
begin
    if is_alone then
        perform pg_advisory_xact_lock(2, 0);
    else
        perform pg_advisory_xact_lock_shared(2, 0);
    end if;
end
$$;
comment on function lifecycle.keep_apart is
    'Lets a transaction with an event.voided run while no other stores any: it could not see the '
    'target that the other is about to store, nor the other its mark';

create function lifecycle.meet_customers(strangers text[])
returns text[]
language plpgsql
as $$
declare
    created text[];
begin
    with met as (
        insert into lifecycle.identifier (identifier, bucket, customer_id)
        select s.name, lifecycle.bucket_of(s.name), nextval('lifecycle.customer_number')
        from unnest(strangers) s (name)
        order by s.name
        on conflict (identifier) do nothing
        returning identifier, bucket, customer_id
    ),
    customers as (
        insert into lifecycle.customer (bucket, customer_id, ref)
        select m.bucket, m.customer_id, m.identifier
        from met m
    )
    select array_agg(m.identifier)
    into created
    from met m;
    return created;
end
$$;
comment on function lifecycle.meet_customers is
    'Creates the customers that these subjects name, but for those that another writer has '
    'created meanwhile; the subjects of those created';

create function lifecycle.lock_customers(fresh lifecycle.event[])
returns void
language plpgsql
as $$
begin
    perform c.customer_id
    from (select f.bucket, f.customer_id
          from unnest(fresh) f
          union
          select e.bucket, e.customer_id
          from unnest(fresh) f
          join lifecycle.event e on e.event_id = f.target) k
    join lifecycle.customer c on c.bucket = k.bucket and c.customer_id = k.customer_id
    order by c.bucket, c.customer_id
    for no key update of c;
end
$$;
comment on function lifecycle.lock_customers is
    'Locks the customers of events, and those whose events are taken back, in the order of '
    'their keys';

create function lifecycle.store_events(fresh lifecycle.event[])
returns uuid[]
language plpgsql
as $$
declare
    ids uuid[];
begin
    with stored as (
        insert into lifecycle.event
        select *
        from unnest(fresh)
        on conflict (event_id) do nothing
        returning event_id
    )
    select coalesce(array_agg(s.event_id), '{}')
    into ids
    from stored s;
    return ids;
end
$$;
comment on function lifecycle.store_events is
    'Appends events to the ledger, but for those that another writer stored meanwhile; the ids '
    'of those appended';

create function lifecycle.refuse_strays(created text[], subjects text[], is_new boolean[])
returns void
language plpgsql
as $$
begin
    if exists (select
               from unnest(created) c (name)
               where not exists (select
                                 from unnest(subjects) with ordinality s (name, position)
                                 where s.name = c.name and is_new[s.position])) then
        raise serialization_failure
            using message = 'another writer stored the event under another subject';
    end if;
end
$$;
comment on function lifecycle.refuse_strays is
    'Raises 40001, to be repeated, when a customer was created for an event that turned out to '
    'be a conflict: nothing may be written for it';

create function lifecycle.note_marks(fresh lifecycle.event[])
returns void
language plpgsql
as $$
begin
    insert into lifecycle.voided (event_id, by_event)
    select f.target, f.event_id
    from unnest(fresh) f
    where f.target is not null;

    insert into lifecycle.cancelled_order (bucket, customer_id, order_id, by_event)
    select f.bucket, f.customer_id, f.object, f.event_id
    from unnest(fresh) f
    where f.type = (select t.type from lifecycle.event_type t
                    where t.name = 'sell.order.cancelled')
      and not exists (select from lifecycle.voided w where w.event_id = f.event_id);

    delete from lifecycle.cancelled_order c
    using unnest(fresh) f
    join lifecycle.event cancel on cancel.event_id = f.target
    where c.bucket = cancel.bucket and c.customer_id = cancel.customer_id
      and c.order_id = cancel.object and c.by_event = cancel.event_id;
end
$$;
comment on function lifecycle.note_marks is
    'Notes what new events take back: voided events and cancelled orders';

create function lifecycle.touched_by(fresh lifecycle.event[])
returns lifecycle.touched
language plpgsql stable
as $$
declare
    touched lifecycle.touched;
begin
    with affected as (
        select f.bucket, f.customer_id, f.occurred_at, f.type, f.object, f.stage, true as is_new
        from unnest(fresh) f
        where f.customer_id is not null
        union all
        select e.bucket, e.customer_id, e.occurred_at, e.type, e.object, e.stage, false
        from unnest(fresh) f
        join lifecycle.event e on e.event_id = f.target
        where e.customer_id is not null
    ),
    since as (
        select a.bucket, a.customer_id,
               min(a.occurred_at) filter (
                   where t.entry <> 'activity'
                     and not (a.is_new and coalesce(v.stays, false))) as visits,
               min(case
                       when t.name = 'sell.order.placed' then a.occurred_at
                       when t.name = 'sell.order.cancelled' and a.is_new then
                           (select min(p.occurred_at)
                            from lifecycle.purchase p
                            where p.bucket = a.bucket and p.customer_id = a.customer_id
                              and p.order_id = a.object)
                       when t.name = 'sell.order.cancelled' then '-infinity'
                   end) as purchases,
               min(a.occurred_at) filter (
                   where t.name in ('bill.payment.succeeded', 'bill.refund.issued',
                                    'bill.chargeback.lost')) as revenue
        from affected a
        join lifecycle.event_type t on t.type = a.type
        -- whether the event finds the customer, by the latest visit, where it would lead to
        left join lateral (
            select b.left_at is null and b.entered_at < a.occurred_at
                   and case t.entry
                           when 'advance' then b.stage >= t.stage
                           when 'exit' then false
                           else b.stage = coalesce(a.stage, t.stage)
                       end as stays
            from lifecycle.visit b
            where b.bucket = a.bucket and b.customer_id = a.customer_id
            order by b.ordinal desc
            limit 1
        ) v on true
        group by a.bucket, a.customer_id
    )
    select array_agg(row(s.bucket, s.customer_id, s.visits)::lifecycle.touch)
               filter (where s.visits is not null),
           array_agg(row(s.bucket, s.customer_id, s.purchases)::lifecycle.touch)
               filter (where s.purchases is not null),
           array_agg(row(s.bucket, s.customer_id, s.revenue)::lifecycle.touch)
               filter (where s.revenue is not null)
    into touched.visits, touched.purchases, touched.revenue
    from since s;
    return touched;
end
$$;
comment on function lifecycle.touched_by is
    'From when on what has to be derived anew, by customer, after new events: an event touches '
    'its own time, an event.voided that of its target, a cancellation that of the order; an '
    'event that leaves the customer in the stage of the latest visit touches no visit';
