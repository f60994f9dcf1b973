-- The views as an interface: each is explained, and a reader reads them and nothing else.
\ir setup.sql
\o /dev/null
select pg_temp.post(c, type, '2025-01-01Z'::timestamptz + make_interval(days => d), data::json)
from (values
    ('A', 'find.lead.created', 0, '{"channel": "ad", "campaign": "spring"}'),
    ('A', 'sell.order.placed', 5,
     '{"order_id": "o", "amount": 700, "currency": "EUR", "units": 2}'),
    ('A', 'bill.subscription.started', 6, '{"subscription_id": "s", "plan": "basic",
     "amount": 1000, "currency": "EUR", "interval": "month"}'),
    ('A', 'bill.payment.succeeded', 7, '{"payment_id": "p", "amount": 700, "currency": "EUR"}'),
    ('A', 'bill.refund.issued', 9, '{"refund_id": "r", "amount": 200, "currency": "EUR"}'),
    ('A', 'support.case.opened', 10, '{"case_id": "k", "channel": "email"}'),
    ('A', 'support.survey.answered', 11,
     '{"survey_id": "n", "kind": "nps", "score": 9, "scale_max": 10}'),
    ('B', 'find.lead.created', 3, '{"channel": "email"}'),
    ('M', 'find.lead.created', 4, '{"channel": "ad"}'), ('M', 'customer.merged', 5, '{"into": "B"}'))
    e (c, type, d, data);

-- The rows of a view, as clmd_reader sees them.
create function pg_temp.read(name text)
returns text
language plpgsql
as $$
declare
    rows text;
begin
    set local role clmd_reader;
    execute format('select string_agg(v::text, '' / '' order by v::text) from metric.%I v', name)
    into rows;
    reset role;
    return rows;
end
$$;
-- The SQLSTATE with which clmd_reader is refused a statement.
create function pg_temp.refused(statement text)
returns text
language plpgsql
as $$
declare
    told text;
begin
    set local role clmd_reader;
    told := pg_temp.refusal(statement);
    reset role;
    return told;
end
$$;
create temp view relation as
    select c.oid, c.relname as name, n.nspname as schema, c.relkind as kind
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('lifecycle', 'metric', 'clmd') and c.relkind in ('r', 'v', 'm', 'p', 'S');
create temp view interface as
    select oid, name from relation where schema = 'metric' and kind in ('r', 'v', 'm', 'p');
\o

select pg_temp.is(string_agg(name, ' ' order by name),
    'acquisition case customer mrr_movement purchase revenue survey transition visit',
    'the views that there are') from interface;
select pg_temp.is(string_agg(name, ' '), null, 'each view has a comment')
from interface where obj_description(oid, 'pg_class') is null;
select pg_temp.is(string_agg(i.name || '.' || a.attname, ' '), null, 'and each column')
from interface i
join pg_attribute a on a.attrelid = i.oid and a.attnum > 0 and not a.attisdropped
where col_description(i.oid, a.attnum) is null;
select pg_temp.is(string_agg(distinct a.attname || ' ' || format_type(a.atttypid, null), ', '), null,
                  'times are timestamptz')
from interface i
join pg_attribute a on a.attrelid = i.oid and a.attnum > 0
where a.attname like '%\_at' and a.atttypid <> 'timestamptz'::regtype;

select pg_temp.is(string_agg(r.schema || '.' || r.name, ' '), null,
                  'clmd_reader may read the views and nothing else')
from relation r
where (r.schema = 'metric')
      <> case r.kind when 'S' then has_sequence_privilege('clmd_reader', r.oid, 'select, usage')
                     else has_table_privilege('clmd_reader', r.oid, 'select') end;
select pg_temp.is(string_agg(r.schema || '.' || r.name, ' '), null, 'and change nothing')
from relation r
where r.kind <> 'S'
  and has_table_privilege('clmd_reader', r.oid, 'insert, update, delete, truncate, references, trigger');
select pg_temp.is(has_schema_privilege('clmd_reader', 'lifecycle', 'usage')::text, 'false',
                  'it may not look into schema lifecycle');
select pg_temp.is(pg_temp.refused($$select metric.answer('purchases', null, null, null, null,
                                                            null)$$),
                  '42501', 'the functions of metrics are not its own');

select pg_temp.is((select string_agg(concat_ws(' ', c.customer, c.status, c.stage, c.channel,
                                               c.first_purchase_on, c.purchase_days), ', '
                                     order by c.customer)
                   from metric.customer c),
    'A active support ad 2025-01-06 1, B prospect find 0', 'customers');
select pg_temp.is((select string_agg(x.name, ' ' order by x.name)
                   from interface x where pg_temp.read(x.name) is null), null,
                  'every view has rows that it may read');
select pg_temp.is((select string_agg(concat_ws(' ', r.customer, r.amount, r.currency), ', '
                                     order by r.occurred_at) from metric.revenue r),
                  'A 700 EUR, A -200 EUR', 'revenue');
select pg_temp.is((select string_agg(concat_ws(' ', m.customer, m.kind, m.change), ', ')
                   from metric.mrr_movement m), 'A new 1000', 'movements of MRR');
select pg_temp.is((select string_agg(concat_ws(' ', a.customer, a.lead_channel, a.channel), ', '
                                     order by a.customer) from metric.acquisition a),
                  'A ad ad, B email', 'acquisitions');
select pg_temp.is((select string_agg(concat_ws(' ', s.customer, s.kind, s.opinion), ', ')
                   from metric.survey s), 'A nps promoter', 'surveys');
select pg_temp.is((select string_agg(concat_ws(' ', t.customer, coalesce(t.from_stage, 'none'),
                                               t.to_stage, t.kind), ', '
                                     order by t.customer, t.occurred_at) from metric.transition t),
    'A none find enter, A find sell advance, A sell bill skip, A bill support advance, '
    'B none find enter', 'transitions');
\ir teardown.sql
