-- What purchases tell: four customers in two currencies, worked by hand.
\ir setup.sql
\ir verified.sql
\o /dev/null
select pg_temp.order_placed(customer, at::timestamptz, amount, currency, units)
from (values
    ('A', '2025-01-10T10:00Z', 1000, 'EUR', 1),   -- A: 01-10 (twice), 02-14, 04-30
    ('A', '2025-01-10T18:00Z', 2000, 'EUR', 2),
    ('A', '2025-02-14T10:00Z', 1500, 'USD', 1),
    ('A', '2025-04-30T23:30Z', 500, 'EUR', 1),    -- in Berlin it is May
    ('B', '2025-01-20T10:00Z', 4000, 'EUR', 4),   -- B: 01-20, 01-25
    ('B', '2025-01-25T10:00Z', 300, 'USD', 1),
    ('C', '2025-03-03T10:00Z', 700, 'EUR', 1),    -- C: 03-03
    ('D', '2025-03-04T10:00Z', 9999, 'EUR', 9))   -- D: cancelled
    o (customer, at, amount, currency, units);
select pg_temp.post('D', 'sell.order.cancelled', '2025-03-05T10:00Z', json_build_object(
    'order_id', concat_ws('/', 'D', '2025-03-04T10:00Z'::timestamptz, 9999)));
select pg_temp.post(customer, type, at::timestamptz, data::json)
from (values
    ('A', 'bill.payment.succeeded', '2025-01-11T10:00Z',
     '{"payment_id": "p1", "amount": 3000, "currency": "EUR"}'),
    ('A', 'bill.refund.issued', '2025-02-11T10:00Z',
     '{"refund_id": "r1", "amount": 1000, "currency": "EUR"}'),
    ('B', 'bill.payment.succeeded', '2025-02-12T10:00Z',
     '{"payment_id": "p2", "amount": 300, "currency": "USD"}')) e (customer, type, at, data);
\o

select pg_temp.is(pg_temp.told('purchases', '2025-01-01', '2025-06-01', 'quarter'),
    '2025-Q1 purchases 6 (6), 2025-Q1 units 10 (6), 2025-Q1 EUR amount 7700 (4), '
    '2025-Q1 USD amount 1800 (2), 2025-Q2 purchases 1 (1), 2025-Q2 units 1 (1), '
    '2025-Q2 EUR amount 500 (1), 2025-Q2 USD amount 0 (0)',
    'purchases by quarter, a row for each currency');
select pg_temp.is(pg_temp.told('revenue', '2025-01-01', '2025-03-01', 'month'),
    '2025-01 EUR revenue 3000 (1), 2025-01 EUR received 3000 (1), 2025-01 EUR returned 0 (1), '
    '2025-01 USD revenue 0 (0), 2025-01 USD received 0 (0), 2025-01 USD returned 0 (0), '
    '2025-02 EUR revenue -1000 (1), 2025-02 EUR received 0 (1), '
    '2025-02 EUR returned -1000 (1), 2025-02 USD revenue 300 (1), '
    '2025-02 USD received 300 (1), 2025-02 USD returned 0 (1)',
    'a refund counts on its own date');

-- Exchange: the rate of each day, rounded once; what has no rate is left out, and counted.
insert into lifecycle.rate values
    ('USD', 'EUR', '2025-02-01', 0.9), ('USD', 'EUR', '2025-02-14', 0.8333),
    ('EUR', 'JPY', '2025-01-01', 160.5), ('EUR', 'KWD', '2025-01-01', 0.33);
select pg_temp.is(pg_temp.told('purchases', '2025-01-01', '2025-06-01', null, null, 'EUR'),
    'purchases 7 (7), units 11 (7), EUR amount 9450 (6)', 'converted by the rate of the day');
select pg_temp.is(metric.answer('purchases', '2025-01-01', '2025-06-01', 'month', null, 'EUR')
                      #>> '{warnings,missing_rate}', '1', 'a missing rate is counted once');
select pg_temp.is(pg_temp.told('purchases', '2025-01-01', '2025-02-01', null, null, 'JPY'),
    'purchases 4 (4), units 8 (4), JPY amount 11235 (3)', 'to a currency without a minor unit');
select pg_temp.is(pg_temp.told('purchases', '2025-01-01', '2025-02-01', null, null, 'KWD'),
    'purchases 4 (4), units 8 (4), KWD amount 23100 (3)', 'to a currency with three digits');
select pg_temp.is(pg_temp.told('purchases', '2025-02-01', '2025-03-01', null, null, 'KWD'),
    'purchases 1 (1), units 1 (1), KWD amount 0 (0)', 'no rate is never a rate of one');

select pg_temp.is(pg_temp.told('repeat_rate', '2024-12-01', '2025-05-01', 'month'),
    '2024-12 empty_denominator 0/0, 2025-01 0.5 1/2, 2025-02 1 2/2, 2025-03 0.666667 2/3, '
    '2025-04 0.666667 2/3', 'repeat rate');
select pg_temp.is(pg_temp.told('lifespan', '2025-01-01', '2025-05-01'),
    'mean_all 38.333333 115/3, mean_repeat 57.5 115/2', 'life span');
select pg_temp.is(pg_temp.told('gaps', '2025-01-01', '2025-05-01'),
    'p10 5 (3), median 35 (3), p90 75 (3), mean 38.333333 115/3', 'gaps');
select pg_temp.is(pg_temp.told('cohort_retention', '2025-01-01', '2025-05-01'),
    '2025-01 2025-01 0 1 2/2, 2025-02 2025-01 1 0.5 1/2, 2025-03 2025-01 2 0 0/2, '
    '2025-04 2025-01 3 0.5 1/2, 2025-02 2025-02 0 empty_denominator 0/0, '
    '2025-03 2025-03 0 1 1/1, 2025-04 2025-03 1 0 0/1, '
    '2025-04 2025-04 0 empty_denominator 0/0', 'cohorts');
select pg_temp.is(
    (select string_agg(distinct period || ' ' || counts, ', ')
     from (select period, string_agg(value::text, ' ') over (partition by period) as counts
           from pg_temp.answer('lifecycle', '2025-01-01', '2025-06-01')) p),
    '2025-01 2 2 0 0 0, 2025-02 1 0 1 0 1, 2025-03 1 1 0 0 1, 2025-04 1 0 0 1 1, '
    '2025-05 0 0 0 0 1', 'lifecycle: active, new, returning, resurrected, dormant');
select pg_temp.is(pg_temp.told('rfm', '2025-01-01', '2025-06-01'),
    'EUR 2 4 5 1 1/3, EUR 4 4 2 1 1/3, EUR 5 5 4 1 1/3, USD 3 5 3 1 1/2, USD 5 5 5 1 1/2',
    'recency, frequency and money, by currency');

create temp view of_customer as
    select c.ref,
           string_agg(pg_temp.told(r.metric, r."group", r.value, r.reason, null, null, r.n),
                      ', ') as told
    from lifecycle.customer c,
         json_to_recordset(metric.of_customer(c.ref) -> 'data')
             r (metric text, "group" json, value numeric, n bigint, reason text)
    where r."group" ->> 'stage' is null and (r.metric <> 'recency' or r.value is null)
    group by 1;
select pg_temp.is((select told from of_customer where ref = 'A'),
    'frequency 3 (3), purchases 4 (4), quantity 5 (4), amount EUR 3500 (3), '
    'amount USD 1500 (1), revenue EUR 2000 (2), gaps mean 55 (2), gaps median 35 (2), '
    'life_span 110 (3), cost none no_cost (0), mrr none no_subscription (0), '
    'cases 0 (0)', 'the metrics of A');
select pg_temp.is((select told from of_customer where ref = 'D'),
    'recency no_purchases (0), frequency 0 (0), purchases 0 (0), quantity 0 (0), '
    'amount none no_purchases (0), revenue none no_revenue (0), '
    'gaps mean empty_denominator (0), gaps median empty_denominator (0), '
    'life_span no_purchases (0), cost none no_cost (0), mrr none no_subscription (0), '
    'cases 0 (0)', 'what D has none of is null, with a reason');

-- In another zone the same is computed from the facts.
select pg_temp.is(
    (select string_agg(concat_ws(' ', period, value), ', ' order by number)
     from pg_temp.answer('purchases', '2025-04-01', '2025-06-01', 'month', 'Europe/Berlin')
     where "group" ->> 'measure' = 'purchases'), '2025-04 0, 2025-05 1',
    'days of another zone');
select pg_temp.is(
    (select string_agg(m.name || ' ' || i.name, ', ')
     from (select * from lifecycle.metric x where 'timezone' = any (x.parameters) offset 0) m,
          unnest(m.intervals || '{null}') i (name)
     where pg_temp.told(m.name, '2025-01-01', '2025-06-01', i.name, 'Etc/UTC')
           is distinct from pg_temp.told(m.name, '2025-01-01', '2025-06-01', i.name, 'UTC')),
    null, 'every metric says the same from the facts as from the roll-ups');
select pg_temp.is(pg_temp.differences(), 0, 'what is derived is what it must be');

update lifecycle.setting set value = 'orders' where name = 'revenue_basis';
select pg_temp.is(pg_temp.told('revenue', '2025-01-01', '2025-06-01'),
    'EUR revenue 8200 (5), EUR received 8200 (5), EUR returned 0 (5), '
    'USD revenue 1800 (2), USD received 1800 (2), USD returned 0 (2)', 'revenue by orders');
\ir teardown.sql
