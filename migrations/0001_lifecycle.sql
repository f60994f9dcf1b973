-- The tables of clmd: the ledger, the customers, the facts derived from the ledger, and the
-- roll-ups that answers are read from.
--
-- Every table that belongs to customers leads with bucket, a stable hash of the subject that the
-- customer was created by, modulo 64. Times are timestamptz (UTC inside), money is bigint in the
-- currency's ISO 4217 minor unit, days are days of the business's time zone (setting timezone).

create schema lifecycle;
comment on schema lifecycle is
    'The ledger of events, the customers, the facts and roll-ups derived from it, and configuration';

create schema metric;
comment on schema metric is 'Views and functions that answer metrics; holds no data';

-- Configuration ------------------------------------------------------------------------------

create table lifecycle.setting (
    name  text collate "C" primary key,
    value text not null,
    check (name <> 'revenue_basis' or value in ('payments', 'orders'))
);
comment on table lifecycle.setting is
    'Business settings: timezone, in which the days of the roll-ups are cut (rebuild after a '
    'change), and revenue_basis, which is payments or orders';
insert into lifecycle.setting values ('timezone', 'UTC'), ('revenue_basis', 'payments');

create table lifecycle.rate (
    currency   text collate "C" not null check (currency ~ '^[A-Z]{3}$'),
    base       text collate "C" not null check (base ~ '^[A-Z]{3}$' and base <> currency),
    valid_from date not null,
    rate       numeric not null check (rate > 0),
    primary key (currency, base, valid_from)
);
comment on table lifecycle.rate is
    'Exchange rates: from valid_from on, one major unit of currency is worth rate major units of base';

create table lifecycle.api_key (
    key_id     text collate "C" primary key,
    name       text not null,
    scopes     text[] not null check (cardinality(scopes) > 0),
    digest     bytea not null check (length(digest) = 32),
    created_at timestamptz not null default now(),
    revoked_at timestamptz
);
comment on table lifecycle.api_key is 'API keys: only the SHA-256 of the secret is kept';

-- What kinds of things there are; filled by the repeatable migrations ---------------------------

create table lifecycle.stage (
    stage    smallint primary key,
    name     text not null unique
);
comment on table lifecycle.stage is
    'The stages of the lifecycle; the number is the position in the order of the lifecycle';

create table lifecycle.event_type (
    type  smallint primary key,
    name  text collate "C" not null unique,
    stage smallint references lifecycle.stage,
    entry text not null check (entry in ('enter', 'advance', 'exit', 'override', 'activity'))
);
comment on table lifecycle.event_type is
    'The vocabulary: which type belongs to which stage, and how it moves a customer';
comment on column lifecycle.event_type.entry is
    'enter: enters its stage from anywhere; advance: only forward; exit: ends the relationship; '
    'override: enters the stage that the event names; activity: moves nobody';

create table lifecycle.currency (
    currency text collate "C" primary key,
    digits   smallint not null
);
comment on table lifecycle.currency is
    'ISO 4217: currency codes and the digits of their minor unit';

create table lifecycle.time_zone (
    name text collate "C" primary key
);
comment on table lifecycle.time_zone is 'The IANA time zones that this PostgreSQL knows';

create table lifecycle.metric (
    name       text collate "C" primary key,
    title      text not null,
    formula    text not null,
    unit       text not null,
    numerator  text,
    denominator text,
    parameters text[] not null,
    intervals  text[] not null,
    version    integer not null,
    source     text not null
);
comment on table lifecycle.metric is
    'The catalogue of metrics; each file in migrations/metrics brings its own row';
comment on column lifecycle.metric.parameters is
    'The query parameters that change the answer; interval=month names the default';
comment on column lifecycle.metric.intervals is
    'The periods that it can be asked by; none: the whole window only';

-- Customers ------------------------------------------------------------------------------------

create sequence lifecycle.customer_number;

create table lifecycle.customer (
    bucket      smallint not null check (bucket between 0 and 63),
    customer_id bigint not null default nextval('lifecycle.customer_number'),
    ref         text collate "C" not null,
    created_at  timestamptz not null default now(),
    primary key (bucket, customer_id)
);
comment on table lifecycle.customer is 'A customer, as first named by an event';
comment on column lifecycle.customer.ref is 'The subject that the customer was created by';

create table lifecycle.identifier (
    identifier  text collate "C" primary key,
    bucket      smallint not null,
    customer_id bigint not null
);
comment on table lifecycle.identifier is
    'Every subject by which a customer is known: the caller''s own id, or namespace:value';
create index identifier_customer on lifecycle.identifier (bucket, customer_id);

-- The ledger -----------------------------------------------------------------------------------

create table lifecycle.event (
    occurred_at  timestamptz not null,
    recorded_at  timestamptz not null default now(),
    recorded_xid xid8 not null default pg_current_xact_id(),
    customer_id  bigint,
    amount       bigint,
    units        bigint,
    event_id     uuid primary key,
    target       uuid,
    bucket       smallint,
    type         smallint not null,
    stage        smallint,
    source       text collate "C" not null,
    id           text collate "C" not null,
    sequence     text collate "C",
    currency     text collate "C",
    object       text collate "C",
    body         json not null
);
comment on table lifecycle.event is
    'The ledger: append-only; one row for each event that was acknowledged, for ever';
comment on column lifecycle.event.event_id is
    'UUIDv5 of source and id (include/ingest/event.h): unique by name, so one index serves both';
comment on column lifecycle.event.sequence is
    'The CloudEvents sequence, digits padded so that text order is numeric order; null if not given';
comment on column lifecycle.event.amount is
    'Minor units of currency, where the type has an amount';
comment on column lifecycle.event.object is
    'What the event is about: the order, payment, refund, invoice, subscription or case';
comment on column lifecycle.event.stage is 'The stage that a stage.overridden names';
comment on column lifecycle.event.target is 'The event that an event.voided takes back';
comment on column lifecycle.event.body is 'The event in the sender''s own bytes';
create index event_timeline on lifecycle.event (bucket, customer_id, occurred_at);


create table lifecycle.voided (
    event_id uuid not null,
    by_event uuid not null,
    primary key (event_id, by_event)
);
comment on table lifecycle.voided is
    'Events taken back by event.voided, whether or not they have arrived yet';

create table lifecycle.cancelled_order (
    bucket      smallint not null,
    customer_id bigint not null,
    order_id    text collate "C" not null,
    by_event    uuid not null,
    primary key (bucket, customer_id, order_id, by_event)
);
comment on table lifecycle.cancelled_order is
    'Orders taken back by sell.order.cancelled, whether or not they have arrived yet';

-- Facts, one row a thing that happened ---------------------------------------------------------

create table lifecycle.visit (
    bucket      smallint not null,
    customer_id bigint not null,
    ordinal     integer not null,
    cycle       integer not null,
    entered_at  timestamptz not null,
    left_at     timestamptz,
    entered_by  uuid not null,
    left_by     uuid,
    stage       smallint not null,
    left_to     smallint,
    kind        text collate "C" not null,
    left_kind   text collate "C",
    primary key (bucket, customer_id, ordinal)
);
comment on table lifecycle.visit is
    'A customer''s stay in a stage, from the event that began it to the event that ended it';
comment on column lifecycle.visit.ordinal is 'The customer''s visits are numbered from 1';
comment on column lifecycle.visit.cycle is 'The round of the lifecycle, from 1';
comment on column lifecycle.visit.left_to is
    'The stage of the next visit; null if open or ended';
comment on column lifecycle.visit.kind is
    'The kind of transition that began the visit: enter, advance, skip, loop, regress or return';
comment on column lifecycle.visit.left_kind is
    'The kind of transition that ended it: advance, skip, loop, regress or exit; null while open';
create index visit_open on lifecycle.visit (stage, bucket, customer_id) where left_at is null;

create table lifecycle.purchase (
    bucket      smallint not null,
    customer_id bigint not null,
    occurred_at timestamptz not null,
    event_id    uuid not null,
    amount      bigint not null,
    units       bigint not null,
    currency    text collate "C" not null,
    order_id    text collate "C" not null,
    primary key (bucket, customer_id, occurred_at, event_id)
);
comment on table lifecycle.purchase is 'An order placed and not cancelled';

create table lifecycle.revenue (
    bucket      smallint not null,
    customer_id bigint not null,
    occurred_at timestamptz not null,
    event_id    uuid not null,
    amount      bigint not null,
    currency    text collate "C" not null,
    primary key (bucket, customer_id, occurred_at, event_id)
);
comment on table lifecycle.revenue is
    'Money received, and given back: payments are positive, refunds and lost chargebacks negative';

create table lifecycle.purchase_day (
    bucket      smallint not null,
    customer_id bigint not null,
    day         date not null,
    previous    date,
    first       date not null,
    purchases   integer not null,
    primary key (bucket, customer_id, day)
);
comment on table lifecycle.purchase_day is
    'A day of the business''s time zone on which a customer purchased';
comment on column lifecycle.purchase_day.previous is
    'The customer''s purchase day before this one';
comment on column lifecycle.purchase_day.first is 'The customer''s first purchase day';

-- Roll-ups -------------------------------------------------------------------------------------
-- writer is a number of the writing transaction's own, so that no two writers wait for one row;
-- only the sum over the writers has a meaning.

create table lifecycle.transition_total (
    writer        smallint not null,
    day           date not null,
    from_stage    smallint not null,
    to_stage      smallint not null,
    kind          text collate "C" not null,
    transitions   bigint not null,
    dwell_seconds numeric not null,
    primary key (day, from_stage, to_stage, kind, writer)
) with (fillfactor = 70);
comment on table lifecycle.transition_total is
    'Transitions by day, stages and kind; stage 0 stands for none (before the first, after an exit)';
comment on column lifecycle.transition_total.dwell_seconds is
    'The time spent in the visits that these transitions closed';

create table lifecycle.purchase_total (
    writer    smallint not null,
    day       date not null,
    currency  text collate "C" not null,
    purchases bigint not null,
    units     numeric not null,
    amount    numeric not null,
    primary key (day, currency, writer)
) with (fillfactor = 70);
comment on table lifecycle.purchase_total is 'Purchases by day and currency';

create table lifecycle.revenue_total (
    writer   smallint not null,
    day      date not null,
    currency text collate "C" not null,
    entries  bigint not null,
    received numeric not null,
    returned numeric not null,
    primary key (day, currency, writer)
) with (fillfactor = 70);
comment on table lifecycle.revenue_total is
    'Revenue by day and currency: received is positive, returned negative, revenue is their sum';

create table lifecycle.buyer_total (
    writer   smallint not null,
    day      date not null,
    buyers   bigint not null,
    first    bigint not null,
    second   bigint not null,
    gap_days bigint not null,
    primary key (day, writer)
) with (fillfactor = 70);
comment on table lifecycle.buyer_total is
    'Customers who purchased on a day, for how many it was the first and the second purchase day, '
    'and the days since their purchase day before, added up';

create table lifecycle.gap_total (
    writer   smallint not null,
    day      date not null,
    gap_days integer not null,
    gaps     bigint not null,
    primary key (day, gap_days, writer)
) with (fillfactor = 70);
comment on table lifecycle.gap_total is
    'Gaps between a customer''s consecutive purchase days, by the day that closed them';

create table lifecycle.cohort_total (
    writer    smallint not null,
    interval  text collate "C" not null,
    cohort    date not null,
    period    date not null,
    buyers    bigint not null,
    stayed    bigint not null,
    primary key (interval, period, cohort, writer)
) with (fillfactor = 70);
comment on table lifecycle.cohort_total is
    'Distinct customers who purchased in a period (week, month, quarter, year), by the period of '
    'their first purchase, and how many of them purchased in the period before too';
