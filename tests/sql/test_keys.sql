-- API keys: what they may be, what they can give, how they end.
\ir setup.sql

create function pg_temp.make(id text, given text)
returns json
language sql
as $$
    select lifecycle.create_key(lpad(id, 16, '0'), sha256(convert_to(id, 'UTF8')), given::json)
$$;
create function pg_temp.fault(given text)
returns text
language sql
as $$
    select replace(replace(pg_temp.refusal(format('select pg_temp.make(%L, %L)', 'f', given)),
                           E'\t', ' '), E'\n', ' / ')
$$;

select pg_temp.is((pg_temp.make('a', '{"name":"till","scopes":["events:write"],"sources":["till"],
    "types":["bill.*"],"expires_at":"2099-01-01T00:00:00+01:00"}') #>> '{}')::jsonb
    - '{created_at}'::text[] #>> '{}',
    ('{"key_id":"000000000000000a","name":"till","scopes":["events:write"],"sources":["till"],'
     '"types":["bill.*"],"rate":null,"state":"in_force","expires_at":"2098-12-31T23:00:00Z",'
     '"rotated_at":null,"previous_secret_until":null,"last_used_at":null,"revoked_at":null}')
    ::jsonb #>> '{}', 'a key as it is shown');
select pg_temp.is(pg_temp.fault('{}'),
    'CL422 /name must be a text of 1 to 200 bytes without control characters / '
    || '/scopes is required', 'name and scopes are required');
select pg_temp.is(pg_temp.fault('{"name":"x","scopes":["events:write","all"],"types":["Bill"]}'),
    'CL422 /scopes/1 must be a scope: events:write, events:read, customers:read, customers:write, '
    || 'metrics:read, config:write, privacy, admin / /types/0 must be a type, as '
    || 'bill.payment.failed, or bill.* for all that begin so', 'what is no scope, and no type');
select pg_temp.is(pg_temp.fault('{"name":"x","scopes":[],"sources":["a","a"],"types":"bill.*"}'),
    'CL422 /scopes must be an array of 1 to 8 texts, each of them once / '
    || '/sources must be an array of 1 to 50 texts, each of them once / '
    || '/types must be an array of 1 to 50 texts, each of them once', 'lists that are none');
select pg_temp.is(pg_temp.fault(given),
    'CL422 /expires_at must be a time by RFC 3339 that lies ahead', given)
from unnest(array['{"name":"x","scopes":["admin"],"expires_at":"2020-01-01T00:00:00Z"}',
                  '{"name":"x","scopes":["admin"],"expires_at":"2099-01-01"}',
                  '{"name":"x","scopes":["admin"],"expires_at":"2099-02-30T00:00:00Z"}',
                  '{"name":"x","scopes":["admin"],"expires_at":17}']) given;
select pg_temp.is(pg_temp.fault('{"name":"x","scopes":["admin"],"scope":"admin"}'),
    'CL422 /scope is not known here', 'a misspelt member');
select pg_temp.is(pg_temp.fault('{"name":"a\nb","scopes":["admin"]}'),
    'CL422 /name must be a text of 1 to 200 bytes without control characters', 'a name of one line');

-- What a key can give --------------------------------------------------------------------------
select pg_temp.make('b', '{"name":"b","scopes":["admin"],"sources":["till"],"types":["bill.*"]}')
\g /dev/null
select pg_temp.make('c', '{"name":"c","scopes":["metrics:read","privacy"]}') \g /dev/null
select lifecycle.act_as('key', '000000000000000c', null, null, null) \g /dev/null
select pg_temp.is(pg_temp.fault('{"name":"x","scopes":["metrics:read","admin"]}'),
    'CL403 /scopes', 'no scope that it lacks');
select pg_temp.is(pg_temp.make('d', '{"name":"x","scopes":["metrics:read"]}') ->> 'state',
    'in_force', 'what it has');
select pg_temp.is(pg_temp.refusal($$select lifecycle.rotate_key('000000000000000b', sha256(''), 0)$$),
    'CL403 /scopes', 'nor the secret of a key that may do more');
select lifecycle.act_as('key', '000000000000000b', null, null, null) \g /dev/null
select pg_temp.is(pg_temp.fault('{"name":"x","scopes":["events:write"]}'),
    'CL403 /sources', 'a bound one gives no free one');
select pg_temp.is(pg_temp.fault('{"name":"x","scopes":["events:write"],"sources":["web"]}'),
    'CL403 /sources', 'no other sources');
select pg_temp.is(pg_temp.fault('{"name":"x","scopes":["events:write"],"sources":["till"],
                                  "types":["sell.*"]}'), 'CL403 /types', 'no other types');
select pg_temp.is(pg_temp.make('e', '{"name":"x","scopes":["events:write"],"sources":["till"],
                                      "types":["bill.*"]}') ->> 'state', 'in_force', 'its own');
select lifecycle.act_as('command', null, 'root', 'here', null) \g /dev/null
select pg_temp.make('9', '{"name":"9","scopes":["admin"],"expires_at":"2098-01-01T00:00:00Z"}')
\g /dev/null
select lifecycle.act_as('key', '0000000000000009', null, null, null) \g /dev/null
select pg_temp.is(pg_temp.fault(given), 'CL403 /expires_at', 'one that expires gives none for longer')
from unnest(array['{"name":"x","scopes":["admin"]}',
                  '{"name":"x","scopes":["admin"],"expires_at":"2098-01-01T00:00:01Z"}']) given;
select pg_temp.is(pg_temp.make('8', '{"name":"x","scopes":["admin"],
                                      "expires_at":"2098-01-01T00:00:00Z"}') ->> 'state',
    'in_force', 'one that ends with it');

-- How often they may call ------------------------------------------------------------------------
select lifecycle.act_as('command', null, 'root', 'here', null) \g /dev/null
select pg_temp.is(pg_temp.fault('{"name":"x","scopes":["admin"],"rate":' || given || '}'),
                  'CL422 /rate must be {"requests": 1 to 1000000, "seconds": 1 to 3600}', given)
from unnest(array['600', '{}', '{"requests":1}', '{"requests":0,"seconds":1}', '[1,2]', '"60/60"',
                  '{"requests":1,"seconds":3601}', '{"requests":1.5,"seconds":1}',
                  '{"requests":"1","seconds":1}', '{"requests":1,"seconds":1,"x":1}']) given;
select pg_temp.is(pg_temp.make('7', '{"name":"7","scopes":["admin"],
                                      "rate":{"seconds":60,"requests":600}}') ->> 'rate',
                  '{"requests":600,"seconds":60}', 'a rate');
select pg_temp.is(lifecycle.show_key('0000000000000009') ->> 'rate', null, 'as the servers say');
select lifecycle.act_as('key', '0000000000000007', null, null, null) \g /dev/null
select pg_temp.is(pg_temp.fault('{"name":"x","scopes":["admin"]' || given || '}'), 'CL403 /rate',
                  'a key with a rate gives no higher one')
from unnest(array['', ',"rate":{"requests":601,"seconds":3600}',
                  ',"rate":{"requests":20,"seconds":1}']) given;
select pg_temp.is(pg_temp.make('6', '{"name":"6","scopes":["admin"],
                                      "rate":{"requests":10,"seconds":1}}') ->> 'state',
                  'in_force', 'one as high');

-- How keys end ---------------------------------------------------------------------------------
select lifecycle.act_as('command', null, 'root', 'here', null) \g /dev/null
create function pg_temp.loaded(id text)
returns text
language sql
as $$
    select concat_ws(' ', k.scopes, k.digest = encode(sha256(convert_to(id, 'UTF8')), 'hex'),
                     k.previous_digest is not null,
                     (k.previous_until - lifecycle.microseconds_of(now())) / 1000000)
    from lifecycle.load_keys() k
    where k.key_id = lpad(id, 16, '0')
$$;
select pg_temp.is(pg_temp.loaded('c'), 'metrics:read privacy t f', 'as servers hold it');
select pg_temp.is((lifecycle.rotate_key('000000000000000c', sha256('new'), 600)
                   ->> 'previous_secret_until')::timestamptz::text,
                  (now() + interval '600 seconds')::text, 'rotated');
select pg_temp.is(pg_temp.loaded('c'), 'metrics:read privacy f t 600',
                  'both secrets, the one before for ten minutes');
select lifecycle.rotate_key('000000000000000c', sha256('newer'), 0) \g /dev/null
select pg_temp.is(pg_temp.loaded('c'), 'metrics:read privacy f t 0', 'or not at all');
select pg_temp.is(lifecycle.rotate_key('00000000000000ff', sha256(''), 0)::text, null,
                  'no such key');
select pg_temp.is(lifecycle.revoke_key('000000000000000c') ->> 'state', 'revoked', 'revoked');
select pg_temp.is(pg_temp.loaded('c'), null, 'and gone from the servers');
select pg_temp.is(lifecycle.revoke_key('000000000000000c') ->> 'state', 'revoked',
                  'again, and nothing more happens');
select pg_temp.is(count(*), 1, 'told once')
from lifecycle.audit_entry
where operation = 'key.revoked' and target = '000000000000000c';
select pg_temp.is(pg_temp.refusal($$select lifecycle.rotate_key('000000000000000c', sha256(''), 0)$$),
                  'CL409', 'a revoked key has no other secret');
select pg_temp.is(lifecycle.revoke_key('00000000000000ff')::text, null, 'no such key to revoke');
update lifecycle.api_key set expires_at = now() where key_id = '000000000000000d';
select pg_temp.is(lifecycle.show_key('000000000000000d') ->> 'state', 'expired', 'expired');
select pg_temp.is((pg_temp.loaded('d') is not null)::text, 'true',
                  'servers know it for a day more, to say so');
update lifecycle.api_key set expires_at = now() - interval '25 hours'
where key_id = '000000000000000d';
select pg_temp.is(pg_temp.loaded('d'), null, 'and then no more');

-- What they may take back, by the types that they are bound to ------------------------------------
select pg_temp.is(string_agg(lifecycle.is_of_types(t.name, E'event.voided\nbill.*')::text, ' '
                             order by t.place),
                  'true true true false false false', 'as the program has it')
from unnest('{event.voided,bill.payment.failed,bill.x,billing.started,bill,NULL}'::text[])
     with ordinality t (name, place);

-- When they were used --------------------------------------------------------------------------
select lifecycle.note_key_use('{000000000000000a,00000000000000ff}',
                              '{2026-03-01T10:00:00Z,2026-03-01T10:00:00Z}') \g /dev/null
select lifecycle.note_key_use('{000000000000000a}', '{2026-03-01T09:00:00Z}') \g /dev/null
select pg_temp.is(lifecycle.show_key('000000000000000a') ->> 'last_used_at',
                  '2026-03-01T10:00:00Z', 'the latest use of all servers');
select pg_temp.is(pg_temp.walked('lifecycle.list_keys($1, $2)', '{key_id}'),
                  '0000000000000006, 0000000000000007, 0000000000000008, 0000000000000009, 000000000000000a, 000000000000000b, '
                  '000000000000000c, 000000000000000d, 000000000000000e', 'pages of any size')
where not exists (select from lifecycle.api_key where name = 'admin');
select pg_temp.is(bool_or(a.after like '%secret%' and a.operation <> 'key.rotated')::text, 'false',
                  'the audit log knows no secret')
from lifecycle.audit_entry a;
\ir teardown.sql
