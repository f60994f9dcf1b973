-- The golden fixture's stages: three customers in Berlin, worked by hand, before and after a
-- late event.
\ir setup.sql
\ir verified.sql
\o /dev/null
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
set local timezone = 'Europe/Berlin';

select pg_temp.post(subject, type, day::timestamptz)
from (values
    ('C1', 'find.lead.created', '2025-01-01'), ('C1', 'sell.opportunity.opened', '2025-01-11'),
    ('C1', 'deliver.fulfilment.started', '2025-01-21'),
    ('C1', 'bill.invoice.issued', '2025-01-31'),
    ('C1', 'support.case.opened', '2025-02-10'), ('C1', 'loyalty.program.joined', '2025-02-20'),
    ('C1', 'sell.opportunity.opened', '2025-03-02'),
    ('C2', 'find.lead.created', '2025-01-05'), ('C2', 'sell.opportunity.opened', '2025-01-15'),
    ('C2', 'find.lead.created', '2025-01-25'), ('C2', 'sell.opportunity.opened', '2025-02-04'),
    ('C2', 'loyalty.relationship.ended', '2025-02-14'),
    ('C3', 'find.lead.created', '2025-02-01'),
    ('C3', 'deliver.fulfilment.started', '2025-03-01'))
    e (subject, type, day);

create function pg_temp.fixture(metric text, kept text[])
returns text
language sql
as $$
    select string_agg(pg_temp.told(a.period, a."group", a.value, a.reason, a.numerator,
                                   a.denominator, a.n), ', ' order by a.number)
    from pg_temp.answer(metric, '2025-01-01', '2025-07-01') a
    where a."group" ->> 'measure' = any (kept)
$$;
create temp view balance as
    select string_agg(concat(stage, ' ', entries, '=', exits, '+', population), ', '
                      order by place) as told
    from (select "group" ->> 'stage' as stage, min(number) as place,
                 min(value) filter (where "group" ->> 'measure' = 'entries') as entries,
                 min(value) filter (where "group" ->> 'measure' = 'exits') as exits,
                 min(value) filter (where "group" ->> 'measure' = 'population') as population
          from pg_temp.answer('stage_population', '2025-01-01', '2025-07-01')
          group by 1) s;
\o

select pg_temp.is(pg_temp.fixture('transitions', '{count}'),
    'none find enter count 3 (3), find sell advance count 3 (3), '
    'find deliver skip count 1 (1), sell none exit count 1 (1), '
    'sell find regress count 1 (1), sell deliver advance count 1 (1), '
    'deliver bill advance count 1 (1), bill support advance count 1 (1), '
    'support loyalty advance count 1 (1), loyalty sell loop count 1 (1)',
    'the matrix before the late event');
select pg_temp.is(pg_temp.fixture('transitions', '{still_in}'),
    'find still_in 0 (0), sell still_in 1 (1), deliver still_in 1 (1), bill still_in 0 (0), '
    'support still_in 0 (0), loyalty still_in 0 (0)', 'still in before the late event');
select pg_temp.is(pg_temp.fixture('transitions', '{probability}'),
    'none find enter probability 1 3/3, find sell advance probability 0.75 3/4, '
    'find deliver skip probability 0.25 1/4, sell none exit probability 0.333333 1/3, '
    'sell find regress probability 0.333333 1/3, '
    'sell deliver advance probability 0.333333 1/3, deliver bill advance probability 1 1/1, '
    'bill support advance probability 1 1/1, support loyalty advance probability 1 1/1, '
    'loyalty sell loop probability 1 1/1', 'the probabilities before the late event');
select pg_temp.is((select told from balance),
    'find 4=4+0, sell 4=3+1, deliver 2=1+1, bill 1=1+0, support 1=1+0, loyalty 1=1+0',
    'entries = exits + population before the late event');
select pg_temp.is(pg_temp.fixture('time_in_stage', '{mean,open}'),
    'find mean 1252800 5011200/4, find open 0 (0), sell mean 864000 2592000/3, '
    'sell open 1 (1), deliver mean 864000 864000/1, deliver open 1 (1), '
    'bill mean 864000 864000/1, bill open 0 (0), support mean 864000 864000/1, '
    'support open 0 (0), loyalty mean 864000 864000/1, loyalty open 0 (0)',
    'time in stage before the late event: find 14.5 days, sell 10');

\o /dev/null
select pg_temp.post('C3', 'sell.opportunity.opened', '2025-02-11'::timestamptz);
\o

select pg_temp.is(pg_temp.fixture('transitions', '{count}'),
    'none find enter count 3 (3), find sell advance count 4 (4), sell none exit count 1 (1), '
    'sell find regress count 1 (1), sell deliver advance count 2 (2), '
    'deliver bill advance count 1 (1), bill support advance count 1 (1), '
    'support loyalty advance count 1 (1), loyalty sell loop count 1 (1)',
    'the matrix after the late event');
select pg_temp.is(pg_temp.fixture('transitions', '{still_in}'),
    'find still_in 0 (0), sell still_in 1 (1), deliver still_in 1 (1), bill still_in 0 (0), '
    'support still_in 0 (0), loyalty still_in 0 (0)', 'still in after the late event');
select pg_temp.is(pg_temp.fixture('transitions', '{probability}'),
    'none find enter probability 1 3/3, find sell advance probability 1 4/4, '
    'sell none exit probability 0.25 1/4, sell find regress probability 0.25 1/4, '
    'sell deliver advance probability 0.5 2/4, deliver bill advance probability 1 1/1, '
    'bill support advance probability 1 1/1, support loyalty advance probability 1 1/1, '
    'loyalty sell loop probability 1 1/1', 'the probabilities after the late event');
select pg_temp.is((select told from balance),
    'find 4=4+0, sell 5=4+1, deliver 2=1+1, bill 1=1+0, support 1=1+0, loyalty 1=1+0',
    'entries = exits + population after the late event');
select pg_temp.is(pg_temp.fixture('time_in_stage', '{mean,median,p90,open}'),
    'find mean 864000 3456000/4, find median 864000 (4), find p90 864000 (4), find open 0 (0), '
    'sell mean 1036800 4147200/4, sell median 864000 (4), sell p90 1555200 (4), '
    'sell open 1 (1), deliver mean 864000 864000/1, deliver median 864000 (1), '
    'deliver p90 864000 (1), '
    'deliver open 1 (1), bill mean 864000 864000/1, bill median 864000 (1), '
    'bill p90 864000 (1), bill open 0 (0), support mean 864000 864000/1, '
    'support median 864000 (1), support p90 864000 (1), support open 0 (0), '
    'loyalty mean 864000 864000/1, loyalty median 864000 (1), loyalty p90 864000 (1), '
    'loyalty open 0 (0)', 'time in stage after the late event: find 10 days, sell 12');
select pg_temp.is(
    (select string_agg(concat(period, ' ', value), ', ' order by number)
     from pg_temp.answer('stage_population', '2025-01-01', '2025-07-01', 'quarter')
     where "group" ->> 'stage' = 'deliver'),
    '2025-Q1 1, 2025-Q1 2, 2025-Q1 1, 2025-Q2 1, 2025-Q2 0, 2025-Q2 0',
    'population, entries and exits by quarter');

-- C1 is in sell since March 2: 121 local days are an hour short, by daylight saving.
select pg_temp.is(
    (select extract(epoch from '2025-07-01'::timestamptz - v.entered_at)::bigint
     from lifecycle.identifier i
     join lifecycle.visit v using (bucket, customer_id)
     where i.identifier = 'C1' and v.left_at is null), 10450800,
    'the open visit, to the second');
select pg_temp.is(
    (select concat_ws(' ', r.value - extract(epoch from now() - '2025-07-01'), r.n, r.complete)
     from json_to_recordset(metric.of_customer('C1') -> 'data')
         r (metric text, "group" json, value numeric, n bigint, complete boolean)
     where r.metric = 'time_in_stage' and r."group" ->> 'stage' = 'sell'),
    '11314800.000000 2 f', 'time in sell of C1: ten days, and the open visit up to now');
select pg_temp.is(
    (select string_agg(concat_ws(' ', r.metric, r.value), ', ')
     from json_to_recordset(metric.of_customer('C2') -> 'data')
         r (metric text, "group" json, value numeric)
     where r."group" ->> 'stage' = 'find'),
    'time_in_stage 1728000, visits 2', 'C2 was in find twice, 20 days');

select pg_temp.is(
    (select string_agg(concat_ws(' ', coalesce(t ->> 'from', 'none'),
                                 coalesce(t ->> 'to', 'none'), t ->> 'kind'), ', ')
     from lifecycle.list_transitions('C2', 10, null), json_array_elements(page -> 'data') t),
    'none find enter, find sell advance, sell find regress, find sell advance, sell none exit',
    'the transitions of C2');
select pg_temp.is(
    (select string_agg(s ->> 'customers', ' ')
     from json_array_elements(lifecycle.list_stages() -> 'data') s),
    '0 1 1 0 0 0', 'customers in each stage now');
select pg_temp.is(pg_temp.differences(), 0, 'what is derived is what it must be');
\ir teardown.sql
