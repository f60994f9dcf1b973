-- Where a customer stands: what the sweep in the background keeps of everyone, so that one customer
-- can be held against the mean at once, and signals that arise from silence are found in time.

create table lifecycle.sweep (
    is_only    boolean primary key default true check (is_only),
    swept_at   timestamptz,
    ended_at   timestamptz,
    day        date,
    step       integer not null default 0,
    seen_below xid8,
    setup      text,
    usual_gap  integer
);
comment on table lifecycle.sweep is 'The latest sweep: one row';
comment on column lifecycle.sweep.swept_at is 'When it began: what was so then, it saw';
comment on column lifecycle.sweep.ended_at is 'When the latest one that came to its end did so';
comment on column lifecycle.sweep.day is 'The day that it was then, in the business''s time zone';
comment on column lifecycle.sweep.step is 'The step that is next; 0: none is under way';
comment on column lifecycle.sweep.seen_below is
    'Every transaction below this number had been seen by it';
comment on column lifecycle.sweep.setup is
    'A digest of the settings, the active stage model and the segments that it went by';
comment on column lifecycle.sweep.usual_gap is
    'Nine in ten of all gaps between a customer''s purchase days were no longer; days';
insert into lifecycle.sweep default values;

create table lifecycle.peer_measure (
    peers       text collate "C" not null,
    measure     text collate "C" not null,
    label       text collate "C" not null,
    n           bigint not null,
    total       numeric not null,
    squares     numeric not null,
    median      numeric not null,
    values      numeric[] not null,
    at_most     bigint[] not null,
    measured_at timestamptz not null,
    primary key (peers, measure, label)
);
comment on table lifecycle.peer_measure is
    'How a measure is spread over customers, as of the latest sweep';
comment on column lifecycle.peer_measure.peers is
    'Whose: all, cohort:YYYY-MM by the month of acquisition, or segment:NAME';
comment on column lifecycle.peer_measure.label is 'The currency or stage; empty where there is none';
comment on column lifecycle.peer_measure.n is 'The customers for whom the measure is defined';
comment on column lifecycle.peer_measure.total is 'Their values, added up';
comment on column lifecycle.peer_measure.squares is 'The squares of their values, added up';
comment on column lifecycle.peer_measure.median is
    'The smallest value that at least half of them did not exceed, to three significant digits';
comment on column lifecycle.peer_measure.values is
    'The different values to three significant digits, in their order';
comment on column lifecycle.peer_measure.at_most is
    'How many of them have each of these values, or a smaller one';
comment on column lifecycle.peer_measure.measured_at is 'As of when';

create table lifecycle.signal (
    bucket      smallint not null,
    customer_id bigint not null,
    kind        text collate "C" not null,
    since       timestamptz not null,
    evidence    uuid[] not null,
    value       numeric,
    threshold   numeric,
    primary key (bucket, customer_id, kind)
);
comment on table lifecycle.signal is
    'Early signs that a customer may leave, as of the latest sweep; the columns are those of '
    'lifecycle.signal_now';
create index signal_since on lifecycle.signal (since, bucket, customer_id, kind);
create index signal_kind on lifecycle.signal (kind, since, bucket, customer_id);
