-- A ledger that comes back into a cluster which gives lower numbers to its transactions.
\ir setup.sql
\o /dev/null
select pg_temp.post('A', 'find.lead.created', '2025-01-01T10:00Z', '{"n": 1}'),
       pg_temp.post('A', 'support.case.opened', '2025-01-03T10:00Z', '{"n": 2}'),
       pg_temp.post('B', 'find.lead.created', '2025-01-02T10:00Z', '{"n": 3}');
update lifecycle.event
set recorded_xid = case body #>> '{data,n}' when '1' then '5' else '9000000000000000000' end::xid8;
update lifecycle.sweep
set seen_below = '9000000000000000000';
\o

select pg_temp.is(lifecycle.settle_restored(), 2, 'numbers that are yet to come are replaced');
select pg_temp.is((select count(*) from lifecycle.event
                   where recorded_xid = pg_current_xact_id()), 2, 'by that of now');
select pg_temp.is((select recorded_xid::text from lifecycle.event
                   where body #>> '{data,n}' = '1'), '5', 'others stay');
select pg_temp.is((select seen_below::text from lifecycle.sweep), '0',
                  'customers are measured anew');
select pg_temp.is(lifecycle.settle_restored(), 0, 'a second time there is nothing left to do');
\ir teardown.sql
