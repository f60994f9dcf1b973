-- What the simple way does not cover: events taken back, and events of joined customers. They tell
-- from when on the facts of a customer have to be derived anew.

create function lifecycle.note_marks(
    setup lifecycle.setup, is_new boolean[], event_ids uuid[], types smallint[], objects text[],
    targets uuid[], buckets smallint[], customers bigint[])
returns void
language plpgsql
as $$
begin
    insert into lifecycle.voided (event_id, by_event)
    select i.target, i.event_id
    from unnest(is_new, event_ids, targets) i (is_new, event_id, target)
    where i.is_new and i.target is not null;

    insert into lifecycle.cancelled_order (bucket, customer_id, order_id, by_event)
    select i.bucket, i.customer_id, i.object, i.event_id
    from unnest(is_new, event_ids, types, objects, buckets, customers)
         i (is_new, event_id, type, object, bucket, customer_id)
    where i.is_new and i.type = lifecycle.order_cancelled()
      and not exists (select from lifecycle.voided w where w.event_id = i.event_id);

    delete from lifecycle.cancelled_order c
    using unnest(is_new, targets) i (is_new, target)
    join lifecycle.event cancel on cancel.event_id = i.target
    where i.is_new and c.bucket = cancel.bucket and c.customer_id = cancel.customer_id
      and c.order_id = cancel.object and c.by_event = cancel.event_id;

    perform lifecycle.forget_spend(setup, is_new, targets);
end
$$;
comment on function lifecycle.note_marks is
    'Notes what new events take back: voided events, cancelled orders, and spend';

create function lifecycle.touched_by(is_new boolean[], is_joined boolean[], event_ids uuid[],
                                     types smallint[], times timestamptz[], objects text[],
                                     targets uuid[], buckets smallint[], customers bigint[])
returns lifecycle.touched
language plpgsql stable
set enable_hashjoin = off -- few events among many: by key
set enable_mergejoin = off
set jit = off
as $$
declare
    touched lifecycle.touched;
begin
    with affected as (
        select i.bucket, i.customer_id, i.occurred_at, i.type, i.object, i.event_id, true as is_new
        from unnest(is_new, is_joined, event_ids, types, times, objects, buckets, customers)
             i (is_new, is_joined, event_id, type, occurred_at, object, bucket, customer_id)
        where i.is_new and i.customer_id is not null
          and (i.is_joined or i.type = lifecycle.order_cancelled())
        union all
        select coalesce(c.root_bucket, c.bucket), coalesce(c.root_id, c.customer_id),
               e.occurred_at, e.type, e.object, e.event_id, false
        from unnest(is_new, targets) i (is_new, target)
        join lifecycle.event e on e.event_id = i.target
        join lifecycle.customer c on c.bucket = e.bucket and c.customer_id = e.customer_id
        where i.is_new
    ),
    since as (
        select a.bucket, a.customer_id,
               min(a.occurred_at) filter (where a.type in (select r.type from lifecycle.rule r))
                   as visits,
               min(case
                       when a.type = lifecycle.order_placed() then a.occurred_at
                       when a.type = lifecycle.order_cancelled() and a.is_new then
                           (select min(p.occurred_at)
                            from lifecycle.purchase p
                            where p.bucket = a.bucket and p.customer_id = a.customer_id
                              and p.order_id = a.object)
                       when a.type = lifecycle.order_cancelled() then '-infinity'
                   end) as purchases,
               min(a.occurred_at) filter (where a.type = any(lifecycle.revenue_types()))
                   as revenue,
               min(a.occurred_at) filter (
                   where e.has_cost or a.type = lifecycle.support_cost()) as costs,
               min(a.occurred_at) filter (where a.type = any(lifecycle.attribute_types()))
                   as attributes
        from affected a
        join lifecycle.event e on e.event_id = a.event_id
        group by a.bucket, a.customer_id
    )
    select array_agg(row(s.bucket, s.customer_id, s.visits)::lifecycle.touch)
               filter (where s.visits is not null),
           array_agg(row(s.bucket, s.customer_id, s.purchases)::lifecycle.touch)
               filter (where s.purchases is not null),
           array_agg(row(s.bucket, s.customer_id, s.revenue)::lifecycle.touch)
               filter (where s.revenue is not null),
           array_agg(row(s.bucket, s.customer_id, s.costs)::lifecycle.touch)
               filter (where s.costs is not null),
           array_agg(row(s.bucket, s.customer_id, s.attributes)::lifecycle.touch)
               filter (where s.attributes is not null)
    into touched
    from since s;
    return touched;
end
$$;
comment on function lifecycle.touched_by is
    'From when on what has to be derived anew, by customer: an event taken back touches its own '
    'time; a cancellation, that of the order; an event of a joined customer, its own';

create function lifecycle.derive(setup lifecycle.setup, touched lifecycle.touched)
returns lifecycle.move[]
language plpgsql
set enable_hashjoin = off -- few customers among many: by key
set enable_mergejoin = off
set jit = off
as $$
declare
    moves lifecycle.move[];
begin
    if touched.visits is not null then
        moves := lifecycle.derive_visits(touched.visits, setup.model, setup.zone, setup.writer);
        if setup.deriving is not null then
            perform lifecycle.derive_visits(touched.visits, setup.deriving, setup.zone,
                                            setup.writer);
        end if;
    end if;
    if touched.purchases is not null then
        perform lifecycle.derive_purchases(touched.purchases, setup.zone, setup.writer);
    end if;
    if touched.revenue is not null then
        perform lifecycle.derive_revenue(touched.revenue, setup.zone, setup.writer);
    end if;
    if touched.costs is not null then
        perform lifecycle.derive_costs(touched.costs, setup.zone, setup.writer);
    end if;
    if touched.attributes is not null then
        perform lifecycle.derive_attributes(touched.attributes);
    end if;
    return moves;
end
$$;
comment on function lifecycle.derive is
    'Derives anew what was touched; the transitions by the active model from then on';
