-- How a question is understood: windows, periods, defaults, and what is refused.
\ir setup.sql
\o /dev/null
create function pg_temp.asked(name text, since text, until text, "interval" text default null,
                              timezone text default null, currency text default null)
returns text
language sql
as $$
    select split_part(pg_temp.refusal(format('select metric.answer(%L, %L, %L, %L, %L, %L)',
                                             name, since, until, "interval", timezone, currency)),
                      E'\t', 1)
$$;

create function pg_temp.parameters(name text, since text, until text, timezone text,
                                   currency text default null)
returns text
language sql
as $$
    select metric.answer(name, since, until, null, timezone, currency) ->> 'parameters'
$$;

create function pg_temp.labels(since text, until text, "interval" text)
returns text
language sql
as $$
    select string_agg(concat(period, case when not complete then '…' end), ' '
                      order by number)
    from pg_temp.answer('repeat_rate', since, until, "interval")
$$;
\o

-- An empty database answers everything.
select pg_temp.is(
    (select count(*) filter (where a::text is not null)
     from lifecycle.metric m, metric.answer(m.name, null, null, null, null, null) a),
    (select count(*) from lifecycle.metric), 'every metric answers on an empty database');
select pg_temp.is(
    (select count(*)
     from lifecycle.metric m, unnest(m.intervals) i (name),
          pg_temp.answer(m.name, '2024-01-01', '2026-01-01', i.name, null,
                         case when 'currency' = any (m.parameters) then 'EUR' end) r
     where r.value is null and r.reason is null), 0, 'no value is missing without a reason');
select pg_temp.is(pg_temp.told('revenue', '2025-01-01', '2025-02-01', 'month'),
    '2025-01 none revenue 0 (0), 2025-01 none received 0 (0), 2025-01 none returned 0 (0)',
    'nothing is a row of zeros');
select pg_temp.is(
    (select count(*)
     from pg_temp.answer('stage_population', '2025-01-01', '2025-03-01', 'day')),
    59 * 6 * 3, 'the calendar is the spine');
select pg_temp.is(metric.of_customer('nobody')::text, null, 'nobody has no metrics');
select pg_temp.is(metric.answer('gaps', null, null, null, null, null) #>> '{parameters,from}',
    metric.today('UTC')::text, 'with nothing to tell of, the window is today');

select pg_temp.is(pg_temp.labels('2024-06-15', '2026-02-01', 'year'), '2024 2025 2026',
    'years');
select pg_temp.is(pg_temp.labels('2025-02-15', '2025-07-01', 'quarter'), '2025-Q1 2025-Q2',
    'quarters');
select pg_temp.is(pg_temp.labels('2025-01-31', '2025-03-02', 'month'),
    '2025-01 2025-02 2025-03', 'months');
select pg_temp.is(pg_temp.labels('2024-12-29', '2025-01-07', 'week'),
    '2024-W52 2025-W01 2025-W02', 'weeks by ISO 8601');
select pg_temp.is(pg_temp.labels('2024-02-28', '2024-03-02', 'day'),
    '2024-02-28 2024-02-29 2024-03-01', 'days');
select pg_temp.is(pg_temp.labels((today - 1)::text, (today + 1)::text, 'day'),
    today - 1 || ' ' || today || '…', 'yesterday is complete, today goes on')
from metric.today('UTC') today;
select pg_temp.is(
    pg_temp.told('cohort_retention', lifecycle.period_start('year', today)::text, null, 'year'),
    format('%1$s %1$s 0 window_not_elapsed 0/0', extract(year from today)),
    'a cell that has not ended is null')
from metric.today('UTC') today;
select pg_temp.is(
    pg_temp.parameters('lifecycle', '2025-01-01', '2025-03-01', 'Europe/Berlin'),
    '{"from":"2025-01-01","to":"2025-03-01","interval":"month","timezone":"Europe/Berlin"}',
    'the parameters used');
select pg_temp.is(
    pg_temp.parameters('gaps', '2025-03-29T23:00:00Z', '2025-03-30T22:00:00.000Z',
                       'Europe/Berlin'),
    '{"from":"2025-03-30","to":"2025-03-31","timezone":"Europe/Berlin"}',
    'midnights as times, on a day of 23 hours');
select pg_temp.is(
    pg_temp.parameters('gaps', '2018-11-04T01:00:00-02:00', '2018-11-05', 'America/Sao_Paulo'),
    '{"from":"2018-11-04","to":"2018-11-05","timezone":"America/Sao_Paulo"}',
    'a day that begins at one o''clock');

select pg_temp.is(pg_temp.asked('nonsense', null, null), 'CL404', 'no such metric');
select pg_temp.is(pg_temp.asked('answer', null, null), 'CL404', 'no metric, but a function');
select pg_temp.is(pg_temp.asked('gaps', null, null, null, 'Mars/Olympus'), 'CL422 ?timezone',
    'unknown time zone');
select pg_temp.is(pg_temp.asked('revenue', null, null, null, null, 'XXQ'), 'CL422 ?currency',
    'unknown currency');
select pg_temp.is(pg_temp.asked('gaps', null, null, 'fortnight'), 'CL422 ?interval',
    'unknown interval');
select pg_temp.is(pg_temp.asked('rfm', null, null, 'month'), 'CL422 ?interval',
    'an interval where there is none');
select pg_temp.is(pg_temp.asked('cohort_retention', null, null, 'day'), 'CL422 ?interval',
    'an interval that the metric has not');
select pg_temp.is(
    (select string_agg(distinct pg_temp.asked('gaps', given, null), ', ')
     from unnest(array['', 'yesterday', '2025-02-30', '2025-13-01', '0000-01-01', '2025-1-1',
                       '20250101', 'infinity', '2025-01-01T00:00:00', '2025-01-01 00:00:00Z',
                       '2025-01-01T00:00:00+25:00', '2025-01-01T00:00:00.001Z',
                       '2025-01-01T01:00:00Z', '99999-01-01', E'2025-01-01\n']) given),
    'CL422 ?from', 'what is not a day');
select pg_temp.is(pg_temp.asked('gaps', '2024-12-01', '2025-01-01T00:00:00+01:00'), 'CL422 ?to',
    'the midnight of another zone');
select pg_temp.is(pg_temp.asked('gaps', '2025-01-02', '2025-01-01'), 'CL422 ?to',
    'a window that ends before it begins');
select pg_temp.is(pg_temp.asked('gaps', '2025-01-01', '2025-01-01'), 'CL422 ?to',
    'an empty window');
select pg_temp.is(pg_temp.asked('gaps', '9998-01-01', null), 'CL422 ?from',
    'a window in the future, without an end');
select pg_temp.is(pg_temp.asked('gaps', '2020-01-01', '2022-09-27', 'day'), 'no refusal',
    '1000 days');
select pg_temp.is(pg_temp.asked('gaps', '2020-01-01', '2022-09-28', 'day'), 'CL422 ?interval',
    '1001 days');
select pg_temp.is(pg_temp.asked('gaps', '0001-01-01', '9999-12-31', 'day'), 'CL422 ?interval',
    'all days');
select pg_temp.is(pg_temp.asked('gaps', '0001-01-01', '9999-12-31'), 'no refusal', 'all time');

select pg_temp.is(
    (select string_agg(m ->> 'name', ' ')
     from json_array_elements(metric.catalogue() -> 'data') m),
    (select string_agg(m.name, ' ' order by m.name) from lifecycle.metric m), 'the catalogue');
select pg_temp.is(
    (select string_agg(m.name, ' ')
     from lifecycle.metric m, to_regprocedure(format('metric.%I(metric.question)', m.name)) f
     where f is null or obj_description(f, 'pg_proc') is null), null,
    'each metric of the catalogue is a function, with a comment');
\ir teardown.sql
