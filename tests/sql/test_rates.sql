-- Exchange rates: a set that is changed rate by rate.
\ir setup.sql

create function pg_temp.rates(of_currency text default null)
returns text
language sql
as $$
    select string_agg(concat_ws(' ', r ->> 'currency', r ->> 'base', r ->> 'valid_from',
                                r ->> 'rate'), ', ')
    from lifecycle.list_rates(of_currency, 100, null) l, json_array_elements(l.page -> 'data') r
$$;
create function pg_temp.tag()
returns text
language sql
as $$
    select tag from lifecycle.list_rates(null, 1, null)
$$;
create function pg_temp.put(rates text)
returns text
language sql
as $$
    select document::text
    from lifecycle.change_rates(format('{"data":[%s]}', rates)::json, pg_temp.tag(), null)
$$;
create temp table tag as select pg_temp.tag() as tag;

select pg_temp.is(pg_temp.rates(), null, 'no rates at first');
select pg_temp.is(pg_temp.put(
    '{"currency":"USD","base":"EUR","valid_from":"2026-01-01","rate":"0.90"},'
    || '{"currency":"EUR","base":"USD","valid_from":"2026-01-01","rate":1.123456789012345},'
    || '{"currency":"JPY","base":"EUR","valid_from":"2026-01-01","rate":6e-3}'),
    '{"stored":3,"unchanged":0,"removed":0}', 'rates are stored');
select pg_temp.is(pg_temp.rates(),
    'EUR USD 2026-01-01 1.123456789012345, JPY EUR 2026-01-01 0.006, USD EUR 2026-01-01 0.9',
    'without loss, in the order of the key');
select pg_temp.is((pg_temp.tag() <> tag)::text, 'true', 'the set has another tag') from tag;
update tag set tag = pg_temp.tag();

select pg_temp.is(pg_temp.put(
    '{"currency":"USD","base":"EUR","valid_from":"2026-01-01","rate":0.9},'
    || '{"currency":"USD","base":"EUR","valid_from":"2025-01-01","rate":null}'),
    '{"stored":0,"unchanged":2,"removed":0}', 'what is there already is no change');
select pg_temp.is(pg_temp.tag(), tag, 'and the set keeps its tag') from tag;
select pg_temp.is(pg_temp.put(
    '{"currency":"USD","base":"EUR","valid_from":"2026-01-01","rate":"0.91"},'
    || '{"currency":"USD","base":"EUR","valid_from":"2026-02-01","rate":"0.92"},'
    || '{"currency":"JPY","base":"EUR","valid_from":"2026-01-01","rate":null}'),
    '{"stored":2,"unchanged":0,"removed":1}', 'replaced, added, removed; the others stay');
select pg_temp.is(pg_temp.rates('USD'),
    'USD EUR 2026-01-01 0.91, USD EUR 2026-02-01 0.92', 'the rates of a currency');
select pg_temp.is(pg_temp.walked('lifecycle.list_rates(null, $1, $2)', '{currency,valid_from}'),
    'EUR 2026-01-01, USD 2026-01-01, USD 2026-02-01', 'pages of any size');
select pg_temp.is(pg_temp.walked($$lifecycle.list_rates('USD', $1, $2)$$, '{valid_from}'),
    '2026-01-01, 2026-02-01', 'pages of a currency');

select pg_temp.is(pg_temp.put(
    '{"currency":"USD","base":"EUR","valid_from":"2026-02-01","rate":null}'),
    '{"stored":0,"unchanged":0,"removed":1}', 'a rate that has one before it is taken away');
select pg_temp.is(pg_temp.rates('USD'), 'USD EUR 2026-01-01 0.91, USD EUR 2026-02-01',
    'and leaves a place without a rate');
select pg_temp.is(
    (select string_agg(concat(d.day, ' ', x.factor), ', ' order by d.day)
     from unnest('{2025-12-31,2026-01-31,2026-02-01}'::date[]) d (day)
     left join lateral metric.exchange('USD', 'EUR', d.day) x on true),
    '2025-12-31 , 2026-01-31 0.910000000000000000, 2026-02-01 ',
    'so that the rate before it does not go on');
select pg_temp.is(pg_temp.put(
    '{"currency":"USD","base":"EUR","valid_from":"2026-02-01","rate":null}'),
    '{"stored":0,"unchanged":1,"removed":0}', 'which is taken away only once');
select pg_temp.is(pg_temp.put(
    '{"currency":"USD","base":"EUR","valid_from":"2026-02-01","rate":"0.92"}'),
    '{"stored":1,"unchanged":0,"removed":0}', 'and can be filled again');

select pg_temp.is(pg_temp.refusal(format('select pg_temp.put(%L)', p.rates)), p.wanted,
                  'refused: ' || p.rates)
from (values
    ('', 'CL422 /data'),
    ('7', E'CL422 /data/0\tmust be an object of currency, base, valid_from and rate'),
    ('{"currency":"XXX","base":"EUR","valid_from":"2026-01-01","rate":1}',
     E'CL422 /data/0/currency\tmust be a currency code of ISO 4217'),
    ('{"currency":"EUR","base":"EUR","valid_from":"2026-01-01","rate":1}',
     E'CL422 /data/0/base\tmust be another currency'),
    ('{"currency":"USD","base":"EUR","valid_from":"2026-02-30","rate":1}',
     E'CL422 /data/0/valid_from\tmust be a day, as 2026-03-14'),
    ('{"currency":"USD","base":"EUR","valid_from":"2026-02-01"}',
     E'CL422 /data/0/rate\tis required; null takes the rate away'),
    ('{"currency":"USD","base":"EUR","valid_from":"2026-01-01","rate":1},'
     || '{"currency":"USD","base":"EUR","valid_from":"2026-01-01","rate":2}',
     E'CL422 /data/1\tthe same rate stands before it')) p (rates, wanted);
select pg_temp.is(
    pg_temp.refusal(format('select pg_temp.put(%L)', format(
        '{"currency":"USD","base":"EUR","valid_from":"2026-01-01","rate":%s}', bad))),
    E'CL422 /data/0/rate\tmust be a decimal above 0 and below 10^15, with at most 15 places',
    'no rate: ' || left(bad::text, 40))
from json_array_elements('[0,-1,1e15,1e-16,true,[],"","1,5","1.","-1","NaN","Infinity"]') bad
union all
select pg_temp.is(
    pg_temp.refusal(format('select pg_temp.put(%L)', format(
        '{"currency":"USD","base":"EUR","valid_from":"2026-01-01","rate":"%s"}',
        repeat('9', 1000000)))),
    E'CL422 /data/0/rate\tmust be a decimal above 0 and below 10^15, with at most 15 places',
    'no rate: a million digits');
select pg_temp.is(
    pg_temp.refusal($$select lifecycle.change_rates('{"data":7}', '*', null)$$), 'CL422 /data',
    'no array');
select pg_temp.is(
    pg_temp.refusal($$select lifecycle.change_rates('{}', '"stale"', null)$$), 'CL412',
    'the condition comes before the content');
\ir teardown.sql
