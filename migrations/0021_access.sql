-- Who may do what, and who has done what: bounds, rotation and last use of keys; the keys that
-- tokens are signed with; the audit log.

alter table lifecycle.api_key
    add column sources text[] check (cardinality(sources) > 0),
    add column types text[] check (cardinality(types) > 0),
    add column expires_at timestamptz,
    add column previous_digest bytea check (length(previous_digest) = 32),
    add column previous_until timestamptz,
    add column rotated_at timestamptz,
    add column last_used_at timestamptz,
    add check ((previous_digest is null) = (previous_until is null));
comment on column lifecycle.api_key.digest is 'SHA-256 of the secret';
comment on column lifecycle.api_key.sources is
    'The sources whose events it may post; null for any';
comment on column lifecycle.api_key.types is
    'The types that it may post: sell.order.placed, or bill.* for all that begin so; null for any';
comment on column lifecycle.api_key.previous_digest is
    'SHA-256 of the secret before the latest rotation, which is good until previous_until';
comment on column lifecycle.api_key.last_used_at is
    'When it was used last, to about a minute: each server tells it from time to time';

create table lifecycle.signing_key (
    signing_key_id uuid primary key default gen_random_uuid(),
    secret         bytea not null check (length(secret) = 32),
    created_at     timestamptz not null default now()
);
comment on table lifecycle.signing_key is
    'What tokens are signed with (HMAC-SHA-256): the latest that is a minute old signs, all verify. '
    'Whoever reads this can make tokens that read, so nobody but the service may';
create index signing_key_age on lifecycle.signing_key (created_at);

-- A UUID has 122 bits that cannot be foretold; four of them are more than enough.
insert into lifecycle.signing_key (secret)
select sha256(string_agg(uuid_send(gen_random_uuid()), ''))
from generate_series(1, 4);

create table lifecycle.audit_entry (
    audit_id   bigint generated always as identity primary key,
    made_at    timestamptz not null default now(),
    actor      text not null check (actor in ('key', 'command', 'database')),
    key_id     text collate "C",
    name       text,
    address    text,
    request_id text,
    operation  text collate "C" not null,
    target     text collate "C",
    before     text,
    after      text
);
comment on table lifecycle.audit_entry is
    'Who has changed what, when and from where: added to by each change, in its transaction, and '
    'never changed. It holds no secrets and nothing about customers';
comment on column lifecycle.audit_entry.actor is
    'key: a request; command: clmd on a machine, by its user; database: whoever else wrote';
comment on column lifecycle.audit_entry.name is
    'The key''s name, the user''s, or the role''s, as it was then';
comment on column lifecycle.audit_entry.address is
    'Where the request came from, or on which machine the command ran';
comment on column lifecycle.audit_entry.before is 'What was there, in short; null for nothing';
create index audit_entry_operation on lifecycle.audit_entry (operation, audit_id);
create index audit_entry_target on lifecycle.audit_entry (target, audit_id);
create index audit_entry_key on lifecycle.audit_entry (key_id, audit_id);
create index audit_entry_time on lifecycle.audit_entry (made_at, audit_id);
