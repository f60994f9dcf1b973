-- What the summaries of what is gathered must say (functions/gather.sql).

create view lifecycle.plain_measure_month as
    select t.measure, date_trunc('month', t.day::timestamp)::date as month, t.label, t.detail,
           t.currency, sum(t.n) as n, sum(t.amount) as amount
    from lifecycle.measure_total t
    where t.writer = 64
    group by 1, 2, 3, 4, 5
    having sum(t.n) <> 0 or sum(t.amount) <> 0;
comment on view lifecycle.plain_measure_month is
    'What lifecycle.measure_month must be, from what is gathered';

create view lifecycle.plain_model_transition_month as
    select t.model, date_trunc('month', t.day::timestamp)::date as month, t.from_stage, t.to_stage,
           t.kind, sum(t.transitions) as transitions, sum(t.dwell_seconds) as dwell_seconds
    from lifecycle.model_transition_total t
    where t.writer = 64
    group by 1, 2, 3, 4, 5
    having sum(t.transitions) <> 0 or sum(t.dwell_seconds) <> 0;
comment on view lifecycle.plain_model_transition_month is
    'What lifecycle.model_transition_month must be, from what is gathered';

create view lifecycle.plain_event_day as
    select t.day, t.source, sum(t.events) as events, sum(t.late) as late,
           coalesce(sum(t.events) filter (where t.type = lifecycle.event_voided()), 0) as voids
    from lifecycle.event_total t
    where t.writer = 64
    group by 1, 2;
comment on view lifecycle.plain_event_day is
    'What lifecycle.event_day must be, from what is gathered';

create view lifecycle.plain_spread_range as
    select t.measure, t.month, t.label, lifecycle.range_of(t.value) as bottom, sum(t.n) as n
    from lifecycle.spread_total t
    where t.writer = 64
    group by 1, 2, 3, 4
    having sum(t.n) <> 0;
comment on view lifecycle.plain_spread_range is
    'What lifecycle.spread_range must be, from what is gathered';
