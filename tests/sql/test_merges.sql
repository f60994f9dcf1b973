-- Merges: who is one customer with whom, in any order of arrival; both histories derive as one,
-- and apart again.
\ir setup.sql
\ir verified.sql

-- A customer in a few words: who it is, who was merged into it, attributes, visits, purchases.
create function pg_temp.told(named text)
returns text
language sql
as $$
    select concat_ws(' | ', c.shown ->> 'customer',
                     (select string_agg(m, ' ') from json_array_elements_text(c.shown -> 'merged') m),
                     nullif(c.shown ->> 'attributes', '{}'),
                     (select string_agg(concat_ws(' ', s.name, v.kind, to_char(v.entered_at, 'DD')),
                                        ', ' order by v.ordinal)
                      from lifecycle.visit v join lifecycle.stage s using (stage)
                      where v.bucket = f.bucket and v.customer_id = f.customer_id),
                     (select string_agg(concat_ws(' ', p.order_id, p.amount), ', '
                                        order by p.occurred_at)
                      from lifecycle.purchase p
                      where p.bucket = f.bucket and p.customer_id = f.customer_id))
    from lifecycle.find_customer(named) f,
         lateral (select lifecycle.show_customer(named) as shown) c
$$;

create function pg_temp.merged(subject text, "into" text, at text, name text default null)
returns text
language sql
as $$
    select pg_temp.post(subject, 'customer.merged', at::timestamptz,
                        json_build_object('into', "into"), name)
$$;

create function pg_temp.unmerged(subject text, "into" text, at text, name text default null)
returns text
language sql
as $$
    select pg_temp.post(subject, 'customer.unmerged', at::timestamptz,
                        json_build_object('into', "into"), name)
$$;

create function pg_temp.void(name text)
returns text
language sql
as $$
    select pg_temp.post(null, 'event.voided', '2025-02-01T00:00Z', json_build_object('id', name))
$$;

create function pg_temp.bought(subject text, day integer, amount bigint)
returns text
language sql
as $$
    select pg_temp.post(subject, 'sell.order.placed', make_timestamptz(2025, 1, day, 0, 0, 0, 'UTC'),
        json_build_object('order_id', 'o' || day, 'amount', amount, 'currency', 'EUR', 'units', 1),
        subject || day)
$$;

-- What statements tell about customers, if it is the same in whatever order they come.
create function pg_temp.in_order(statements text[], customers text[])
returns text
language plpgsql
as $$
declare
    one text;
    told text;
begin
    foreach one in array statements loop
        execute 'select ' || one;
    end loop;
    select string_agg(pg_temp.told(c), '; ' order by n) || ', differences ' || pg_temp.differences()
    into told
    from unnest(customers) with ordinality c (c, n);
    raise exception using message = told, errcode = 'P0001';
exception
    when sqlstate 'P0001' then
        return told;
end
$$;

create function pg_temp.in_any_order(statements text[], customers text[])
returns text
language sql
as $$
    with recursive arranged (statements, rest) as (
        select '{}'::text[], statements
        union all
        select a.statements || a.rest[i], a.rest[:i - 1] || a.rest[i + 1:]
        from arranged a, generate_series(1, cardinality(a.rest)) i
    )
    select string_agg(distinct pg_temp.in_order(a.statements, customers), ' or ')
    from arranged a
    where a.rest = '{}'
$$;

select pg_temp.is(pg_temp.in_any_order(statements, customers),
                  wanted || ', differences 0', name)
from (values
    ('two customers are one',
     array[$$pg_temp.bought('A', 5, 10)$$, $$pg_temp.bought('B', 3, 20)$$,
           $$pg_temp.post('A', 'find.lead.created', '2025-01-04T00:00Z')$$,
           $$pg_temp.merged('A', 'B', '2025-01-09T00:00Z')$$], array['A', 'B'],
     'B | A | sell enter 03, find regress 04, sell advance 05 | o3 20, o5 10; '
     'B | A | sell enter 03, find regress 04, sell advance 05 | o3 20, o5 10'),
    ('and two again',
     array[$$pg_temp.bought('A', 5, 10)$$, $$pg_temp.bought('B', 3, 20)$$,
           $$pg_temp.merged('A', 'B', '2025-01-09T00:00Z')$$,
           $$pg_temp.unmerged('A', 'B', '2025-01-10T00:00Z')$$], array['A', 'B'],
     'A | sell enter 05 | o5 10; B | sell enter 03 | o3 20'),
    ('a merge that was voided never was',
     array[$$pg_temp.bought('A', 5, 10)$$, $$pg_temp.bought('B', 3, 20)$$,
           $$pg_temp.merged('A', 'B', '2025-01-09T00:00Z', 'merge')$$,
           $$pg_temp.void('merge')$$], array['A', 'B'],
     'A | sell enter 05 | o5 10; B | sell enter 03 | o3 20'),
    ('nor was an end that was voided',
     array[$$pg_temp.bought('A', 5, 10)$$, $$pg_temp.merged('A', 'B', '2025-01-09T00:00Z')$$,
           $$pg_temp.unmerged('A', 'B', '2025-01-10T00:00Z', 'end')$$,
           $$pg_temp.void('end')$$], array['A'], 'B | A | sell enter 05 | o5 10'),
    ('a chain has one end',
     array[$$pg_temp.merged('A', 'B', '2025-01-09T00:00Z')$$,
           $$pg_temp.merged('B', 'C', '2025-01-08T00:00Z')$$,
           $$pg_temp.merged('C', 'D', '2025-01-07T00:00Z')$$, $$pg_temp.bought('A', 5, 10)$$,
           $$pg_temp.bought('C', 3, 20)$$], array['A', 'D'],
     'D | A B C | sell enter 03 | o3 20, o5 10; D | A B C | sell enter 03 | o3 20, o5 10'),
    ('a chain breaks where it is broken',
     array[$$pg_temp.merged('A', 'B', '2025-01-09T00:00Z')$$,
           $$pg_temp.merged('B', 'C', '2025-01-08T00:00Z')$$,
           $$pg_temp.unmerged('B', 'C', '2025-01-10T00:00Z')$$, $$pg_temp.bought('A', 5, 10)$$,
           $$pg_temp.bought('C', 3, 20)$$], array['A', 'C'],
     'B | A | sell enter 05 | o5 10; C | sell enter 03 | o3 20'),
    ('of a circle the latest merge has no effect',
     array[$$pg_temp.merged('A', 'B', '2025-01-09T00:00Z')$$,
           $$pg_temp.merged('B', 'C', '2025-01-11T00:00Z')$$,
           $$pg_temp.merged('C', 'A', '2025-01-10T00:00Z')$$, $$pg_temp.bought('C', 5, 10)$$,
           $$pg_temp.merged('D', 'C', '2025-01-12T00:00Z')$$], array['A', 'D'],
     'B | A C D | sell enter 05 | o5 10; B | A C D | sell enter 05 | o5 10'),
    ('until another one of the circle ends',
     array[$$pg_temp.merged('A', 'B', '2025-01-09T00:00Z', 'first')$$,
           $$pg_temp.merged('B', 'C', '2025-01-11T00:00Z')$$,
           $$pg_temp.merged('C', 'A', '2025-01-10T00:00Z')$$, $$pg_temp.void('first')$$,
           $$pg_temp.bought('B', 5, 10)$$], array['B'], 'A | B C | sell enter 05 | o5 10'),
    ('of several merges the latest holds',
     array[$$pg_temp.merged('A', 'B', '2025-01-09T00:00Z')$$,
           $$pg_temp.merged('A', 'C', '2025-01-11T00:00Z', 'latest')$$,
           $$pg_temp.merged('A', 'D', '2025-01-10T00:00Z')$$,
           $$pg_temp.merged('A', 'E', '2025-01-12T00:00Z', 'voided')$$, $$pg_temp.void('voided')$$],
     array['A', 'B', 'D', 'E'], 'C | A; B; D; E'),
    ('an order is cancelled under another name',
     array[$$pg_temp.bought('A', 5, 10)$$,
           $$pg_temp.post('B', 'sell.order.cancelled', '2025-01-06T00:00Z', '{"order_id": "o5"}')$$,
           $$pg_temp.merged('A', 'B', '2025-01-09T00:00Z')$$, $$pg_temp.bought('B', 3, 20)$$],
     array['A'], 'B | A | sell enter 03 | o3 20'),
    ('and stands again when the two part',
     array[$$pg_temp.bought('A', 5, 10)$$,
           $$pg_temp.post('B', 'sell.order.cancelled', '2025-01-06T00:00Z', '{"order_id": "o5"}')$$,
           $$pg_temp.merged('A', 'B', '2025-01-09T00:00Z')$$,
           $$pg_temp.unmerged('A', 'B', '2025-01-10T00:00Z')$$],
     array['A', 'B'], 'A | sell enter 05 | o5 10; B'),
    ('attributes are merged by their times',
     array[$$pg_temp.post('A', 'customer.attributes_changed', '2025-01-03T00:00Z',
                          '{"attributes": {"x": 3, "y": {"a": 3}}}')$$,
           $$pg_temp.post('B', 'customer.identified', '2025-01-02T00:00Z',
                          '{"attributes": {"x": 2, "y": {"b": 2}}}')$$,
           $$pg_temp.merged('A', 'B', '2025-01-01T00:00Z')$$,
           $$pg_temp.post('B', 'customer.attributes_changed', '2025-01-04T00:00Z',
                          '{"attributes": {"y": {"a": null}, "z": 4}}')$$],
     array['A'], 'B | A | {"x": 3, "y": {"b": 2}, "z": 4}'))
    m (name, statements, customers, wanted);

-- By identifiers: into oneself by another name, and into a customer by another name.
select pg_temp.is(pg_temp.post(e.subject, e.type, e.at::timestamptz, e.data::json), 'created', e.type)
from (values
    ('S', 'customer.identified', '2025-01-01T00:00Z', '{"identifiers": ["n:s"]}'),
    ('S', 'customer.merged', '2025-01-02T00:00Z', '{"into": "n:s"}'),
    ('T', 'customer.merged', '2025-01-02T00:00Z', '{"into": "n:s"}'),
    ('T', 'customer.identified', '2025-01-03T00:00Z', '{"identifiers": ["n:t", "n:s"]}'),
    ('n:t', 'find.lead.created', '2025-01-04T00:00Z', '{}')) e (subject, type, at, data);
select pg_temp.is(pg_temp.told('n:t'), 'S | T | find enter 04', 'identifiers of joined customers');
select pg_temp.is(pg_temp.unmerged('n:t', 'S', '2025-01-05T00:00Z'), 'created', 'part them');
select pg_temp.is(pg_temp.told('T') || '; ' || pg_temp.told('n:s'), 'T | find enter 04; S',
                  'each keeps its own');
select pg_temp.is(pg_temp.differences(), 0, 'the ledger tells all of it');

-- In one batch: the senders are told what holds after all of it.
select pg_temp.is(
    (select string_agg(concat_ws(' ', r.outcome, r.customer, r.stage, r.moved_from, r.moved_to,
                                 r.move), ', ' order by r.position)
     from lifecycle.record_events(
         array[md5('b1'), md5('b2'), md5('b3')]::uuid[], '{t,t,t}', '{b1,b2,b3}', '{U,V,U}',
         array[207, 102, 703]::smallint[],
         '{2025-01-02T00:00Z,2025-01-01T00:00Z,2025-01-03T00:00Z}', '{null,null,null}',
         '{1,null,null}', '{EUR,null,null}', '{1,null,null}', '{o1,null,V}', '{null,null,null}',
         '{null,null,null}', '{f,f,f}', '{"{}","{}","{}"}') r),
    'created V sell find sell advance, created V sell find enter, created V sell',
    'a merge in the batch of the events it joins');
select pg_temp.is(pg_temp.told('U'), 'V | U | find enter 01, sell advance 02 | o1 1', 'is derived');
select pg_temp.is(pg_temp.differences(), 0, 'the ledger tells all of it');

-- Through the API.
create function pg_temp.make(customer text, "into" text, name text)
returns text
language sql
as $$
    select concat_ws(' ', m ->> 'customer', m ->> 'into', m ->> 'state')
    from lifecycle.make_merge(json_build_object('customer', customer, 'into', "into"),
                              md5(name)::uuid, name) m
$$;

create function pg_temp.states(named text default null)
returns text
language sql
as $$
    select string_agg(concat_ws(' ', m ->> 'customer', m ->> 'into', m ->> 'state'), ', '
                      order by m ->> 'customer', m ->> 'into', m ->> 'merged_at')
    from lifecycle.list_merges(named, 1000, null) l, json_array_elements(l.page -> 'data') m
$$;

select count(*) from (select pg_temp.bought(c, 7, 1) from unnest('{W,X,Y,Z}'::text[]) c) b \g /dev/null
select pg_temp.is(pg_temp.make('W', 'X', 'm1'), 'W X in_force', 'a merge is made');
select pg_temp.is(pg_temp.refusal(format('select pg_temp.make(%L, %L, %L)', m.customer, m."into",
                                         'refused')), m.wanted, m.name)
from (values ('W', 'W', 'CL422 /into', 'into oneself'),
             ('W', 'Y', 'CL409 /customer', 'of a customer who is merged'),
             ('Y', 'W', 'CL409 /into', 'into a customer who is merged'),
             ('X', 'W', 'CL409 /into', 'in a circle'),
             ('nobody', 'W', 'CL422 /customer', 'of nobody'),
             ('X', 'nobody', 'CL422 /into', 'into nobody')) m (customer, "into", wanted, name);
select pg_temp.is(pg_temp.make('X', 'Y', 'm2'), 'X Y in_force', 'a chain is made');
select pg_temp.is(pg_temp.refusal($$select pg_temp.make('Y', 'W', 'refused')$$), 'CL409 /into',
                  'a longer circle');
select pg_temp.is(lifecycle.revert_merge(md5('m1')::uuid, '{}', md5('r1')::uuid, 'r1') ->> 'state',
                  'reverted', 'a merge is taken back');
select pg_temp.is(
    pg_temp.refusal($$select lifecycle.revert_merge(md5('m1')::uuid, '{}', md5('r2')::uuid, 'r2')$$),
    'CL409', 'once');
select pg_temp.is(
    lifecycle.revert_merge(md5('none')::uuid, '{}', md5('r2')::uuid, 'r2')::text, null,
    'what is no merge cannot be taken back');
select pg_temp.is(pg_temp.make('W', 'Z', 'm3'), 'W Z in_force', 'then it can be merged again');
select pg_temp.is(pg_temp.void('m3-of-another-source'), 'created', 'a void of another event');
select pg_temp.is(pg_temp.merged('Z', 'W', '2025-01-01T00:00Z', 'm4'), 'created', 'a circle, by event');
select pg_temp.is(pg_temp.states('Z'), 'W X reverted, W Z without_effect, Z W in_force',
                  'the latest of the circle has no effect, though it was there first');
select pg_temp.is(pg_temp.void('m4'), 'created', 'the event is voided');
select pg_temp.is(pg_temp.merged('Y', 'Z', '2025-01-01T00:00Z', 'm5'), 'created', 'a late merge');
select pg_temp.is(pg_temp.merged('Y', 'W', now()::text, 'm6'), 'created', 'and a later one');
select pg_temp.is(pg_temp.states('Z'),
    'W X reverted, W Z in_force, X Y in_force, Y W in_force, Y Z superseded, Z W voided',
    'what has become of each');
select pg_temp.is(pg_temp.told('X'), 'Z | W X Y | sell enter 07 | o7 1, o7 1, o7 1, o7 1',
                  'four are one');
select pg_temp.is(pg_temp.states('S'), 'S S without_effect, T S reverted', 'merges of a customer');
select pg_temp.is(pg_temp.states('nobody'), null, 'merges of nobody');
select pg_temp.is(pg_temp.walked('lifecycle.list_merges(null, $1, $2)', '{customer,into}'),
                  (select string_agg(concat_ws(' ', m ->> 'customer', m ->> 'into'), ', ')
                   from lifecycle.list_merges(null, 1000, null) l,
                        json_array_elements(l.page -> 'data') m), 'pages of any size');
select pg_temp.is(pg_temp.differences(), 0, 'the ledger tells all of it');
\ir teardown.sql
