-- From events to deliveries and returns, by order (metrics.md, section 7).

create function lifecycle.fulfilment_started() returns smallint
language sql immutable as $$ select 301::smallint $$;
create function lifecycle.fulfilment_completed() returns smallint
language sql immutable as $$ select 304::smallint $$;
create function lifecycle.fulfilment_failed() returns smallint
language sql immutable as $$ select 305::smallint $$;
create function lifecycle.delivery_types() returns smallint[]
language sql immutable as $$ select '{301,302,303,304,305}'::smallint[] $$;
create function lifecycle.return_received() returns smallint
language sql immutable as $$ select 310::smallint $$;
comment on function lifecycle.fulfilment_started is 'The code of deliver.fulfilment.started';
comment on function lifecycle.fulfilment_completed is 'The code of deliver.fulfilment.completed';
comment on function lifecycle.fulfilment_failed is 'The code of deliver.fulfilment.failed';
comment on function lifecycle.delivery_types is
    'The codes of fulfilments started, completed and failed, and of shipments';
comment on function lifecycle.return_received is 'The code of deliver.return.received';

create function lifecycle.fold_delivery(touched lifecycle.thing[])
returns setof lifecycle.delivery
language sql stable
as $$
    with told as (
        select t.bucket, t.customer_id, t.object, (t.event).event_id, (t.event).type,
               (t.event).occurred_at as at, (t.event).units, d.data ->> 'promised_at' as promised,
               d.data ->> 'delivered_at' as delivered,
               (t.event).type = lifecycle.fulfilment_completed() as is_completed,
               d.data ->> 'complete' is distinct from 'false' as is_whole,
               row_number() over (
                   partition by t.bucket, t.customer_id, t.object
                   order by (t.event).occurred_at, (t.event).sequence nulls first,
                            (t.event).source, (t.event).id) as place
        from lifecycle.events_of(touched, lifecycle.delivery_types()) t
        cross join lateral (select (t.event).body -> 'data' as data) d
    ),
    ended as (
        select t.*, coalesce(min(t.place) filter (where t.is_completed and t.is_whole) over thing,
                             max(t.place) filter (where t.is_completed) over thing) as end_place
        from told t
        window thing as (partition by t.bucket, t.customer_id, t.object)
    ),
    deliveries as (
        select e.bucket, e.customer_id, e.object, e.end_place,
               min(e.at) filter (where e.type = lifecycle.fulfilment_started()) as started_at,
               (array_agg(e.promised order by e.place desc) filter (where c.promises))[1]
                   as promised,
               (array_agg(e.event_id order by e.place desc) filter (where c.promises))[1]
                   as promised_by,
               min(e.delivered) filter (where c.ends) as delivered,
               min(e.at) filter (where c.ends) as ended_at,
               (array_agg(e.event_id) filter (where c.ends))[1] as ended_by,
               bool_or(c.ends and e.is_whole) as is_whole,
               min(e.units) filter (where c.ends) as units,
               max(e.at) filter (where e.type = lifecycle.fulfilment_failed()) as failed_at
        from ended e
        cross join lateral (
            select coalesce(e.place = e.end_place, false) as ends,
                   e.promised is not null and coalesce(e.place <= e.end_place, true)
                       as promises) c
        group by e.bucket, e.customer_id, e.object, e.end_place
    )
    select d.bucket, d.customer_id, d.object, d.started_at,
           case when length(d.promised) > 10 then d.promised::timestamptz end,
           case when length(d.promised) <= 10 then d.promised::date end, d.promised_by,
           case when d.delivered is null then d.ended_at
                when length(d.delivered) > 10 then d.delivered::timestamptz end,
           case when length(d.delivered) <= 10 then d.delivered::date end, d.ended_by,
           case when d.end_place is null then d.failed_at end, d.is_whole, d.units
    from deliveries d
    where d.promised is not null or d.end_place is not null or d.failed_at is not null
$$;
comment on function lifecycle.fold_delivery is
    'The deliveries that were promised for a time, completed or failed, by the ledger. One of several '
    'parts is completed by the first event that says so of the whole, else by the last part';

create function lifecycle.is_on_time(f lifecycle.delivery, zone text)
returns boolean
language sql immutable
as $$
    select coalesce(
        f.completed_at <= f.promised_at,
        coalesce(f.completed_on, (f.completed_at at time zone zone)::date)
            <= coalesce(f.promised_on, (f.promised_at at time zone zone)::date))
$$;
comment on function lifecycle.is_on_time is
    'Whether a delivery was completed at or before the time that was promised, by days where either '
    'was told as a date; null if it is not completed or nothing was promised';

create function lifecycle.entries_of(f lifecycle.delivery, zone text)
returns setof lifecycle.entry
language sql immutable
as $$
    select e.day, 'delivery',
           case lifecycle.is_on_time(f, zone) when true then 'on time' when false then 'late'
                else 'not promised' end,
           '', '', 1::bigint, coalesce(f.units, 0)::numeric, null::numeric
    from (select coalesce(f.completed_on, (f.completed_at at time zone zone)::date) as day) e
    where e.day is not null
$$;
comment on function lifecycle.entries_of(lifecycle.delivery, text) is
    'A delivery counts on the day when it was completed: on time, late, or not promised; the amount '
    'is its units';

-- Beginnings and shipments that promise nothing, of deliveries that nobody tells of, change nothing.
select lifecycle.define_fact('delivery', lifecycle.delivery_types(), 'object', '{delivery}', $$
    t.type in (lifecycle.fulfilment_completed(), lifecycle.fulfilment_failed())
    or t.body::json #>> '{data,promised_at}' is not null
    or (select true
        from lifecycle.delivery d
        where d.bucket = t.bucket and d.customer_id = t.customer_id and d.object = t.object
        limit 1)
$$);

create function lifecycle.fold_order_return(touched lifecycle.thing[])
returns setof lifecycle.order_return
language sql stable
as $$
    select t.bucket, t.customer_id, t.object, array_agg((t.event).occurred_at order by p.place),
           array_agg((t.event).units order by p.place),
           array_agg((t.event).body #>> '{data,reason}' order by p.place)
    from lifecycle.events_of(touched, array[lifecycle.return_received()]) t
    cross join lateral (
        select row((t.event).occurred_at, coalesce((t.event).sequence, ''), (t.event).source,
                   (t.event).id) as place) p
    group by t.bucket, t.customer_id, t.object
$$;
comment on function lifecycle.fold_order_return is 'What came back of each order, by the ledger';

create function lifecycle.entries_of(f lifecycle.order_return, zone text)
returns setof lifecycle.entry
language sql immutable
as $$
    select (r.at at time zone zone)::date, 'order_return', '', '', '',
           case r.place when 1 then 1 else 0 end::bigint, r.units::numeric, null::numeric
    from unnest(f.times, f.units) with ordinality r (at, units, place)
$$;
comment on function lifecycle.entries_of(lifecycle.order_return, text) is
    'An order that came back counts on the day of its first return, the units (amount) on the days '
    'of theirs';

select lifecycle.define_fact('order_return', array[lifecycle.return_received()], 'object',
                             '{order_return}');
