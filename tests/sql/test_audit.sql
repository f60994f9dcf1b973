-- The audit log: each change adds who made it, in its own transaction.
\ir setup.sql

create function pg_temp.latest(number integer default 1)
returns text
language sql
as $$
    select string_agg(told, ' / ' order by audit_id)
    from (select a.audit_id, concat_ws(' ', a.actor, a.key_id, a.name, a.address, a.request_id,
                                       a.operation, a.target, a.before, '->', a.after) as told
          from lifecycle.audit_entry a
          order by a.audit_id desc
          limit number) a
$$;
create function pg_temp.entries()
returns bigint
language sql
as $$
    select count(*) from lifecycle.audit_entry
$$;
create temp table at_first as select pg_temp.entries() as entries;

select lifecycle.audit('thing.made', 'it', null, 'new') \g /dev/null
select pg_temp.is(pg_temp.latest(), format('database %s thing.made it -> new', session_user),
                  'who says nothing is told by the role');

select lifecycle.create_key('00000000000000aa', sha256('s'),
                            '{"name":"console","scopes":["config:write"]}') \g /dev/null
select lifecycle.act_as('key', '00000000000000aa', null, '192.0.2.7', 'r-1') \g /dev/null
select lifecycle.audit('thing.changed', 'it', 'old', 'new') \g /dev/null
select pg_temp.is(pg_temp.latest(),
                  'key 00000000000000aa console 192.0.2.7 r-1 thing.changed it old -> new',
                  'a key with its name, from where, and by which request');
select lifecycle.audit('thing.changed', 'it', 'new', 'new') \g /dev/null
select pg_temp.is(pg_temp.entries() - entries, 3, 'what changed nothing is not told')
from at_first;
select lifecycle.audit('thing.changed', 'it', null, repeat('x', 10000)) \g /dev/null
select pg_temp.is(length(after), 500, 'long words are cut')
from lifecycle.audit_entry order by audit_id desc limit 1;

select pg_temp.is(pg_temp.refusal('update lifecycle.audit_entry set name = null'), '42501',
                  'nothing is changed');
select pg_temp.is(pg_temp.refusal('delete from lifecycle.audit_entry'), '42501',
                  'nor deleted');
select pg_temp.is(pg_temp.refusal('truncate lifecycle.audit_entry'), '42501', 'nor emptied');

-- What the changes tell --------------------------------------------------------------------------
select lifecycle.act_as('command', null, 'root', 'a-machine', null) \g /dev/null
select lifecycle.change_settings('{"reporting_currency":"EUR"}', null, null) \g /dev/null
select pg_temp.is(pg_temp.latest(), 'command root a-machine settings.changed '
                  || 'reporting_currency= -> reporting_currency=EUR', 'settings, as they were');
select lifecycle.change_cut('timezone', 'Europe/Berlin') \g /dev/null
select pg_temp.is(pg_temp.latest(), 'command root a-machine settings.changed '
                  || 'timezone=UTC -> timezone=Europe/Berlin', 'the time zone, by the command');
select lifecycle.change_rates('{"data":[{"currency":"USD","base":"EUR","valid_from":"2026-01-01",
                                         "rate":"0.9"}]}', null, null) \g /dev/null
select pg_temp.is(regexp_replace(pg_temp.latest(), '"[0-9a-f]{32}"', 'TAG', 'g'),
                  'command root a-machine rates.changed TAG -> TAG: 1 stored, 0 removed', 'rates');
select * from lifecycle.put_segment('few', '{"where":{"field":"attributes.mail","=":"a@example.com"}}',
                                    null, null) \g /dev/null
select pg_temp.is(regexp_replace(pg_temp.latest(), '"[0-9a-f]{32}"', 'TAG', 'g'),
                  'command root a-machine segment.put few -> TAG',
                  'a segment by its digest: its condition may name somebody');
select lifecycle.delete_segment('few', '*', null) \g /dev/null
select pg_temp.is(regexp_replace(pg_temp.latest(), '"[0-9a-f]{32}"', 'TAG', 'g'),
                  'command root a-machine segment.deleted few TAG ->', 'and its end');
select * from lifecycle.put_event_type('sell.demo.given', 2::smallint, 'enter', '{}', null, null,
                                       null) \g /dev/null
select pg_temp.is(regexp_replace(pg_temp.latest(), '"[0-9a-f]{32}"', 'TAG', 'g'),
                  'command root a-machine event_type.put sell.demo.given -> TAG', 'a custom type');
select * from lifecycle.put_stage_model(
    'short', '{"opening":1,"stages":[{"name":"all","covers":["find","sell","deliver","bill","support",
                                                 "loyalty"]}]}', null, null) \g /dev/null
select pg_temp.is(pg_temp.latest(), 'command root a-machine stage_model.put short -> version 1',
                  'a stage model');
select * from lifecycle.activate_stage_model('short', null) \g /dev/null
select pg_temp.is(pg_temp.latest(), 'command root a-machine stage_model.activation_started short '
                  || 'ready -> version 1', 'its activation');
select lifecycle.cancel_activation('short') \g /dev/null
select pg_temp.is(pg_temp.latest(), 'command root a-machine stage_model.activation_cancelled short '
                  || 'version 1 ->', 'and that it was cancelled');
select pg_temp.post('one@example.com', 'find.lead.created', '2026-01-01Z') \g /dev/null
select pg_temp.post('two@example.com', 'find.lead.created', '2026-01-01Z') \g /dev/null
select lifecycle.make_merge('{"customer":"one@example.com","into":"two@example.com"}',
                            '00000000-0000-5000-8000-000000000001', 'm') \g /dev/null
select lifecycle.revert_merge('00000000-0000-5000-8000-000000000001', '{}',
                              '00000000-0000-5000-8000-000000000002', 'n') \g /dev/null
select pg_temp.is(pg_temp.latest(2),
                  'command root a-machine merge.made 00000000-0000-5000-8000-000000000001 -> / '
                  || 'command root a-machine merge.reverted '
                  || '00000000-0000-5000-8000-000000000001 in_force -> reverted',
                  'merges by their ids: whom they join is not for this log');
select lifecycle.revoke_key('00000000000000aa') \g /dev/null
select pg_temp.is(pg_temp.latest(), 'command root a-machine key.revoked 00000000000000aa ->',
                  'keys');

-- As a list --------------------------------------------------------------------------------------
select lifecycle.act_as('key', '00000000000000aa', null, '192.0.2.7', 'r-1') \g /dev/null
select pg_temp.is(pg_temp.walked(
    $$lifecycle.list_audit('00000000000000aa', null, null, null, null, $1, $2)$$,
    '{operation,target,name,address,request_id}'),
    'thing.changed it console 192.0.2.7 r-1, thing.changed it console 192.0.2.7 r-1',
    'of a key, pages of any size');
select pg_temp.is(pg_temp.walked(
    $$lifecycle.list_audit(null, 'key.revoked', '00000000000000aa', null, null, $1, $2)$$,
    '{actor,name,operation,target}'), 'command root key.revoked 00000000000000aa',
    'of an operation and a target');
select pg_temp.is(json_array_length(l.page -> 'data'), 0, 'before it began')
from lifecycle.list_audit(null, null, null, null, '2020-01-01', 10, null) l;
select pg_temp.is(json_array_length(l.page -> 'data')::bigint, e.entries, 'since it began')
from lifecycle.list_audit(null, null, null, '2020-01-01', null, 1000, null) l,
     lateral (select pg_temp.entries() as entries) e;
select pg_temp.is(pg_temp.refusal(
    $$select lifecycle.list_audit('00000000000000ab', null, null, null, null, 1, l.next_cursor)
      from lifecycle.list_audit('00000000000000aa', null, null, null, null, 1, null) l$$),
    'CL422 ?cursor', 'a cursor is of its filters');
\ir teardown.sql
