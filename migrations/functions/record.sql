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
    news integer[];
    new_ids uuid[];
    stored integer;
begin
    if exists (select from unnest(targets) t (target) where t.target is not null) then
        perform pg_advisory_xact_lock(2, 0);
    else
        perform pg_advisory_xact_lock_shared(2, 0);
    end if;

    select array_agg(f.position)
    into news
    from (select distinct on (i.event_id) i.position::integer
          from unnest(event_ids) with ordinality i (event_id, position)
          where not exists (select from lifecycle.event e where e.event_id = i.event_id)
          order by i.event_id, i.position) f;

    if news is not null then
        perform lifecycle.meet_customers(
            (select array_agg(distinct i.subject)
             from unnest(subjects) with ordinality i (subject, position)
             where i.position = any(news)),
            targets);

        insert into lifecycle.event (
            event_id, source, id, bucket, customer_id, type, occurred_at, sequence, amount,
            currency, units, object, stage, target, body)
        select i.event_id, i.source, i.id, c.bucket, c.customer_id, i.type, i.occurred_at,
               i.sequence, i.amount, i.currency, i.units, i.object, i.stage, i.target, i.body::json
        from unnest(event_ids, sources, ids, subjects, types, times, sequences, amounts,
                    currencies, units, objects, stages, targets, bodies)
             with ordinality i (event_id, source, id, subject, type, occurred_at, sequence, amount,
                                currency, units, object, stage, target, body, position)
        left join lifecycle.identifier c on c.identifier = i.subject
        where i.position = any(news)
        order by i.event_id
        on conflict (event_id) do nothing;
        get diagnostics stored = row_count;
        if stored < cardinality(news) then
            raise serialization_failure using message = 'another writer stored the same event';
        end if;

        new_ids := (select array_agg(i.event_id)
                    from unnest(event_ids) with ordinality i (event_id, position)
                    where i.position = any(news));
        if types && array[lifecycle.type_code('event.voided'),
                          lifecycle.type_code('sell.order.cancelled')] then
            perform lifecycle.note_marks(new_ids);
        end if;
        perform lifecycle.derive(lifecycle.touched_by(new_ids));
    end if;

    return query
    select i.position::integer, o.outcome,
           case when o.outcome <> 'conflict' then json_build_object(
               'event_id', e.event_id,
               'source', e.source,
               'id', e.id,
               'customer', c.ref,
               'stage', stands.name,
               'transition', caused.transition,
               'recorded_at', lifecycle.utc_text(e.recorded_at))::text end
    from unnest(event_ids, sources, ids, types, times, bodies)
         with ordinality i (event_id, source, id, type, occurred_at, body, position)
    join lifecycle.event e on e.event_id = i.event_id
    cross join lateral (
        select case
            when i.position = any(news) then 'created'
            when e.body::text = i.body then 'duplicate'
            when (e.source, e.id, e.type, e.occurred_at) = (i.source, i.id, i.type, i.occurred_at)
             and e.body::jsonb - '{specversion,time}'::text[]
                 = i.body::jsonb - '{specversion,time}'::text[] then 'duplicate'
            else 'conflict'
        end as outcome
    ) o
    left join lifecycle.customer c on c.bucket = e.bucket and c.customer_id = e.customer_id
    left join lateral (
        select s.name
        from (select v.stage, v.left_at
              from lifecycle.visit v
              where v.bucket = e.bucket and v.customer_id = e.customer_id
              order by v.ordinal desc
              limit 1) v
        join lifecycle.stage s on s.stage = v.stage
        where v.left_at is null
    ) stands on true
    left join lateral (
        select json_build_object('from', a.name, 'to', b.name, 'kind', t.kind,
                                 'at', lifecycle.utc_text(t.at)) as transition
        from lifecycle.transition t
        left join lifecycle.stage a on a.stage = t.from_stage
        left join lifecycle.stage b on b.stage = t.to_stage
        where t.bucket = e.bucket and t.customer_id = e.customer_id and t.event_id = e.event_id
        limit 1 -- an event causes one at most; the limit makes it a probe by key
    ) caused on true
    order by i.position;
end
$$;
comment on function lifecycle.record_events is
    'Stores a batch of events, each once for ever, and derives what follows from them; a row for '
    'each: created, duplicate (the record is the first one''s) or conflict (other content under the '
    'same source and id). Raises 40001 when another writer stored one of them meanwhile: repeat';

create function lifecycle.meet_customers(names text[], targets uuid[])
returns void
language plpgsql
as $$
begin
    with met as (
        insert into lifecycle.identifier (identifier, bucket, customer_id)
        select n.name, lifecycle.bucket_of(n.name), nextval('lifecycle.customer_number')
        from unnest(names) n (name)
        where n.name is not null
          and not exists (select from lifecycle.identifier i where i.identifier = n.name)
        order by n.name
        on conflict (identifier) do nothing
        returning identifier, bucket, customer_id
    )
    insert into lifecycle.customer (bucket, customer_id, ref)
    select m.bucket, m.customer_id, m.identifier
    from met m;

    perform c.customer_id
    from (select i.bucket, i.customer_id
          from unnest(names) n (name)
          join lifecycle.identifier i on i.identifier = n.name
          union
          select e.bucket, e.customer_id
          from unnest(targets) t (target)
          join lifecycle.event e on e.event_id = t.target
          where e.customer_id is not null) k
    join lifecycle.customer c on c.bucket = k.bucket and c.customer_id = k.customer_id
    order by c.bucket, c.customer_id
    for no key update of c;
end
$$;
comment on function lifecycle.meet_customers is
    'Creates the customers that these subjects name and nobody knows yet, and locks all of them, '
    'with the customers whose events are taken back, in the order of their keys';

create function lifecycle.note_marks(news uuid[])
returns void
language plpgsql
as $$
begin
    insert into lifecycle.voided (event_id, by_event)
    select e.target, e.event_id
    from unnest(news) n (event_id)
    join lifecycle.event e on e.event_id = n.event_id
    where e.target is not null;

    insert into lifecycle.cancelled_order (bucket, customer_id, order_id, by_event)
    select e.bucket, e.customer_id, e.object, e.event_id
    from unnest(news) n (event_id)
    join lifecycle.event e on e.event_id = n.event_id
    where e.type = lifecycle.type_code('sell.order.cancelled')
      and not exists (select from lifecycle.voided w where w.event_id = e.event_id);

    delete from lifecycle.cancelled_order c
    using unnest(news) n (event_id)
    join lifecycle.event e on e.event_id = n.event_id
    join lifecycle.event cancel on cancel.event_id = e.target
    where c.bucket = cancel.bucket and c.customer_id = cancel.customer_id
      and c.order_id = cancel.object and c.by_event = cancel.event_id;
end
$$;
comment on function lifecycle.note_marks is
    'Notes what new events take back: voided events and cancelled orders';

create function lifecycle.touched_by(news uuid[])
returns lifecycle.touched
language plpgsql stable
as $$
declare
    touched lifecycle.touched;
begin
    with affected as (
        select e.bucket, e.customer_id, e.occurred_at, e.type, e.object, a.is_new
        from (select n.event_id, true as is_new
              from unnest(news) n (event_id)
              union all
              select e.target, false
              from unnest(news) n (event_id)
              join lifecycle.event e on e.event_id = n.event_id
              where e.target is not null) a
        join lifecycle.event e on e.event_id = a.event_id
        where e.customer_id is not null
    ),
    since as (
        select a.bucket, a.customer_id,
               min(a.occurred_at) filter (where t.entry <> 'activity') as visits,
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
    'From when on what has to be derived anew, by customer, after new events: an event touches its '
    'own time, an event.voided that of its target, a cancellation that of the order';

create function lifecycle.derive(touched lifecycle.touched)
returns void
language plpgsql
as $$
begin
    if touched.visits is not null then
        perform lifecycle.derive_visits(touched.visits);
    end if;
    if touched.purchases is not null then
        perform lifecycle.derive_purchases(touched.purchases);
    end if;
    if touched.revenue is not null then
        perform lifecycle.derive_revenue(touched.revenue);
    end if;
end
$$;
comment on function lifecycle.derive is 'Derives anew whatever was touched';
