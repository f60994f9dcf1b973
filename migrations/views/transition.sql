create view lifecycle.transition as
    select v.bucket, v.customer_id, v.ordinal, 1 as part, v.left_at as at, v.left_by as event_id,
           v.stage as from_stage, v.left_to as to_stage, v.left_kind as kind,
           extract(epoch from v.left_at - v.entered_at) as dwell_seconds
    from lifecycle.visit v
    where v.left_at is not null
    union all
    select v.bucket, v.customer_id, v.ordinal, 0, v.entered_at, v.entered_by, null::smallint,
           v.stage, v.kind, null::numeric
    from lifecycle.visit v
    where v.kind in ('enter', 'return');
comment on view lifecycle.transition is
    'Moves of customers between stages: the end of each visit that was left, and the beginning of '
    'those that no visit led to; (ordinal, part) is their order';
comment on column lifecycle.transition.from_stage is 'Null for enter and return';
comment on column lifecycle.transition.to_stage is 'Null for exit';
comment on column lifecycle.transition.dwell_seconds is
    'How long the visit lasted that it ended';
