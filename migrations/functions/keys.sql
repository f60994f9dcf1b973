-- API keys. Every change is announced on the channel clmd_keys, so that each server reads the
-- keys again at once. A key cannot make one that may do more than itself.

create function lifecycle.scope_names()
returns text[]
language sql immutable
as $$
    select '{events:write,events:read,customers:read,customers:write,metrics:read,config:write,'
           'privacy,admin}'::text[]
$$;
comment on function lifecycle.scope_names is 'All scopes, as the program has them';

create function lifecycle.time_of(given text)
returns timestamptz
language plpgsql stable
as $$
begin
    return case when given ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$'
                then given::timestamptz end;
exception
    when data_exception then
        return null;
end
$$;
comment on function lifecycle.time_of is 'A time by RFC 3339 with its offset; null for what is none';

create function lifecycle.texts_of(given json)
returns text[]
language sql immutable
as $$
    select case when json_typeof(given) = 'array'
                then array(select x.item #>> '{}'
                           from json_array_elements(given) with ordinality x (item, place)
                           order by x.place) end
$$;
comment on function lifecycle.texts_of is
    'The items of an array as texts, in their order; null for what is no array';

create function lifecycle.list_faults(given json, member text, pattern text, most integer,
                                      expected text)
returns setof lifecycle.fault
language sql stable
as $$
    select '/' || member, format('must be an array of 1 to %s texts, each of them once', most)
    where json_typeof(given -> member) <> 'null'
      and coalesce(cardinality(lifecycle.texts_of(given -> member)) not between 1 and most
                   or cardinality(lifecycle.texts_of(given -> member))
                      <> (select count(distinct t) from unnest(lifecycle.texts_of(given -> member)) t),
                   true)
    union all
    select format('/%s/%s', member, x.place - 1), expected
    from json_array_elements(case when json_typeof(given -> member) = 'array'
                                  then given -> member else '[]' end)
         with ordinality x (item, place)
    where json_typeof(x.item) <> 'string' or x.item #>> '{}' !~ pattern
$$;
comment on function lifecycle.list_faults is
    'What is wrong with a member that is an array of texts, where it is given';

create function lifecycle.count_of(given json, most integer)
returns integer
language sql immutable
as $$
    select case when given #>> '{}' ~ '^[1-9][0-9]{0,6}$' and (given #>> '{}')::integer <= most
                then (given #>> '{}')::integer end
    where json_typeof(given) = 'number'
$$;
comment on function lifecycle.count_of is 'A number from 1 to the most; null for what is none';

create function lifecycle.is_rate(given json)
returns boolean
language sql immutable
as $$
    select json_typeof(given) = 'object'
           and (select array_agg(m.name order by m.name) = '{requests,seconds}'
                from json_object_keys(case when json_typeof(given) = 'object' then given
                                           else '{}' end) m (name))
           and lifecycle.count_of(given -> 'requests', 1000000) is not null
           and lifecycle.count_of(given -> 'seconds', 3600) is not null
$$;
comment on function lifecycle.is_rate is 'Whether this says how often a key may call';

create function lifecycle.key_faults(given json)
returns setof lifecycle.fault
language sql stable
as $$
    select f.*
    from (values
        ('/name', 'must be a text of 1 to 200 bytes without control characters',
         coalesce(json_typeof(given -> 'name') <> 'string'
                  or octet_length(given ->> 'name') not between 1 and 200
                  or given ->> 'name' ~ '[[:cntrl:]]', true)),
        ('/scopes', 'is required', coalesce(json_typeof(given -> 'scopes'), 'null') = 'null'),
        ('/expires_at', 'must be a time by RFC 3339 that lies ahead',
         json_typeof(given -> 'expires_at') <> 'null'
         and coalesce(lifecycle.time_of(given ->> 'expires_at') <= now(), true)),
        ('/rate', 'must be {"requests": 1 to 1000000, "seconds": 1 to 3600}',
         json_typeof(given -> 'rate') <> 'null'
         and not coalesce(lifecycle.is_rate(given -> 'rate'), false))
    ) c (pointer, detail, is_fault),
    lateral (select c.pointer, c.detail) f
    where c.is_fault
    union all
    select f.*
    from lifecycle.list_faults(given, 'scopes',
                               '^(' || array_to_string(lifecycle.scope_names(), '|') || ')$', 8,
                               'must be a scope: '
                               || array_to_string(lifecycle.scope_names(), ', ')) f
    union all
    select f.*
    from lifecycle.list_faults(given, 'sources', '^[^[:cntrl:]]+$', 50,
                               'must be a source of events') f
    union all
    select f.*
    from lifecycle.list_faults(given, 'types', '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*)?$', 50,
                               'must be a type, as bill.payment.failed, or bill.* for all that '
                               'begin so') f
    union all
    select lifecycle.pointer_to(m.name), 'is not known here'
    from json_object_keys(given) m (name)
    where m.name not in ('name', 'scopes', 'sources', 'types', 'expires_at', 'rate')
$$;
comment on function lifecycle.key_faults is 'What is wrong with a key that a caller wants';

create function lifecycle.check_gift(wanted lifecycle.api_key)
returns void
language plpgsql
as $$
declare
    giver lifecycle.api_key;
begin
    select k.*
    into giver
    from lifecycle.api_key k
    where k.key_id = lifecycle.actor_now() ->> 'key_id';
    if giver.key_id is null then
        return;
    end if;
    if not ('admin' = any(giver.scopes) or wanted.scopes <@ giver.scopes) then
        perform lifecycle.refuse('CL403', '/scopes', 'a key can give no scope that it lacks itself');
    elsif giver.sources is not null and not coalesce(wanted.sources <@ giver.sources, false) then
        perform lifecycle.refuse('CL403', '/sources',
                                 'a key that is bound to sources can give no others');
    elsif giver.types is not null and not coalesce(wanted.types <@ giver.types, false) then
        perform lifecycle.refuse('CL403', '/types',
                                 'a key that is bound to types can give no others');
    elsif giver.expires_at < coalesce(wanted.expires_at, 'infinity') then
        perform lifecycle.refuse('CL403', '/expires_at',
                                 'a key that expires can give none that lasts longer');
    elsif giver.rate_requests is not null
          and not coalesce(wanted.rate_requests <= giver.rate_requests
                           and wanted.rate_requests::bigint * giver.rate_seconds
                               <= giver.rate_requests::bigint * wanted.rate_seconds, false) then
        perform lifecycle.refuse('CL403', '/rate', 'a key can give no higher rate than its own');
    end if;
end
$$;
comment on function lifecycle.check_gift is
    'Refuses (403) a key that may do what the one it is made with may not, or may do it for longer '
    'or more often. Whoever has the command and the database may give anything';

create function lifecycle.key_shown(k lifecycle.api_key)
returns json
language sql stable
as $$
    select to_json(shown)
    from (select k.key_id, k.name, k.scopes, k.sources, k.types,
                 (select to_json(r)
                  from (select k.rate_requests as requests, k.rate_seconds as seconds) r
                  where k.rate_requests is not null) as rate,
                 case when k.revoked_at is not null then 'revoked'
                      when k.expires_at <= now() then 'expired'
                      else 'in_force' end as state,
                 lifecycle.utc_text(k.created_at) as created_at,
                 lifecycle.utc_text(k.expires_at) as expires_at,
                 lifecycle.utc_text(k.rotated_at) as rotated_at,
                 lifecycle.utc_text(case when k.previous_until > now() then k.previous_until end)
                     as previous_secret_until,
                 lifecycle.utc_text(k.last_used_at) as last_used_at,
                 lifecycle.utc_text(k.revoked_at) as revoked_at) shown
$$;
comment on function lifecycle.key_shown is 'A key as it is shown: all but what it is compared with';

create function lifecycle.create_key(new_id text, new_digest bytea, given json)
returns json
language plpgsql
as $$
declare
    made lifecycle.api_key;
begin
    perform lifecycle.refuse_all(array(select f from lifecycle.key_faults(given) f));
    made.scopes := lifecycle.texts_of(given -> 'scopes');
    made.sources := lifecycle.texts_of(given -> 'sources');
    made.types := lifecycle.texts_of(given -> 'types');
    made.expires_at := lifecycle.time_of(given ->> 'expires_at');
    made.rate_requests := lifecycle.count_of(given -> 'rate' -> 'requests', 1000000);
    made.rate_seconds := lifecycle.count_of(given -> 'rate' -> 'seconds', 3600);
    perform lifecycle.check_gift(made);
    insert into lifecycle.api_key (key_id, name, scopes, digest, sources, types, expires_at,
                                   rate_requests, rate_seconds)
    values (new_id, given ->> 'name', made.scopes, new_digest, made.sources, made.types,
            made.expires_at, made.rate_requests, made.rate_seconds)
    returning * into made;
    perform pg_notify('clmd_keys', new_id);
    perform lifecycle.audit('key.created', new_id, null, concat_ws('; ',
        'name ' || made.name, 'scopes ' || array_to_string(made.scopes, ' '),
        'sources ' || array_to_string(made.sources, ', '),
        'types ' || array_to_string(made.types, ' '),
        'until ' || lifecycle.utc_text(made.expires_at),
        'rate ' || made.rate_requests || ' in ' || made.rate_seconds || ' s'));
    return lifecycle.key_shown(made);
end
$$;
comment on function lifecycle.create_key is
    'Stores a new key: its id, the SHA-256 of its secret, and what the caller wants of it';

create function lifecycle.show_key(wanted text)
returns json
language sql stable
as $$
    select lifecycle.key_shown(k)
    from lifecycle.api_key k
    where k.key_id = wanted
$$;
comment on function lifecycle.show_key is 'A key; null if there is none of this id';

create function lifecycle.list_keys(size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
as $$
declare
    after constant text[] := coalesce(lifecycle.read_cursor('{keys}', cursor), '{-infinity,""}');
    after_time constant timestamptz := after[1];
    rows json[];
    keys text[];
begin
    select array_agg(lifecycle.key_shown(k) order by k.created_at, k.key_id),
           array_agg(concat_ws(' ', lifecycle.utc_text(k.created_at), k.key_id)
                     order by k.created_at, k.key_id)
    into rows, keys
    from (select *
          from lifecycle.api_key x
          where (x.created_at, x.key_id) > (after_time, after[2])
          order by x.created_at, x.key_id
          limit size + 1) k;
    return query select * from lifecycle.write_page('{keys}', size, rows, keys);
end
$$;
comment on function lifecycle.list_keys is
    'All keys, the oldest first, the revoked and expired ones included';

create function lifecycle.revoke_key(old_id text)
returns json
language plpgsql
as $$
declare
    revoked lifecycle.api_key;
begin
    update lifecycle.api_key k
    set revoked_at = now(), previous_digest = null, previous_until = null
    where k.key_id = old_id and k.revoked_at is null
    returning * into revoked;
    if revoked.key_id is null then
        return lifecycle.show_key(old_id);
    end if;
    perform pg_notify('clmd_keys', old_id);
    perform lifecycle.audit('key.revoked', old_id);
    return lifecycle.key_shown(revoked);
end
$$;
comment on function lifecycle.revoke_key is
    'Revokes a key, and so the tokens made with it; the key as it is then, null if there is none';

create function lifecycle.rotate_key(old_id text, new_digest bytea, overlap integer)
returns json
language plpgsql
as $$
declare
    had lifecycle.api_key;
begin
    select *
    into had
    from lifecycle.api_key k
    where k.key_id = old_id
    for no key update;
    if had.key_id is null then
        return null;
    elsif had.revoked_at is not null or had.expires_at <= now() then
        perform lifecycle.refuse('CL409', null, 'the key is not in force any more: make another one');
    end if;
    perform lifecycle.check_gift(had);
    update lifecycle.api_key k
    set digest = new_digest, rotated_at = now(), previous_digest = k.digest,
        previous_until = now() + make_interval(secs => overlap)
    where k.key_id = old_id
    returning * into had;
    perform pg_notify('clmd_keys', old_id);
    perform lifecycle.audit('key.rotated', old_id, null,
                            'the secret before is good until '
                            || lifecycle.utc_text(had.previous_until));
    return lifecycle.key_shown(had);
end
$$;
comment on function lifecycle.rotate_key is
    'Gives a key another secret; the one that it had is good for so many seconds more, one from '
    'before that is not. The key as it is then, null if there is none';

create function lifecycle.microseconds_of(at timestamptz)
returns bigint
language sql immutable
as $$
    select case when isfinite(at)
                then (extract(epoch from at) * 1000000)::bigint - 946684800000000 end
$$;
comment on function lifecycle.microseconds_of is
    'Microseconds since 2000-01-01 UTC, as the program counts; null for what never comes';

create function lifecycle.keys_in_force()
returns table (key_id text, scopes text, digest text, expires_at bigint, previous_digest text,
               previous_until bigint, sources text, types text, rate_requests integer,
               rate_seconds integer)
language sql stable
as $$
    select k.key_id, array_to_string(k.scopes, ' '), encode(k.digest, 'hex'),
           lifecycle.microseconds_of(k.expires_at), encode(k.previous_digest, 'hex'),
           lifecycle.microseconds_of(k.previous_until), array_to_string(k.sources, E'\n'),
           array_to_string(k.types, E'\n'), k.rate_requests, k.rate_seconds
    from lifecycle.api_key k
    where k.revoked_at is null and coalesce(k.expires_at, 'infinity') > now() - interval '1 day'
    order by k.key_id
$$;
comment on function lifecycle.keys_in_force is
    'The keys as each server holds them in memory, for a day beyond their expiry, of which it can '
    'tell then';

create function lifecycle.load_keys()
returns table (key_id text, scopes text, digest text, expires_at bigint, previous_digest text,
               previous_until bigint, sources text, types text)
language sql stable
as $$
    select k.key_id, k.scopes, k.digest, k.expires_at, k.previous_digest, k.previous_until,
           k.sources, k.types
    from lifecycle.keys_in_force() k
    order by k.key_id
$$;
comment on function lifecycle.load_keys is
    'The same as servers of before 0029 ask for it, which know no rate of a key';

create function lifecycle.note_key_use(ids text[], times timestamptz[])
returns void
language sql
as $$
    update lifecycle.api_key k
    set last_used_at = u.used_at
    from unnest(ids, times) u (key_id, used_at)
    where k.key_id = u.key_id and coalesce(k.last_used_at, '-infinity') < u.used_at
$$;
comment on function lifecycle.note_key_use is
    'Notes when keys were used last; a later time that another server told stays';

-- What tokens are signed with --------------------------------------------------------------------

create function lifecycle.load_signing_keys()
returns table (signing_key_id text, secret text, created_at bigint)
language sql stable
as $$
    select s.signing_key_id::text, encode(s.secret, 'hex'),
           lifecycle.microseconds_of(s.created_at)
    from lifecycle.signing_key s
    order by s.created_at desc, s.signing_key_id
    limit 16
$$;
comment on function lifecycle.load_signing_keys is
    'The keys that sign and verify tokens, the youngest first';

create function lifecycle.rotate_signing_key(new_secret bytea)
returns boolean
language plpgsql
as $$
begin
    lock table lifecycle.signing_key in share row exclusive mode;
    if exists (select from lifecycle.signing_key s where s.created_at > now() - interval '1 day') then
        return false;
    end if;
    insert into lifecycle.signing_key (secret)
    values (new_secret);
    delete from lifecycle.signing_key s
    where s.created_at < (select max(k.created_at)
                          from lifecycle.signing_key k
                          where k.created_at < now() - interval '2 hours');
    perform pg_notify('clmd_keys', '');
    return true;
end
$$;
comment on function lifecycle.rotate_signing_key is
    'Adds a signing key where the youngest is a day old, and deletes those that nothing is signed '
    'with any more: a younger one has signed for longer than a token lasts. Whether it did';
