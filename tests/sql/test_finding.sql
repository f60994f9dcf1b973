-- How customers were won: the first lead, the first money, the last touch before it; spend day by
-- day; the same in any order of arrival.
\ir setup.sql
\ir verified.sql
\o /dev/null
create temp table history (place bigint generated always as identity, event json);
insert into history (event)
select json_build_object('id', e.id, 'subject', e.subject, 'type', e.type, 'time', e.at,
                         'data', d.data)
from (values
    -- won by the last touch before the first money, which is a payment: the order had none
    ('a1', 'A', 'find.lead.created', '2025-01-03T10:00Z', '{"channel": "email", "referrer": "R"}'),
    ('a2', 'A', 'find.lead.created', '2025-01-01T10:00Z', '{"channel": "ad", "campaign": "new"}'),
    ('a3', 'A', 'sell.order.placed', '2025-01-04T10:00Z',
     '{"order_id": "a", "amount": 0, "currency": "EUR", "units": 1}'),
    ('a4', 'A', 'find.touch.recorded', '2025-01-05T10:00Z',
     '{"channel": "search", "campaign": "brand"}'),
    ('a5', 'A', 'bill.payment.succeeded', '2025-01-06T10:00Z',
     '{"payment_id": "a", "amount": 100, "currency": "EUR"}'),
    ('a6', 'A', 'find.touch.recorded', '2025-01-06T10:00:01Z', '{"channel": "late"}'),
    -- the first order is cancelled, and the touch at the time of the second is voided
    ('b1', 'B', 'sell.order.placed', '2025-01-10T10:00Z',
     '{"order_id": "b", "amount": 100, "currency": "EUR", "units": 1}'),
    ('b2', 'B', 'sell.order.cancelled', '2025-01-11T10:00Z', '{"order_id": "b"}'),
    ('b3', 'B', 'find.touch.recorded', '2025-01-12T10:00Z', '{"channel": "ad"}'),
    ('b4', 'B', 'find.touch.recorded', '2025-01-13T10:00Z', '{"channel": "wrong"}'),
    ('b5', 'B', 'sell.order.placed', '2025-01-13T10:00Z',
     '{"order_id": "c", "amount": 100, "currency": "EUR", "units": 1}'),
    ('b6', 'B', 'event.voided', '2025-02-01T10:00Z', '{"id": "b4"}'),
    -- a lead that is not won, and one that came after the customer was
    ('c1', 'C', 'find.lead.created', '2025-01-20T10:00Z', '{"channel": "partner"}'),
    ('d1', 'D', 'bill.payment.succeeded', '2025-01-21T10:00Z',
     '{"payment_id": "d", "amount": 100, "currency": "EUR"}'),
    ('d2', 'D', 'find.lead.created', '2025-01-22T10:00Z', '{"channel": "event"}'),
    -- two names of one customer: won under the second, found under the first
    ('e1', 'E', 'find.lead.created', '2025-01-23T10:00Z', '{"channel": "ad"}'),
    ('e2', 'E2', 'sell.order.placed', '2025-01-25T10:00Z',
     '{"order_id": "e", "amount": 100, "currency": "EUR", "units": 1}'),
    ('e3', 'E2', 'customer.merged', '2025-01-26T10:00Z', '{"into": "E"}'),
    -- a refund of an invoice that was issued, of one that was only paid, and of one nobody knows
    ('f1', 'F', 'bill.invoice.issued', '2025-01-28T10:00Z',
     '{"invoice_id": "f1", "amount": 100, "currency": "EUR"}'),
    ('f2', 'F', 'bill.payment.succeeded', '2025-02-02T10:00Z',
     '{"payment_id": "f2", "amount": 100, "currency": "EUR", "invoice_id": "f1"}'),
    ('f3', 'F', 'bill.payment.succeeded', '2025-02-03T10:00Z',
     '{"payment_id": "f3", "amount": 100, "currency": "EUR", "invoice_id": "f3"}'),
    ('f4', 'F', 'bill.refund.issued', '2025-03-01T10:00Z',
     '{"refund_id": "f4", "amount": 10, "currency": "EUR", "invoice_id": "f1"}'),
    ('f5', 'F', 'bill.refund.issued', '2025-03-02T10:00Z',
     '{"refund_id": "f5", "amount": 20, "currency": "EUR", "invoice_id": "f3"}'),
    ('f6', 'F', 'bill.refund.issued', '2025-03-03T10:00Z',
     '{"refund_id": "f6", "amount": 30, "currency": "EUR", "invoice_id": "f6"}'),
    ('f7', 'F', 'bill.chargeback.lost', '2025-03-04T10:00Z',
     '{"payment_id": "f2", "amount": 40, "currency": "EUR"}'),
    -- a subscription on trial, which is paid from the end of the trial on
    ('i1', 'G', 'find.touch.recorded', '2025-02-01T10:00Z', '{"channel": "trial"}'),
    ('i2', 'G', 'bill.subscription.started', '2025-02-02T10:00Z',
     '{"subscription_id": "g", "plan": "basic", "amount": 900, "currency": "EUR",
       "interval": "month", "trial_end": "2025-02-12T10:00:00Z"}'),
    ('i3', 'G', 'find.touch.recorded', '2025-02-11T10:00Z', '{"channel": "email"}'),
    ('i4', 'G', 'bill.payment.succeeded', '2025-02-13T10:00Z',
     '{"payment_id": "g", "amount": 900, "currency": "EUR"}'),
    -- costs and spend, one of each taken back
    ('g1', 'F', 'support.cost.recorded', '2025-02-05T10:00Z', '{"amount": 7, "currency": "EUR"}'),
    ('g2', 'F', 'support.cost.recorded', '2025-02-06T10:00Z', '{"amount": 9, "currency": "EUR"}'),
    ('g3', 'F', 'event.voided', '2025-02-07T10:00Z', '{"id": "g2"}'),
    ('h1', null, 'find.spend.recorded', '2025-01-31T10:00Z',
     '{"amount": 100, "currency": "EUR", "purpose": "acquisition", "channel": "ad",
       "period_start": "2025-01-30", "period_end": "2025-02-01"}'),
    ('h2', null, 'find.spend.recorded', '2025-01-31T10:00Z',
     '{"amount": 500, "currency": "EUR", "purpose": "retention",
       "period_start": "2025-01-01", "period_end": "2025-01-31"}'),
    ('h3', 'F', 'event.voided', '2025-02-08T10:00Z', '{"id": "h2"}'))
    e (id, subject, type, at, told),
    lateral (select e.told::json) d (data);

create function pg_temp.acquisitions()
returns text
language sql
as $$
    select string_agg(concat_ws(' ', c.ref, lead_channel, lead_campaign,
                                to_char(acquired_at at time zone 'UTC', 'MM-DD'), channel,
                                campaign, referrer), ', ' order by c.ref)
    from lifecycle.acquisition join lifecycle.customer c using (bucket, customer_id)
$$;
create function pg_temp.state()
returns text
language sql
as $$
    select concat_ws(E'\n', pg_temp.acquisitions(),
        (select string_agg(concat_ws(' ', kind, amount, invoice_id,
                                     to_char(invoiced_at at time zone 'UTC', 'MM-DD')), ', '
                           order by occurred_at)
         from lifecycle.refund),
        (select string_agg(concat_ws(' ', day, measure, label, detail, n, amount), ', '
                           order by measure, day, label, detail, n)
         from (select t.day, t.measure, t.label, t.detail, sum(t.n) as n, sum(t.amount) as amount
               from lifecycle.measure_total t
               where t.measure in ('acquired', 'lead', 'lead_converted', 'cost', 'refund',
                                   'refund:invoiced', 'spend:acquisition', 'spend:retention')
               group by t.day, t.measure, t.label, t.detail
               having sum(t.n) <> 0 or sum(t.amount) <> 0) t),
        (select string_agg(d.part, ' ')
         from pg_temp.verified() d
         where d.differences > 0))
$$;

-- The state after the history was posted in an order and in batches that a seed decides; nothing
-- of it stays.
create function pg_temp.state_by(seed integer)
returns text
language plpgsql
as $$
declare
    state text;
begin
    perform pg_temp.record(array_agg(b.event order by b.place))
    from (select event, md5(seed || ':' || place) as place,
                 ntile(1 + seed % 31) over (order by md5(place || ':' || seed)) as batch
          from history) b
    group by b.batch
    order by b.batch;
    state := pg_temp.state();
    raise exception using errcode = 'TEST1', message = state;
exception
    when sqlstate 'TEST1' then
        return state;
end
$$;
\o

select pg_temp.is(
    (select string_agg(state, E'\n---\n') from (select distinct pg_temp.state_by(seed) as state
                                                from generate_series(1, 40) seed) s),
    pg_temp.state_by(0), 'any order of arrival, in any batches, gives the same');
\o /dev/null
select pg_temp.record(array_agg(event order by place)) from history;
\o
select pg_temp.is(pg_temp.acquisitions(),
    'A ad new 01-06 search brand R, B 01-13 ad, C partner, D event 01-21, E ad 01-25 ad, F 02-02, '
    'G 02-12 email',
    'who was won, when, and by what');
select pg_temp.is(
    (select string_agg(concat_ws(' ', kind, amount, to_char(invoiced_at at time zone 'UTC', 'MM-DD')),
                       ', ' order by occurred_at)
     from lifecycle.refund),
    'refund 10 01-28, refund 20 02-03, refund 30, chargeback 40',
    'refunds and the invoices that they are for');
select pg_temp.is(
    (select string_agg(concat_ws(' ', measure, nullif(label, ''), days,
                                 trim_scale(amount)), ', ' order by measure, label)
     from (select t.measure, t.label, count(distinct t.day) as days, sum(t.amount) as amount
           from lifecycle.measure_total t
           where t.measure ~ '^(spend|cost|lead|acquired)' and (t.n <> 0 or t.amount <> 0)
           group by 1, 2) t),
    'acquired 2 0, acquired ad 2 0, acquired email 1 0, acquired search 1 0, cost support 1 7, lead ad 2 0, '
    'lead partner 1 0, lead_converted ad 2 604800, spend:acquisition ad 3 100',
    'what the roll-ups count: a lead only before the customer is won');
select pg_temp.is(
    (select string_agg(concat_ws(' ', day, amount), ', ' order by day)
     from lifecycle.measure_total where measure = 'spend:acquisition'),
    '2025-01-30 33, 2025-01-31 33, 2025-02-01 34', 'spend by day, in whole units that add up');
select pg_temp.is(
    (select concat_ws(' ', count(*), sum(e.amount), min(e.day), max(e.day) > '9000-01-01')
     from lifecycle.entries_of(row(null, '0001-01-01', '9999-12-31', 1000003, 'EUR',
                                   'acquisition', null, null, null)::lifecycle.spend, 'UTC') e),
    '3660 1000003 0001-01-01 t', 'a period of any length has so many days at most');

-- Which departments are heard of: E2's touch is E's; what was voided is not heard.
select pg_temp.is(pg_temp.told('coverage', '2025-01-01', '2025-02-01'),
    'find share 1 3/3, sell share 1 3/3, deliver share 0 0/3, bill share 0.333333 1/3, '
    'support share 0 0/3, loyalty share 0 0/3, test last_heard 0 (1)',
    'what is heard of those who purchased in January');
select pg_temp.is(pg_temp.told('coverage', '2025-03-01', '2025-04-01'),
    'find share 0 0/1, sell share 0 0/1, deliver share 0 0/1, bill share 0 0/1, '
    'support share 0 0/1, loyalty share 0 0/1, test last_heard 27 (1)',
    'in March only a subscriber is active, and nothing is heard');
\o /dev/null
create temp table many as
    select i % 64 as bucket, 'many ' || i as ref from generate_series(1, 3000) i;
insert into lifecycle.customer (bucket, ref) select * from many;
\o
select pg_temp.is(
    (select concat_ws(' ', count(*) between 1900 and 2048, count(distinct customer_id) = count(*),
                      count(distinct bucket))
     from metric.drawn_customers(metric.resolve('coverage', '{}'), 2048)),
    't t 64', 'of many customers some are drawn, from everywhere');
\o /dev/null
delete from lifecycle.customer where ref like 'many %';
\o

-- How well the ledger is fed: all of this history came late.
\o /dev/null
select pg_temp.record(array[jsonb_set(event::jsonb, '{data}', '{"channel": "other"}')::json])
from history where event ->> 'id' in ('a1', 'a2');
select pg_temp.post('Z', 'find.touch.recorded', now(), '{"channel": "ad"}');
select lifecycle.count_rejected('{shop,""}', '{2,1}');
select lifecycle.count_rejected('{shop}', '{1}');
\o
select pg_temp.is(pg_temp.told('data_quality', '2025-01-01', null),
    concat_ws(', ', format('events %1$s (%1$s)', count(*) + 1),
              format('late %s (%s)', count(*), count(*) + 1),
              format('voided 3 (%s)', count(*) + 1), format('conflicting 2 (%s)', count(*) + 1),
              format('rejected 4 (%s)', count(*) + 1), format('last_heard 0 (%s)', count(*) + 1)),
    'events that came late, were taken back, or said something else')
from history;
select pg_temp.is(pg_temp.told('data_quality', '2025-01-01', '2025-02-01'),
    'events 20 (20), late 20 (20), voided 0 (20), conflicting 0 (20), rejected 0 (20), '
    'last_heard 0 (20)', 'a month of it');
select pg_temp.is(pg_temp.told('data_quality', '2025-04-01', '2025-05-01'),
    'events 0 (0), late 0 (0), voided 0 (0), conflicting 0 (0), rejected 0 (0), '
    'last_heard 57 (0)', 'and a month of silence');
\ir teardown.sql
