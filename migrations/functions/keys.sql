-- API keys. Every change is announced on the channel clmd_keys, so that each server reads the
-- keys again at once.

create function lifecycle.create_key(
    new_id text, new_name text, new_scopes text[], new_digest bytea)
returns void
language plpgsql
as $$
begin
    insert into lifecycle.api_key (key_id, name, scopes, digest)
    values (new_id, new_name, new_scopes, new_digest);
    perform pg_notify('clmd_keys', new_id);
    perform lifecycle.audit('key.created', new_id, null,
                            new_name || ': ' || array_to_string(new_scopes, ' '));
end
$$;
comment on function lifecycle.create_key is
    'Stores a new key: its id, name, scopes and the SHA-256 of its secret';

create function lifecycle.list_keys()
returns table (key_id text, name text, scopes text, created_at text, revoked_at text)
language sql stable
as $$
    select k.key_id, k.name, array_to_string(k.scopes, ','),
           lifecycle.utc_text(k.created_at), lifecycle.utc_text(k.revoked_at)
    from lifecycle.api_key k
    order by k.created_at, k.key_id
$$;
comment on function lifecycle.list_keys is
    'All keys, the oldest first, the revoked ones included';

create function lifecycle.revoke_key(old_id text)
returns boolean
language plpgsql
as $$
begin
    update lifecycle.api_key set revoked_at = now() where key_id = old_id and revoked_at is null;
    if not found then
        return false;
    end if;
    perform pg_notify('clmd_keys', old_id);
    perform lifecycle.audit('key.revoked', old_id);
    return true;
end
$$;
comment on function lifecycle.revoke_key is
    'Revokes a key; false if there is no such key in force';
