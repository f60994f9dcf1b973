-- Weeks that begin on a Saturday or a Sunday: the calendar, what is asked by weeks, what was added
-- up by weeks before the setting changed, and what is added afterwards.
\ir setup.sql
\ir verified.sql

select pg_temp.is(string_agg(concat_ws(' ', p.start, lifecycle.period_label(w.unit, p.start)), ', '
                             order by d.day), w.wanted, w.unit)
from (values ('week', '2025-12-22 2025-W52, 2025-12-22 2025-W52, 2025-12-29 2026-W01'),
             ('week_of_sunday', '2025-12-21 2025-W52, 2025-12-28 2026-W01, 2025-12-28 2026-W01'),
             ('week_of_saturday', '2025-12-27 2026-W01, 2025-12-27 2026-W01, 2025-12-27 2026-W01'))
     w (unit, wanted),
     (values ('2025-12-27'::date), ('2025-12-28'), ('2025-12-29')) d (day),
     lateral (select lifecycle.period_start(w.unit, d.day) as start) p
group by w.unit, w.wanted
order by w.unit;
select pg_temp.is(count(*) filter (where d.day::date < p.start
                                   or d.day >= p.start + lifecycle.period_length(u.unit)
                                   or lifecycle.period_start(u.unit, p.start) <> p.start),
                  0, 'each day is in its period: ' || u.unit)
from unnest(lifecycle.all_units()) u (unit),
     generate_series('2023-12-01'::date, '2026-02-01', interval '1 day') d (day),
     lateral (select lifecycle.period_start(u.unit, d.day::date) as start) p
group by u.unit;

select setseed(0.7);
create function pg_temp.purchases(name text)
returns bigint
language sql
as $$
    select pg_temp.record(array(
        select json_build_object('id', name || i, 'subject', 'c' || ceil(random() * 40),
                                 'type', 'sell.order.placed',
                                 'time', '2025-01-01'::timestamptz + random() * interval '70 days',
                                 'data', json_build_object('order_id', name || i, 'amount', 100,
                                                           'units', 1, 'currency', 'EUR'))
        from generate_series(1, 150) i
        union all
        select json_build_object('id', name || 's' || i, 'subject', 'c' || i,
                                 'type', 'bill.subscription.started',
                                 'time', '2025-01-01'::timestamptz + random() * interval '70 days',
                                 'data', json_build_object('subscription_id', name || i,
                                   'plan', 'basic', 'amount', 10 * i, 'currency', 'EUR',
                                   'interval', 'month'))
        from generate_series(1, 20) i))
$$;

-- Buyers by weeks that are counted from a day which one of them begins, and how many of them
-- purchased in the week before as well.
create function pg_temp.weeks(beginning date)
returns text
language sql
as $$
    with week as (
        select distinct p.customer_id, (p.occurred_at::date - beginning) / 7 as week
        from lifecycle.purchase p
    )
    select string_agg(format('%s %s', w.buyers, w.stayed), ', ' order by w.week)
    from (select a.week, count(*) as buyers, count(b) as stayed
          from week a
          left join week b on b.customer_id = a.customer_id and b.week = a.week - 1
          group by a.week) w
$$;
create function pg_temp.answered(timezone text)
returns text
language sql
as $$
    select string_agg(format('%s %s', a.active, a.returning), ', ' order by a.period)
    from (select a.period, sum(a.value) filter (where a."group" ->> 'measure' = 'active') as active,
                 sum(a.value) filter (where a."group" ->> 'measure' = 'returning') as returning
          from pg_temp.answer('lifecycle', '2024-12-28', '2025-03-15', 'week', timezone) a
          group by a.period) a
    where a.active > 0
$$;
create function pg_temp.checked(name text, beginning date)
returns setof text
language sql
as $$
    select pg_temp.is(pg_temp.answered('UTC'), pg_temp.weeks(beginning), name)
    union all
    select pg_temp.is(pg_temp.answered('Etc/GMT'), pg_temp.weeks(beginning),
                      name || ', not from the roll-ups')
    union all
    select pg_temp.is(lifecycle.verify_total(t), 0, format('%s: %s', name, t))
    from unnest('{cohort_total,measure_total}'::text[]) t
$$;
create function pg_temp.set_week_start(day text)
returns void
language sql
as $$
    select lifecycle.change_settings(json_build_object('week_start', day), '*', null)
$$;

select pg_temp.is(pg_temp.purchases('a'), 170, 'weeks of purchases');
select * from pg_temp.checked('from Monday', '2024-12-23');
select pg_temp.set_week_start('sunday');
select * from pg_temp.checked('from Sunday', '2024-12-22');
select pg_temp.is(pg_temp.purchases('b'), 170, 'more of them');
select * from pg_temp.checked('from Sunday, added', '2024-12-22');
select lifecycle.change_cut('week_start', 'saturday');
select * from pg_temp.checked('from Saturday', '2024-12-21');
select pg_temp.is(pg_temp.differences(), 0, 'facts are as they were');
select pg_temp.set_week_start(null);
select * from pg_temp.checked('from Monday again', '2024-12-23');

select pg_temp.set_week_start('sunday');
select pg_temp.is(a.answer #>> '{parameters,interval}', 'week', 'a week is called so')
from (select metric.answer('purchases', null, null, 'week', null, null) as answer) a;
select pg_temp.is(string_agg(distinct a.period, ', '), '2025-W01, 2025-W02',
                  'by the number of its Monday')
from pg_temp.answer('purchases', '2024-12-29', '2025-01-12', 'week') a;
\ir teardown.sql
