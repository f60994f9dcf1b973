-- What customers spend and how long they stay away: a few customers worked by hand, then random
-- histories against plain computations, and what must hold whatever happened.
\ir setup.sql
\ir verified.sql
\o /dev/null
create function pg_temp.asked(name text, asked jsonb)
returns table (number bigint, period text, "group" json, value numeric, unit text,
               numerator numeric, denominator numeric, n bigint, complete boolean, reason text)
language sql
as $$
    select row_number() over (), r.*
    from json_to_recordset(metric.answer(name, asked) -> 'data')
         r (period text, "group" json, value numeric, unit text, numerator numeric,
            denominator numeric, n bigint, complete boolean, reason text)
$$;

create function pg_temp.told(name text, asked jsonb)
returns text
language sql
as $$
    select string_agg(pg_temp.told(a.period, a."group", a.value, a.reason, a.numerator,
                                   a.denominator, a.n), ', ' order by a.number)
    from pg_temp.asked(name, asked) a
$$;

select pg_temp.order_placed(customer, at::timestamptz, amount, currency, 1)
from (values
    ('A', '2024-01-05T10:00Z', 1000, 'EUR'), ('A', '2024-01-05T11:00Z', 500, 'EUR'),
    ('A', '2024-02-14T10:00Z', 700, 'EUR'), ('A', '2024-06-01T10:00Z', 100, 'EUR'),
    ('B', '2024-01-20T10:00Z', 4000, 'EUR'), ('B', '2024-01-30T10:00Z', 300, 'USD'),
    ('C', '2024-03-03T10:00Z', 900, 'EUR')) o (customer, at, amount, currency);
\o

-- A bought on 01-05, 02-14 (gap 40) and 06-01 (108); B on 01-20 and 01-30 (10); C on 03-03.
select pg_temp.is(pg_temp.told('aov', '{"from": "2024-01-01", "to": "2024-04-01",
                                        "interval": "month"}'),
    '2024-01 EUR 1833.333333 5500/3, 2024-01 USD 300 300/1, 2024-02 EUR 700 700/1, '
    '2024-02 USD empty_denominator 0/0, 2024-03 EUR 900 900/1, '
    '2024-03 USD empty_denominator 0/0', 'average order value, by currency');
select pg_temp.is(pg_temp.told('aov', '{"from": "2024-01-01", "to": "2024-02-01",
                                        "currency": "USD"}'),
    'USD 300 300/1', 'orders without a rate are in neither figure');
select pg_temp.is(pg_temp.told('cohort_revenue', '{"from": "2024-01-01", "to": "2024-04-01"}'),
    '2024-01 EUR 2024-01 0 amount 5500 (3), 2024-01 EUR 2024-01 0 per_customer 2750 5500/2, '
    '2024-02 EUR 2024-01 1 amount 700 (1), 2024-02 EUR 2024-01 1 per_customer 350 700/2, '
    '2024-03 EUR 2024-01 2 amount 0 (0), 2024-03 EUR 2024-01 2 per_customer 0 0/2, '
    '2024-02 EUR 2024-02 0 amount 0 (0), '
    '2024-02 EUR 2024-02 0 per_customer empty_denominator 0/0, '
    '2024-03 EUR 2024-03 0 amount 900 (1), 2024-03 EUR 2024-03 0 per_customer 900 900/1, '
    '2024-01 USD 2024-01 0 amount 300 (1), 2024-01 USD 2024-01 0 per_customer 150 300/2, '
    '2024-02 USD 2024-01 1 amount 0 (0), 2024-02 USD 2024-01 1 per_customer 0 0/2, '
    '2024-03 USD 2024-01 2 amount 0 (0), 2024-03 USD 2024-01 2 per_customer 0 0/2, '
    '2024-02 USD 2024-02 0 amount 0 (0), '
    '2024-02 USD 2024-02 0 per_customer empty_denominator 0/0, '
    '2024-03 USD 2024-03 0 amount 0 (0), 2024-03 USD 2024-03 0 per_customer 0 0/1',
    'what cohorts spent');

-- The usual gap is 108 days: the 90th percentile of 10, 40 and 108.
select pg_temp.is(metric.inactivity_days(), 108, 'the usual gap of the repeat buyers');
select pg_temp.is(
    (select string_agg(concat(period, ' ', counts), ', ' order by period)
     from (select period, string_agg(value::text, ' ' order by number) as counts
           from pg_temp.asked('lapsed', '{"from": "2024-04-01", "to": "2024-08-01",
                                          "interval": "month"}')
           group by 1) p),
    '2024-04 0 3 0, 2024-05 1 2 0, 2024-06 2 1 0, 2024-07 2 1 0',
    'lapsed, active, reactivated by the usual gap: B 108 days after 01-30, C after 03-03');
\o /dev/null
insert into lifecycle.setting values ('inactivity_days', '39');
\o
select pg_temp.is(
    (select string_agg(concat(period, ' ', counts), ', ' order by period)
     from (select period, string_agg(value::text, ' ' order by number) as counts
           from pg_temp.asked('lapsed', '{"from": "2024-02-01", "to": "2024-08-01",
                                          "interval": "month"}')
           group by 1) p),
    '2024-02 0 2 1, 2024-03 2 1 0, 2024-04 3 0 0, 2024-05 3 0 0, 2024-06 2 1 1, 2024-07 3 0 0',
    'after 39 days: A came back from 40 days, and from 108');
\o /dev/null
delete from lifecycle.setting where name = 'inactivity_days';
\o
select pg_temp.is(
    (select string_agg(pg_temp.told(null, a."group", a.value, null, a.numerator, a.denominator,
                                    a.n), ', ' order by a.number)
     from pg_temp.asked('recency_frequency', '{"from": "2024-01-01", "to": "2024-06-30"}') a
     where a.value > 0),
    '0-30 3 1 1/3, 91-180 1 1 1/3, 91-180 2 1 1/3', 'recency and frequency at the end of June');
select pg_temp.is(
    (select count(*) from pg_temp.asked('recency_frequency', '{"to": "2024-01-01"}')), 60,
    'the grid has all its cells before anybody purchased');

-- A late order makes A a customer of December: all of its money moves to that cohort.
\o /dev/null
select pg_temp.order_placed('A', '2023-12-24T10:00Z', 50, 'EUR', 1);
\o
select pg_temp.is(
    (select string_agg(concat_ws(' ', a."group" ->> 'cohort', a."group" ->> 'k', a.value), ', '
                       order by a.number)
     from pg_temp.asked('cohort_revenue', '{"from": "2023-12-01", "to": "2024-03-01",
                                            "currency": "EUR"}') a
     where a."group" ->> 'measure' = 'amount'),
    '2023-12 0 50, 2023-12 1 1500, 2023-12 2 700, 2024-01 0 4000, 2024-01 1 0, 2024-02 0 0',
    'a late first purchase takes the money with it');
\o /dev/null
select pg_temp.post('A', 'event.voided', '2024-07-01T00:00Z', json_build_object(
    'source', 'test', 'id', concat_ws(' ', 'A', 'sell.order.placed',
                                      '2023-12-24T10:00Z'::timestamptz, e.data)))
from (select json_build_object('order_id', concat_ws('/', 'A', '2023-12-24T10:00Z'::timestamptz,
                                                     50),
                               'amount', 50, 'currency', 'EUR', 'units', 1) as data) e;
\o
select pg_temp.is(
    (select string_agg(concat_ws(' ', a."group" ->> 'cohort', a."group" ->> 'k', a.value), ', '
                       order by a.number)
     from pg_temp.asked('cohort_revenue', '{"from": "2024-01-01", "to": "2024-03-01",
                                            "currency": "EUR"}') a
     where a."group" ->> 'measure' = 'amount'),
    '2024-01 0 5500, 2024-01 1 700, 2024-02 0 0', 'taken back, it brings it back');

-- Random histories: late, cancelled and voided orders among them.
\o /dev/null
select setseed(0.17);
select pg_temp.order_placed('r' || floor(40 * random() ^ 2),
                            '2023-01-01Z'::timestamptz + random() * interval '800 days',
                            floor(1000 * random())::bigint,
                            (array['EUR', 'EUR', 'USD'])[ceil(3 * random())], 1)
from generate_series(1, 400);
select pg_temp.post(c.ref, 'sell.order.cancelled', p.occurred_at + interval '1 day',
                    json_build_object('order_id', p.order_id))
from lifecycle.purchase p
join lifecycle.customer c using (bucket, customer_id)
where p.amount % 9 = 0;

create temp table bought as
select d.customer_id, d.day, d.previous, d.first from lifecycle.purchase_day d;
create temp table lapsing as
select s::date as since, (s + interval '1 month')::date as until, g.days
from generate_series('2023-01-01'::timestamp, '2025-03-01', interval '1 month') s,
     (select metric.inactivity_days() as days) g;
create temp table rows as
select m.name, i.name as "interval", r.*
from lifecycle.metric m, unnest(m.intervals) i (name),
     lateral pg_temp.asked(m.name, jsonb_build_object('from', '2023-01-01', 'to', '2025-04-01',
                                                      'interval', i.name)) r
where m.name in ('lapsed', 'lifecycle', 'cohort_retention', 'cohort_revenue', 'repeat_rate')
  and i.name <> 'day';
\o

select pg_temp.is(
    (select count(*)
     from lapsing l
     cross join lateral (
         select count(*) filter (where c.latest <= l.until - 1 - l.days) as lapsed,
                count(*) filter (where c.latest > l.until - 1 - l.days) as active
         from (select b.customer_id, max(b.day) as latest
               from bought b where b.day < l.until group by 1) c) e
     cross join lateral (
         select count(*) as reactivated
         from bought b
         where b.day >= l.since and b.day < l.until and b.day - b.previous > l.days) x
     cross join lateral (
         select min(r.value) filter (where r."group" ->> 'measure' = 'lapsed') as lapsed,
                min(r.value) filter (where r."group" ->> 'measure' = 'active') as active,
                min(r.value) filter (where r."group" ->> 'measure' = 'reactivated')
                    as reactivated
         from rows r
         where r.name = 'lapsed' and r.interval = 'month'
           and r.period = to_char(l.since, 'YYYY-MM')) r
     where (e.lapsed, e.active, x.reactivated)
           is distinct from (r.lapsed, r.active, r.reactivated)), 0,
    'lapsed customers are those whose latest purchase lies so far back, in every month');
select pg_temp.is(
    (select string_agg(concat_ws(' ', wrong.interval, wrong.period), ', ')
     from (
     select l.interval, l.period
     from (select r.interval, r.period, r."group" ->> 'measure' as measure, r.value,
                  lag(r.value) over (partition by r.interval, r."group" ->> 'measure'
                                     order by r.number) as before
           from rows r where r.name = 'lifecycle') l
     group by l.interval, l.period
     having min(l.value) filter (where l.measure = 'active')
                <> sum(l.value) filter (where l.measure in ('new', 'returning', 'resurrected'))
         or min(l.before) filter (where l.measure = 'active')
                <> sum(l.value) filter (where l.measure in ('returning', 'dormant'))) wrong), null,
    'active = new + returning + resurrected; returning + dormant = active before');
select pg_temp.is(
    (select count(*) from rows r
     where r.name = 'cohort_retention' and r."group" ->> 'k' = '0' and r.value <> 1), 0,
    'of a cohort, all purchase in its own period');
select pg_temp.is(
    (select count(*)
     from (select r.interval, r."group" ->> 'currency' as currency, sum(r.value) as amount
           from rows r
           where r.name = 'cohort_revenue' and r."group" ->> 'measure' = 'amount'
           group by 1, 2) c
     where c.amount <> (select sum(p.amount)
                        from lifecycle.purchase p
                        where p.currency = c.currency and p.occurred_at < '2025-04-01')), 0,
    'the money of the cohorts adds up to that of all orders');
select pg_temp.is(
    (select string_agg(m.name || ' ' || i.name, ', ')
     from lifecycle.metric m, unnest(m.intervals || case when m.intervals = '{}' then '{null}'
                                                         else '{}'::text[] end) i (name)
     where m.name in ('lapsed', 'cohort_revenue', 'aov', 'recency_frequency', 'rfm', 'gaps')
       and pg_temp.told(m.name, jsonb_strip_nulls(jsonb_build_object(
               'from', '2023-01-01', 'to', '2025-04-01', 'interval', i.name)))
           is distinct from pg_temp.told(m.name, jsonb_strip_nulls(jsonb_build_object(
               'from', '2023-01-01', 'to', '2025-04-01', 'interval', i.name,
               'timezone', 'Etc/UTC')))), null,
    'every metric says the same from the facts as from the roll-ups');

-- The customers behind the rows.
create function pg_temp.mismatches(of_metric text)
returns bigint
language plpgsql
as $$
declare
    asked constant jsonb := '{"from": "2023-06-01", "to": "2024-04-01"}';
    figure constant text := (select m.members from lifecycle.metric m where m.name = of_metric);
    question metric.question := metric.resolve(of_metric, asked);
    answered metric.answer_row;
    since constant date := question.since;
    until constant date := question.until;
    counted bigint;
    wrong bigint := 0;
begin
    for answered in execute format('select * from metric.%I($1)', of_metric) using question loop
        continue when answered.unit <> 'customers' and figure = 'value';
        question.since := since;
        question.until := until;
        if question.interval is not null then
            select p.since, p.until into question.since, question.until
            from metric.periods(question) p where p.label = answered.period;
        end if;
        execute format('select count(distinct (bucket, customer_id))
                        from metric.%I($1, $2)', 'members_of_' || of_metric)
        into counted using question, answered.dimensions;
        if counted is distinct from (case figure when 'value' then answered.value
                                                when 'numerator' then answered.numerator
                                                when 'denominator' then answered.denominator
                                                else answered.n end) then
            wrong := wrong + 1;
        end if;
    end loop;
    return wrong;
end
$$;
select pg_temp.is(pg_temp.mismatches(m.name), 0, 'the customers behind ' || m.name)
from lifecycle.metric m
where m.name in ('lapsed', 'lifecycle', 'cohort_retention', 'repeat_rate', 'lifespan', 'rfm',
                 'recency_frequency', 'stage_population')
order by m.name;
select pg_temp.is(pg_temp.differences(), 0, 'what is derived is what it must be');
\ir teardown.sql
