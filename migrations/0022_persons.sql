-- Persons: who was erased, by which names nobody may come back, and what finds a person's traces in
-- the histories of others.

create table lifecycle.erasure_key (
    is_only   boolean primary key default true check (is_only),
    inner_key bytea not null check (length(inner_key) = 64),
    outer_key bytea not null check (length(outer_key) = 64)
);
comment on table lifecycle.erasure_key is
    'The secret of this installation, one row: without it the digests of erased_name tell nothing';
insert into lifecycle.erasure_key (inner_key, outer_key)
select string_agg(k.part, '') filter (where k.number <= 2),
       string_agg(k.part, '') filter (where k.number > 2)
from (select n as number,
             sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
                    || uuid_send(gen_random_uuid())) as part
      from generate_series(1, 4) n) k;

create table lifecycle.erasure (
    erasure_id    uuid primary key,
    erased_at     timestamptz not null default now(),
    customers     bigint not null,
    identifiers   bigint not null,
    attributes    bigint not null,
    events        bigint not null,
    payload_bytes bigint not null,
    mentions      bigint not null,
    rejects       bigint not null,
    kept_answers  bigint not null,
    digest        bytea not null check (length(digest) = 32)
);
comment on table lifecycle.erasure is
    'Persons who were erased: how much of each, and nothing that tells who it was';
comment on column lifecycle.erasure.customers is
    'The customers who were that person, merged into one';
comment on column lifecycle.erasure.identifiers is 'The names by which they were known';
comment on column lifecycle.erasure.attributes is 'The attributes that were known of them';
comment on column lifecycle.erasure.payload_bytes is 'The bytes that their events lost';
comment on column lifecycle.erasure.mentions is
    'The events of others that named them, or took back an event of theirs';
comment on column lifecycle.erasure.rejects is 'The rows of imports that named them';
comment on column lifecycle.erasure.kept_answers is
    'The answers to an Idempotency-Key that named them';
comment on column lifecycle.erasure.digest is
    'SHA-256 of what is left of their events (lifecycle.digest_of_erased): it stays the same';
create index erasure_time on lifecycle.erasure (erased_at, erasure_id);

create table lifecycle.erased_name (
    digest     bytea primary key check (length(digest) = 32),
    erasure_id uuid not null references lifecycle.erasure,
    erased_at  timestamptz not null
);
comment on table lifecycle.erased_name is
    'The names of erased persons, as keyed digests (lifecycle.name_digest): so that they are known '
    'again when somebody sends them, and by no other way';

alter table lifecycle.customer add column erasure_id uuid;
comment on column lifecycle.customer.erasure_id is
    'The erasure that took away who it was; null for everybody else';
create index customer_erased on lifecycle.customer (erasure_id) where erasure_id is not null;

create index event_unmerge_into on lifecycle.event (object) where type = 704;
comment on index lifecycle.event_unmerge_into is
    'customer.unmerged, by the identifier in `into`';
create index event_referrer on lifecycle.event ((body #>> '{data,referrer}'))
    where type = 102 and (body #>> '{data,referrer}') is not null;
comment on index lifecycle.event_referrer is 'find.lead.created, by the customer who referred it';
create index event_referred on lifecycle.event ((body #>> '{data,referred}'))
    where type in (606, 607) and (body #>> '{data,referred}') is not null;
comment on index lifecycle.event_referred is 'Referrals, by the customer who was referred';
