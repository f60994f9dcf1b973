-- Random subscriptions, failed payments, merges and voids: what the metrics of recurring revenue say
-- is what a second, plain definition says, which looks at each customer's subscriptions at the start
-- and the end of each period. psql -v histories=300 -v first=1 for more of them.
\ir setup.sql
\o /dev/null
\if :{?histories}
\else
    \set histories 15
\endif
\if :{?first}
\else
    \set first 1
\endif
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
insert into lifecycle.rate values
    ('USD', 'EUR', '2024-01-01', 0.90), ('USD', 'EUR', '2025-02-01', 0.75),
    ('USD', 'EUR', '2025-04-01', null), ('USD', 'EUR', '2025-05-01', 1.10);

create temp table kind (weight integer, type text, data text);
insert into kind values
    (10, 'bill.subscription.started', '"plan": "p#", "amount": $, "currency": "@",
                                       "interval": "month"'),
    (2, 'bill.subscription.started', '"plan": "p#", "amount": $, "currency": "@",
                                      "interval": "year", "quantity": 3, "trial_end": "~"'),
    (6, 'bill.subscription.changed', '"amount": $, "currency": "@"'),
    (3, 'bill.subscription.changed', '"plan": "p#", "quantity": #, "effective_at": "~"'),
    (3, 'bill.subscription.paused', '"until": "~"'), (2, 'bill.subscription.resumed', ''),
    (3, 'bill.subscription.cancel_requested', '"effective_at": "~"'),
    (1, 'bill.subscription.uncancelled', ''),
    (4, 'bill.subscription.ended', '"reason": "customer"'),
    (2, 'bill.subscription.ended', '"reason": "non_payment"'),
    (4, 'bill.payment.failed', '"payment_id": "y#", "amount": $, "currency": "@",
                                "reason": "declined"'),
    (2, 'bill.payment.recovered', '"payment_id": "y#"'),
    (3, 'bill.payment.succeeded', '"payment_id": "z#", "amount": $, "currency": "@"'),
    (2, 'customer.merged', '"into": "c#"'), (1, 'customer.unmerged', '"into": "c#"'),
    (2, 'event.voided', '"id": "e&"');

create function pg_temp.random_time()
returns timestamptz
language sql
as $$
    select '2025-01-01T00:00+01'::timestamptz + floor(180 * random()) * interval '1 day'
           + floor(2 * random()) * interval '11 hours'
$$;
create function pg_temp.filled(data text, size integer)
returns json
language plpgsql
as $$
begin
    while position('#' in data) > 0 loop
        data := regexp_replace(data, '#', (1 + floor(3 * random()))::text);
    end loop;
    data := replace(data, '$', (1 + floor(9 * random()))::integer * 1000 || '');
    data := replace(data, '@', case when random() < 0.6 then 'EUR' else 'USD' end);
    data := replace(data, '~', to_char(pg_temp.random_time(), 'YYYY-MM-DD"T"HH24:MI:SSOF'));
    data := replace(data, '&', (1 + floor(size * random()))::text);
    return '{' || concat_ws(', ', '"subscription_id": "s' || 1 + floor(2 * random())::integer || '"',
                            nullif(data, '')) || '}';
end
$$;
create function pg_temp.random_history(size integer)
returns json[]
language sql
as $$
    select array_agg(json_build_object('id', 'e' || n, 'time', pg_temp.random_time(),
                                       'type', k.type, 'data', pg_temp.filled(k.data, size),
                                       'subject', case when k.type <> 'event.voided' then
                                                      'c' || 1 + floor(4 * random()) end)
                     order by n)
    from generate_series(1, size) n,
         lateral (select type, data
                  from kind, generate_series(1, weight)
                  order by random() + 0 * n
                  limit 1) k
$$;

-- The plain definition. What a customer pays at an instant, in a currency, is the sum of what the
-- subscriptions then come to which are not past due.
create function pg_temp.paid(of_bucket smallint, of_customer bigint, instant timestamptz)
returns table (currency text, plan text, mrr numeric)
language sql
as $$
    select s.currency, s.plan, sum(s.mrr)
    from lifecycle.subscription_states s
    join lifecycle.subscription b using (bucket, customer_id, object)
    where s.bucket = of_bucket and s.customer_id = of_customer
      and s.since <= instant and coalesce(s.until > instant, true) and s.mrr > 0
      and not exists (
          select
          from lifecycle.payment_failure f
          where f.bucket = s.bucket and f.customer_id = s.customer_id
            and f.failed_at >= b.started_at and f.failed_at + interval '360 hours' <= instant
            and coalesce(f.recovered_at > instant, true))
    group by 1, 2
$$;
create temp table stood (period date, unit text, bucket smallint, customer_id bigint,
                         currency text, before numeric, after numeric, was_left boolean);
create function pg_temp.look()
returns void
language sql
as $$
    truncate stood;
    insert into stood
    select p.since, u.unit, c.bucket, c.customer_id, k.currency,
           coalesce((select sum(x.mrr) from pg_temp.paid(c.bucket, c.customer_id, t.since
                                                         - interval '1 microsecond') x
                     where x.currency = k.currency), 0),
           coalesce((select sum(x.mrr) from pg_temp.paid(c.bucket, c.customer_id, t.until
                                                         - interval '1 microsecond') x
                     where x.currency = k.currency), 0),
           exists (
               select
               from generate_series(0, (p.until - p.since) * 2 - 1) n
               where not exists (
                   select
                   from pg_temp.paid(c.bucket, c.customer_id,
                                     ((p.since + n / 2)::timestamp
                                      + n % 2 * interval '11 hours') at time zone 'Europe/Berlin')))
    from (values ('month'), ('quarter')) u (unit)
    cross join lateral metric.whole_periods(metric.resolve('mrr', jsonb_build_object(
                   'from', '2025-01-01', 'to', '2025-10-01', 'interval', u.unit))) p
    cross join lateral (select p.since::timestamp at time zone 'Europe/Berlin' as since,
                               p.until::timestamp at time zone 'Europe/Berlin' as until) t
    cross join (select distinct bucket, customer_id from lifecycle.subscription) c
    cross join (values ('EUR'), ('USD')) k (currency)
$$;
create function pg_temp.told_rows(metric text, unit text)
returns table (period text, currency text, measure text, numerator numeric, denominator numeric,
               value numeric)
language sql
as $$
    select r.period, r."group" ->> 'currency', r."group" ->> 'measure', r.numerator, r.denominator,
           r.value
    from pg_temp.answer(metric, '2025-01-01', '2025-10-01', unit) r
$$;
create function pg_temp.wrong()
returns setof text
language sql
as $$
    with active as (
        select s.period, s.unit, s.bucket, s.customer_id, sum(s.before) > 0 as before,
               sum(s.after) > 0 as after
        from stood s
        group by 1, 2, 3, 4
    ), plain as ( -- of those who were active at the start
        select lifecycle.period_label(s.unit, s.period) as period, s.unit, s.currency,
               sum(s.before) as start, sum(s.after) as "end",
               sum(case when a.before and not s.was_left then s.after else 0 end) as retained,
               sum(case when a.before and not s.was_left then least(s.before, s.after) else 0 end)
                   as kept,
               count(*) filter (where s.after > 0) as payers
        from stood s
        join active a using (period, unit, bucket, customer_id)
        group by 1, 2, 3
    ), customers as (
        select lifecycle.period_label(a.unit, a.period) as period, a.unit,
               count(*) filter (where a.before) as start,
               count(*) filter (where a.before and not a.after) as lost
        from active a
        group by 1, 2
    )
    select concat_ws(' ', 'mrr', t.period, t.currency, t.value, p."end")
    from plain p
    join pg_temp.told_rows('mrr', p.unit) t using (period, currency)
    where t.value <> p."end"
    union all
    select concat_ws(' ', m.metric, t.period, t.currency, t.numerator, m.plain, t.denominator,
                     p.start)
    from plain p
    cross join lateral (values ('nrr', p.retained), ('grr', p.kept)) m (metric, plain)
    join lateral pg_temp.told_rows(m.metric, p.unit) t using (period, currency)
    where (t.numerator, t.denominator) <> (m.plain, p.start)
    union all
    select concat_ws(' ', 'arpa', t.period, t.currency, t.denominator, p.payers)
    from plain p
    join pg_temp.told_rows('arpa', p.unit) t using (period, currency)
    where t.denominator <> p.payers
    union all
    select concat_ws(' ', 'churn', t.period, t.numerator, c.lost, t.denominator, c.start)
    from customers c
    join pg_temp.told_rows('churn', c.unit) t using (period)
    where t.measure = 'churn' and (t.numerator, t.denominator) <> (c.lost, c.start)
$$;
create function pg_temp.fault_of(history integer)
returns text
language plpgsql
as $$
declare
    events json[];
    faults text;
begin
    perform setseed(history / 1000000.0);
    events := pg_temp.random_history(30 + history % 40);
    for n in 0..9 loop
        perform pg_temp.record(events[n * 7 + 1 : n * 7 + 7]);
    end loop;
    perform pg_temp.look();
    select string_agg(w, '; ')
    into faults
    from pg_temp.wrong() w;
    raise exception using errcode = 'TEST1';
exception
    when sqlstate 'TEST1' then
        return faults;
end
$$;
\o
select pg_temp.is(pg_temp.fault_of(h), null, 'history ' || h)
from generate_series(:first, :first + :histories - 1) h;
\ir teardown.sql
