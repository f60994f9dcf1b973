-- Where clocks go back over midnight, a local day begins twice: in Havana on 2024-11-03 at 00:00
-- of summer time (04:00Z), and again an hour later (05:00Z). Both hours are of that day. In
-- St. John's clocks went back at 00:01 until 2011: 2010-11-07 began, and a minute later it was
-- 2010-11-06 again.
\ir setup.sql
\ir verified.sql
\o /dev/null
update lifecycle.setting set value = 'America/Havana' where name = 'timezone';
select pg_temp.order_placed(customer, at::timestamptz, amount, 'EUR', 1)
from (values
    ('A', '2024-11-02T12:00Z', 100), -- A: 11-02, and 11-03 in both of its first hours
    ('A', '2024-11-03T04:30Z', 200),
    ('A', '2024-11-03T05:30Z', 300),
    ('B', '2024-11-03T04:59Z', 400), -- B: 11-03 alone
    ('B', '2024-11-03T05:00Z', 500)) o (customer, at, amount);
select pg_temp.post('B', 'loyalty.relationship.ended', '2024-11-03T05:01Z');
select pg_temp.post('A', 'find.lead.created', '2024-11-03T04:45Z');
\o

select pg_temp.is(
    (select string_agg(concat_ws(' ', c.ref, d.day, d.purchases), ', ' order by c.ref, d.day)
     from lifecycle.purchase_day d
     join lifecycle.customer c using (bucket, customer_id)),
    'A 2024-11-02 1, A 2024-11-03 2, B 2024-11-03 2', 'a day that begins twice is one day');
select pg_temp.is(pg_temp.differences(), 0, 'and what is derived is what the ledger says');
select pg_temp.is(
    pg_temp.told('purchases', '2024-11-02', '2024-11-04', 'day'),
    '2024-11-02 purchases 1 (1), 2024-11-02 units 1 (1), 2024-11-02 EUR amount 100 (1), '
    '2024-11-03 purchases 4 (4), 2024-11-03 units 4 (4), 2024-11-03 EUR amount 1400 (4)',
    'purchases of both first hours');
select pg_temp.is(pg_temp.told('gaps', '2024-11-02', '2024-11-04'),
    'p10 1 (1), median 1 (1), p90 1 (1), mean 1 1/1', 'one gap');
select pg_temp.is(pg_temp.told('rfm', '2024-11-03', '2024-11-04'),
    'EUR 5 5 3 1 1/2, EUR 5 5 5 1 1/2', 'rfm of that day');
select pg_temp.is(
    (select string_agg(a.value::text, ' ' order by a.number)
     from pg_temp.answer('time_in_stage', '2024-11-02', '2024-11-04', 'day') a
     where a."group" ->> 'stage' = 'sell' and a."group" ->> 'measure' = 'median'
       and a.period = '2024-11-03'), '120', 'visits that ended on that day');
select pg_temp.is(
    (select string_agg(a.n::text, ' ' order by a.number)
     from pg_temp.answer('time_in_stage', '2024-11-02', '2024-11-04', 'day') a
     where a."group" ->> 'stage' = 'sell' and a."group" ->> 'measure' = 'median'), '0 2',
    'and none of them on the day before');
select pg_temp.is(
    (select string_agg(distinct metric.answer('gaps', given, '2024-11-05', null, null, null)
                                    #>> '{parameters,from}', ' ')
     from unnest(array['2024-11-03', '2024-11-03T00:00:00-04:00', '2024-11-03T00:00:00-05:00'])
         given), '2024-11-03', 'either midnight means the day');
select pg_temp.is(
    pg_temp.told('rfm', '2010-01-01', '2010-02-01', null, null, 'EUR'),
    'EUR none none none 0 0/0', 'nothing is a row of zeros here too');
select pg_temp.is(
    metric.answer('rfm', '2024-11-03', '2024-11-04', null, null, 'JPY')
        #>> '{warnings,missing_rate}', '4', 'and tells of what has no rate');

\o /dev/null
delete from lifecycle.setting where name = 'timezone';
insert into lifecycle.setting values ('timezone', 'America/St_Johns');
select lifecycle.rebuild_bucket(b) from generate_series(0, 63) b;
select lifecycle.rebuild_totals();
select pg_temp.order_placed('S', at::timestamptz, 100, 'EUR', 1)
from unnest(array['2010-11-07T02:30:30Z', '2010-11-07T02:40Z', '2010-11-07T04:00Z']) at;
\o
select pg_temp.is(
    (select string_agg(concat_ws(' ', d.day, d.purchases), ', ' order by d.day)
     from lifecycle.purchase_day d
     join lifecycle.customer c using (bucket, customer_id)
     where c.ref = 'S'), '2010-11-06 1, 2010-11-07 2', 'a day that goes on after the next began');
select pg_temp.is(pg_temp.differences(), 0, 'is as the ledger says');
\ir teardown.sql
