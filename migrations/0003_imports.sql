-- Imports by POST /v1/imports, as jobs that can be watched from any server, and what they
-- rejected. They tell of what happened; nothing is derived from them.

create table lifecycle.import (
    import_id   uuid primary key,
    key_id      text collate "C" not null,
    format      text collate "C" not null check (format in ('ndjson', 'csv')),
    state       text collate "C" not null default 'running'
                check (state in ('running', 'done', 'failed', 'interrupted')),
    started_at  timestamptz not null default now(),
    seen_at     timestamptz not null default now(),
    finished_at timestamptz,
    announced   bigint,
    bytes       bigint not null default 0,
    reached     bigint not null default 0,
    created     bigint not null default 0,
    duplicate   bigint not null default 0,
    conflict    bigint not null default 0,
    rejected    bigint not null default 0,
    kept        bigint not null default 0,
    problem     json
);
comment on table lifecycle.import is 'Imports over HTTP: a job each';
comment on column lifecycle.import.import_id is 'A UUIDv7: later imports have greater ones';
comment on column lifecycle.import.seen_at is
    'The sign of life of the server that runs it, every second; when it stays away, so is the '
    'server (lifecycle.import_state)';
comment on column lifecycle.import.announced is 'Bytes of the body, if the sender announced them';
comment on column lifecycle.import.bytes is 'Bytes of the body that were read';
comment on column lifecycle.import.reached is
    'The line up to which all is told in the counts: stored, or refused';
comment on column lifecycle.import.kept is 'Rejects in lifecycle.import_reject';

create table lifecycle.import_reject (
    import_id uuid not null references lifecycle.import on delete cascade,
    number    bigint not null,
    reject    text not null,
    primary key (import_id, number)
);
comment on table lifecycle.import_reject is
    'Rows that an import did not store, with line, reason and input; the first ones of each import';
