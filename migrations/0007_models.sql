-- What the work on stage models, which goes on in the background, needs to know from one piece to
-- the next.

alter table lifecycle.stage_model
    add column reached    bigint not null default 0,
    add column started_at timestamptz,
    add column failed_at  timestamptz;
comment on column lifecycle.stage_model.derived is
    'deriving: the buckets whose history has been derived, from the first on; ready and retired: '
    'the buckets that may still hold visits by it, which are taken away from the last one on';
comment on column lifecycle.stage_model.reached is
    'The last customer who was dealt with in the bucket that is next';
comment on column lifecycle.stage_model.started_at is
    'When the derivation began that is under way';
comment on column lifecycle.stage_model.failed_at is
    'When a piece of that derivation failed, if none has succeeded since';
