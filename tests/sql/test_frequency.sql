-- The grid of recency and frequency is the same from the sums, which know the ends of months and
-- now, and from the purchase days of each customer; whatever came late, was taken back or merged.
\ir setup.sql
\ir verified.sql
\o /dev/null
\ir histories.sql
select setseed(0.77);
select pg_temp.record(pg_temp.random_history(900, 6));
select pg_temp.record(array_agg(json_build_object(
    'id', 'more' || n, 'time', pg_temp.random_time(), 'type', 'sell.order.placed',
    'subject', 'c' || 1 + floor(6 * random()),
    'data', json_build_object('order_id', 'more' || n, 'amount', 100, 'currency', 'EUR',
                              'units', 1))))
from generate_series(1, 150) n;
select lifecycle.put_segment('everyone', '{"where": {"field": "frequency", ">=": 0}}', null, null);
\o
select pg_temp.is((max(d.frequency) = 11 and count(*) > 20)::text, 'true', 'enough purchase days')
from lifecycle.purchase_day d;
select pg_temp.is(pg_temp.differences(), 0, 'verify finds no difference');
select pg_temp.is(metric.answer('recency_frequency', '2024-12-30', w.until, null, null, null)
                  -> 'data' #>> '{}',
                  metric.answer('recency_frequency', '2024-12-30', w.until, null, null, null,
                                'everyone') -> 'data' #>> '{}', w.what)
from (values ('2025-03-01', 'the end of a month'), ('2025-04-17', 'in the midst of one'),
             (null, 'now')) w (until, what);
\ir teardown.sql
