-- Segments: what a condition may be and what is told where it is not, conditions against plain SQL
-- over random customers, names and values that would be SQL, and what is warned of.
\ir setup.sql

create function pg_temp.is(got boolean, wanted boolean, name text)
returns text
language sql
as $$
    select pg_temp.is(got::text, wanted::text, name)
$$;

create function pg_temp.faults(given text)
returns text
language sql
as $$
    select coalesce(string_agg(f.pointer || ' ' || f.detail, E'\n' order by f.ordinality), 'none')
    from unnest(lifecycle.segment_faults(given::jsonb)) with ordinality f
$$;

select pg_temp.is(pg_temp.faults(c.given), c.wanted, 'checked: ' || c.given)
from (values
    ('{"where": {"field": "frequency", ">=": 2}}', 'none'),
    ('{"title": null, "where": {"field": "amount", "currency": "EUR", "between": [0, 10]}}', 'none'),
    ('{"where": {"field": "attributes.a.b", "=": true}, "name": "x", "warning": null,
       "created_at": "", "changed_at": ""}', 'none'),
    ('{"where": {"and": [{"or": [{"not": {"field": "stage", "in": ["sell", "bill"]}}]},
                         {"field": "last_purchase", "within": 30},
                         {"field": "first_purchase", "<": "2025-02-28"},
                         {"field": "time_in_stage", "stage": "sell", ">": 86400.5},
                         {"field": "gap_mean", "exists": false}]}}', 'none'),
    ('{"title": " x", "wher": 1}',
     E'/wher unknown member; there are title and where\n'
     '/title must be a text of 1 to 100 characters, or null\n'
     '/where must be an object: and, or, not, or a field that is compared'),
    ('{"where": {"and": []}}', '/where/and must be an array of 1 to 100 conditions'),
    ('{"where": {"or": {"field": "frequency", "=": 1}}}',
     '/where/or must be an array of 1 to 100 conditions'),
    ('{"where": {"and": [1, {"not": []}], "or": []}}', '/where must have nothing beside and'),
    ('{"where": {"and": [1, {"not": []}]}}',
     E'/where/and/0 must be an object: and, or, not, or a field that is compared\n'
     '/where/and/1/not must be an object: and, or, not, or a field that is compared'),
    ('{"where": {"not":{"not":{"not":{"not":{"not":{"not":{"field":"frequency","=":1}}}}}}}}', 'none'),
    ('{"where": {"not":{"not":{"not":{"not":{"not":{"not":{"not":{"field":"frequency","=":1}}}}}}}}}',
     '/where/not/not/not/not/not/not is more than 6 levels deep'),
    ('{"where": {"field": "frequency"}}',
     '/where must have one of =, <>, <, <=, >, >=, in, between, exists'),
    ('{"where": {"field": "frequency", ">": 1, "<": 5}}',
     '/where must have one of =, <>, <, <=, >, >=, in, between, exists'),
    ('{"where": {"field": "stage", ">": "sell"}}', '/where must have one of =, <>, in, exists'),
    ('{"where": {"field": "frequency", "=": "2"}}', '/where/= must be a number'),
    ('{"where": {"field": "frequency", "=": null}}', '/where/= must be a number'),
    ('{"where": {"field": "frequency", "in": []}}', '/where/in must be an array of 1 to 1000 values'),
    ('{"where": {"field": "frequency", "in": [1, "2", null]}}',
     E'/where/in/1 must be a number\n/where/in/2 must be a number'),
    ('{"where": {"field": "frequency", "between": [1]}}',
     '/where/between must be an array of two values: the first and the last'),
    ('{"where": {"field": "attributes.x", "in": ["a", 1]}}',
     '/where/in/1 must be a text of at most 256 characters'),
    ('{"where": {"field": "attributes.x", "=": {"a": 1}}}',
     '/where/= must be a text of at most 256 characters, a number, true or false'),
    ('{"where": {"field": "amount", "currency": "eur", ">": 19.99, "stage": "sell"}}',
     E'/where/stage unknown member; there are field, currency and one operator\n'
     '/where/currency must be a currency code of ISO 4217\n'
     '/where/> must be a whole number, in minor units of the currency'),
    ('{"where": {"field": "amount", ">": 1}}', '/where/currency must be a currency code of ISO 4217'),
    ('{"where": {"field": "frequency", "currency": "EUR", ">": 1}}',
     '/where/currency unknown member; there are field and one operator'),
    ('{"where": {"field": "visits", "stage": "nowhere", ">": 1}}',
     '/where/stage must be the name of a stage'),
    ('{"where": {"field": "stage", "=": "nowhere"}}', '/where/= must be the name of a stage'),
    ('{"where": {"field": "last_purchase", "=": "2025-02-29"}}',
     '/where/= must be a date, as 2026-03-14'),
    ('{"where": {"field": "last_purchase", "within": 1.5}}',
     '/where/within must be a whole number of days from 1 to 36500'),
    ('{"where": {"field": "gap_mean", "exists": 1}}', '/where/exists must be true or false')
    ) c (given, wanted);

select pg_temp.is(left(pg_temp.faults(f.given), 40), '/where/field must be one of attributes.<',
                  'no such field: ' || f.given)
from (values ('{"where": {}}'), ('{"where": {"field": 1, "=": 1}}'),
             ('{"where": {"field": "attributes.", "=": 1}}'),
             ('{"where": {"field": "Frequency", "=": 1}}'),
             ('{"where": {"field": "frequency; drop table lifecycle.event", "=": 1}}'))
     f (given);
select pg_temp.is(
    pg_temp.faults(jsonb_build_object('where', jsonb_build_object('and', (
        select jsonb_agg(jsonb_build_object('or', (
            select jsonb_agg('{"field": "frequency", "=": 1}'::jsonb) from generate_series(1, 51))))
        from generate_series(1, 2))))::text),
    '/where has more than 100 comparisons', 'there is a limit on comparisons');

-- Random customers; the dates are before today, so that days from today can be asked for.
select setseed(0.42);
select pg_temp.is(pg_temp.record(array(
    select json_build_object('id', 'a' || i, 'subject', 'c' || i, 'type', 'customer.identified',
                             'time', now() - interval '400 days', 'data', json_build_object(
               'attributes', case (i * 7) % 5
                   when 0 then '{}'::json
                   when 1 then json_build_object('country', 'DE', 'age', i % 60)
                   when 2 then json_build_object('country', 'AT', 'age', i % 60 || '')
                   when 3 then json_build_object('country', 'o''r\' || '"1', 'vip', i % 2 = 0)
                   else json_build_object('country', 1, 'x'' or true --', 'yes')
               end))
    from generate_series(1, 200) i)), 200, 'customers are known by their attributes');
select pg_temp.is(pg_temp.record(array(
    select json_build_object('id', 'o' || i, 'subject', 'c' || ceil(200 * power(random(), 2)),
                             'type', 'sell.order.placed',
                             'time', now() - random() * interval '390 days',
                             'data', json_build_object(
               'order_id', i::text, 'amount', round(10000 * random()), 'units', i % 4,
               'currency', case when random() < 0.8 then 'EUR' else 'USD' end))
    from generate_series(1, 500) i)), 500, 'and purchase');
select pg_temp.is(pg_temp.record(array(
    select json_build_object('id', 'p' || i, 'subject', 'c' || i, 'type', 'bill.payment.succeeded',
                             'time', now() - interval '20 days', 'data', json_build_object(
               'payment_id', i::text, 'amount', 100 * i, 'currency', 'EUR',
               'cost', json_build_object('amount', i % 7, 'currency', 'EUR')))
    from generate_series(1, 200, 3) i)), 67, 'and pay');
select pg_temp.is(pg_temp.record(array(
    select json_build_object('id', 'l' || i, 'subject', 'c' || i, 'type', 'find.lead.created',
                             'time', now() - interval '395 days', 'data', json_build_object(
               'channel', case i % 2 when 0 then 'ad' else 'email' end, 'campaign', 'spring ' || i % 3))
    from generate_series(1, 200, 2) i
    union all
    select json_build_object('id', 's' || i, 'subject', 'c' || i,
                             'type', 'bill.subscription.started',
                             'time', now() - interval '10 days', 'data', json_build_object(
               'subscription_id', 's' || i, 'plan', 'basic', 'amount', 10 * i, 'currency', 'EUR',
               'interval', 'month'))
    from generate_series(1, 200, 4) i
    union all
    select json_build_object('id', 'k' || i, 'subject', 'c' || (i % 50 + 1),
                             'type', 'support.case.opened', 'time', now() - interval '5 days',
                             'data', json_build_object('case_id', 'k' || i))
    from generate_series(1, 70) i)), 220, 'are won through channels, subscribe and have cases');
select pg_temp.post('c1', 'customer.merged', now() - interval '1 day', '{"into": "c2"}');

-- What there is to compare with, by plain SQL of a shape of its own.
create temp table plain as
select c.bucket, c.customer_id, coalesce(a.attributes, '{}') as attributes, s.stage,
       d.days, d.first, d.last, p.purchases, p.eur, r.received, k.cost, g.mean, b.billed,
       w.channel, w.campaign, w.acquired_at, h.cases, m.mrr
from lifecycle.customer c
left join lifecycle.customer_attributes a using (bucket, customer_id)
cross join lateral (select count(*) as days, min(x.day) as first, max(x.day) as last
                    from lifecycle.purchase_day x where x.customer_id = c.customer_id) d
cross join lateral (select count(*) as purchases,
                           sum(case x.currency when 'EUR' then x.amount end) as eur
                    from lifecycle.purchase x where x.customer_id = c.customer_id) p
cross join lateral (select sum(x.amount) as received
                    from lifecycle.revenue x where x.customer_id = c.customer_id) r
cross join lateral (select sum(x.amount) as cost
                    from lifecycle.cost x where x.customer_id = c.customer_id) k
cross join lateral (select sum(x.day - x.previous)::numeric / nullif(count(x.previous), 0) as mean
                    from lifecycle.purchase_day x where x.customer_id = c.customer_id) g
cross join lateral (select coalesce(sum(coalesce(x.left_at, now()) - x.entered_at), '0') as billed
                    from lifecycle.visit x where x.customer_id = c.customer_id and x.stage = 4) b
left join lifecycle.acquisition w
  on w.bucket = c.bucket and w.customer_id = c.customer_id
cross join lateral (select count(*) as cases
                    from lifecycle.support_case x where x.customer_id = c.customer_id) h
left join lateral (select (x.movements[cardinality(x.movements)]).after as mrr
                   from lifecycle.mrr x where x.customer_id = c.customer_id) m on true
left join lateral (select n.name as stage
                   from lifecycle.visit v join lifecycle.stage n using (stage)
                   where v.customer_id = c.customer_id and v.left_at is null) s on true
where c.root_id is null;
select pg_temp.is(count(*), 199, 'a merged customer is not one of them') from plain;

create temp table given (number integer generated always as identity, condition jsonb, plain text);
insert into given (condition, plain)
values
    ('{"field": "attributes.country", "=": "DE"}', $$attributes @> '{"country": "DE"}'$$),
    ('{"field": "attributes.country", "<>": "DE"}',
     $$attributes ->> 'country' <> 'DE' and attributes -> 'country' <> '1'$$),
    ('{"field": "attributes.country", "in": ["AT", "o''r\\\"1"]}',
     $$attributes ->> 'country' in ('AT', 'o''r\"1')$$),
    ('{"field": "attributes.country", "=": 1}', $$attributes -> 'country' = '1'$$),
    ('{"field": "attributes.age", "between": [10, 40]}',
     $$case jsonb_typeof(attributes -> 'age') when 'number'
       then (attributes -> 'age')::int between 10 and 40 end$$),
    ('{"field": "attributes.age", "<": "3"}',
     $$case jsonb_typeof(attributes -> 'age') when 'string'
       then attributes ->> 'age' < '3' collate "C" end$$),
    ('{"field": "attributes.vip", "=": true}', $$attributes -> 'vip' = 'true'$$),
    ('{"field": "attributes.vip", "exists": true}', $$attributes ? 'vip'$$),
    ('{"field": "attributes.x'' or true --", "=": "yes"}', $$attributes ->> 'x'' or true --' = 'yes'$$),
    ('{"field": "attributes.country", "=": "'' or ''1''=''1"}', 'false'),
    ('{"field": "attributes.$1", "exists": true}', 'false'),
    ('{"field": "stage", "=": "bill"}', $$stage = 'bill'$$),
    ('{"field": "stage", "<>": "bill"}', $$stage <> 'bill'$$),
    ('{"field": "visits", "stage": "sell", ">=": 1}', 'purchases > 0'),
    ('{"field": "time_in_stage", "stage": "bill", ">": 1000000}', $$billed > interval '1000000 seconds'$$),
    ('{"field": "frequency", "in": [0, 2, 3]}', 'days in (0, 2, 3)'),
    ('{"field": "frequency", "<": 2}', 'days < 2'),
    ('{"field": "purchases", "=": 1}', 'purchases = 1'),
    ('{"field": "recency", ">": 100}', '(now() at time zone ''UTC'')::date - last > 100'),
    ('{"field": "last_purchase", "within": 60}', 'last > (now() at time zone ''UTC'')::date - 60'),
    ('{"field": "first_purchase", ">=": "2025-01-01"}', $$first >= '2025-01-01'$$),
    ('{"field": "life_span", "between": [1, 200]}', 'last - first between 1 and 200'),
    ('{"field": "gap_mean", "<=": 30.5}', 'mean <= 30.5'),
    ('{"field": "gap_mean", "exists": false}', 'days < 2'),
    ('{"field": "amount", "currency": "EUR", ">": 9000}', 'eur > 9000'),
    ('{"field": "amount", "currency": "JPY", "exists": true}', 'false'),
    ('{"field": "revenue", "currency": "EUR", "<": 9000}', 'received < 9000'),
    ('{"field": "cost", "currency": "EUR", "=": 0}', 'cost = 0'),
    ('{"field": "channel", "=": "ad"}', $$channel = 'ad'$$),
    ('{"field": "campaign", "in": ["spring 0", "spring 2"]}', $$campaign in ('spring 0', 'spring 2')$$),
    ('{"field": "acquired_at", "within": 100}',
     $$(acquired_at at time zone 'UTC')::date > (now() at time zone 'UTC')::date - 100$$),
    ('{"field": "acquired_at", "exists": true}', 'acquired_at is not null'),
    ('{"field": "mrr", "currency": "EUR", ">=": 800}', 'mrr >= 800'),
    ('{"field": "cases", ">": 0}', 'cases > 0');

create function pg_temp.differences(condition jsonb, plain text)
returns bigint
language plpgsql
as $$
declare
    differences bigint;
begin
    execute format('with told as (select * from lifecycle.who_meets(%1$L)),
                         wanted as (select bucket, customer_id from plain where %2$s)
                    select count(*) from ((table told except all table wanted)
                                          union all (table wanted except all table told)) d',
                   condition, plain)
    into differences;
    return differences;
end
$$;
select pg_temp.is(pg_temp.faults(jsonb_build_object('where', g.condition)::text), 'none',
                  'valid: ' || g.condition::text)
from given g
union all
select pg_temp.is(pg_temp.differences(g.condition, g.plain), 0, 'as plain SQL: ' || g.condition::text)
from given g
union all
select pg_temp.is(
    pg_temp.differences(jsonb_build_object('not', g.condition), format('(%s) is not true', g.plain)),
    0, 'all others: ' || g.condition::text)
from given g;

-- Any two joined by and and by or, in any mixture of not; and all at once.
select pg_temp.is(sum(pg_temp.differences(
           jsonb_build_object(w.word, jsonb_build_array(
               a.condition, jsonb_build_object('not', b.condition))),
           format('((%s) is true) %s ((%s) is not true)', a.plain, w.word, b.plain)))::bigint,
    0, 'each with each, by ' || w.word)
from given a, given b, (values ('and'), ('or')) w (word)
where (a.number + b.number) % 3 = 0
group by w.word;
select pg_temp.is(pg_temp.differences(
    jsonb_build_object('or', jsonb_agg(jsonb_build_object('and', jsonb_build_array(g.condition)))),
    string_agg(format('(%s) is true', g.plain), ' or ')), 0, 'all of them at once')
from given g;

-- By key, it is the same customers.
select pg_temp.is(sum(d.differences)::bigint, 0, 'looked up by key, a condition says the same')
from given g
cross join lateral (
    select count(*) as differences
    from lifecycle.who_meets(g.condition) a
    full join lifecycle.who_meets(g.condition,
                                  (select array_agg(p.bucket order by p.customer_id) from plain p),
                                  (select array_agg(p.customer_id order by p.customer_id)
                                   from plain p)) b using (bucket, customer_id)
    where a is null or b is null) d;

-- A field says of each customer what the customer's own metrics say.
create function pg_temp.unlike_metric(of_field text, of_label text, value numeric,
                                      labelled text)
returns bigint
language sql
as $$
    with told as (
        select m.bucket, m.customer_id
        from lifecycle.who_meets(
            jsonb_build_object('field', of_field, '=', unlike_metric.value)
            || case when labelled is not null then jsonb_build_object(labelled, of_label)
                    else '{}' end) m
    ),
    wanted as (
        select m.bucket, m.customer_id
        from lifecycle.measured m
        where m.measure = of_field and m.label = of_label and m.value = unlike_metric.value
    )
    select count(*) from ((table told except all table wanted)
                          union all (table wanted except all table told)) d
$$;
select pg_temp.is(
           sum(pg_temp.unlike_metric(f.field, v.label, v.value, f.labelled))::bigint, 0,
           'the same as the metric: ' || f.field)
from lifecycle.segment_fields() f
join (select distinct on (m.measure, m.label, m.value % 5) m.measure, m.label, m.value
      from lifecycle.measured m
      where m.value <> 0 and m.measure <> 'time_in_stage'
      order by m.measure, m.label, m.value % 5, m.value) v on v.measure = f.field
group by f.field
order by f.field;
select pg_temp.is(
    (select count(*) from lifecycle.customer_status s
     where not exists (select from lifecycle.who_meets(
                           jsonb_build_object('field', 'status', '=', s.status)) m
                       where m.customer_id = s.customer_id)), 0, 'everyone is of a status');

-- What a caller wrote is in no query.
select pg_temp.is(count(*), 0, 'no text of a condition gets into its SQL')
from (values ('{"field": "attributes.evil\"; --", "=": "evil"}'::jsonb),
             ('{"field": "amount", "currency": "evil", ">": 31337}'),
             ('{"field": "attributes.x", "in": ["evil", "'') or 1=1 --"]}')) c (condition)
where lifecycle.condition_query(c.condition, true) ~ 'evil|31337|1=1';

-- As a resource.
create function pg_temp.put(name text, given text, if_match text default null)
returns text
language sql
as $$
    select concat_ws(' ', p.document ->> 'name', p.is_new, p.document ->> 'warning')
    from lifecycle.put_segment(name, given::jsonb, if_match, null) p
$$;
select pg_temp.is(pg_temp.put('loyal', '{"where": {"field": "frequency", ">=": 2}}'), 'loyal t',
                  'a segment is made');
select pg_temp.is(pg_temp.refusal($$select pg_temp.put('loyal', '{"where": 1}')$$), 'CL428',
                  'what is there is changed with If-Match only');
select pg_temp.is(pg_temp.refusal($$select pg_temp.put('loyal', '{}', '"other"')$$), 'CL412',
                  'and with the right one');
select pg_temp.is(pg_temp.refusal($$select pg_temp.put('loyal', '{"where": 1}', '*')$$),
                  E'CL422 /where\tmust be an object: and, or, not, or a field that is compared',
                  'what is not valid is refused');
select pg_temp.is(
    pg_temp.put('loyal', '{"title": "Come back", "where": {"field": "frequency", ">=": 3}}',
                lifecycle.tag_of(lifecycle.show_segment('loyal')::text)),
    'loyal f', 'a segment is changed');
select pg_temp.is((select count(*) from lifecycle.segment_members('loyal')),
                  (select count(*) from plain where days >= 3), 'its members are those who meet it');
select pg_temp.is(pg_temp.refusal($$select * from lifecycle.segment_members('none')$$),
                  E'CL422 ?segment', 'there is no segment of this name');

-- A warning for one-time buyers.
select pg_temp.is(lifecycle.condition_warning(w.condition::jsonb) is not null, w.wanted,
                  'one-time buyers: ' || w.condition)
from (values
    ('{"field": "frequency", "=": 1}', true), ('{"field": "frequency", "<": 2}', true),
    ('{"field": "purchases", "<=": 1}', true), ('{"field": "frequency", "<": 3}', false),
    ('{"not": {"field": "frequency", ">": 1}}', true), ('{"not": {"field": "frequency", ">=": 3}}', false),
    ('{"and": [{"field": "frequency", "in": [0, 1]}, {"field": "stage", "exists": true}]}', true),
    ('{"or": [{"field": "frequency", "=": 1}, {"field": "stage", "=": "sell"}]}', false),
    ('{"field": "life_span", "=": 0}', true), ('{"field": "gap_mean", "exists": false}', true),
    ('{"field": "attributes.country", "=": "DE"}', false),
    ('{"and": [{"field": "frequency", "=": 1}, {"field": "attributes.none", "=": 1}]}', true),
    ('{"field": "attributes.none", "=": 1}', false)) w (condition, wanted);
select pg_temp.is(left(pg_temp.put('once', '{"where": {"field": "frequency", "=": 1}}'), 41),
                  'once t customers in it purchased once at ',
                  'a segment of one-time buyers carries a warning');

select pg_temp.is(pg_temp.walked('lifecycle.list_segments($1, $2)', '{name,title}'),
                  'loyal Come back, once', 'segments are listed by name');
select pg_temp.is(lifecycle.delete_segment('none', '*', null)::text, null, 'nothing to delete');
select pg_temp.is(pg_temp.refusal($$select lifecycle.delete_segment('once', null, null)$$), 'CL428',
                  'nothing is deleted without If-Match');
select pg_temp.is(lifecycle.delete_segment('once', '*', null) ->> 'name', 'once', 'deleted');
select pg_temp.is(lifecycle.show_segment('once')::text, null, 'it is gone');

-- Lists by filters are the same customers, by pages of any size, and by few looks for each.
select pg_temp.put('german', '{"where": {"field": "attributes.country", "=": "DE"}}');
create function pg_temp.listed(filters text, size integer)
returns bigint
language sql
as $$
    select count(distinct row ->> 'customer')
    from pg_temp.walk(format('lifecycle.list_customers(%s, $1, $2)', filters), size) row
$$;
create temp table filtered (filters text, wanted bigint);
insert into filtered
select f.filters, f.wanted
from (select count(*) filter (where attributes ->> 'country' = 'DE') as german,
             count(*) filter (where attributes ->> 'country' = 'DE' and stage = 'bill') as billed,
             count(*) filter (where channel = 'ad') as by_ad, count(*) as everyone
      from plain) p,
     lateral (values ($$null, null, 'german', null, null, null$$, p.german),
                     ($$'bill', null, 'german', null, null, null$$, p.billed),
                     ($$null, null, null, null, 'ad', null$$, p.by_ad),
                     ($$null, 'c', null, null, null, null$$, p.everyone),
                     ($$null, 'c', 'german', null, null, '2020-01-01'$$, p.german),
                     ($$null, null, null, null, null, '2099-01-01'$$, 0)) f (filters, wanted);
select pg_temp.is(pg_temp.listed(f.filters, s.size), f.wanted,
                  format('listed by %s, %s a page', f.filters, s.size))
from filtered f, (values (3), (1000)) s (size);
create or replace function lifecycle.page_looks() returns integer language sql as 'select 20';
select pg_temp.is(pg_temp.listed(f.filters, 7), f.wanted, 'with few looks: ' || f.filters)
from filtered f;

-- Who a question is about.
select pg_temp.is(
    (select string_agg(concat_ws(' ', coalesce(g.cell, 'none'), g.customers), ', ' order by g.cell collate "C")
     from (select p.cell, count(*) as customers
           from metric.population(q.question) p
           group by p.cell) g), q.wanted, q.name)
from (select jsonb_populate_record(null::metric.question, x.given) as question, x.wanted, x.name
      from (values
          ('{}'::jsonb, 'none 199', 'all canonical customers'),
          ('{"group_by": "attribute:country"}', '1 40, AT 39, DE 40, o''r\"1 40, none 40',
           'by an attribute'),
          ('{"group_by": "stage"}', 'none 199', 'not grouped by what customers are'),
          ('{"segment": "loyal"}',
           (select 'none ' || count(*) from plain where days >= 3), 'a segment')) x (given, wanted, name)) q;
\ir teardown.sql
