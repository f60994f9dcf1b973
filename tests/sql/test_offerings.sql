-- Purchases, cases and offers by offering: what orders say is in them, late, cancelled, voided and
-- merged ones included.
\ir setup.sql
\ir verified.sql
\o /dev/null
create function pg_temp.asked(name text, asked jsonb)
returns text
language sql
as $$
    select string_agg(pg_temp.told(a.period, a."group", a.value, a.reason, a.numerator,
                                   a.denominator, a.n), ', ' order by a.number)
    from (select row_number() over () as number, r.*
          from json_to_recordset(metric.answer(name, asked) -> 'data')
               r (period text, "group" json, value numeric, numerator numeric,
                  denominator numeric, n bigint, complete boolean, reason text)) a
$$;
create function pg_temp.bought(subject text, at timestamptz, order_id text, amount integer,
                               units integer, items json, currency text default 'EUR')
returns text
language sql
as $$
    select pg_temp.post(subject, 'sell.order.placed', at, json_strip_nulls(json_build_object(
        'order_id', order_id, 'amount', amount, 'currency', currency, 'units', units,
        'items', items)), order_id)
$$;
insert into lifecycle.rate values ('USD', 'EUR', '2025-01-01', 0.5);
select pg_temp.bought('A', '2025-01-05Z', 'a1', 1000, 3,
    '[{"offering": "tea", "units": 1, "amount": 300},
      {"offering": "mug", "units": 1, "amount": 500},
      {"offering": "tea", "units": 1, "amount": 300}]'); -- 1100, with a discount of 100
select pg_temp.bought('B', '2025-01-06Z', 'b1', 400, 2, null);
select pg_temp.bought('B', '2025-01-07Z', 'b2', 600, 2,
    '[{"offering": "tea"}, {"units": 1, "amount": 100}, null]');
select pg_temp.bought('B', '2025-01-08Z', 'b3', 800, 1,
    '[{"offering": "mug", "units": 1, "amount": 800}]', 'USD');
select pg_temp.bought('C', '2025-01-09Z', 'c1', 700, 1,
    '[{"offering": "mug", "units": 1, "amount": 700}]');
select pg_temp.bought('C', '2025-01-10Z', 'c2', 900, 1,
    '[{"offering": "hat", "units": 1, "amount": 900}]');
select pg_temp.post('C', 'sell.order.cancelled', '2025-01-11Z', '{"order_id": "c1"}');
select pg_temp.post('C', 'event.voided', '2025-01-12Z', '{"id": "c2"}');
select pg_temp.bought('A', '2025-02-05Z', 'a2', 250, 1,
    '[{"offering": "tea", "units": 1, "amount": 250}]');
\o

select pg_temp.is(pg_temp.asked('purchases',
        '{"from": "2025-01-01", "to": "2025-02-01", "group_by": "offering"}'),
    'mug purchases 2 (2), mug units 2 (2), mug EUR amount 500 (1), mug USD amount 800 (1), '
    'tea purchases 2 (2), tea units 2 (2), tea EUR amount 600 (2), '
    'none purchases 1 (1), none units 4 (1), none EUR amount 900 (1)',
    'orders with an offering, its units and its money; the rest is of none');
select pg_temp.is(pg_temp.asked('purchases',
        '{"from": "2025-01-01", "to": "2025-03-01", "group_by": "offering", "currency": "EUR",
          "interval": "month"}'),
    '2025-01 mug purchases 2 (2), 2025-01 mug units 2 (2), 2025-01 mug EUR amount 900 (2), '
    '2025-01 tea purchases 2 (2), 2025-01 tea units 2 (2), 2025-01 tea EUR amount 600 (2), '
    '2025-01 none purchases 1 (1), 2025-01 none units 4 (1), 2025-01 none EUR amount 900 (1), '
    '2025-02 mug purchases 0 (0), 2025-02 mug units 0 (0), 2025-02 mug EUR amount 0 (0), '
    '2025-02 tea purchases 1 (1), 2025-02 tea units 1 (1), 2025-02 tea EUR amount 250 (1), '
    '2025-02 none purchases 0 (0), 2025-02 none units 0 (0), 2025-02 none EUR amount 0 (0)',
    'by month, in one currency');
select pg_temp.is(
    (select string_agg(r."group" ->> 'measure' || ' ' || r.sum, ', '
                       order by r."group" ->> 'measure')
     from (select r."group"::jsonb - 'offering' as "group", sum(r.value) as sum
           from json_to_recordset(metric.answer('purchases', '{"group_by": "offering",
                                                               "currency": "EUR"}') -> 'data')
                r ("group" json, value numeric)
           where r."group" ->> 'measure' <> 'purchases'
           group by 1) r),
    'amount 2650, units 9', 'units and money add up to the whole: 1000 + 400 + 600 + 400 + 250');
select pg_temp.is(pg_temp.differences(), 0, 'the baskets are what the ledger says');

\o /dev/null
select lifecycle.put_segment('of_a', '{"where": {"field": "purchases", "=": 2}}', null, '*');
\o
select pg_temp.is(pg_temp.asked('purchases',
        '{"from": "2025-01-01", "to": "2025-02-01", "group_by": "offering",
          "segment": "of_a"}'),
    'mug purchases 1 (1), mug units 1 (1), mug EUR amount 500 (1), '
    'tea purchases 1 (1), tea units 2 (1), tea EUR amount 600 (1), '
    'none purchases 0 (0), none units 0 (0), none EUR amount -100 (0)',
    'of a segment; a discount is of no offering');
\o /dev/null
select pg_temp.post('B', 'customer.merged', '2025-03-01Z', '{"into": "A"}');
\o
select pg_temp.is(pg_temp.differences(), 0, 'so they are when customers are merged');
\o /dev/null
select pg_temp.post('B', 'customer.unmerged', '2025-03-02Z', '{"into": "A"}');
select pg_temp.post('B', 'event.voided', '2025-03-03Z', '{"id": "b3"}');
\o
select pg_temp.is(pg_temp.differences(), 0, 'and are no more');
select pg_temp.is(pg_temp.asked('purchases',
        '{"from": "2025-01-01", "to": "2025-02-01", "group_by": "offering", "currency": "EUR"}'),
    'mug purchases 1 (1), mug units 1 (1), mug EUR amount 500 (1), '
    'tea purchases 2 (2), tea units 2 (2), tea EUR amount 600 (2), '
    'none purchases 1 (1), none units 4 (1), none EUR amount 900 (1)', 'an order taken back');

-- Cases and offers name their offering themselves.
\o /dev/null
select pg_temp.post('A', 'support.case.opened', '2025-01-01T00:00Z',
                    '{"case_id": "1", "offering": "tea"}');
select pg_temp.post('A', 'support.case.replied', '2025-01-01T01:00Z',
                    '{"case_id": "1", "by": "staff"}');
select pg_temp.post('A', 'support.case.opened', '2025-01-02T00:00Z',
                    '{"case_id": "2", "offering": "mug"}');
select pg_temp.post('B', 'support.case.opened', '2025-01-03T00:00Z', '{"case_id": "3"}');
select pg_temp.post('B', 'support.case.replied', '2025-01-03T00:10Z',
                    '{"case_id": "3", "by": "staff"}');
select pg_temp.post('B', 'support.offer.made', '2025-01-03T00:00Z',
                    '{"offer_id": "1", "kind": "upsell", "offering": "mug"}');
select pg_temp.post('B', 'support.offer.accepted', '2025-01-04T00:00Z',
                    '{"offer_id": "1", "kind": "upsell"}');
\o
select pg_temp.is(pg_temp.asked('first_response',
        '{"from": "2025-01-01", "to": "2025-02-01", "group_by": "offering"}'),
    'mug mean empty_denominator 0/0, mug median empty_denominator (0), '
    'mug p90 empty_denominator (0), mug waiting 1 (1), '
    'tea mean 3600 3600/1, tea median 3600 (1), tea p90 3600 (1), tea waiting 0 (0), '
    'none mean 600 600/1, none median 600 (1), none p90 600 (1), none waiting 0 (0)',
    'how long it takes to answer, by what the case is about');
select pg_temp.is(
    (select string_agg(concat_ws(' ', r."group" ->> 'offering', r.value), ', ')
     from json_to_recordset(metric.answer('offer_response', '{"group_by": "offering"}') -> 'data')
          r ("group" json, value numeric)
     where r."group" ->> 'kind' = 'upsell' and r."group" ->> 'measure' = 'accepted'),
    'mug 1', 'the response to offers');
select pg_temp.is(pg_temp.refusal(format($$select metric.answer(%L, '{"group_by": "offering"}')$$,
                                         m)),
                  E'CL422 ?group_by\tit is grouped by channel, campaign, attribute:<name>', m || ' is not grouped by it')
from unnest('{revenue,return_rate,aov,contact_rate}'::text[]) m;
\ir teardown.sql
