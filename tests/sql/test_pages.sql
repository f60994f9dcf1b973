-- Events, customers and pages of lists.
\ir setup.sql
create function pg_temp.customers(stage text, prefix text, size integer, cursor text)
returns table (page json, next_cursor text)
language sql
as $$
    select * from lifecycle.list_customers(stage, prefix, null, null, null, null, size, cursor)
$$;
\o /dev/null
select pg_temp.post('P' || c, 'find.lead.created', '2025-01-01T10:00Z')
from generate_series(1, 5) c;
select pg_temp.post('P1', type, at::timestamptz, data::json, id)
from (values ('deliver.fulfilment.started', '2025-01-02T10:00Z', '{}', 'a'),
             ('support.case.opened', '2025-01-02T10:00Z', '{"note": 49.90}', 'b'),
             ('support.case.opened', '2025-01-03T10:00:00.5Z', '{}', 'c'),
             ('event.voided', '2025-01-04T10:00Z', '{"source": "test", "id": "c"}', 'd'))
     e (type, at, data, id);
\o

select pg_temp.is(pg_temp.walked('pg_temp.customers(null, null, $1, $2)', '{customer,stage}'),
    (select string_agg(ref || case ref when 'P1' then ' support' else ' find' end, ', '
                       order by bucket, customer_id)
     from lifecycle.customer), 'all customers');
select pg_temp.is(pg_temp.walked($$pg_temp.customers('find', null, $1, $2)$$, '{customer}'),
    (select string_agg(ref, ', ' order by bucket, customer_id)
     from lifecycle.customer
     where ref <> 'P1'), 'the customers of a stage');
select pg_temp.is(pg_temp.walked(format('pg_temp.customers(%s, $1, $2)', s.filters),
                                 '{customer}'), s.wanted, 'customers by ' || s.filters)
from (values ($$null, 'P'$$, 'P1, P2, P3, P4, P5'), ($$null, 'P3'$$, 'P3'),
             ($$null, 'p'$$, null), ($$null, 'P%'$$, null), ($$'find', 'P'$$, 'P2, P3, P4, P5'),
             ($$'support', 'P'$$, 'P1'), ($$'support', 'P2'$$, null)) s (filters, wanted);
create or replace function lifecycle.page_looks() returns integer language sql as 'select 2';
select pg_temp.is(
    pg_temp.walked($$pg_temp.customers('support', 'P', $1, $2)$$, '{customer}'), 'P1',
    'looking at few names for a page');
create or replace function lifecycle.page_looks() returns integer language sql as 'select 10000';
select pg_temp.is(
    pg_temp.walked($$lifecycle.list_timeline('P1', $1, $2)$$, '{type,occurred_at,voided}'),
    'event.voided 2025-01-04T10:00:00Z false, '
    'support.case.opened 2025-01-03T10:00:00.500000Z true, '
    || (select string_agg(t.name || ' 2025-01-02T10:00:00Z false', ', '
                          order by e.event_id desc)
        from lifecycle.event e
        join lifecycle.event_type t using (type)
        where e.occurred_at = '2025-01-02T10:00Z')
    || ', find.lead.created 2025-01-01T10:00:00Z false', 'a timeline, the latest first');
select pg_temp.is(
    pg_temp.walked($$lifecycle.list_visits('P1', $1, $2)$$, '{stage,kind,cycle,seconds}'),
    'find enter 1 86400, deliver skip 1 0, support skip 1', 'visits, the earliest first');
select pg_temp.is(
    pg_temp.walked($$lifecycle.list_transitions('P1', $1, $2)$$,
                   '{from,to,kind,dwell_seconds}'),
    'find enter, find deliver skip 86400, deliver support skip 0',
    'transitions, the earliest first');

select pg_temp.is(
    (select string_agg(concat_ws(' ', key, value #>> '{}'), ', ')
     from json_each(lifecycle.show_customer('P1'))
     where key <> 'created_at'),
    'customer P1, identifiers ["P1"], merged [], attributes {}, status prospect, stage support, cycle 1, entered_at 2025-01-02T10:00:00Z, '
    'first_seen 2025-01-01T10:00:00Z, last_seen 2025-01-04T10:00:00Z', 'a customer');
select pg_temp.is(lifecycle.show_customer('nobody')::text, null, 'an unknown customer');
select pg_temp.is(
    (select count(*) from lifecycle.list_visits('nobody', 1, null) where page is null), 1,
    'a list of nobody''s');
select pg_temp.is(
    (select concat_ws(' ', e ->> 'customer', e ->> 'voided', e #> '{event,data}')
     from lifecycle.show_event(md5('b')::uuid) e),
    'P1 false {"note": 49.90}', 'an event, in the sender''s own words');
select pg_temp.is(lifecycle.show_event(md5('c')::uuid) ->> 'voided', 'true', 'a voided event');
select pg_temp.is(lifecycle.show_event(md5('z')::uuid)::text, null, 'no such event');

savepoint merged;
\o /dev/null
select pg_temp.post('P2', 'customer.merged', '2025-01-05T10:00Z', '{"into": "P1"}');
\o
select pg_temp.is(pg_temp.walked($$pg_temp.customers(null, 'P', $1, $2)$$, '{customer}'),
                  'P1, P3, P4, P5', 'who was merged is found once');
select pg_temp.is(pg_temp.walked($$pg_temp.customers(null, 'P2', $1, $2)$$, '{customer}'),
                  'P1', 'by each of the names');
rollback to merged;
select pg_temp.is(
    pg_temp.refusal($$select pg_temp.customers('nonsense', 'P', 1, null)$$),
    'CL422 ?stage', 'unknown stage in a search');
select pg_temp.is(pg_temp.refusal($$select pg_temp.customers('nonsense', null, 1, null)$$),
    'CL422 ?stage', 'unknown stage');
select pg_temp.is(
    (select string_agg(distinct pg_temp.refusal(
                format('select pg_temp.customers(null, null, 1, %L)', garbled)), ', ')
     from unnest(array['', 'x', '!', '====', 'äöü', 'YWJj', repeat('A', 1001),
                       overlay(next_cursor placing 'A' from 1), next_cursor || 'A',
                       translate(next_cursor, 'MNOYZ', 'NOMZY')]) garbled),
    'CL422 ?cursor', 'garbled cursors')
from pg_temp.customers(null, null, 1, null);
select pg_temp.is(
    pg_temp.refusal(format($$select pg_temp.customers('find', null, 1, %L)$$, next_cursor)),
    'CL422 ?cursor', 'a cursor of other filters')
from pg_temp.customers(null, null, 1, null);
select pg_temp.is(
    pg_temp.refusal(format($$select lifecycle.list_visits('P1', 1, %L)$$, next_cursor)),
    'CL422 ?cursor', 'a cursor of another list')
from lifecycle.list_transitions('P1', 1, null);
\ir teardown.sql
