-- From events to purchases, and from purchases to purchase days (metrics.md, section 0).
--
-- A new order is a purchase, whenever it was placed: add_purchases. What is taken back (voided,
-- cancelled) or comes with a merge is derived anew from the time touched on, and the roll-ups
-- follow by the difference. So do the purchase days, but for a customer's latest day and those
-- after it, which add_purchase_days knows how to take.

create function lifecycle.fold_purchases(touched lifecycle.touch[])
returns setof lifecycle.purchase
language plpgsql stable
as $$
begin
    return query
    select t.bucket, t.customer_id, e.occurred_at, e.event_id, e.amount, e.units, e.currency,
           e.object
    from unnest(touched) t
    cross join lateral lifecycle.histories_of(t.bucket, t.customer_id) h
    cross join lateral (
        select *
        from lifecycle.event x
        where x.bucket = h.bucket and x.customer_id = h.customer_id and x.occurred_at >= t.since
        offset 0 -- by key for each customer
    ) e
    where e.type = lifecycle.order_placed()
      and (select true from lifecycle.voided w where w.event_id = e.event_id limit 1) is null
      and (select true
           from lifecycle.histories_of(t.bucket, t.customer_id) o,
                lateral (select
                         from lifecycle.cancelled_order c
                         where c.bucket = o.bucket and c.customer_id = o.customer_id
                           and c.order_id = e.object
                         limit 1) c
           limit 1) is null;
end
$$;
comment on function lifecycle.fold_purchases is
    'The purchases of customers from a time on, by the ledger: neither voided nor cancelled';

create function lifecycle.derive_purchases(touched lifecycle.touch[], zone text,
                                           writer_number smallint)
returns void
language plpgsql
as $$
declare
    days lifecycle.day_touch[];
begin
    with stale as (
        select s.*
        from unnest(touched) t
        cross join lateral (
            select p as purchase, p.bucket, p.customer_id, p.event_id
            from lifecycle.purchase p
            where p.bucket = t.bucket and p.customer_id = t.customer_id
              and p.occurred_at >= t.since
            offset 0 -- by key for each customer
        ) s
    ),
    change as materialized (
        select case when s.event_id is null then 1 else -1 end as sign, p.*,
               (p.occurred_at at time zone zone)::date as day
        from lifecycle.fold_purchases(touched) f
        full join stale s
          on s.bucket = f.bucket and s.customer_id = f.customer_id and s.event_id = f.event_id
        cross join lateral (select (coalesce(f, s.purchase)).*) p
        where f.event_id is null or s.event_id is null
    ),
    gone as (
        delete from lifecycle.purchase p
        using change c
        where c.sign < 0 and p.bucket = c.bucket and p.customer_id = c.customer_id
          and p.occurred_at = c.occurred_at and p.event_id = c.event_id
    ),
    come as (
        insert into lifecycle.purchase
        select c.bucket, c.customer_id, c.occurred_at, c.event_id, c.amount, c.units, c.currency,
               c.order_id
        from change c
        where c.sign > 0
    ),
    total as (
        insert into lifecycle.purchase_total as total
        select writer_number, c.day, c.currency, sum(c.sign), sum(c.sign * c.units),
               sum(c.sign * c.amount)
        from change c
        group by c.day, c.currency
        on conflict (day, currency, writer) do update
        set purchases = total.purchases + excluded.purchases,
            units = total.units + excluded.units,
            amount = total.amount + excluded.amount
    )
    select array_agg(row(d.bucket, d.customer_id, d.first_day, d.last_day)::lifecycle.day_touch)
    into days
    from (select c.bucket, c.customer_id, min(c.day) as first_day, max(c.day) as last_day
          from change c
          group by c.bucket, c.customer_id) d;
    if days is not null then
        perform lifecycle.derive_purchase_days(days, zone, writer_number);
    end if;
end
$$;
comment on function lifecycle.derive_purchases is
    'Brings purchases and purchase days up to date from a time on, and their roll-ups with them';

create function lifecycle.add_purchases(
    setup lifecycle.setup, chosen boolean[], event_ids uuid[], types smallint[],
    times timestamptz[], amounts bigint[], currencies text[], units bigint[], orders text[],
    buckets smallint[], customers bigint[])
returns void
language plpgsql
as $$
declare
    zone constant text := setup.zone;
    writer_number constant smallint := setup.writer;
    days lifecycle.day_touch[];
begin
    with bought as materialized (
        select i.bucket, i.customer_id, i.occurred_at, i.event_id, i.amount, i.units, i.currency,
               i.order_id, (i.occurred_at at time zone zone)::date as day
        from unnest(chosen, event_ids, types, times, amounts, currencies, units, orders, buckets,
                    customers)
             i (is_chosen, event_id, type, occurred_at, amount, currency, units, order_id, bucket,
                customer_id)
        where i.is_chosen and i.type = lifecycle.order_placed()
          and (select true from lifecycle.voided w where w.event_id = i.event_id limit 1) is null
          and (select true
               from lifecycle.cancelled_order c
               where c.bucket = i.bucket and c.customer_id = i.customer_id
                 and c.order_id = i.order_id
               limit 1) is null
    ),
    come as (
        insert into lifecycle.purchase
        select b.bucket, b.customer_id, b.occurred_at, b.event_id, b.amount, b.units, b.currency,
               b.order_id
        from bought b
    ),
    total as (
        insert into lifecycle.purchase_total as total
        select writer_number, b.day, b.currency, count(*), sum(b.units), sum(b.amount)
        from bought b
        group by b.day, b.currency
        on conflict (day, currency, writer) do update
        set purchases = total.purchases + excluded.purchases,
            units = total.units + excluded.units,
            amount = total.amount + excluded.amount
    )
    select array_agg(row(b.bucket, b.customer_id, b.day, b.day)::lifecycle.day_touch)
    into days
    from bought b;
    if days is not null then
        perform lifecycle.add_purchase_days(days, zone, writer_number);
    end if;
end
$$;
comment on function lifecycle.add_purchases is
    'Adds the purchases that the events chosen are, and their days, to facts and roll-ups';

create function lifecycle.fold_purchase_days(touched lifecycle.day_touch[], zone text)
returns setof lifecycle.purchase_day
language plpgsql stable
as $$
begin
    return query
    with bought as (
        select t.bucket, t.customer_id, before.day as before_day, before.first as before_first,
               p.day, count(*)::integer as purchases
        from unnest(touched) t
        left join lateral (
            select d.day, d.first
            from lifecycle.purchase_day d
            where d.bucket = t.bucket and d.customer_id = t.customer_id and d.day < t.first_day
            order by d.day desc
            limit 1
        ) before on true
        cross join lateral (
            select (x.occurred_at at time zone zone)::date as day
            from lifecycle.purchase x
            where x.bucket = t.bucket and x.customer_id = t.customer_id
              -- a midnight may come twice: what counts is the local day
              and x.occurred_at >= (t.first_day - 1)::timestamp at time zone zone
              and x.occurred_at < (t.last_day + 2)::timestamp at time zone zone
            offset 0 -- by key for each customer
        ) p
        where p.day between t.first_day and t.last_day
        group by t.bucket, t.customer_id, before.day, before.first, p.day
    )
    select b.bucket, b.customer_id, b.day,
           coalesce(lag(b.day) over days, b.before_day),
           coalesce(b.before_first, min(b.day) over days),
           b.purchases
    from bought b
    window days as (partition by b.bucket, b.customer_id order by b.day);
end
$$;
comment on function lifecycle.fold_purchase_days is
    'The purchase days of customers within days, by the purchases and the day before';

create function lifecycle.cohorts_of(d lifecycle.purchase_day)
returns table ("interval" text, cohort date, period date, stayed integer)
language sql immutable
as $$
    select i.name, date_trunc(i.name, d.first::timestamp)::date,
           date_trunc(i.name, d.day::timestamp)::date,
           coalesce(date_trunc(i.name, d.previous::timestamp)
                    = date_trunc(i.name, d.day::timestamp) - i.length, false)::integer
    from (values ('week', interval '7 days'), ('month', interval '1 month'),
                 ('quarter', interval '3 months'), ('year', interval '1 year')) i (name, length)
    where d.previous is null
       or date_trunc(i.name, d.previous::timestamp) < date_trunc(i.name, d.day::timestamp)
$$;
comment on function lifecycle.cohorts_of is
    'The periods of which a purchase day is the customer''s first: what it adds to cohort_total';

create function lifecycle.derive_purchase_days(changed lifecycle.day_touch[], zone text,
                                               writer_number smallint)
returns void
language plpgsql
set enable_hashjoin = off -- few customers among many: by key
set enable_mergejoin = off
set jit = off
as $$
declare
    -- From the first day changed to the next day that was not, because that one tells the day
    -- before it; or to the end, where the first of all changes, because each day tells that.
    touched constant lifecycle.day_touch[] := array(
        select row(t.bucket, t.customer_id, t.first_day,
                   coalesce(case when x.is_later then n.day end, 'infinity'))
                   ::lifecycle.day_touch
        from (select c.bucket, c.customer_id, min(c.first_day) as first_day,
                     max(c.last_day) as last_day
              from unnest(changed) c
              group by c.bucket, c.customer_id) t
        cross join lateral (
            select exists (select
                           from lifecycle.purchase_day d
                           where d.bucket = t.bucket and d.customer_id = t.customer_id
                             and d.day < t.first_day)) x (is_later)
        left join lateral (
            select d.day
            from lifecycle.purchase_day d
            where d.bucket = t.bucket and d.customer_id = t.customer_id and d.day > t.last_day
            order by d.day
            limit 1
        ) n on true);
begin
    with stale as (
        select s.*
        from unnest(touched) t
        cross join lateral (
            select d as purchase_day, d.bucket, d.customer_id, d.day
            from lifecycle.purchase_day d
            where d.bucket = t.bucket and d.customer_id = t.customer_id
              and d.day between t.first_day and t.last_day
            offset 0 -- by key for each customer
        ) s
    ),
    difference as materialized (
        select f as fresh, s.purchase_day as stale
        from lifecycle.fold_purchase_days(touched, zone) f
        full join stale s
          on s.bucket = f.bucket and s.customer_id = f.customer_id and s.day = f.day
        where f is distinct from s.purchase_day
    ),
    change as materialized (
        select 1 as sign, (d.fresh).*, d.fresh as purchase_day
        from difference d
        where d.fresh is distinct from null
        union all
        select -1, (d.stale).*, d.stale
        from difference d
        where d.stale is distinct from null
    ),
    gone as (
        delete from lifecycle.purchase_day p
        using difference d
        where d.fresh is not distinct from null
          and p.bucket = (d.stale).bucket and p.customer_id = (d.stale).customer_id
          and p.day = (d.stale).day
    ),
    come as (
        insert into lifecycle.purchase_day
        select c.bucket, c.customer_id, c.day, c.previous, c.first, c.purchases
        from change c
        where c.sign > 0
        on conflict (bucket, customer_id, day) do update
        set (previous, first, purchases) = (excluded.previous, excluded.first, excluded.purchases)
    ),
    buyers as (
        insert into lifecycle.buyer_total as total
        select writer_number, c.day, sum(c.sign),
               coalesce(sum(c.sign) filter (where c.previous is null), 0),
               coalesce(sum(c.sign) filter (where c.previous = c.first), 0),
               coalesce(sum(c.sign * (c.day - c.previous)), 0)
        from change c
        group by c.day
        on conflict (day, writer) do update
        set buyers = total.buyers + excluded.buyers,
            first = total.first + excluded.first,
            second = total.second + excluded.second,
            gap_days = total.gap_days + excluded.gap_days
    ),
    gaps as (
        insert into lifecycle.gap_total as total
        select writer_number, c.day, c.day - c.previous, sum(c.sign)
        from change c
        where c.previous is not null
        group by c.day, c.day - c.previous
        having sum(c.sign) <> 0
        on conflict (day, gap_days, writer) do update
        set gaps = total.gaps + excluded.gaps
    )
    insert into lifecycle.cohort_total as total
    select writer_number, k.interval, k.cohort, k.period, sum(c.sign), sum(c.sign * k.stayed)
    from change c
    cross join lateral lifecycle.cohorts_of(c.purchase_day) k
    group by k.interval, k.cohort, k.period
    having sum(c.sign) <> 0 or sum(c.sign * k.stayed) <> 0
    on conflict ("interval", period, cohort, writer) do update
    set buyers = total.buyers + excluded.buyers,
        stayed = total.stayed + excluded.stayed;
end
$$;
comment on function lifecycle.derive_purchase_days is
    'Brings purchase days up to date where they changed, with their roll-ups';

create function lifecycle.add_purchase_days(bought lifecycle.day_touch[], zone text,
                                            writer_number smallint)
returns void
language plpgsql
as $$
declare
    late lifecycle.day_touch[];
begin
    with placed as materialized (
        select b.bucket, b.customer_id, b.first_day as day, b.purchases,
               last.held, last.day as last_day, last.first,
               count(*) over (partition by b.bucket, b.customer_id) = 1
                   and coalesce(b.first_day >= last.day, true) as is_next
        from (select x.bucket, x.customer_id, x.first_day, count(*)::integer as purchases
              from unnest(bought) x
              group by x.bucket, x.customer_id, x.first_day) b
        left join lateral (
            select d.ctid as held, d.day, d.first
            from lifecycle.purchase_day d
            where d.bucket = b.bucket and d.customer_id = b.customer_id
            order by d.day desc
            limit 1
        ) last on true
    ),
    again as (
        update lifecycle.purchase_day d
        set purchases = d.purchases + p.purchases
        from placed p
        -- by its place: the customer is locked, so that nobody else has moved the row
        where p.is_next and p.last_day = p.day and d.ctid = p.held
    ),
    come as materialized (
        select p.bucket, p.customer_id, p.day, p.last_day as previous,
               coalesce(p.first, p.day) as first, p.purchases
        from placed p
        where p.is_next and p.last_day is distinct from p.day
    ),
    stored as (
        insert into lifecycle.purchase_day
        select *
        from come
    ),
    buyers as (
        insert into lifecycle.buyer_total as total
        select writer_number, c.day, count(*), count(*) filter (where c.previous is null),
               count(*) filter (where c.previous = c.first),
               coalesce(sum(c.day - c.previous), 0)
        from come c
        group by c.day
        on conflict (day, writer) do update
        set buyers = total.buyers + excluded.buyers,
            first = total.first + excluded.first,
            second = total.second + excluded.second,
            gap_days = total.gap_days + excluded.gap_days
    ),
    gaps as (
        insert into lifecycle.gap_total as total
        select writer_number, c.day, c.day - c.previous, count(*)
        from come c
        where c.previous is not null
        group by c.day, c.day - c.previous
        on conflict (day, gap_days, writer) do update
        set gaps = total.gaps + excluded.gaps
    ),
    cohorts as (
        insert into lifecycle.cohort_total as total
        select writer_number, k.interval, k.cohort, k.period, count(*), sum(k.stayed)
        from come c
        cross join lateral lifecycle.cohorts_of(c::lifecycle.purchase_day) k
        group by k.interval, k.cohort, k.period
        on conflict ("interval", period, cohort, writer) do update
        set buyers = total.buyers + excluded.buyers,
            stayed = total.stayed + excluded.stayed
    )
    select array_agg(row(p.bucket, p.customer_id, p.day, p.day)::lifecycle.day_touch)
    into late
    from placed p
    where not p.is_next;
    if late is not null then
        perform lifecycle.derive_purchase_days(late, zone, writer_number);
    end if;
end
$$;
comment on function lifecycle.add_purchase_days is
    'Adds days of purchases that are a customer''s latest one or after it; derives the others anew';
