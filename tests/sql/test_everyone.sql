-- A segment of everyone says what no segment says, whatever the metric; so does a zone of another
-- name, and so do weeks that begin on another day where the days are the same. What is told is
-- from the facts then, and not from the roll-ups.
\ir setup.sql
\ir verified.sql
\o /dev/null
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
insert into lifecycle.rate values
    ('USD', 'EUR', '2024-01-01', 0.90), ('USD', 'EUR', '2025-03-01', 0.95);
\ir histories.sql
select setseed(0.4242);
select pg_temp.record(pg_temp.random_history(400, 12));
select lifecycle.put_segment('everyone', '{"where": {"field": "frequency", ">=": 0}}', null, null);
select lifecycle.put_segment('nobody', '{"where": {"field": "frequency", "<": 0}}', null, null);

-- Spend belongs to no customer, so the two that stand on it leave it out where a segment is asked for.
create temp table asked as
select m.name, i.interval, c.currency,
       'segment' = any(p.names) and m.name not in ('clv_historical', 'profit_per_customer')
           as takes_segment,
       'timezone' = any(p.names) as takes_timezone
from lifecycle.metric m
cross join lateral (
    select array(select split_part(x, '=', 1) from unnest(m.parameters) x) as names) p
cross join lateral (
    select unnest as interval from unnest(m.intervals)
    union all
    select null where not exists (select from unnest(m.parameters) x where x like 'interval=%')) i
cross join lateral (
    select null as currency union all select 'EUR' where 'currency' = any(p.names)) c
where i.interval in ('month', 'week') or i.interval is null;

create function pg_temp.rows_of(name text, "interval" text, currency text, timezone text,
                                segment text)
returns jsonb
language sql
as $$
    select metric.answer(name, '2024-12-30', '2025-06-02', "interval", timezone, currency, segment)
           ::jsonb -> 'data'
$$;
\o

select pg_temp.is(
    string_agg(concat_ws(' ', a.name, a.interval, a.currency), ', ' order by a.name), null,
    'a segment of everyone')
from asked a
where a.takes_segment
  and pg_temp.rows_of(a.name, a.interval, a.currency, null, 'everyone')
      <> pg_temp.rows_of(a.name, a.interval, a.currency, null, null);
select pg_temp.is(
    string_agg(concat_ws(' ', a.name, a.interval, a.currency), ', ' order by a.name), null,
    'a time zone of the same days')
from asked a
where a.takes_timezone
  and pg_temp.rows_of(a.name, a.interval, a.currency, 'Europe/Zurich', null)
      <> pg_temp.rows_of(a.name, a.interval, a.currency, null, null);
select pg_temp.is(count(*) filter (where n.rows is null), 0, 'a segment of nobody has answers')
from asked a
cross join lateral pg_temp.rows_of(a.name, a.interval, a.currency, null, 'nobody') n (rows)
where a.takes_segment;
\o /dev/null
select lifecycle.change_settings('{"week_start": "sunday"}', '*', null);
\o
select pg_temp.is(
    string_agg(concat_ws(' ', a.name, a.currency), ', ' order by a.name), null,
    'everyone, by weeks from Sunday')
from asked a
where a.interval = 'week' and a.takes_segment
  and pg_temp.rows_of(a.name, a.interval, a.currency, null, 'everyone')
      <> pg_temp.rows_of(a.name, a.interval, a.currency, null, null);
select pg_temp.is(pg_temp.differences(), 0, 'verify finds no difference');
\ir teardown.sql
