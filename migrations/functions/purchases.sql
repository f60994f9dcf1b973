-- From events to purchases, and from purchases to purchase days (metrics.md, section 0).
--
-- A new order is a purchase, whenever it was placed: add_purchases. What is taken back (voided,
-- cancelled) or comes with a merge is derived anew from the time touched on, and the roll-ups
-- follow by the difference. So do the purchase days (purchase_days.sql), but for a customer's
-- latest day and those after it, which add_purchase_days knows how to take.

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
    ),
    -- in the cohort that the customer belonged to; derive_purchase_days knows of any other
    cohorts as (
        insert into lifecycle.cohort_amount_total as total
        select writer_number, date_trunc('month', known.first::timestamp)::date, c.day,
               c.currency, sum(c.sign), sum(c.sign * c.amount)
        from change c
        cross join lateral (
            select d.first
            from lifecycle.purchase_day d
            where d.bucket = c.bucket and d.customer_id = c.customer_id
            limit 1
        ) known
        group by 2, c.day, c.currency
        having sum(c.sign) <> 0 or sum(c.sign * c.amount) <> 0
        on conflict (day, cohort, currency, writer) do update
        set purchases = total.purchases + excluded.purchases,
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
    days lifecycle.bought_day[];
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
    select array_agg(row(b.bucket, b.customer_id, b.day, b.currency, b.purchases,
                         b.amount)::lifecycle.bought_day)
    into days
    from (select x.bucket, x.customer_id, x.day, x.currency, count(*) as purchases,
                 sum(x.amount) as amount
          from bought x
          group by x.bucket, x.customer_id, x.day, x.currency) b;
    if days is not null then
        perform lifecycle.add_purchase_days(days, zone, writer_number);
    end if;
end
$$;
comment on function lifecycle.add_purchases is
    'Adds the purchases that the events chosen are, and their days, to facts and roll-ups';
