-- Segments: sets of customers, each told by a condition.

create table lifecycle.segment (
    name       text collate "C" primary key,
    title      text,
    condition  jsonb not null,
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now()
);
comment on table lifecycle.segment is
    'Sets of customers, each told by a condition; who meets it is found when it is asked';
comment on column lifecycle.segment.condition is
    'The predicate, as it was put and found valid (functions/segment_check.sql)';
