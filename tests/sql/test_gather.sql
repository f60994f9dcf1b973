-- What the sweep gathers of the roll-ups changes no answer: not while it is under way, nor by what
-- comes after it; verify knows of it, and rebuild mends it.
\ir setup.sql
\ir verified.sql
\o /dev/null
insert into lifecycle.rate values
    ('USD', 'EUR', '2024-01-01', 0.90), ('USD', 'EUR', '2025-03-01', 0.95);
\ir histories.sql
select setseed(0.1919);
select lifecycle.put_segment('everyone', '{"where": {"field": "frequency", ">=": 0}}', null, null);
create temp table history as
select pg_temp.random_history(240, 8) as events;

create temp table asked as
select m.name, i.interval, c.currency
from lifecycle.metric m
cross join lateral (
    select unnest as interval from unnest(m.intervals)
    union all
    select null where not exists (select from unnest(m.parameters) x where x like 'interval=%')) i
cross join lateral (
    select null as currency
    union all
    select 'EUR' where 'currency' = any(metric.parameter_names(m))) c
where i.interval in ('month', 'week') or i.interval is null;

create function pg_temp.answers()
returns text
language sql
as $$
    select md5(string_agg(concat(a.name, metric.answer(
                   a.name, since, until, a.interval, null, a.currency)::jsonb - 'computed_at'), ''
                   order by a.name, a.interval, a.currency, since))
    from asked a
    join (values ('2024-11-01', '2025-06-01', 'month'), ('2024-12-30', '2025-05-17', 'week'))
        w (since, until, "interval") on w.interval = coalesce(a.interval, 'month')
$$;

create function pg_temp.found_gathered_and_mended(spoil text)
returns text
language plpgsql
as $$
declare
    found text;
begin
    execute spoil;
    found := pg_temp.spoilt_parts();
    perform lifecycle.rebuild_totals();
    found := found || ', then ' || pg_temp.spoilt_parts();
    perform pg_temp.gather_all();
    return found;
end
$$;

create function pg_temp.gather_all()
returns integer
language plpgsql
as $$
declare
    pieces integer := 1;
begin
    while lifecycle.gather(30) = 30 loop
        pieces := pieces + 1;
    end loop;
    return pieces;
end
$$;

create function pg_temp.fresh()
returns bigint
language sql
as $$
    select (select count(*) from lifecycle.measure_total where writer < 64)
           + (select count(*) from lifecycle.model_transition_total where writer < 64)
           + (select count(*) from lifecycle.event_total where writer < 64)
           + (select count(*) from lifecycle.spread_total where writer < 64)
$$;

select pg_temp.record(h.events[1:120]) from history h;
create temp table told as select 'before' as state, pg_temp.answers() as answers;
\o
select pg_temp.is(lifecycle.gather(30), 30, 'a piece of it');
select pg_temp.is(pg_temp.answers(), t.answers, 'the same answers while it is under way')
from told t;
select pg_temp.is((pg_temp.gather_all() > 3)::text, 'true', 'the other pieces');
select pg_temp.is(pg_temp.fresh(), 0, 'all is gathered');
select pg_temp.is(pg_temp.answers(), t.answers, 'the same answers of what is gathered')
from told t;
select pg_temp.is(pg_temp.spoilt_parts(), '-', 'it is what the facts say');
\o /dev/null
select pg_temp.record(h.events[121:240]) from history h;
update told set answers = pg_temp.answers();
\o
select pg_temp.is((pg_temp.fresh() > 100)::text, 'true', 'what comes later is not yet gathered');
select pg_temp.is(pg_temp.spoilt_parts(), '-', 'both together are what the facts say');
select pg_temp.is((pg_temp.gather_all() > 3)::text, 'true', 'it is gathered too');
select pg_temp.is(pg_temp.answers(), t.answers, 'the same answers as before') from told t;
select pg_temp.is(pg_temp.spoilt_parts(), '-', 'and what the facts say');

-- of months; a segment, of which no spend is counted, is answered from the facts
select pg_temp.is(string_agg(a.name, ', ' order by a.name), null, 'months are what the facts say')
from asked a
join lifecycle.metric m on m.name = a.name
where a.interval is distinct from 'week' and a.currency is null
  and a.name not in ('clv_historical', 'profit_per_customer')
  and case when 'segment' = any(metric.parameter_names(m)) then
          metric.answer(a.name, '2024-11-01', '2025-06-01', a.interval, null, null)::jsonb
              -> 'data'
          <> metric.answer(a.name, '2024-11-01', '2025-06-01', a.interval, null, null,
                           'everyone')::jsonb -> 'data'
      end;

select pg_temp.is(pg_temp.found_gathered_and_mended(spoil), expected || ', then -', name)
from (values
    ('update lifecycle.measure_month set n = n + 1', 'measure_month', 'a summary of measures'),
    ('delete from lifecycle.model_transition_month', 'model_transition_month',
     'a summary of transitions'),
    ('update lifecycle.event_day set late = late + 1', 'event_day', 'a summary of events'),
    ('update lifecycle.spread_range set n = n + 1', 'spread_range', 'a summary of values'),
    ('update lifecycle.spread_total set n = n + 1 where writer = 64', 'spread_range spread_total',
     'what is gathered'))
    s (spoil, expected, name);
select pg_temp.is(pg_temp.answers(), t.answers, 'the same answers of what is derived anew')
from told t;
\o /dev/null
select lifecycle.rebuild_totals();
\o
select pg_temp.is(pg_temp.answers(), t.answers, 'and of that, before it is gathered')
from told t;
\ir teardown.sql
