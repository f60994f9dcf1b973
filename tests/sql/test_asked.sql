-- How metrics are asked: what each takes, several at once, and the window before.
\ir setup.sql
\o /dev/null
create function pg_temp.asked(names text, asked jsonb)
returns text
language sql
as $$
    select pg_temp.refusal(format('select metric.answers(%L, %L)', string_to_array(names, ','),
                                  asked))
$$;

-- Rows of one measure with what they are compared with: period, value (before, change, ratio).
create function pg_temp.compared(name text, since text, until text, "interval" text,
                                 measure text default null)
returns text
language sql
as $$
    select string_agg(format('%s%s (%s %s %s)', r.period || ' ', coalesce(r.value, 'none'),
                             coalesce(r.previous ->> 'value', 'none'),
                             coalesce(r.previous ->> 'change', 'none'),
                             coalesce(r.previous ->> 'ratio', 'none')), ', ')
    from json_to_recordset(metric.answer(name, since, until, "interval", null, null, null, null,
                                         'previous') -> 'data')
             r (period text, "group" json, value text, previous json)
    where (r."group" ->> 'measure') is not distinct from measure
$$;

create function pg_temp.compared_with(since text, until text, "interval" text)
returns text
language sql
as $$
    select concat_ws(' ', p -> 'previous' ->> 'from', p -> 'previous' ->> 'to')
    from (select metric.answer('gaps', since, until, "interval", null, null, null, null,
                               'previous') -> 'parameters') a (p)
$$;

select pg_temp.order_placed('a', '2024-12-20', 1000, 'EUR', 1),
       pg_temp.order_placed('b', '2025-01-10', 1000, 'EUR', 1),
       pg_temp.order_placed('a', '2025-02-10', 1000, 'EUR', 1),
       pg_temp.order_placed('a', '2025-02-11', 1000, 'EUR', 1),
       pg_temp.order_placed('b', '2025-02-12', 1000, 'EUR', 1);
\o

-- What a metric does not take is refused, with all that it takes.
select pg_temp.is(pg_temp.asked('lifecycle', '{"currency": "EUR", "steps": "a,b"}'),
    E'CL422 ?currency\tthis metric takes from, to, interval, timezone, segment, group_by, compare_to\n'
    '?steps\tthis metric takes from, to, interval, timezone, segment, group_by, compare_to',
    'parameters that a metric does not take');
select pg_temp.is(pg_temp.asked('rfm', '{"interval": "month", "group_by": "mood"}'),
    E'CL422 ?group_by\tit is grouped by channel, campaign, attribute:<name>\n'
    '?interval\tthis metric takes no interval', 'an interval and a grouping that it has not');
select pg_temp.is(pg_temp.asked('gaps', '{"segment": "vips"}'), 'CL422 ?segment',
    'a segment that is not there');
select pg_temp.is(pg_temp.asked('gaps', '{"group_by": "attribute:mood"}'),
    E'CL422 ?group_by\tthe setting group_attributes does not name this attribute',
    'an attribute that the setting does not name');
select pg_temp.is(pg_temp.asked('gaps', '{"compare_to": "next"}'),
    E'CL422 ?compare_to\tmust be previous', 'compared with what is to come');

-- Several at once: what only some of them take is left out for the others.
select pg_temp.is(
    (select string_agg(concat_ws(' ', a ->> 'metric', a #>> '{parameters,interval}',
                                 a #>> '{parameters,currency}'), ', ')
     from json_array_elements(metric.answers('{revenue,rfm,gaps}',
         '{"interval": "month", "currency": "EUR"}') -> 'data') a),
    'revenue month EUR, rfm EUR, gaps month', 'each metric is asked what it takes');
select pg_temp.is(pg_temp.asked('gaps,lifecycle', '{"currency": "EUR"}'),
    E'CL422 ?currency\tnone of these metrics takes this', 'a parameter that none of them takes');
select pg_temp.is(pg_temp.asked('gaps,answer,mood', '{}'),
    E'CL422 ?names\tthere is no metric called answer\n?names\tthere is no metric called mood',
    'names of no metric');

-- The window before has as many periods, cut alike.
select pg_temp.is(pg_temp.compared_with('2025-02-01', '2025-03-01', null),
    '2025-01-01 2025-02-01', 'a month and the month before');
select pg_temp.is(pg_temp.compared_with('2024-01-01', '2025-01-01', null),
    '2023-01-01 2024-01-01', 'a year and the year before');
select pg_temp.is(pg_temp.compared_with('2025-01-10', '2025-01-20', null),
    '2024-12-31 2025-01-10', 'ten days and the ten before');
select pg_temp.is(pg_temp.compared_with('2025-01-01', '2025-03-15', 'month'),
    '2024-10-01 2024-12-15', 'months, the last of them cut');
select pg_temp.is(pg_temp.compared_with('2025-03-31', '2025-04-01', 'month'),
    '2025-02-28 2025-03-01', 'a day that the month before has not');
select pg_temp.is(pg_temp.compared_with('2025-03-30', '2025-03-31', 'month'),
    '2025-02-28 2025-03-01', 'a window is never empty');
select pg_temp.is(pg_temp.compared_with('2025-03-10', '2025-03-24', 'week'),
    '2025-02-24 2025-03-10', 'two weeks');

select pg_temp.is(
    pg_temp.compared('purchases', '2025-01-01', '2025-03-01', 'month', 'purchases'),
    '2025-01 1 (0 1 none), 2025-02 3 (1 2 2)', 'a change from 0 has no ratio');
select pg_temp.is(pg_temp.compared('repeat_rate', '2025-02-01', '2025-03-01', null),
    '1 (0 1 none)', 'a window as a whole');
select pg_temp.is(pg_temp.compared('repeat_rate', '2024-12-01', '2025-01-01', null),
    '0 (none none none)', 'what was not defined before');
select pg_temp.is(pg_temp.compared('cohort_retention', '2025-01-01', '2025-03-01', 'month'),
    '2025-01 1 (none none none), 2025-02 1 (none none none), 2025-02 none (1 none none)',
    'cohorts are compared by their place');
select pg_temp.is(
    (select count(*) from json_array_elements(
         metric.answer('gaps', '2025-01-01', '2025-03-01', null, null, null) -> 'data') r
     where r ->> 'previous' is not null), 0, 'nothing is compared that was not asked for');

-- Late events of the window are told: all of these were recorded long after they happened.
select pg_temp.is(metric.answer('gaps', since, until, null, null, null) ->> 'warnings',
                  '{"missing_rate":0,"late_events":' || wanted || '}', description)
from (values ('2025-02-01', '2025-02-12', 2, 'late events of the window'),
             ('2023-01-01', '2024-01-01', 0, 'no late events before')) w (since, until, wanted,
                                                                          description);

-- As a table.
select pg_temp.is(
    metric.answers_csv('{gaps}', '{"from": "2025-01-01", "to": "2025-03-01"}'),
    E'period,measure,value,unit,numerator,denominator,n,complete,reason\r\n'
    ',p10,1,days,,,3,true,\r\n,median,33,days,,,3,true,\r\n,p90,52,days,,,3,true,\r\n'
    ',mean,28.666667,days,86,3,3,true,\r\n', 'a metric as a table');
select pg_temp.is(
    lifecycle.csv_of(array['{"a": 1, "group": {"x": "say \"hi\", you"}}',
                           '{"a": null, "b": {"c": true}, "group": null}',
                           E'{"a": "two\\nlines", "group": {"x": ""}}']::json[], '{a,*,z}'),
    E'a,x,b_c,z\r\n1,"say ""hi"", you",,\r\n,,true,\r\n"two\nlines","",,\r\n',
    'quotes, line ends, what is empty and what is nothing');
select pg_temp.is(
    lifecycle.csv_of(array['{"a": -1.5, "group": {"x": "-1.5", "=y": "@sum"}}',
                           '{"a": "+1", "group": {"x": "a=b", "=y": "\tz"}}',
                           $$ {"a": "'=1", "group": {"x": "'tis", "=y": -2}} $$]::json[], '{a,*}'),
    E'a,x,\'=y\r\n-1.5,\'-1.5,\'@sum\r\n\'+1,a=b,\'\tz\r\n\'\'=1,\'tis,-2\r\n',
    'no text is a formula, and a number keeps its sign');
select pg_temp.is(
    lifecycle.list_csv('list_rates', '{"data": [{"currency": "=1+1", "base": "\r", "rate": -2}]}'),
    E'currency,base,valid_from,rate\r\n\'=1+1,"\'\r",,-2\r\n', 'in a list neither');
\ir teardown.sql
