-- The ingest: a batch of events in one transaction, with an outcome for each.
--
-- The order of what it locks is the same in every batch, so that batches never wait for each
-- other in a circle: new identifiers by name, customers by key, events by id; roll-ups are of
-- the writer's own. Everything is found by key: no step grows with the history.
--
-- Each step is a statement over the columns that it needs, and is left out where the batch has
-- no event that it concerns. Most events are simple: new, in order, of a customer who is not
-- joined with another. They add to the facts what they are. The others tell from when on the
-- facts of their customers are derived anew (touched.sql).

create function lifecycle.record_events(
    event_ids uuid[], sources text[], ids text[], subjects text[], types smallint[],
    times timestamptz[], sequences text[], amounts bigint[], currencies text[], units bigint[],
    objects text[], stages smallint[], targets uuid[], costs boolean[], bodies text[],
    target_types text[] default null)
returns table ("position" integer, outcome text, customer text, stage text, moved_from text,
               moved_to text, move text, moved_at text, recorded_at text)
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    has_voids constant boolean := array_remove(targets, null) <> '{}';
    has_merges constant boolean := types && lifecycle.merge_types();
    setup lifecycle.setup;
    identified uuid[];
    strangers text[];
    erased text[];
    who lifecycle.subjects;
    is_new boolean[];
    moves lifecycle.move[];
begin
    perform lifecycle.keep_apart(has_voids or has_merges);
    setup := lifecycle.setup_now();
    if lifecycle.customer_identified() = any(types) then
        identified := lifecycle.identify(event_ids, subjects, types, bodies);
    end if;
    if has_merges then
        perform lifecycle.meet_targets(event_ids, types, objects);
    end if;
    who := lifecycle.find_customers(subjects);
    if array_position(who.own_customers, null) is not null then
        strangers := lifecycle.strangers_of(event_ids, subjects, who.own_customers);
        if strangers is not null then
            erased := lifecycle.erased_among(strangers);
            if erased is not null then
                return query
                select *
                from lifecycle.record_others(erased, event_ids, sources, ids, subjects, types,
                                             times, sequences, amounts, currencies, units, objects,
                                             stages, targets, costs, bodies, target_types);
                return;
            end if;
            strangers := lifecycle.meet_customers(strangers);
            who := lifecycle.find_customers(subjects);
        end if;
    end if;
    who := lifecycle.lock_customers(who);
    is_new := lifecycle.store_events(
        setup.writer, event_ids, sources, ids, types, times, sequences, amounts, currencies, units,
        objects, stages, targets, costs, bodies, who.own_buckets, who.own_customers);
    if target_types is not null then
        perform lifecycle.check_targets(is_new, targets, target_types);
    end if;
    if strangers is not null and false = any(is_new) then
        perform lifecycle.refuse_strays(strangers, subjects, is_new);
    end if;
    if identified is not null and false = any(is_new) then
        perform lifecycle.refuse_vain(identified, event_ids, is_new);
    end if;
    if true = any(is_new) then
        moves := lifecycle.derive_new(setup, who, is_new, event_ids, types, times, amounts,
                                      currencies, units, objects, stages, targets, costs, bodies);
    end if;
    if has_voids or has_merges then
        who := lifecycle.lock_customers(lifecycle.find_customers(subjects)); -- as they are now
    end if;
    return query
    select * from lifecycle.outcomes_of_new(setup.model, is_new, event_ids, times, moves, who);
    if false = any(is_new) then
        return query
        with told as materialized (
            select *
            from lifecycle.outcomes_of_old(setup, is_new, event_ids, sources, ids, types, times,
                                           bodies)
        ),
        counted as (
            insert into lifecycle.refused_total as total
            select setup.writer, (now() at time zone 'UTC')::date, sources[t."position"],
                   t.outcome, count(*)
            from told t
            where t.outcome = 'conflict'
            group by 3, 4
            on conflict on constraint refused_total_pkey do update
            set events = total.events + excluded.events
        )
        select * from told;
    end if;
end
$$;
comment on function lifecycle.record_events is
    'Stores a batch of events, each once for ever, and derives what follows from them; a row '
    'for each: created, duplicate (all else is the first one''s), conflict (other content under '
    'the same source and id; all else is null) or erased (its subject was, or its customer has '
    'been since it was stored: nothing is stored; all else is null). stage is the customer''s now, '
    'the move the transition that the event caused. target_types: see check_targets';

create function lifecycle.count_rejected(sources text[], counts bigint[])
returns void
language plpgsql
as $$
declare
    of_writer constant smallint := lifecycle.writer_number();
begin
    insert into lifecycle.refused_total as total
    select of_writer, (now() at time zone 'UTC')::date, i.source, 'rejected', sum(i.events)
    from unnest(sources, counts) i (source, events)
    group by i.source
    on conflict on constraint refused_total_pkey do update
    set events = total.events + excluded.events;
end
$$;
comment on function lifecycle.count_rejected is
    'Counts events that something was wrong with, by source: the empty one, where it is unknown';

create function lifecycle.derive_new(
    setup lifecycle.setup, who lifecycle.subjects, is_new boolean[], event_ids uuid[],
    types smallint[], times timestamptz[], amounts bigint[], currencies text[], units bigint[],
    objects text[], stages smallint[], targets uuid[], costs boolean[], bodies text[])
returns lifecycle.move[]
language plpgsql
as $$
declare
    has_joined constant boolean := true = any(who.is_joined);
    has_marks constant boolean := lifecycle.order_cancelled() = any(types)
                                  or lifecycle.event_voided() = any(types);
    simple boolean[] := is_new;
    touched lifecycle.touched;
    moves lifecycle.move[];
    late lifecycle.touch[];
    entries lifecycle.entry[];
    sizes bigint[];
begin
    if has_joined then
        simple := array(select i.is_new and not coalesce(i.is_joined, false)
                        from unnest(is_new, who.is_joined) with ordinality
                             i (is_new, is_joined, position)
                        order by i.position);
    end if;
    if has_marks then
        perform lifecycle.note_marks(setup, is_new, event_ids, types, objects, targets,
                                     who.own_buckets, who.own_customers);
    end if;
    if types && setup.moving then
        select m.moves, m.late
        into moves, late
        from lifecycle.move_customers(setup, simple, event_ids, types, times, stages, who.buckets,
                                      who.customers) m;
    end if;
    if lifecycle.order_placed() = any(types) then
        perform lifecycle.add_purchases(setup, simple, event_ids, types, times, amounts,
                                        currencies, units, objects, who.buckets, who.customers);
    end if;
    if types && lifecycle.revenue_types() then
        perform lifecycle.add_revenue(setup, simple, event_ids, types, times, amounts, currencies,
                                      who.buckets, who.customers);
    end if;
    if true = any(costs) or lifecycle.support_cost() = any(types) then
        entries := lifecycle.add_costs(setup, simple, event_ids, types, costs, who.buckets,
                                       who.customers);
    end if;
    if types && lifecycle.spend_types() then
        entries := entries || lifecycle.add_spend(setup, is_new, event_ids, types);
    end if;
    if types && lifecycle.attribute_types() then
        sizes := lifecycle.attribute_sizes(types, who.buckets, who.customers);
        touched.attributes := lifecycle.add_attributes(simple, event_ids, types, times, bodies,
                                                       who.buckets, who.customers);
    end if;
    touched.visits := late;
    moves := moves || lifecycle.derive(setup, touched);
    if has_marks or has_joined then
        moves := moves || lifecycle.derive(setup, lifecycle.touched_by(
            is_new, who.is_joined, event_ids, types, times, objects, targets, who.buckets,
            who.customers));
    end if;
    if types && lifecycle.merge_types() or has_marks then
        moves := lifecycle.derive_joined(setup, moves, who, is_new, event_ids, types, targets);
    end if;
    if types && lifecycle.fact_types() or has_marks or entries is not null then
        perform lifecycle.derive_facts(setup, lifecycle.touched_facts(
            is_new, event_ids, types, times, objects, targets, bodies, who.buckets,
            who.customers), entries);
    end if;
    if setup.deriving is not null then
        perform lifecycle.derive_also(setup, is_new, types, times, who);
    end if;
    if sizes is not null then
        perform lifecycle.check_size('/data/attributes', before, after)
        from unnest(sizes, lifecycle.attribute_sizes(types, who.buckets, who.customers))
             s (before, after);
    end if;
    return moves;
end
$$;
comment on function lifecycle.derive_new is
    'What follows from the events of a batch that are new; the transitions that it caused, and '
    'maybe others';

create function lifecycle.meet_targets(event_ids uuid[], types smallint[], objects text[])
returns void
language plpgsql
as $$
declare
    targets constant text[] := array(
        select case when i.type = any(lifecycle.merge_types()) then i.object end
        from unnest(types, objects) with ordinality i (type, object, position)
        order by i.position);
    found constant lifecycle.subjects := lifecycle.find_customers(targets);
    strangers constant text[] :=
        lifecycle.strangers_of(event_ids, targets, found.own_customers);
begin
    perform lifecycle.refuse_erased(strangers, '/data/into');
    perform lifecycle.meet_customers(strangers);
end
$$;
comment on function lifecycle.meet_targets is
    'Creates the customers into whom new events merge others, where nobody has heard of them';

create function lifecycle.derive_joined(
    setup lifecycle.setup, moves lifecycle.move[], who lifecycle.subjects, is_new boolean[],
    event_ids uuid[], types smallint[], targets uuid[])
returns lifecycle.move[]
language plpgsql
as $$
declare
    buckets smallint[];
    customers bigint[];
    affected lifecycle.touch[];
    others lifecycle.move[];
begin
    select array_agg(x.bucket), array_agg(x.customer_id)
    into buckets, customers
    from (select i.bucket, i.customer_id
          from unnest(is_new, types, who.own_buckets, who.own_customers)
               i (is_new, type, bucket, customer_id)
          where i.is_new and i.type = any(lifecycle.merge_types())
          union
          select e.bucket, e.customer_id
          from unnest(is_new, targets) i (is_new, target)
          join lifecycle.event e on e.event_id = i.target
          where i.is_new and e.type = any(lifecycle.merge_types())) x;
    if customers is null then
        return moves;
    end if;
    affected := lifecycle.derive_merges(buckets, customers);
    others := lifecycle.derive(setup, row(affected, affected, affected, affected, affected));
    perform lifecycle.derive_facts(setup, lifecycle.all_facts(affected));
    return array(select m
                 from unnest(moves) m
                 where m.event_id not in (select i.event_id
                                          from unnest(event_ids, who.customers, is_new)
                                               i (event_id, customer_id, is_new)
                                          join unnest(affected) a using (customer_id)
                                          where i.is_new))
           || others;
end
$$;
comment on function lifecycle.derive_joined is
    'What follows from merges, or from their end, for all whom they concern; the transitions so '
    'far, of the others, and those of all whom they concern';

create function lifecycle.derive_also(setup lifecycle.setup, is_new boolean[], types smallint[],
                                      times timestamptz[], who lifecycle.subjects)
returns void
language plpgsql
set enable_hashjoin = off -- few customers among many: by key
set enable_mergejoin = off
set jit = off
as $$
declare
    of_model constant smallint := setup.deriving;
    touched constant lifecycle.touch[] := array(
        select row(i.bucket, i.customer_id, min(i.occurred_at))::lifecycle.touch
        from unnest(is_new, types, times, who.buckets, who.customers)
             i (is_new, type, occurred_at, bucket, customer_id)
        join lifecycle.rule r on r.model = of_model and r.type = i.type
        where i.is_new
        group by i.bucket, i.customer_id);
begin
    if touched <> '{}' then
        perform lifecycle.derive_visits(touched, of_model, setup.zone, setup.writer);
    end if;
end
$$;
comment on function lifecycle.derive_also is
    'The visits of new events by the model that is on its way';

create function lifecycle.outcomes_of_new(
    of_model smallint, is_new boolean[], event_ids uuid[], times timestamptz[],
    moves lifecycle.move[], who lifecycle.subjects)
returns table ("position" integer, outcome text, customer text, stage text, moved_from text,
               moved_to text, move text, moved_at text, recorded_at text)
language plpgsql stable
as $$
declare
    names constant text[] := array(select s.name
                                   from lifecycle.model_stage s
                                   where s.model = of_model
                                   order by s.stage);
    now_text constant text := lifecycle.utc_text(now());
begin
    return query
    select i.position::integer, 'created', i.ref, names[v.stage], names[m.from_stage],
           names[m.to_stage], m.kind,
           case when m.kind is not null then lifecycle.utc_text(i.occurred_at) end, now_text
    from unnest(is_new, event_ids, times, who.buckets, who.customers, who.refs) with ordinality
         i (is_new, event_id, occurred_at, bucket, customer_id, ref, position)
    left join lateral (
        select case when b.left_at is null then b.stage end as stage
        from lifecycle.model_visit b
        where b.bucket = i.bucket and b.customer_id = i.customer_id and b.model = of_model
        order by b.ordinal desc
        limit 1
    ) v on true
    left join (select distinct on (x.event_id) x.event_id, x.from_stage, x.to_stage, x.kind
               from unnest(moves) x) m on m.event_id = i.event_id
    where i.is_new;
end
$$;
comment on function lifecycle.outcomes_of_new is 'The outcomes of what was stored';

create function lifecycle.outcomes_of_old(
    setup lifecycle.setup, is_new boolean[], event_ids uuid[], sources text[], ids text[],
    types smallint[], times timestamptz[], bodies text[])
returns table ("position" integer, outcome text, customer text, stage text, moved_from text,
               moved_to text, move text, moved_at text, recorded_at text)
language plpgsql stable
as $$
declare
    of_model constant smallint := setup.model;
    moving constant smallint[] := setup.moving;
    names constant text[] := array(select s.name
                                   from lifecycle.model_stage s
                                   where s.model = of_model
                                   order by s.stage);
begin
    return query
    select i.position::integer,
           case when o.is_same then 'duplicate'
                when (select x.erasure_id is not null
                      from lifecycle.customer x
                      where x.bucket = e.bucket and x.customer_id = e.customer_id
                      limit 1) then 'erased'
                else 'conflict'
           end,
           c.ref, names[v.stage], names[m.moved_from], names[m.moved_to], m.kind,
           case when m.kind is not null then lifecycle.utc_text(e.occurred_at) end,
           case when o.is_same then lifecycle.utc_text(e.recorded_at) end
    from unnest(is_new, event_ids, sources, ids, types, times, bodies) with ordinality
         i (is_new, event_id, source, id, type, occurred_at, body, position)
    -- each of these is a probe by key
    join lateral (
        select *
        from lifecycle.event x
        where x.event_id = i.event_id
        limit 1
    ) e on true
    cross join lateral (
        select case
            when e.body::text = i.body then true
            else (e.source, e.id, e.type, e.occurred_at) = (i.source, i.id, i.type, i.occurred_at)
                 and lifecycle.content_of(e.body::jsonb) = lifecycle.content_of(i.body::jsonb)
        end as is_same
    ) o
    left join lateral (
        select coalesce(x.root_bucket, x.bucket) as bucket,
               coalesce(x.root_id, x.customer_id) as customer_id
        from lifecycle.customer x
        where o.is_same and x.bucket = e.bucket and x.customer_id = e.customer_id
        limit 1
    ) own on true
    left join lateral (
        select x.bucket, x.customer_id, x.ref
        from lifecycle.customer x
        where x.bucket = own.bucket and x.customer_id = own.customer_id
        limit 1
    ) c on true
    left join lateral (
        select case when b.left_at is null then b.stage end as stage
        from lifecycle.model_visit b
        where b.bucket = c.bucket and b.customer_id = c.customer_id and b.model = of_model
        order by b.ordinal desc
        limit 1
    ) v on true
    left join lateral (
        select case when b.left_by = e.event_id then b.stage end as moved_from,
               case when b.left_by = e.event_id then b.left_to else b.stage end as moved_to,
               case when b.left_by = e.event_id then b.left_kind else b.kind end as kind
        from lifecycle.model_visit b
        where b.bucket = c.bucket and b.customer_id = c.customer_id and b.model = of_model
          and e.type = any(moving)
          and (b.left_by = e.event_id
               or b.entered_by = e.event_id and b.kind in ('enter', 'return'))
        limit 1
    ) m on true
    where not i.is_new;
end
$$;
comment on function lifecycle.outcomes_of_old is
    'The outcomes of what had been stored before, or earlier in the batch: of a duplicate, the '
    'canonical customer, its stage now, and the transition that the event caused';
