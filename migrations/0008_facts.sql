-- Facts about the things that a customer has to do with (a case, a subscription, an offer), and two
-- roll-ups that all of them add to. functions/fact.sql tells how a fact is defined.

create table lifecycle.fact (
    place    smallint primary key,
    name     text collate "C" not null unique,
    types    smallint[] not null,
    scope    text check (scope in ('object', 'event', 'customer')),
    measures text[] not null
);
comment on table lifecycle.fact is
    'The facts that were defined by define_fact, in the order in which they are derived, and the '
    'tables that only add to the roll-ups (define_entries); filled by the repeatable migrations';
comment on column lifecycle.fact.types is 'The codes of the events that touch it';
comment on column lifecycle.fact.scope is
    'What a row of it is about: an object of the events, one event, or a customer as a whole; null '
    'for a table that has a derivation of its own';
comment on column lifecycle.fact.measures is 'The measures that its rows add to';

create table lifecycle.measure_total (
    writer   smallint not null,
    day      date not null,
    measure  text collate "C" not null,
    label    text collate "C" not null,
    detail   text collate "C" not null,
    currency text collate "C" not null,
    n        bigint not null,
    amount   numeric not null,
    primary key (measure, day, label, detail, currency, writer)
) with (fillfactor = 70);
comment on table lifecycle.measure_total is
    'What the facts add up to, by measure, day of the business''s time zone, and up to two labels '
    'and a currency, which are empty where a measure has none';
comment on column lifecycle.measure_total.n is 'How many, by the measure: customers, cases, answers';
comment on column lifecycle.measure_total.amount is
    'How much, by the measure: minor units of currency, seconds, scores';

create table lifecycle.spread_total (
    writer  smallint not null,
    month   date not null,
    measure text collate "C" not null,
    label   text collate "C" not null,
    value   numeric not null,
    n       bigint not null,
    primary key (measure, month, label, value, writer)
) with (fillfactor = 70);
comment on table lifecycle.spread_total is
    'How values are spread, for medians and percentiles: by measure, month of the business''s time '
    'zone and label, how many times there was each value';
comment on column lifecycle.spread_total.value is 'Rounded to three significant digits';

create index event_object on lifecycle.event (bucket, customer_id, type, object)
    where type in (301, 302, 303, 304, 305, 310, 401, 404, 405, 408, 409, 415, 416, 417, 418, 419,
                   420, 421, 422, 501, 502, 503, 504, 505, 509, 510, 511, 512, 513, 606, 607, 610);
comment on index lifecycle.event_object is
    'Deliveries, returns, invoices, failed and recovered payments, subscriptions, cases, risks, offers, '
    'referrals and win-backs, by what they are about';

-- Which figure of a metric's rows is made up of customers, and what its rows can be grouped by.
alter table lifecycle.metric
    add column groupings text[] not null default '{}',
    add column members   text check (members in ('value', 'numerator', 'denominator', 'n'));
comment on column lifecycle.metric.groupings is
    'What group_by takes: a dimension of the customers; one of the facts themselves is written '
    'channel=label';
comment on column lifecycle.metric.members is
    'Which figure of a row is a number of customers, whom metric.members_of_<name> lists; null for '
    'a metric that does not count customers';
