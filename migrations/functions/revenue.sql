-- From events to revenue (metrics.md, section 0): money received is positive on its own date,
-- money given back is negative on its own.

create function lifecycle.fold_revenue(touched lifecycle.touch[])
returns setof lifecycle.revenue
language plpgsql stable
as $$
begin
    return query
    select e.bucket, e.customer_id, e.occurred_at, e.event_id,
           case t.name when 'bill.payment.succeeded' then e.amount else -e.amount end, e.currency
    from unnest(touched) c
    join lifecycle.event e
      on e.bucket = c.bucket and e.customer_id = c.customer_id and e.occurred_at >= c.since
    join lifecycle.event_type t on t.type = e.type
    where t.name in ('bill.payment.succeeded', 'bill.refund.issued', 'bill.chargeback.lost')
      and not exists (select from lifecycle.voided w where w.event_id = e.event_id);
end
$$;
comment on function lifecycle.fold_revenue is
    'The revenue of customers from a time on, by the ledger: payments, less refunds and lost '
    'chargebacks';

create function lifecycle.derive_revenue(touched lifecycle.touch[])
returns void
language plpgsql
as $$
declare
    zone constant text := lifecycle.business_zone();
    writer_number constant smallint := lifecycle.writer_number();
begin
    with stale as (
        select r as entry, r.event_id
        from unnest(touched) t
        join lifecycle.revenue r
          on r.bucket = t.bucket and r.customer_id = t.customer_id and r.occurred_at >= t.since
    ),
    change as materialized (
        select case when s.event_id is null then 1 else -1 end as sign, r.*,
               (r.occurred_at at time zone zone)::date as day
        from lifecycle.fold_revenue(touched) f
        full join stale s on s.event_id = f.event_id
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
           sum(c.sign * greatest(c.amount, 0)), sum(c.sign * least(c.amount, 0))
    from change c
    group by c.day, c.currency
    on conflict (day, currency, writer) do update
    set entries = total.entries + excluded.entries,
        received = total.received + excluded.received,
        returned = total.returned + excluded.returned;
end
$$;
comment on function lifecycle.derive_revenue is
    'Brings revenue up to date from a time on, and revenue_total with it';
