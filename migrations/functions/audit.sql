-- The audit log. Each transaction says at its beginning for whom it acts, and the functions that
-- change something add what they have done: both in the same transaction, so that there is no
-- change without its entry, and no entry without its change.

create function lifecycle.act_as(actor text, key_id text, name text, address text,
                                 request_id text)
returns void
language sql
as $$
    select set_config('clmd.actor',
                      json_build_object('actor', actor, 'key_id', key_id, 'name', name,
                                        'address', address, 'request_id', request_id)::text,
                      true)
$$;
comment on function lifecycle.act_as is
    'Tells for whom the rest of the transaction acts: a key, or a command''s user';

create function lifecycle.actor_now()
returns json
language sql stable
as $$
    select coalesce(nullif(current_setting('clmd.actor', true), '')::json,
                    json_build_object('actor', 'database', 'name', session_user))
$$;
comment on function lifecycle.actor_now is
    'For whom the transaction acts; the session''s role where nothing was said';

create function lifecycle.audit(operation text, target text, before text default null,
                                after text default null)
returns void
language plpgsql
as $$
declare
    who constant json := lifecycle.actor_now();
begin
    if before = after then
        return;
    end if;
    insert into lifecycle.audit_entry (actor, key_id, name, address, request_id, operation, target,
                                       before, after)
    values (who ->> 'actor', who ->> 'key_id',
            coalesce(who ->> 'name', (select k.name
                                      from lifecycle.api_key k
                                      where k.key_id = who ->> 'key_id')),
            who ->> 'address', who ->> 'request_id', audit.operation, audit.target,
            left(before, 500), left(after, 500));
end
$$;
comment on function lifecycle.audit is
    'Adds a change to the audit log: what was done to what, and in short, or as a digest, what was '
    'there before and after. Where both are the same nothing was changed. Never a secret, never '
    'anything about a customer, whose log this is not: an erasure would have to come here too';

create function lifecycle.refuse_audit_change()
returns trigger
language plpgsql
as $$
begin
    raise exception 'the audit log is only added to' using errcode = 'insufficient_privilege';
end
$$;
comment on function lifecycle.refuse_audit_change is 'Keeps the audit log as it was written';

create trigger audit_entry_stays
before update or delete or truncate on lifecycle.audit_entry
for each statement
execute function lifecycle.refuse_audit_change();

create function lifecycle.list_audit(of_key text, of_operation text, of_target text, since text,
                                     until text, size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
declare
    list constant text[] := array['audit', of_key, of_operation, of_target, since, until];
    below constant bigint := coalesce((lifecycle.read_cursor(list, cursor))[1]::bigint,
                                       9223372036854775807);
    rows json[];
    keys text[];
begin
    select array_agg(to_json(shown) order by a.audit_id desc),
           array_agg(a.audit_id::text order by a.audit_id desc)
    into rows, keys
    from (select *
          from lifecycle.audit_entry x
          where x.audit_id < below
            and (of_key is null or x.key_id = of_key)
            and (of_operation is null or x.operation = of_operation)
            and (of_target is null or x.target = of_target)
            and (since is null or x.made_at >= since::timestamptz)
            and (until is null or x.made_at < until::timestamptz)
          order by x.audit_id desc
          limit size + 1) a,
         lateral (select lifecycle.utc_text(a.made_at) as made_at, a.operation, a.target, a.before,
                         a.after, a.actor, a.key_id, a.name, a.address, a.request_id) shown;
    return query select * from lifecycle.write_page(list, size, rows, keys);
end
$$;
comment on function lifecycle.list_audit is
    'The audit log, the latest first: all of it, or of a key, an operation, a target, a time';
