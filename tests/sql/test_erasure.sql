-- One person who is erased: what is refused from then on, what is left, where nothing is told.
\ir setup.sql
\ir verified.sql
\ir traces.sql
\o /dev/null
create function pg_temp.outcome(subject text, id text)
returns text
language sql
as $$
    select r.outcome
    from lifecycle.record_events(
        array[md5('before ' || id)::uuid, md5(id)::uuid, md5('after ' || id)::uuid],
        '{test,test,test}', array['before ' || id, id, 'after ' || id],
        array['other', subject, null], array[501, 207, 107]::smallint[],
        '{2026-02-01Z,2026-02-02Z,2026-02-03Z}', '{null,null,null}', '{null,500,70}',
        '{null,EUR,EUR}', '{null,1,null}', array['k1', 'o9', null], '{null,null,null}',
        '{null,null,null}', '{f,f,f}',
        array['{"data": {"case_id": "k1"}}', '{"data": {}}',
              '{"data": {"period_start": "2026-02-01", "period_end": "2026-02-02",
                         "purpose": "acquisition"}}']) r
    order by r."position"
    offset 1
    limit 1
$$;

select pg_temp.post('anna@example.org', 'customer.identified', '2026-01-01Z',
    '{"identifiers": ["crm:4711", "anna \"the\" one"], "attributes": {"name": "Anna", "vat": 1}}'),
    pg_temp.post('anna@example.org', 'find.lead.created', '2026-01-02Z',
                 '{"channel": "ad", "campaign": "spring", "page": "/anna"}'),
    pg_temp.post('crm:4711', 'sell.order.placed', '2026-01-03Z',
                 '{"order_id": "anna-1", "amount": 900, "currency": "EUR", "units": 1,
                   "items": [{"offering": "box", "units": 1, "engraving": "for Anna"}],
                   "cost": {"amount": 7, "currency": "EUR"}}', 'the order'),
    pg_temp.post('anna@work', 'bill.payment.succeeded', '2026-01-04Z',
                 '{"payment_id": "anna-p", "amount": 900, "currency": "EUR",
                   "invoice_id": "anna-i", "method": "Anna''s card"}'),
    pg_temp.post('anna@work', 'bill.refund.issued', '2026-01-05Z',
                 '{"refund_id": "anna-r", "amount": 100, "currency": "EUR",
                   "invoice_id": "anna-i", "reason": "Anna did not like it"}'),
    pg_temp.post('anna@work', 'customer.merged', '2026-01-06Z', '{"into": "crm:4711"}'),
    pg_temp.post('other', 'find.lead.created', '2026-01-07Z',
                 '{"channel": "word_of_mouth", "referrer": "crm:4711"}', 'lead'),
    pg_temp.post('other', 'loyalty.referral.made', '2026-01-08Z',
                 '{"referral_id": "f1", "referred": "anna@work"}', 'referral'),
    pg_temp.post('other', 'customer.merged', '2026-01-09Z', '{"into": "anna@work"}', 'wrong merge'),
    pg_temp.post(null, 'event.voided', '2026-01-09Z', '{"source": "test", "id": "wrong merge"}');
insert into lifecycle.import (import_id, key_id, format)
values ('00000000-0000-0000-0000-000000000001', 'k', 'csv');
insert into lifecycle.import_reject
values ('00000000-0000-0000-0000-000000000001', 1,
        '{"line":1,"reason":"r","errors":[],"input":"x,crm:4711,y"}'),
       ('00000000-0000-0000-0000-000000000001', 2,
        '{"line":2,"reason":"r","errors":[],"input":"{\"subject\":\"anna \\\"the\\\" one\"}"}'),
       ('00000000-0000-0000-0000-000000000001', 3,
        '{"line":3,"reason":"r","errors":[],"input":"crm:47110"}');
insert into lifecycle.kept_answer (key_id, idempotency_key, digest, status, body, fields)
values ('k', 'a', sha256('a'), 200, '{"customer":"anna@example.org"}', '{}'),
       ('k', 'b', sha256('b'), 201, '{}', '{Location,/v1/customers/crm:4711}'),
       ('k', 'c', sha256('c'), 200, '{"customer":"hanna@example.org"}', '{}');
create function pg_temp.counted()
returns text
language sql
as $$
    select md5(string_agg((metric.answer(m.name, '2026-01-01', '2026-03-01', null, null, null)
                           -> 'data')::text, '' order by m.name))
    from lifecycle.metric m
$$;

create temp table before as
select pg_temp.counted() as answers,
       pg_temp.traces('(^|[^h])[Aa]nna|4711($|[^0])') as traces;
create temp table proof as
select lifecycle.erase_person('anna@work', '00000000-0000-0000-0000-00000000000a')::jsonb as proof;
\o
select '1..36';
select pg_temp.is(b.traces,
                  'lifecycle.customer, lifecycle.customer_attributes, lifecycle.event, '
                  'lifecycle.identifier, lifecycle.import_reject, lifecycle.kept_answer, '
                  'lifecycle.purchase, lifecycle.referral, lifecycle.refund', 'there was something to find')
from before b;
select pg_temp.is((p.proof - 'erased_at' - 'digest' - 'payload_bytes')::text,
                  '{"id": "00000000-0000-0000-0000-00000000000a", "events": 6, "rejects": 2, '
                  '"mentions": 3, "customers": 2, "attributes": 2, "identifiers": 4, '
                  '"kept_answers": 2}', 'the proof counts'),
       pg_temp.is(((p.proof ->> 'payload_bytes')::bigint > 100)::text, 'true', 'and weighs'),
       pg_temp.is(p.proof ->> 'digest',
                  encode(lifecycle.digest_of_erased((p.proof ->> 'id')::uuid), 'hex'),
                  'its digest is that of what is left')
from proof p;
select pg_temp.is(pg_temp.traces('(^|[^h])[Aa]nna|4711($|[^0])'), null, 'no trace is left'),
       pg_temp.is(pg_temp.counted(), b.answers, 'every metric gives the same answer'),
       pg_temp.is(pg_temp.differences(), 0, 'all follows from the ledger')
from before b;
select pg_temp.is(string_agg(r.reject::json ->> 'input', '|' order by r.number), '||crm:47110',
                  'rejects that have the name within another word stay')
from lifecycle.import_reject r;
select pg_temp.is(string_agg(k.idempotency_key, ' '), 'c', 'and so do kept answers')
from lifecycle.kept_answer k;
select pg_temp.is(lifecycle.utc_text(r.invoiced_at), '2026-01-04T00:00:00Z',
                  'a refund still finds what was paid')
from lifecycle.refund r;
select pg_temp.is(e.body #>> '{data,items}',
                  '[{ "offering" : "box", "units" : 1 }]', 'of a list that stays the rest goes')
from lifecycle.event e
where e.type = 207;

-- Nobody is there any more.
select pg_temp.is(pg_temp.refusal(format('select %s', f.call)), f.refusal, f.call)
from (values
    ('lifecycle.show_customer(''crm:4711'')', 'CL410'),
    ('lifecycle.erase_person(''crm:4711'', gen_random_uuid())', 'CL410 /customer'),
    ('lifecycle.erase_person(''nobody'', gen_random_uuid())', 'CL404'),
    ('lifecycle.change_customer(''anna@work'', false, ''{"attributes": {"a": 1}}'', null, null,
                                gen_random_uuid(), ''x'')', 'CL410'),
    ('pg_temp.post(''other'', ''customer.identified'', ''2026-02-01Z'',
                   ''{"identifiers": ["crm:4711"]}'')', 'CL410 /data/identifiers'),
    ('pg_temp.post(''anna@work'', ''customer.identified'', ''2026-02-01Z'',
                   ''{"attributes": {"a": 1}}'')', 'no refusal'),
    ('pg_temp.post(''other'', ''customer.merged'', ''2026-02-01Z'', ''{"into": "anna@work"}'')',
     'CL410 /data/into')) f (call, refusal);
select pg_temp.is(string_agg(w ->> 'customer', ' '), 'other', 'the list of customers has the others')
from pg_temp.walk('lifecycle.list_customers(null, null, null, null, null, null, $1, $2)', 10) w;
select pg_temp.is(string_agg(w ->> 'id', ' '), '00000000-0000-0000-0000-00000000000a',
                  'erasures are listed')
from pg_temp.walk('lifecycle.list_erasures($1, $2)', 1) w;

select pg_temp.is((select f.source from lifecycle.find_to_void(array[md5('the order')::uuid]) f), null,
                  'an event is not taken back by its id'),
       pg_temp.is(pg_temp.refusal(format('select lifecycle.revert_merge(%L, ''{}'', gen_random_uuid(), ''x'')',
                                         (select c.merged_by from lifecycle.customer c
                                          where c.merged_by is not null))),
                  'CL410', 'nor is a merge');

select pg_temp.is((select count(*)
                   from pg_temp.walk(
                       'metric.list_members(''acquired'', ''{"from": "2026-01-01", "to": "2026-02-01"}'',
                                            null, null, $1, $2)', 1)), 0,
                  'of those who are counted the erased are not listed'),
       pg_temp.is((select m.page ->> 'n'
                   from metric.list_members('acquired', '{"from": "2026-01-01", "to": "2026-02-01"}',
                                            null, null, 10, null) m), '1', 'and still counted');

-- Who comes back.
select pg_temp.is(pg_temp.outcome('crm:4711', 'late'), 'erased', 'a late event is refused');
select pg_temp.is(count(*), 2, 'those around it are stored')
from lifecycle.event e
where e.id ~ 'late';
select pg_temp.is(pg_temp.outcome('anna@example.org', 'the order'), 'erased',
                  'so is one that was stored once');
select pg_temp.is(count(*), 1, 'a purchase is counted')
from lifecycle.purchase;
select pg_temp.is(pg_temp.post(null, 'event.voided', '2026-02-05Z',
                               '{"source": "test", "id": "the order"}'), 'created',
                  'an event is still taken back by its source and id');
select pg_temp.is(count(*), 0, 'and counted no more')
from lifecycle.purchase;
insert into lifecycle.setting values ('erased_subjects', 'accept');
select pg_temp.is(pg_temp.outcome('anna@work', 'new'), 'created', 'or accepted, if the setting says so');
select pg_temp.is(lifecycle.show_customer('anna@work') ->> 'identifiers', '["anna@work"]',
                  'as a new customer');
select pg_temp.is(lifecycle.repeat_erasures(), 0, 'who is no one from a backup');
update lifecycle.customer set created_at = '2026-01-01Z' where ref = 'anna@work';
select pg_temp.is(lifecycle.repeat_erasures(), 1, 'who is from one is erased again');
select pg_temp.is(pg_temp.traces('(^|[^h])[Aa]nna|4711($|[^0])'), null, 'without a trace'),
       pg_temp.is(pg_temp.differences(), 0, 'all follows from the ledger');
rollback;
