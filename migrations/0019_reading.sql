-- What the sweep has gathered of the roll-ups (functions/gather.sql): it takes together what several
-- writers wrote of days gone by, under writer 64, which no transaction has. What it has taken
-- together is summed up further here, for those who ask about months, or about sources alone; what
-- it has not yet is found by an index.

create table lifecycle.measure_month (
    measure  text collate "C" not null,
    month    date not null,
    label    text collate "C" not null,
    detail   text collate "C" not null,
    currency text collate "C" not null,
    n        bigint not null,
    amount   numeric not null,
    primary key (measure, month, label, detail, currency)
);
comment on table lifecycle.measure_month is
    'What is gathered of measure_total, by month';
create index measure_fresh on lifecycle.measure_total (measure, day) where writer < 64;
comment on index lifecycle.measure_fresh is 'What is not yet gathered';

create table lifecycle.model_transition_month (
    model         smallint not null,
    month         date not null,
    from_stage    smallint not null,
    to_stage      smallint not null,
    kind          text collate "C" not null,
    transitions   bigint not null,
    dwell_seconds numeric not null,
    primary key (model, month, from_stage, to_stage, kind)
);
comment on table lifecycle.model_transition_month is
    'What is gathered of model_transition_total, by month';
create index transition_fresh on lifecycle.model_transition_total (model, day) where writer < 64;
comment on index lifecycle.transition_fresh is 'What is not yet gathered';

create table lifecycle.event_day (
    day    date not null,
    source text collate "C" not null,
    events bigint not null,
    late   bigint not null,
    voids  bigint not null,
    primary key (day, source)
);
comment on table lifecycle.event_day is 'What is gathered of event_total, by UTC day and source';
comment on column lifecycle.event_day.voids is 'Those that take others back (event.voided)';
create index event_day_late on lifecycle.event_day (day) include (late) where late <> 0;
comment on index lifecycle.event_day_late is 'The days on which there are late events';
drop index lifecycle.event_late;
create index event_fresh on lifecycle.event_total (day) where writer < 64;
comment on index lifecycle.event_fresh is 'What is not yet gathered';
