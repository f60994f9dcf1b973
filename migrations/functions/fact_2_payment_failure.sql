-- Failed payments (metrics.md, section 7). A failure is made good by a bill.payment.recovered that
-- names it, or by the next payment of the customer, whatever that pays: it tells that the customer
-- can pay. All failures of a customer are derived together; there are few.

create function lifecycle.payment_failed() returns smallint
language sql immutable as $$ select 408::smallint $$;
create function lifecycle.payment_recovered() returns smallint
language sql immutable as $$ select 409::smallint $$;
comment on function lifecycle.payment_failed is 'The code of bill.payment.failed';
comment on function lifecycle.payment_recovered is 'The code of bill.payment.recovered';

create function lifecycle.fold_payment_failure(touched lifecycle.thing[])
returns setof lifecycle.payment_failure
language sql stable
as $$
    with told as materialized (
        select o.bucket, o.customer_id, o.object, (o.event).type, (o.event).event_id,
               (o.event).occurred_at, (o.event).amount, (o.event).currency,
               (o.event).body -> 'data' as data
        from lifecycle.events_of_customers(touched, '{408,409}') o
    )
    select f.bucket, f.customer_id, f.event_id::text, f.object, f.occurred_at,
           coalesce(f.data ->> 'reason', 'other'), f.amount, f.currency, r.occurred_at, r.event_id
    from told f
    left join lateral (
        select x.occurred_at, x.event_id
        from (select t.occurred_at, t.event_id
              from told t
              where t.bucket = f.bucket and t.customer_id = f.customer_id
                and t.type = lifecycle.payment_recovered() and t.occurred_at >= f.occurred_at
                and f.object in (t.object, t.data ->> 'failed_payment_id')
              union all
              (select p.occurred_at, p.event_id
               from lifecycle.revenue p
               where p.bucket = f.bucket and p.customer_id = f.customer_id
                 and p.occurred_at > f.occurred_at and p.amount > 0
               order by p.occurred_at, p.event_id
               limit 1)) x
        order by x.occurred_at, x.event_id
        limit 1
    ) r on true
    where f.type = lifecycle.payment_failed()
$$;
comment on function lifecycle.fold_payment_failure is
    'The failed payments of customers, by the ledger and the revenue';

create function lifecycle.entries_of(f lifecycle.payment_failure, zone text)
returns setof lifecycle.entry
language sql stable
as $$
    select d.day, m.measure, m.label, '', f.currency, 1::bigint, f.amount::numeric, null::numeric
    from (select (f.failed_at at time zone zone)::date as day,
                 ceil(extract(epoch from f.recovered_at - f.failed_at) / 86400) as days) d,
         lateral (values ('payment_failed', f.reason),
                         ('payment_recovered', least(d.days, 366)::text)) m (measure, label)
    where m.label is not null
$$;
comment on function lifecycle.entries_of(lifecycle.payment_failure, text) is
    'A failed payment by its reason, and, on the same day, by the days of 24 hours after which it '
    'was made good: up to 365';

create function lifecycle.may_pay_what_failed()
returns text
language sql immutable
as $touching$
    select $$
        t.type <> lifecycle.payment_succeeded()
        or (select true
            from lifecycle.payment_failure f
            where f.bucket = t.bucket and f.customer_id = t.customer_id
              and f.failed_at < t.since and coalesce(f.recovered_at >= t.since, true)
            limit 1)
    $$
$touching$;
comment on function lifecycle.may_pay_what_failed is
    'Of payments, the condition that they make good what had failed before them; in SQL, as '
    'define_fact takes it';

select lifecycle.define_fact('payment_failure', '{407,408,409}', 'customer',
                             '{payment_failed,payment_recovered}',
                             lifecycle.may_pay_what_failed());
