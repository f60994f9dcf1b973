-- One customer against the mean: numbers worked by hand, and then every measure of every customer of
-- a random history against plain aggregates.
\ir setup.sql
\o /dev/null
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
set local timezone = 'Europe/Berlin';

create function pg_temp.against(ref text, peers text, metric text, label text default '')
returns text
language sql
as $$
    select concat_ws(' ', r.value::text, r.peers ->> 'n', r.peers ->> 'mean', r.peers ->> 'median',
                     coalesce(r.peers ->> 'standard_deviation', 'none'),
                     coalesce(r.peers ->> 'z', 'none'), r.peers ->> 'percentile',
                     r.peers ->> 'ratio')
    from json_to_recordset(metric.of_customer(against.ref, against.peers) -> 'data')
         r (metric text, "group" json, value numeric, peers json)
    where r.metric = against.metric
      and (label = '' or label in (select g.value from json_each_text(r."group") g))
$$;

-- A purchases on 4 days, B on 2, C on 1 (a month later), D never.
select pg_temp.order_placed(subject, day::timestamptz, amount, 'EUR', 1)
from (values ('A', '2025-01-01', 100), ('A', '2025-01-11', 100), ('A', '2025-01-21', 100),
             ('A', '2025-01-31', 100), ('B', '2025-01-01', 1000), ('B', '2025-02-10', 1000),
             ('C', '2025-02-01', 50)) o (subject, day, amount);
select pg_temp.post('D', 'find.lead.created', '2025-01-01'::timestamptz);
insert into lifecycle.segment (name, condition)
values ('returned', '{"field": "frequency", ">=": 2}');
\o

select pg_temp.is((select metric.of_customer('A') ->> 'peers_as_of'), null,
    'before the first sweep nobody has been measured');
select pg_temp.is((select string_agg(r ->> 'peers', '')
                   from json_array_elements(metric.of_customer('A') -> 'data') r), null,
    'and there is nothing to be held against');
select pg_temp.is(lifecycle.sweep('1 hour')::text, 'true', 'the first sweep is due at once');
select pg_temp.is(lifecycle.sweep('1 hour')::text, 'false', 'the next one after the pause');
select pg_temp.is((select usual_gap from lifecycle.sweep)::text, '40',
    'nine in ten gaps of 10, 10, 10 and 40 days');
select pg_temp.is(metric.of_customer('A') ->> 'peers_as_of', lifecycle.utc_text(now()),
                  'it is told as of when');

-- Frequency 4, 2, 1, 0: mean 7/4, squares 21, deviation sqrt((21 - 49/4) / 3) = 1.707825.
select pg_temp.is(pg_temp.against('A', 'all', 'frequency'),
    '4 4 1.75 1 1.707825 1.317465 100 2.285714', 'who never purchased counts, with 0');
select pg_temp.is(pg_temp.against('D', 'all', 'frequency'),
    '0 4 1.75 1 1.707825 -1.024695 25 0', 'and is below the mean');
select pg_temp.is(pg_temp.against('C', 'all', 'amount', 'EUR'),
    '50 3 816.666667 400 1039.631345 -0.737441 33.333333 0.061224',
    'what is not defined does not count: 50, 400 and 2000');
select pg_temp.is(pg_temp.against('A', 'cohort', 'frequency'),
    '4 2 3 2 1.414214 0.707107 100 1.333333', 'the cohort of January: 4 and 2');
select pg_temp.is(pg_temp.against('C', 'cohort', 'frequency'),
    '1 1 1 1 none none 100 1', 'alone there is no deviation, and no z');
select pg_temp.is(pg_temp.against('B', 'all', 'cost'), 'none none', 'no one has a cost');
select pg_temp.is(pg_temp.against('A', 'all', 'visits', 'find'),
    '0 4 0.25 0 0.5 -0.5 75 0', 'visits to find: only D has one');
select pg_temp.is(pg_temp.against('C', 'segment:returned', 'frequency'),
    '1 2 3 2 1.414214 -1.414214 0 0.333333', 'those of a segment, of whom C is none');
select pg_temp.is(pg_temp.refusal($$select metric.of_customer('C', 'segment:nobody')$$),
    'CL422 ?peers', 'an unknown segment is refused');
select pg_temp.is((select metric.of_customer('D', 'cohort') ->> 'peers'), null,
    'who was not acquired has no cohort');
select pg_temp.is(metric.of_customer('A', 'cohort') ->> 'peers', 'cohort:2025-01',
    'the cohort is told');

-- Recency goes on: a sweep of ten days ago is as good as one of today.
\o /dev/null
create temp table today as
select customer, pg_temp.against(customer, 'all', 'recency') as told
from unnest(array['A', 'B', 'C']) customer;
update lifecycle.peer_measure
set measured_at = measured_at - interval '10 days', total = total - 10 * n, squares = squares - 20 * total + 100 * n, median = median - 10,
    values = (select array_agg(v - 10 order by v) from unnest(values) v)
where measure = 'recency';
\o
select pg_temp.is(string_agg(pg_temp.against(t.customer, 'all', 'recency'), ', '),
                  string_agg(t.told, ', '), 'everyone''s recency has grown since the sweep')
from today t;

-- A random history -------------------------------------------------------------------------------
\o /dev/null
select setseed(0.4711);
select case floor(5 * random())
           when 0 then pg_temp.post(c, 'bill.payment.succeeded', at, json_build_object(
               'payment_id', 'p' || n, 'amount', floor(3000 * random()), 'currency', 'EUR'))
           when 1 then pg_temp.post(c, 'support.cost.recorded', at, json_build_object(
               'amount', floor(300 * random()), 'currency', 'EUR'))
           when 2 then pg_temp.post(c, 'support.case.opened', at, json_build_object('case_id', n))
           else pg_temp.order_placed(c, at, floor(500 * random())::bigint,
                                     (array['EUR', 'USD'])[ceil(2 * random())], n % 3)
       end
from (select n, 'r' || floor(40 * random() * random()) as c,
             '2024-01-01'::timestamptz + random() * interval '500 days' as at
      from generate_series(1, 400) n) e;
select pg_temp.post('merged', 'find.lead.created', '2024-01-01'::timestamptz);
select pg_temp.post('merged', 'customer.merged', '2024-01-02'::timestamptz,
                    '{"into": "r1"}');
update lifecycle.sweep set ended_at = null;
select lifecycle.sweep('0');

create temp table measured as
select c.ref, c.bucket, c.customer_id, m.metric, m.label, m.value, k.otherwise
from lifecycle.customer c
cross join lateral metric.measures_of(c.bucket, c.customer_id) m
join lifecycle.measure_kinds() k on k.name = m.metric
where c.root_id is null and m.value is not null;
create temp table plainly as
select 'all' as peers, m.metric, m.label, count(*) as n, avg(m.value) as mean,
       stddev_samp(m.value) as deviation,
       percentile_disc(0.5) within group (order by lifecycle.rounded(m.value)) as median
from measured m
group by 2, 3
union all
select p.peers, m.metric, m.label, count(*), avg(m.value), stddev_samp(m.value),
       percentile_disc(0.5) within group (order by lifecycle.rounded(m.value))
from measured m
join lifecycle.peer_member p using (bucket, customer_id)
where p.peers <> ''
group by 1, 2, 3;
\o
select pg_temp.is(count(*), 0, 'mean, deviation and median are those of plain aggregates')
from plainly p
full join lifecycle.peer_measure s
  on s.peers = p.peers and s.measure = p.metric and s.label = p.label
cross join lateral metric.against(0, 0, s) told
where p.n is distinct from s.n or p.median is distinct from s.median
   or round(p.mean, 6) is distinct from (told ->> 'mean')::numeric
   or round(p.deviation, 6) is distinct from (told ->> 'standard_deviation')::numeric;
select pg_temp.is((select count(*) > 150 from plainly)::text, 'true', 'of hundreds of them');
select pg_temp.is(count(*), 0, 'the percentile is the share who do not exceed the value')
from measured m
join lifecycle.peer_measure s on s.peers = 'all' and s.measure = m.metric and s.label = m.label
cross join lateral metric.against(m.value, 0, s) told
where (told ->> 'percentile')::numeric
      <> (select round(100.0 * count(*) filter (where lifecycle.rounded(o.value)
                                                      <= lifecycle.rounded(m.value))
                       / count(*), 6)
          from measured o
          where o.metric = m.metric and o.label = m.label);
select pg_temp.is(count(*), 0, 'one customer''s measures are those of everyone''s pass')
from (select r.bucket, r.customer_id, r.metric, r.label, r.value
      from measured r where r.value is distinct from r.otherwise
      except
      select a.bucket, a.customer_id, a.measure, a.label, a.value from lifecycle.measured a) one;
\ir teardown.sql
