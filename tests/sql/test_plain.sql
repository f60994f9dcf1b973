-- Every metric of purchases and money against a plain computation from the ledger: random orders,
-- cancellations, payments, refunds and voids, many of them close to where clocks change, in
-- several zones; the business's own is one where a midnight comes twice.
\ir setup.sql
\ir verified.sql
\o /dev/null
select setseed(0.42);
update lifecycle.setting set value = 'America/Havana' where name = 'timezone';
insert into lifecycle.rate values
    ('USD', 'EUR', '2023-01-01', 0.91), ('USD', 'EUR', '2024-03-31', 0.87),
    ('JPY', 'EUR', '2024-01-01', 0.0061);

create temp table happened as
select n, 'c' || floor(25 * random() ^ 2) as customer, 'o' || floor(60 * random()) as order_id,
       near + make_interval(mins => floor(300 * random())::integer - 150) as at,
       (array['sell.order.placed', 'sell.order.placed', 'sell.order.placed',
              'bill.payment.succeeded', 'bill.refund.issued', 'sell.order.cancelled',
              'event.voided'])[ceil(7 * random())] as type,
       floor(10000 * random())::bigint as amount,
       (array['EUR', 'EUR', 'USD', 'JPY'])[ceil(4 * random())] as currency
from generate_series(1, 600) n,
     lateral (select case when random() < 0.4
                          then (array['2023-11-05 05:00Z', '2024-03-10 05:00Z',
                                      '2024-03-31 01:00Z', '2024-10-27 01:00Z',
                                      '2024-11-03 05:00Z']::timestamptz[])[ceil(5 * random()
                                                                              + 0 * n)]
                          else '2022-12-25Z'::timestamptz + random() * interval '760 days'
                     end as near) t;
select pg_temp.post(h.customer, h.type, h.at, case h.type
           when 'sell.order.cancelled' then json_build_object('order_id', h.order_id)
           when 'event.voided' then json_build_object(
               'source', 'test', 'id', 'e' || 1 + (h.amount + h.n) % 600)
           else json_build_object('order_id', h.order_id, 'payment_id', 'p', 'refund_id', 'r',
                                  'amount', h.amount, 'currency', h.currency, 'units', h.n % 4)
       end, 'e' || h.n)
from (select * from happened order by random()) h;

-- What counts, and on which local day.
create temp table asked (zone text, unit text, since date, until date);
insert into asked
select zone, unit, since, until
from unnest(array['America/Havana', 'UTC', 'Asia/Kathmandu', 'Pacific/Apia',
                  'Europe/Berlin']) zone,
     (values ('day', '2024-10-20'::date, '2024-11-12'::date), ('week', '2024-02-26', '2024-12-02'),
             ('month', '2023-01-01', '2025-01-01'), ('quarter', '2023-04-01', '2025-01-01'),
             ('year', '2022-01-01', '2026-01-01')) w (unit, since, until);

create temp table voided as
select 'e' || 1 + (v.amount + v.n) % 600 as id from happened v where v.type = 'event.voided';
create temp table counted as
select h.*, z.zone, (h.at at time zone z.zone)::date as day
from happened h, (select distinct zone from asked) z
where 'e' || h.n not in (select id from voided)
  and h.type in ('sell.order.placed', 'bill.payment.succeeded', 'bill.refund.issued')
  and not (h.type = 'sell.order.placed'
           and exists (select from happened c
                       where c.type = 'sell.order.cancelled' and c.customer = h.customer
                         and c.order_id = h.order_id
                         and 'e' || c.n not in (select id from voided)));
create temp table bought as
select zone, customer, day, lag(day) over (partition by zone, customer order by day) as previous,
       min(day) over (partition by zone, customer) as first
from (select distinct zone, customer, day from counted where type = 'sell.order.placed') d;

create temp table span as
select a.zone, a.unit, p.start, (p.start + l.length)::date as until, l.length
from asked a,
     lateral (select case a.unit when 'quarter' then interval '3 months'
                                 else ('1 ' || a.unit)::interval end as length) l,
     lateral (select s::date as start
              from generate_series(a.since::timestamp, a.until - 1, l.length) s) p;

create temp table expected (metric text, zone text, unit text, start date, dimensions jsonb,
                            value numeric);
insert into expected
select 'repeat_rate', s.zone, s.unit, s.start, 'null',
       (select count(*) filter (where c.days > 1) / nullif(count(*), 0)::numeric
        from (select count(*) as days from bought b
              where b.zone = s.zone and b.day < s.until group by b.customer) c)
from span s
union all
select 'lifespan', s.zone, s.unit, s.start, jsonb_build_object('measure', 'mean_all'),
       (select avg(c.days)
        from (select max(b.day) - min(b.day) as days from bought b
              where b.zone = s.zone and b.day < s.until group by b.customer) c)
from span s
union all
select 'gaps', s.zone, s.unit, s.start, jsonb_build_object('measure', m.name), m.value
from span s,
     lateral (select avg(b.day - b.previous) as mean,
                     percentile_disc(0.9) within group (order by b.day - b.previous) as p90
              from bought b
              where b.zone = s.zone and b.day >= s.start and b.day < s.until) g,
     lateral (values ('mean', g.mean), ('p90', g.p90)) m (name, value)
union all
select 'purchases', s.zone, s.unit, s.start,
       jsonb_build_object('currency', 'EUR', 'measure', 'amount'),
       (select round(coalesce(sum(c.amount * x.factor), 0))
        from counted c, lateral metric.exchange(c.currency, 'EUR', c.day) x
        where c.type = 'sell.order.placed' and c.zone = s.zone and c.day >= s.start
          and c.day < s.until)
from span s
union all
select 'revenue', s.zone, s.unit, s.start,
       jsonb_build_object('currency', 'EUR', 'measure', 'revenue'),
       (select round(coalesce(sum(x.factor * case c.type when 'bill.refund.issued' then -c.amount
                                                         else c.amount end), 0))
        from counted c, lateral metric.exchange(c.currency, 'EUR', c.day) x
        where c.type <> 'sell.order.placed' and c.zone = s.zone and c.day >= s.start
          and c.day < s.until)
from span s
union all
select 'lifecycle', s.zone, s.unit, s.start, jsonb_build_object('measure', m.name), m.value
from span s,
     lateral (select count(*) filter (where c.is_now) as active,
                     count(*) filter (where c.is_now and c.first >= s.start) as new,
                     count(*) filter (where c.is_now and c.was) as returning,
                     count(*) filter (where c.is_now and not c.was and c.first < s.start)
                         as resurrected,
                     count(*) filter (where c.was and not c.is_now) as dormant
              from (select min(b.day) as first,
                           bool_or(b.day >= s.start and b.day < s.until) as is_now,
                           bool_or(b.day < s.start and b.day >= s.start - s.length) as was
                    from bought b where b.zone = s.zone group by b.customer) c) c,
     lateral (values ('active', c.active), ('new', c.new), ('returning', c.returning),
                     ('resurrected', c.resurrected), ('dormant', c.dormant)) m (name, value)
where s.unit <> 'day'
union all
select 'cohort_retention', s.zone, s.unit, k.start,
       jsonb_build_object('cohort', lifecycle.period_label(s.unit, s.start), 'k', k.k),
       (select count(distinct b.customer) filter (where b.day >= k.start and b.day < k.until)
               / nullif(count(distinct b.customer), 0)::numeric
        from bought b
        where b.zone = s.zone and b.first >= s.start and b.first < s.until)
from span s,
     lateral (select o.start, o.until, row_number() over (order by o.start) - 1 as k
              from span o
              where o.zone = s.zone and o.unit = s.unit and o.start >= s.start) k
where s.unit <> 'day';

create temp table answered as
select m.name as metric, a.zone, a.unit, r.period, coalesce(r."group"::jsonb, 'null') as dimensions,
       r.value
from asked a, lifecycle.metric m,
     lateral pg_temp.answer(m.name, a.since::text, a.until::text, a.unit, a.zone,
                            case when 'currency' = any (m.parameters) then 'EUR' end) r
where a.unit = any (m.intervals) and 'timezone' = any (m.parameters);
\o

select pg_temp.is((select count(*) filter (where p.amount > 0) from lifecycle.purchase p),
                  (select count(*) from counted c
                   where c.zone = 'UTC' and c.type = 'sell.order.placed' and c.amount > 0),
                  'the purchases are those of the ledger');
select pg_temp.is(
    (select string_agg(concat_ws(' ', e.zone, e.unit, e.start, e.dimensions, 'is', a.value,
                                 'not', e.value), '; ')
     from (select x.*, row_number() over () as number
           from expected x
           left join answered y
             on y.metric = x.metric and y.zone = x.zone and y.unit = x.unit
            and y.period = lifecycle.period_label(x.unit, x.start) and y.dimensions = x.dimensions
           where x.metric = m.name
             -- a cohort of nobody has its first cell only
             and (m.name <> 'cohort_retention' or x.value is not null)
             and y.value is distinct from round(x.value, 6)) e
     left join answered a
       on a.metric = e.metric and a.zone = e.zone and a.unit = e.unit
      and a.period = lifecycle.period_label(e.unit, e.start) and a.dimensions = e.dimensions
     where e.number <= 3), null,
    format('%s, %s values in %s zones', m.name,
           (select count(*) from expected x where x.metric = m.name),
           (select count(distinct x.zone) from expected x where x.metric = m.name)))
from lifecycle.metric m
where m.name in (select metric from expected)
order by m.name;
select pg_temp.is(pg_temp.differences(), 0, 'verify finds no difference');
\ir teardown.sql
