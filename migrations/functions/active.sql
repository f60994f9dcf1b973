-- What the active model says. Its stages, its visits and their totals are read through these.
create view lifecycle.stage as
    select s.stage, s.name, s.goal
    from lifecycle.model_stage s
    where s.model = (select m.model from lifecycle.stage_model m where m.state = 'active');
comment on view lifecycle.stage is
    'The stages of the active model; the number is the position in the order of the lifecycle';

create view lifecycle.visit as
    select v.bucket, v.customer_id, v.ordinal, v.cycle, v.entered_at, v.left_at, v.entered_by,
           v.left_by, v.stage, v.left_to, v.kind, v.left_kind
    from lifecycle.model_visit v
    where v.model = (select m.model from lifecycle.stage_model m where m.state = 'active');
comment on view lifecycle.visit is
    'A customer''s stay in a stage of the active model; the columns are those of model_visit';

create view lifecycle.transition_total as
    select t.writer, t.day, t.from_stage, t.to_stage, t.kind, t.transitions, t.dwell_seconds
    from lifecycle.model_transition_total t
    where t.model = (select m.model from lifecycle.stage_model m where m.state = 'active');
comment on view lifecycle.transition_total is
    'Transitions of the active model by day, stages and kind; the columns are those of '
    'model_transition_total';

create view lifecycle.transition_part as
    select m.month as day, m.from_stage, m.to_stage, m.kind, m.transitions, m.dwell_seconds
    from lifecycle.model_transition_month m
    where m.model = (select a.model from lifecycle.stage_model a where a.state = 'active')
    union all
    select t.day, t.from_stage, t.to_stage, t.kind, t.transitions, t.dwell_seconds
    from lifecycle.model_transition_total t
    where t.writer < 64
      and t.model = (select a.model from lifecycle.stage_model a where a.state = 'active');
comment on view lifecycle.transition_part is
    'Transitions of the active model, by month: of what is gathered, day is the first one of the '
    'month';

create view lifecycle.dwell_total as
    select t.writer, t.stage, t.entered_month, t.left_month, t.bin, t.visits, t.seconds
    from lifecycle.model_dwell_total t
    where t.model = (select m.model from lifecycle.stage_model m where m.state = 'active');
comment on view lifecycle.dwell_total is
    'How long visits of the active model lasted; the columns are those of model_dwell_total';

create view lifecycle.departure_total as
    select t.writer, t.stage, t.entered_day, t.left_month, t.visits
    from lifecycle.model_departure_total t
    where t.model = (select m.model from lifecycle.stage_model m where m.state = 'active');
comment on view lifecycle.departure_total is
    'When visits of the active model began that have ended; the columns are those of '
    'model_departure_total';

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
