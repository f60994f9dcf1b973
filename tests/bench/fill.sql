-- Turns the events of staged (body text: a line of JSON each) into a ledger, as if they had been
-- posted; clmd rebuild then derives what follows from them. Variable: customers. The namespace is
-- that of include/ingest/event.h.
\set namespace '3b8c85b5-f952-4183-8639-ae90d46e307f'
set synchronous_commit = off;
set work_mem = '256MB';
set maintenance_work_mem = '512MB';
create extension if not exists "uuid-ossp";

insert into lifecycle.customer (bucket, ref)
select lifecycle.bucket_of(name), name
from (select 'customer-' || n as name
      from generate_series(0, :customers - 1) n) c;

insert into lifecycle.identifier (identifier, bucket, customer_id)
select ref, bucket, customer_id
from lifecycle.customer
order by ref collate "C";

-- Built at the end, the indexes cost a fraction.
create temporary table further_index as
select c.relname as name, pg_get_indexdef(i.indexrelid) as definition
from pg_index i
join pg_class c on c.oid = i.indexrelid
where i.indrelid = 'lifecycle.event'::regclass
  and not i.indisprimary;
select format('drop index lifecycle.%I', name) from further_index \gexec
alter table lifecycle.event drop constraint event_pkey;

insert into lifecycle.event (occurred_at, recorded_at, customer_id, amount, units, event_id,
                             bucket, type, source, id, currency, object, has_cost, body)
select e.time, e.time, c.customer_id, d.amount, d.units,
       uuid_generate_v5(:'namespace', e.source || e'\n' || e.id),
       c.bucket, t.type, e.source, e.id, d.currency,
       coalesce(d.order_id, d.invoice_id, d.payment_id, d.opportunity_id, d.quote_id,
                d.case_id, d.referral_id),
       d.cost is not null, s.body::json
from staged s
cross join lateral json_to_record(s.body::json)
    as e (id text, source text, type text, subject text, time timestamptz, data json)
cross join lateral json_to_record(e.data)
    as d (amount bigint, units bigint, currency text, cost json, order_id text, invoice_id text,
          payment_id text, opportunity_id text, quote_id text, case_id text, referral_id text)
join lifecycle.event_type t on t.name = e.type
join lifecycle.identifier c on c.identifier = e.subject;

alter table lifecycle.event add primary key (event_id);
select definition from further_index \gexec
drop table staged;
