-- The metrics of promise and support, worked by hand on the history of promise.sql.
\ir setup.sql
\o /dev/null
\ir promise.sql
select pg_temp.record(array_agg(pg_temp.posted(h) order by h.place)) from history h;

-- A metric's rows from January to March 2025, grouped or not.
create function pg_temp.told_by(name text, group_by text, zone text default null,
                                segment text default null)
returns text
language sql
as $$
    select string_agg(pg_temp.told(r.period, r."group", r.value, r.reason, r.numerator,
                                   r.denominator, r.n), ', ' order by r.number)
    from (select row_number() over () as number, r.*
          from json_to_recordset(metric.answer(name, '2025-01-01', '2025-04-01', 'month', zone,
                                               null, segment, group_by) -> 'data')
                   r (period text, "group" json, value numeric, numerator numeric,
                      denominator numeric, n bigint, reason text)) r
$$;
create function pg_temp.told_by(name text)
returns text
language sql
as $$
    select pg_temp.told_by(name, null)
$$;
\o

select pg_temp.is(pg_temp.told_by(name), wanted, name)
from (values
    ('csat', '2025-01 0.666667 2/3, 2025-02 1 1/1, 2025-03 empty_denominator 0/0'),
    ('nps',
     '2025-01 nps 25 1/4, 2025-01 promoters 2 (4), 2025-01 passives 1 (4), '
     '2025-01 detractors 1 (4), 2025-02 nps empty_denominator 0/0, 2025-02 promoters 0 (0), '
     '2025-02 passives 0 (0), 2025-02 detractors 0 (0), 2025-03 nps empty_denominator 0/0, '
     '2025-03 promoters 0 (0), 2025-03 passives 0 (0), 2025-03 detractors 0 (0)'),
    ('ces', '2025-01 0.828571 1.657143/2, 2025-02 empty_denominator 0/0, '
     '2025-03 empty_denominator 0/0'),
    ('sentiment', '2025-01 0.5 0.5/1, 2025-02 -1 -1/1, 2025-03 empty_denominator 0/0'),
    ('on_time_delivery', '2025-01 0.75 3/4, 2025-02 0 0/1, 2025-03 empty_denominator 0/0'),
    ('return_rate',
     '2025-01 orders 0.2 1/5, 2025-01 units 2 (1), 2025-02 orders 1 1/1, 2025-02 units 2 (1), '
     '2025-03 orders empty_denominator 0/0, 2025-03 units 0 (0)'),
    ('first_response',
     '2025-01 mean 3600 3600/1, 2025-01 median 3600 (1), 2025-01 p90 3600 (1), '
     '2025-01 waiting 1 (1), 2025-02 mean 5400 10800/2, 2025-02 median 3600 (2), '
     '2025-02 p90 7200 (2), 2025-02 waiting 1 (1), 2025-03 mean empty_denominator 0/0, '
     '2025-03 median empty_denominator (0), 2025-03 p90 empty_denominator (0), '
     '2025-03 waiting 1 (1)'),
    ('resolution_time',
     '2025-01 mean 86400 86400/1, 2025-01 median 86400 (1), 2025-01 p90 86400 (1), '
     '2025-01 open 2 (2), 2025-02 mean 993600 1987200/2, 2025-02 median 86400 (2), '
     '2025-02 p90 1900000 (2), 2025-02 open 2 (2), 2025-03 mean empty_denominator 0/0, '
     '2025-03 median empty_denominator (0), 2025-03 p90 empty_denominator (0), '
     '2025-03 open 2 (2)'),
    ('reopen_rate', '2025-01 0.5 1/2, 2025-02 0 0/1, 2025-03 empty_denominator 0/0'),
    ('winback_rate', '2025-01 1 1/1, 2025-02 0 0/1, 2025-03 empty_denominator 0/0'),
    -- January: A and B purchase; February and March: nobody, and there is no MRR
    ('contact_rate', '2025-01 1.5 3/2, 2025-02 empty_denominator 2/0, '
     '2025-03 empty_denominator 0/0'),
    ('referral_rate', '2025-01 1 2/2, 2025-02 empty_denominator 1/0, '
     '2025-03 empty_denominator 0/0'),
    ('referral_conversion', '2025-01 0.5 1/2, 2025-02 0 0/1, 2025-03 empty_denominator 0/0'),
    ('advocates',
     '2025-01 advocates 2 (2), 2025-01 new 2 (2), 2025-02 advocates 3 (3), 2025-02 new 1 (1), '
     '2025-03 advocates 3 (3), 2025-03 new 0 (0)')) w (name, wanted);
select pg_temp.is(
    (select string_agg(told, ', ' order by number)
     from regexp_split_to_table(pg_temp.told_by('offer_response'), ', ')
          with ordinality t (told, number)
     where told !~ 'empty_denominator| \(0\)$'),
    '2025-01 upsell accepted 0.5 1/2, 2025-01 upsell declined 0.5 1/2, 2025-01 upsell open 0 (2), '
    '2025-01 winback accepted 1 1/1, 2025-01 winback declined 0 0/1, 2025-01 winback open 0 (1), '
    '2025-02 cross_sell accepted 1 1/1, 2025-02 cross_sell declined 0 0/1, '
    '2025-02 cross_sell open 0 (1), 2025-02 winback accepted 0 0/1, '
    '2025-02 winback declined 0 0/1, 2025-02 winback open 1 (1), '
    '2025-02 save accepted 0 0/1, 2025-02 save declined 1 1/1, 2025-02 save open 0 (1)',
    'offer_response');
select pg_temp.is(pg_temp.told_by('on_time_delivery', null, 'Europe/Berlin'),
    '2025-01 0.5 2/4, 2025-02 0 0/1, 2025-03 empty_denominator 0/0',
    'a promised day is a day of the zone asked for');

-- The same from the facts as from the roll-ups; and nothing at all.
create temp table promised as
    select unnest('{csat,nps,ces,sentiment,on_time_delivery,return_rate,first_response,
                    resolution_time,reopen_rate,contact_rate,winback_rate,referral_rate,
                    referral_conversion,advocates,offer_response}'::text[]) as name;
select pg_temp.is(
    (select string_agg(p.name, ' ')
     from promised p
     where pg_temp.told_by(p.name) is distinct from pg_temp.told_by(p.name, null, 'Etc/UTC')),
    null, 'every metric says the same from the facts');
select pg_temp.is(
    (select string_agg(p.name || ' ' || i.name, ', ')
     from promised p, unnest('{day,week,month,quarter,year,null}'::text[]) i (name)
     where pg_temp.told(p.name, '2024-12-05', '2025-02-14', i.name, 'UTC')
           is distinct from pg_temp.told(p.name, '2024-12-05', '2025-02-14', i.name, 'Etc/UTC')),
    null, 'by every interval');
select pg_temp.is(
    (select string_agg(concat_ws(' ', p.name, r.value, r.reason), ', ')
     from promised p,
          json_to_recordset(metric.answer(p.name, '1999-01-01', '1999-03-01', null, null, null)
                                -> 'data') r (value numeric, reason text, numerator numeric, n bigint)
     where r.n <> 0 or r.numerator <> 0 or r.value <> 0
        or (r.value is null) <> (r.reason is not distinct from 'empty_denominator')),
    null, 'a window before everything has nothing, and says why');

-- By what customers are.
\o /dev/null
insert into lifecycle.setting values ('group_attributes', '["size"]');
select pg_temp.post('A', 'customer.attributes_changed', '2025-01-01T00:00Z',
                    '{"attributes": {"size": "large"}}');
select pg_temp.post('B', 'customer.attributes_changed', '2025-01-01T00:00Z',
                    '{"attributes": {"size": "small"}}');
\o
select pg_temp.is(pg_temp.told_by('csat', 'attribute:size'),
    '2025-01 large 1 1/1, 2025-01 small 1 1/1, 2025-01 none 0 0/1, 2025-02 large 1 1/1, '
    '2025-02 small empty_denominator 0/0, 2025-02 none empty_denominator 0/0, '
    '2025-03 large empty_denominator 0/0, 2025-03 small empty_denominator 0/0, '
    '2025-03 none empty_denominator 0/0', 'by an attribute of the customers');
select pg_temp.is(
    (select string_agg(concat_ws(' ', p.name, r.period, r."group"), ', ')
     from promised p,
          json_to_recordset(metric.answer(p.name, '2025-01-01', '2025-04-01', 'month', null, null)
                                -> 'data') r (period text, "group" jsonb, numerator numeric,
                                              denominator numeric, n bigint),
          lateral (select sum(g.numerator) as numerator, sum(g.denominator) as denominator,
                          sum(g.n) as n
                   from json_to_recordset(metric.answer(p.name, '2025-01-01', '2025-04-01', 'month',
                                                        null, null, null, 'attribute:size')
                                              -> 'data')
                            g (period text, "group" jsonb, numerator numeric,
                               denominator numeric, n bigint)
                   where g.period = r.period
                     and g."group" - 'attribute:size' = coalesce(r."group", '{}')) s
     where (r.numerator, r.denominator, r.n)
           is distinct from (s.numerator, s.denominator, s.n)),
    null, 'the groups add up to the whole');

-- The customers behind a row, of January and February apart.
select pg_temp.is(
    (select string_agg(concat_ws(' ', g.chosen ->> 'attribute:size', m.measure, s.since, c.ref),
                       ', ' order by s.since, m.measure, c.ref)
     from (values ('2025-01-01'::date), ('2025-02-01')) s (since),
          (values ('advocates'), ('new')) m (measure),
          (values ('large'), (null)) k (size),
          lateral (select json_build_object('attribute:size', k.size, 'measure', m.measure)
                              as chosen) g,
          lateral (select q
                   from metric.resolve('advocates', jsonb_build_object(
                            'from', s.since, 'to', s.since + 28, 'interval', 'month',
                            'group_by', 'attribute:size')) q) q,
          lateral metric.members_of_advocates(q.q, g.chosen) x
          join lifecycle.customer c on c.bucket = x.bucket and c.customer_id = x.customer_id),
    'large advocates 2025-01-01 A, large new 2025-01-01 A, large advocates 2025-02-01 A, '
    'advocates 2025-02-01 C, new 2025-02-01 C', 'the advocates behind a row');
\o /dev/null
select pg_temp.post('C', 'bill.subscription.started', '2025-02-10T00:00Z',
                    '{"subscription_id": "t", "plan": "basic", "amount": 10, "currency": "EUR",
                      "interval": "month"}');
\o
select pg_temp.is(pg_temp.told_by('contact_rate'), '2025-01 1.5 3/2, 2025-02 2 2/1, 2025-03 0 0/1',
                  'where MRR has more customers, those are the active ones');
select pg_temp.is(
    (select string_agg(concat_ws(' ', s.since, c.ref), ', ' order by s.since, c.ref)
     from (values ('2025-01-01'::date), ('2025-02-01'), ('2025-03-01')) s (since),
          lateral (select q
                   from metric.resolve('contact_rate', jsonb_build_object(
                            'from', s.since, 'to', (s.since + interval '1 month')::date)) q) q,
          lateral metric.members_of_contact_rate(q.q, null) x
          join lifecycle.customer c on c.bucket = x.bucket and c.customer_id = x.customer_id),
    '2025-01-01 A, 2025-01-01 B, 2025-02-01 C, 2025-03-01 C', 'the active customers behind a row');
\ir teardown.sql
