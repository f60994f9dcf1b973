-- What changes through the API need: the answers that are kept for an Idempotency-Key, and the
-- state of the exchange rates as a set.

create table lifecycle.kept_answer (
    key_id          text collate "C" not null,
    idempotency_key text collate "C" not null,
    digest          bytea not null check (length(digest) = 32),
    kept_at         timestamptz not null default now(),
    status          smallint not null,
    content_type    text,
    body            text not null,
    fields          text[] not null,
    primary key (key_id, idempotency_key)
);
comment on table lifecycle.kept_answer is
    'Answers to changes that had an Idempotency-Key, for at least a day, by API key';
comment on column lifecycle.kept_answer.digest is 'SHA-256 of the request that was answered';
comment on column lifecycle.kept_answer.fields is
    'Header fields of the answer: name, value, name, value ...';
create index kept_answer_age on lifecycle.kept_answer (kept_at);

create table lifecycle.edition (
    name    text collate "C" primary key,
    edition uuid not null default gen_random_uuid()
);
comment on table lifecycle.edition is
    'The state of what is read in pages, as a whole: another one after each change';
insert into lifecycle.edition (name) values ('rates');
