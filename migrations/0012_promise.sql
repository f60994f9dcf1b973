-- What promise and support are measured by (metrics.md, section 7): cases, sentiments, answers to
-- surveys, offers, referrals, deliveries, returns, usage and risks. Each is a fact as 0008_facts.sql
-- has it: the rows follow from the ledger alone, and object is part of the key.

create table lifecycle.support_case (
    bucket          smallint not null,
    customer_id     bigint not null,
    object          text collate "C" not null,
    opened_at       timestamptz not null,
    opened_by       uuid not null,
    channel         text,
    category        text,
    priority        text,
    offering        text,
    first_reply_at  timestamptz,
    first_closed_at timestamptz,
    closed_at       timestamptz,
    reopened        integer not null,
    escalated_at    timestamptz,
    resolution      text,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.support_case is
    'A case of support, by case_id, once it was opened; what happened before that is left out';
comment on column lifecycle.support_case.first_reply_at is
    'The first reply by the staff that was not marked as internal';
comment on column lifecycle.support_case.closed_at is
    'The last close, if the case was not reopened since; first_closed_at stays';
comment on column lifecycle.support_case.reopened is 'How many times it was reopened';

create table lifecycle.sentiment (
    bucket      smallint not null,
    customer_id bigint not null,
    object      text collate "C" not null,
    at          timestamptz not null,
    case_id     text collate "C" not null,
    sentiment   numeric not null,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.sentiment is
    'The sentiment of a customer''s reply in a case, from -1 to 1, by the reply''s event id';

create table lifecycle.survey (
    bucket      smallint not null,
    customer_id bigint not null,
    object      text collate "C" not null,
    at          timestamptz not null,
    survey_id   text collate "C" not null,
    kind        text collate "C" not null,
    score       numeric not null,
    scale_max   numeric not null,
    case_id     text collate "C",
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.survey is
    'An answer to a survey, by its event id: csat, nps or ces, the score and the top of its scale';

create table lifecycle.offer (
    bucket      smallint not null,
    customer_id bigint not null,
    object      text collate "C" not null,
    kind        text collate "C" not null,
    made_at     timestamptz not null,
    response    text collate "C",
    answered_at timestamptz,
    won_back_at timestamptz,
    amount      bigint,
    currency    text collate "C",
    offering    text,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.offer is
    'An offer to a customer, by offer_id, of the kind upsell, cross_sell, winback or save';
comment on column lifecycle.offer.made_at is
    'When it was made; of an offer that is known by its answer only, when that was given';
comment on column lifecycle.offer.response is 'The last answer: accepted or declined; null: none';
comment on column lifecycle.offer.won_back_at is
    'When a win-back succeeded that names the offer; one that names none belongs to the last '
    'winback offer before it';

create table lifecycle.referral (
    bucket       smallint not null,
    customer_id  bigint not null,
    object       text collate "C" not null,
    made_at      timestamptz not null,
    converted_at timestamptz,
    channel      text,
    referred     text,
    value        bigint,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.referral is
    'A referral by a customer, by referral_id, and when it converted';

create table lifecycle.advocate (
    bucket      smallint not null,
    customer_id bigint not null,
    object      text collate "C" not null,
    since       timestamptz not null,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.advocate is
    'A customer who made a referral or whose advocacy was recorded, and since when; object is empty';

create table lifecycle.delivery (
    bucket       smallint not null,
    customer_id  bigint not null,
    object       text collate "C" not null,
    started_at   timestamptz,
    promised_at  timestamptz,
    promised_on  date,
    promised_by  uuid,
    completed_at timestamptz,
    completed_on date,
    completed_by uuid,
    failed_at    timestamptz,
    is_complete  boolean not null,
    units        bigint,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.delivery is
    'The delivery of an order, by order_id, once it was promised for a time, completed, or failed';
comment on column lifecycle.delivery.promised_at is
    'What was promised, if it was told as a time: the promise that was in force at completion, the '
    'last one told up to then';
comment on column lifecycle.delivery.promised_on is
    'What was promised, if it was told as a date, the whole of which is in time';
comment on column lifecycle.delivery.promised_by is 'The event that made this promise';
comment on column lifecycle.delivery.completed_at is
    'When the whole of it was delivered, else the last part of it; null if that was told as a date';
comment on column lifecycle.delivery.completed_on is
    'When it was delivered, if that was told as a date';
comment on column lifecycle.delivery.failed_at is 'When it failed, if it was not completed since';
comment on column lifecycle.delivery.is_complete is 'Whether the whole of it was delivered';

create table lifecycle.order_return (
    bucket      smallint not null,
    customer_id bigint not null,
    object      text collate "C" not null,
    times       timestamptz[] not null,
    units       bigint[] not null,
    reasons     text[] not null,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.order_return is
    'What came back of an order, by order_id: each time, how many units and why';

create table lifecycle.usage (
    bucket      smallint not null,
    customer_id bigint not null,
    object      text collate "C" not null,
    at          timestamptz not null,
    feature     text not null,
    quantity    numeric not null,
    unit        text,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.usage is
    'How much of a feature a customer used, by the event''s id; no roll-up counts it';

create table lifecycle.risk (
    bucket      smallint not null,
    customer_id bigint not null,
    object      text collate "C" not null,
    flagged_at  timestamptz,
    flagged_by  uuid,
    score       numeric,
    reason      text,
    cleared_at  timestamptz,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.risk is
    'A kind of risk that was flagged or cleared for a customer; object is the kind';
comment on column lifecycle.risk.flagged_at is
    'Since when it is flagged: the first flag after the last time that it was cleared; null if it '
    'was cleared since. score and reason are those of the last flag';
