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
