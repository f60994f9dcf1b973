-- From events to purchases, and from purchases to purchase days (metrics.md, section 0).
--
-- As with visits: what lies before the time touched stays, what lies after is compared with what
-- the ledger says and corrected where it differs, and the roll-ups follow by the difference.

create function lifecycle.fold_purchases(touched lifecycle.touch[])
returns setof lifecycle.purchase
language plpgsql stable
as $$
begin
    return query
    select e.bucket, e.customer_id, e.occurred_at, e.event_id, e.amount, e.units, e.currency,
           e.object
    from unnest(touched) t
    join lifecycle.event e
      on e.bucket = t.bucket and e.customer_id = t.customer_id and e.occurred_at >= t.since
    where e.type = (select t.type from lifecycle.event_type t where t.name = 'sell.order.placed')
      and not exists (select from lifecycle.voided w where w.event_id = e.event_id)
      and not exists (select from lifecycle.cancelled_order c
                      where c.bucket = e.bucket and c.customer_id = e.customer_id
                        and c.order_id = e.object);
end
$$;
comment on function lifecycle.fold_purchases is
    'The purchases of customers from a time on, by the ledger: neither voided nor cancelled';

create function lifecycle.derive_purchases(touched lifecycle.touch[])
returns void
language plpgsql
as $$
declare
    zone constant text := lifecycle.business_zone();
    writer_number constant smallint := lifecycle.writer_number();
    days lifecycle.day_touch[];
begin
    with stale as (
        select p as purchase, p.event_id
        from unnest(touched) t
        join lifecycle.purchase p
          on p.bucket = t.bucket and p.customer_id = t.customer_id and p.occurred_at >= t.since
    ),
    change as materialized (
        select case when s.event_id is null then 1 else -1 end as sign, p.*,
               (p.occurred_at at time zone zone)::date as day
        from lifecycle.fold_purchases(touched) f
        full join stale s on s.event_id = f.event_id
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
    select array_agg(row(d.bucket, d.customer_id, d.day)::lifecycle.day_touch)
    into days
    from (select c.bucket, c.customer_id, min(c.day) as day
          from change c
          group by c.bucket, c.customer_id) d;
    if days is not null then
        perform lifecycle.derive_purchase_days(days);
    end if;
end
$$;
comment on function lifecycle.derive_purchases is
    'Brings purchases and purchase days up to date from a time on, and their roll-ups with them';

create function lifecycle.fold_purchase_days(touched lifecycle.day_touch[])
returns setof lifecycle.purchase_day
language plpgsql stable
as $$
declare
    zone constant text := lifecycle.business_zone();
begin
    return query
    with bought as (
        select t.bucket, t.customer_id, before.day as before_day, before.first as before_first,
               p.day, count(*)::integer as purchases
        from unnest(touched) t
        left join lateral (
            select d.day, d.first
            from lifecycle.purchase_day d
            where d.bucket = t.bucket and d.customer_id = t.customer_id and d.day < t.day
            order by d.day desc
            limit 1
        ) before on true
        cross join lateral (
            select (x.occurred_at at time zone zone)::date as day
            from lifecycle.purchase x
            where x.bucket = t.bucket and x.customer_id = t.customer_id
              -- a midnight may come twice: what counts is the local day
              and x.occurred_at >= (t.day - 1)::timestamp at time zone zone
        ) p
        where p.day >= t.day
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
    'The purchase days of customers from a day on, by the purchases and the day before';

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

create function lifecycle.derive_purchase_days(touched lifecycle.day_touch[])
returns void
language plpgsql
as $$
declare
    writer_number constant smallint := lifecycle.writer_number();
begin
    with stale as (
        select d as purchase_day, d.bucket, d.customer_id, d.day
        from unnest(touched) t
        join lifecycle.purchase_day d
          on d.bucket = t.bucket and d.customer_id = t.customer_id and d.day >= t.day
    ),
    difference as materialized (
        select f as fresh, s.purchase_day as stale
        from lifecycle.fold_purchase_days(touched) f
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
    'Brings purchase days up to date from a day on, with buyer_total, gap_total and cohort_total';
