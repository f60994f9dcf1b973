-- The ledger read from outside: filters, bounded pages, the feed, the totals.
\ir setup.sql
\o /dev/null
select pg_temp.post('A', 'find.lead.created', '2025-01-01T10:00Z', '{"n": 1}'),
       pg_temp.post('A', 'bill.payment.succeeded', '2025-01-02T10:00Z',
                    '{"n": 2, "payment_id": "1", "amount": 100, "currency": "EUR"}'),
       pg_temp.post('A', 'bill.payment.succeeded', '2025-01-02T11:00Z',
                    '{"n": 3, "payment_id": "2", "amount": 50, "currency": "EUR"}', 'void me'),
       pg_temp.post('A', 'support.case.opened', '2025-01-03T10:00Z', '{"n": 4}'),
       pg_temp.post('A', 'event.voided', '2025-01-04T10:00Z',
                    '{"n": 5, "source": "test", "id": "void me"}'),
       pg_temp.post('B', 'find.lead.created', '2025-01-02T10:00Z', '{"n": 6}'),
       pg_temp.post('B', 'bill.payment.succeeded', '2024-12-31T23:30Z',
                    '{"n": 7, "payment_id": "3", "amount": 7, "currency": "JPY"}');
-- As if each had come in a transaction of its own, long ago.
update lifecycle.event
set recorded_xid = ((body #>> '{data,n}')::integer + 100)::text::xid8,
    source = case customer_id when (select customer_id from lifecycle.identifier
                                    where identifier = 'B') then 'other' else source end;
\o

-- What a list holds, told by the numbers of the events, if it is the same by pages of any size.
create function pg_temp.numbers(list text)
returns text
language sql
as $$
    select string_agg(distinct w.told, ' / ')
    from generate_series(1, 8) size,
         lateral (select string_agg(row #>> '{event,data,n}', ' ') as told
                  from pg_temp.walk(list, size) row) w
$$;

select pg_temp.is(pg_temp.numbers(format('lifecycle.list_events(%s, $1, $2)', l.filters)),
                  l.wanted, 'events: ' || l.filters)
from (values
    ('null, null, null, null, null, null', '7 6 5 4 3 2 1'),
    ($$'A', null, null, null, null, null$$, '5 4 3 2 1'),
    ($$'B', null, null, null, null, null$$, '6 7'),
    ($$'nobody', null, null, null, null, null$$, null),
    ($$null, 'find.lead.created', null, null, null, null$$, '6 1'),
    ($$null, null, 4::smallint, null, null, null$$, '7 3 2'),
    ($$null, 'find.lead.created', 4::smallint, null, null, null$$, null),
    ($$'A', null, 4::smallint, null, null, null$$, '3 2'),
    ($$null, null, null, 'other', null, null$$, '7 6'),
    ($$'A', null, null, 'other', null, null$$, null),
    ($$null, null, null, null, '2025-01-02T10:00:00Z', '2025-01-03T11:00:00+01:00'$$, '6 3 2'),
    ($$'A', null, null, null, '2025-01-02', '2025-01-03'$$, '3 2'),
    ($$'A', null, null, null, null, '2025-01-02T10:00:00Z'$$, '1')) l (filters, wanted);
select pg_temp.is((select string_agg(row ->> 'voided', ' ')
                   from pg_temp.walk($$lifecycle.list_events('A', null, null, null, null, null,
                                                             $1, $2)$$, 3) row),
                  'false false true false false', 'a voided event is told as such');
select pg_temp.is(
    (select row::text
     from pg_temp.walk($$lifecycle.list_events('A', 'find.lead.created', null, null, null, null,
                                               $1, $2)$$, 3) row),
    lifecycle.show_event((select event_id from lifecycle.event
                          where body #>> '{data,n}' = '1'))::text,
    'an item is what GET of the event gives');
select pg_temp.is(
    pg_temp.refusal($$select lifecycle.list_events(null, 'no.such.type', null, null, null, null,
                                                   1, null)$$), 'CL422 ?type', 'unknown type');
select pg_temp.is(
    pg_temp.refusal(format($$select lifecycle.list_events('A', null, null, null, null, null, 1,
                                                          %L)$$, next_cursor)),
    'CL422 ?cursor', 'a cursor of other filters')
from lifecycle.list_events(null, null, null, null, null, null, 1, null);

-- Rarely met filters, and large events, end a page early.
create or replace function lifecycle.page_looks() returns integer language sql as 'select 3';
select pg_temp.is(
    pg_temp.numbers($$lifecycle.list_events(null, 'find.lead.created', null, null, null, null,
                                            $1, $2)$$), '6 1', 'looking at few events for a page');
select pg_temp.is(
    (select concat_ws(' ', json_array_length(page -> 'data'), page ->> 'has_more')
     from lifecycle.list_events('A', 'find.lead.created', null, null, null, null, 100, null)),
    '0 true', 'an empty page may have a next one');
create or replace function lifecycle.page_looks() returns integer language sql
as 'select 10000';
create or replace function lifecycle.page_bytes() returns integer language sql as 'select 300';
select pg_temp.is(
    pg_temp.numbers('lifecycle.list_events(null, null, null, null, null, null, $1, $2)'),
    '7 6 5 4 3 2 1', 'pages of few bytes');
select pg_temp.is(
    (select (json_array_length(page -> 'data') < 7 and (page ->> 'has_more')::boolean)::text
     from lifecycle.list_events(null, null, null, null, null, null, 100, null)), 'true',
    'a page is not filled by its size alone');
select pg_temp.is(
    (select string_agg(row #>> '{event,data,n}', ' ')
     from (with recursive feed as (
               select c.page, c.next_cursor from lifecycle.list_changes(100, null) c
               union all
               select c.page, c.next_cursor
               from feed f, lifecycle.list_changes(100, f.next_cursor) c
               where (f.page ->> 'has_more')::boolean)
           select page from feed) f, json_array_elements(f.page -> 'data') row), '1 2 3 4 5 6 7',
    'changes by pages of few bytes');
create or replace function lifecycle.page_bytes() returns integer language sql
as 'select 8388608';

-- The feed ends where a transaction is still at work: this one.
create temp table feed as select * from lifecycle.list_changes(100, null);
select pg_temp.is((select string_agg(row #>> '{event,data,n}', ' ')
                   from feed, json_array_elements(page -> 'data') row), '1 2 3 4 5 6 7',
                  'changes in the order of recording');
select pg_temp.is(
    (select concat_ws(' ', json_array_length(n.page -> 'data'), n.page ->> 'has_more',
                      n.next_cursor = f.next_cursor)
     from feed f, lifecycle.list_changes(100, f.next_cursor) n), '0 false t',
    'the cursor of the end stays the same while nothing comes');
\o /dev/null
select pg_temp.post('B', 'support.case.opened', '2025-01-01T10:00Z', '{"n": 8}');
\o
select pg_temp.is(
    (select json_array_length(n.page -> 'data')
     from feed f, lifecycle.list_changes(100, f.next_cursor) n), 0,
    'what is being written does not show yet');
update lifecycle.event set recorded_xid = '108' where body #>> '{data,n}' = '8';
select pg_temp.is(
    (select string_agg(row #>> '{event,data,n}', ' ')
     from feed f, lifecycle.list_changes(100, f.next_cursor) n,
          json_array_elements(n.page -> 'data') row), '8', 'and then it does');
delete from lifecycle.event where body #>> '{data,n}' = '8';
select pg_temp.is(pg_temp.refusal($$select lifecycle.list_changes(1, 'nonsense')$$),
                  'CL422 ?cursor', 'a garbled cursor');

-- Totals, whoever fills the roll-up.
delete from lifecycle.event_total;
insert into lifecycle.event_total
select n, (occurred_at at time zone 'UTC')::date, source, type, coalesce(currency, ''), count(*),
       coalesce(sum(amount), 0)
from lifecycle.event, lateral (select (body #>> '{data,n}')::integer % 2 as n) writer
group by 1, 2, 3, 4, 5;
create function pg_temp.reconciled(source text, since date, until date, by_day boolean)
returns text
language sql
as $$
    select string_agg(concat_ws(' ', r ->> 'day', r ->> 'source', r ->> 'type', r ->> 'currency',
                                r ->> 'events', coalesce(r ->> 'amount', '-'),
                                r ->> 'voided_events', coalesce(r ->> 'voided_amount', '-')), ', ')
    from json_array_elements(lifecycle.reconcile(source, since, until, by_day) -> 'data') r
$$;
select pg_temp.is(pg_temp.reconciled('test', '2025-01-01', '2025-02-01', false),
    'test bill.payment.succeeded EUR 2 150 1 50, test event.voided 1 - 0 -, '
    || 'test find.lead.created 1 - 0 -, test support.case.opened 1 - 0 -',
    'the totals of a source');
select pg_temp.is(pg_temp.reconciled(null, '2024-12-31', '2025-01-03', true),
    '2024-12-31 other bill.payment.succeeded JPY 1 7 0 0, '
    || '2025-01-01 test find.lead.created 1 - 0 -, 2025-01-02 other find.lead.created 1 - 0 -, '
    || '2025-01-02 test bill.payment.succeeded EUR 2 150 1 50', 'by day');
select pg_temp.is(pg_temp.reconciled('nobody', '2024-01-01', '2026-01-01', false), null,
                  'a source that nobody has');

-- Customers that were merged have one history.
\o /dev/null
select pg_temp.post('B', 'customer.merged', '2025-01-05T10:00Z', '{"n": 9, "into": "A"}');
\o
select pg_temp.is(
    pg_temp.numbers(format('lifecycle.list_events(%L, null, null, null, null, null, $1, $2)', c)),
    '9 5 4 3 ' || (select string_agg(body #>> '{data,n}', ' ' order by event_id desc)
                   from lifecycle.event
                   where occurred_at = '2025-01-02T10:00Z') || ' 1 7', 'the history of ' || c)
from unnest('{A,B}'::text[]) c;
select pg_temp.is((select string_agg(distinct row ->> 'customer', ' ')
                   from pg_temp.walk($$lifecycle.list_events('B', null, null, null, null, null,
                                                             $1, $2)$$, 3) row), 'A',
                  'and one name');
\ir teardown.sql
