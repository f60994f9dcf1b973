-- From events to revenue (metrics.md, section 0): money received is positive on its own date,
-- money given back is negative on its own. An event adds its own entry, whenever it happened; what
-- is voided, or comes with a merge, is derived anew from the time touched on.

create function lifecycle.revenue_basis()
returns text
language sql stable
as $$
    select value from lifecycle.setting where name = 'revenue_basis'
$$;
comment on function lifecycle.revenue_basis is 'What revenue is counted by: payments or orders';

create function lifecycle.signed_amount(type smallint, amount bigint)
returns bigint
language sql immutable
as $$
    select case type when lifecycle.payment_succeeded() then amount else -amount end
$$;
comment on function lifecycle.signed_amount is
    'What an event of revenue_types() adds: payments add, refunds and lost chargebacks take away';

create function lifecycle.fold_revenue(touched lifecycle.touch[])
returns setof lifecycle.revenue
language plpgsql stable
as $$
begin
    return query
    select t.bucket, t.customer_id, e.occurred_at, e.event_id,
           lifecycle.signed_amount(e.type, e.amount), e.currency
    from unnest(touched) t
    cross join lateral lifecycle.histories_of(t.bucket, t.customer_id) h
    cross join lateral (
        select *
        from lifecycle.event x
        where x.bucket = h.bucket and x.customer_id = h.customer_id and x.occurred_at >= t.since
        offset 0 -- by key for each customer
    ) e
    where e.type = any(lifecycle.revenue_types())
      and (select true from lifecycle.voided w where w.event_id = e.event_id limit 1) is null;
end
$$;
comment on function lifecycle.fold_revenue is
    'The revenue of customers from a time on, by the ledger: payments, less refunds and lost '
    'chargebacks';

create function lifecycle.derive_revenue(touched lifecycle.touch[], zone text,
                                         writer_number smallint)
returns void
language plpgsql
as $$
begin
    with stale as (
        select s.*
        from unnest(touched) t
        cross join lateral (
            select r as entry, r.bucket, r.customer_id, r.event_id
            from lifecycle.revenue r
            where r.bucket = t.bucket and r.customer_id = t.customer_id
              and r.occurred_at >= t.since
            offset 0 -- by key for each customer
        ) s
    ),
    change as materialized (
        select case when s.event_id is null then 1 else -1 end as sign, r.*,
               (r.occurred_at at time zone zone)::date as day
        from lifecycle.fold_revenue(touched) f
        full join stale s
          on s.bucket = f.bucket and s.customer_id = f.customer_id and s.event_id = f.event_id
        cross join lateral (select (coalesce(f, s.entry)).*) r
        where f.event_id is null or s.event_id is null
    ),
    gone as (
        delete from lifecycle.revenue r
        using change c
        where c.sign < 0 and r.bucket = c.bucket and r.customer_id = c.customer_id
          and r.occurred_at = c.occurred_at and r.event_id = c.event_id
    ),
    come as (
        insert into lifecycle.revenue
        select c.bucket, c.customer_id, c.occurred_at, c.event_id, c.amount, c.currency
        from change c
        where c.sign > 0
    )
    insert into lifecycle.revenue_total as total
    select writer_number, c.day, c.currency, sum(c.sign),
           sum(c.sign * greatest(c.amount, 0)), sum(c.sign * least(c.amount, 0)),
           coalesce(sum(c.sign) filter (where c.amount >= 0), 0)
    from change c
    group by c.day, c.currency
    on conflict (day, currency, writer) do update
    set entries = total.entries + excluded.entries,
        received = total.received + excluded.received,
        returned = total.returned + excluded.returned,
        payments = total.payments + excluded.payments;
end
$$;
comment on function lifecycle.derive_revenue is
    'Brings revenue up to date from a time on, and revenue_total with it';

create function lifecycle.add_revenue(
    setup lifecycle.setup, chosen boolean[], event_ids uuid[], types smallint[],
    times timestamptz[], amounts bigint[], currencies text[], buckets smallint[],
    customers bigint[])
returns void
language plpgsql
as $$
declare
    zone constant text := setup.zone;
    writer_number constant smallint := setup.writer;
begin
    with entry as materialized (
        select i.bucket, i.customer_id, i.occurred_at, i.event_id,
               lifecycle.signed_amount(i.type, i.amount) as amount, i.currency
        from unnest(chosen, event_ids, types, times, amounts, currencies, buckets, customers)
             i (is_chosen, event_id, type, occurred_at, amount, currency, bucket, customer_id)
        where i.is_chosen and i.type = any(lifecycle.revenue_types())
          and (select true from lifecycle.voided w where w.event_id = i.event_id limit 1) is null
    ),
    come as (
        insert into lifecycle.revenue
        select *
        from entry
    )
    insert into lifecycle.revenue_total as total
    select writer_number, (e.occurred_at at time zone zone)::date, e.currency, count(*),
           sum(greatest(e.amount, 0)), sum(least(e.amount, 0)),
           count(*) filter (where e.amount >= 0)
    from entry e
    group by 2, 3
    on conflict (day, currency, writer) do update
    set entries = total.entries + excluded.entries,
        received = total.received + excluded.received,
        returned = total.returned + excluded.returned,
        payments = total.payments + excluded.payments;
end
$$;
comment on function lifecycle.add_revenue is
    'Adds the revenue that the events chosen are to fact and roll-up';
