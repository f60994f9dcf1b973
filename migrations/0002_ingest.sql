-- Stage models, merged customers, costs, and what makes the ingest fast and the ledger readable
-- from outside: each index here earns its place, because every event pays for it.

-- Stage models -----------------------------------------------------------------------------------
-- The six departments are the prefixes of the vocabulary. A model says what stages a business
-- counts in, and which types move a customer where.

alter table lifecycle.stage rename to department;
alter table lifecycle.department rename column stage to department;
comment on table lifecycle.department is
    'The six prefixes of the vocabulary, in the order of the lifecycle';
comment on column lifecycle.event_type.stage is 'The department that the type belongs to';
comment on column lifecycle.event_type.entry is
    'How it moves a customer by the default model: enter: enters its stage from anywhere; advance: '
    'only forward; exit: ends the relationship; override: enters the stage that the event names; '
    'activity: moves nobody';

create table lifecycle.stage_model (
    model        smallint primary key,
    name         text collate "C" not null,
    version      integer not null,
    state        text not null check (state in ('ready', 'deriving', 'active', 'retired')),
    definition   jsonb not null,
    opening      smallint not null,
    moving       smallint[] not null default '{}',
    stages       smallint[] not null default '{}',
    entries      text[] not null default '{}',
    derived      smallint not null default 0,
    created_at   timestamptz not null default now(),
    activated_at timestamptz,
    unique (name, version)
);
comment on table lifecycle.stage_model is
    'Models of stages: one is active, and another one may be on its way to it';
comment on column lifecycle.stage_model.state is
    'ready: may be activated; deriving: history is being derived by it, in the background; active: '
    'answers are given by it; retired: was active once, its visits are gone';
comment on column lifecycle.stage_model.definition is 'As it was put, with all defaults filled in';
comment on column lifecycle.stage_model.opening is
    'How many of the first stages open a new cycle when they are entered from beyond them';
comment on column lifecycle.stage_model.moving is
    'The types that its rules name, and in stages and entries what the rules say of them: the '
    'ingest has them at hand so';
comment on column lifecycle.stage_model.derived is
    'Buckets whose history has been derived, while deriving';
create unique index stage_model_active on lifecycle.stage_model (state) where state = 'active';
create unique index stage_model_deriving on lifecycle.stage_model (state) where state = 'deriving';

create table lifecycle.model_stage (
    model  smallint not null references lifecycle.stage_model,
    stage  smallint not null check (stage between 1 and 9),
    name   text not null,
    goal   text,
    covers smallint[] not null,
    primary key (model, stage),
    unique (model, name)
);
comment on table lifecycle.model_stage is 'The stages of each model, numbered in their order';
comment on column lifecycle.model_stage.covers is
    'The departments whose types lead here, where no rule says otherwise';

create table lifecycle.rule (
    model smallint not null,
    type  smallint not null,
    stage smallint,
    entry text not null check (entry in ('enter', 'advance', 'exit', 'override')),
    primary key (model, type)
);
comment on table lifecycle.rule is
    'Which types move a customer, by model; filled by refresh_rules from the model''s definition '
    'and the vocabulary''s default';

insert into lifecycle.stage_model (model, name, version, state, definition, opening, activated_at)
values
    (1, 'lifecycle', 1, 'active',
     '{"stages": [{"name": "find", "goal": "Be found by those whom the offer helps",
                   "covers": ["find"]},
                  {"name": "sell", "goal": "Win the customer", "covers": ["sell"]},
                  {"name": "deliver", "goal": "Keep the promise", "covers": ["deliver"]},
                  {"name": "bill", "goal": "Be paid, rightly and on time", "covers": ["bill"]},
                  {"name": "support", "goal": "Solve what is in the way", "covers": ["support"]},
                  {"name": "loyalty", "goal": "Be chosen again, and recommended",
                   "covers": ["loyalty"]}],
       "opening": 2, "types": {}}', 2, now()),
    (2, 'three-stage', 1, 'ready',
     '{"stages": [{"name": "acquisition", "goal": "Win the customer", "covers": ["find", "sell"]},
                  {"name": "engagement", "goal": "Deliver what was promised",
                   "covers": ["deliver", "bill", "support"]},
                  {"name": "retention", "goal": "Be chosen again", "covers": ["loyalty"]}],
       "opening": 1, "types": {}}', 1, null);
insert into lifecycle.model_stage (model, stage, name, goal, covers)
select m.model, s.position, s.stage ->> 'name', s.stage ->> 'goal',
       array(select d.position::smallint
             from jsonb_array_elements_text(s.stage -> 'covers') c (name)
             join unnest(array['find', 'sell', 'deliver', 'bill', 'support', 'loyalty'])
                  with ordinality d (name, position) using (name)
             order by 1)
from lifecycle.stage_model m
cross join jsonb_array_elements(m.definition -> 'stages') with ordinality s (stage, position);

-- Visits and their totals are kept for each model that is active or on its way to it; the views
-- lifecycle.visit and lifecycle.transition_total show the active one.
alter table lifecycle.visit rename to model_visit;
alter table lifecycle.model_visit add column model smallint not null default 1;
alter table lifecycle.model_visit alter column model drop default;
alter table lifecycle.model_visit drop constraint visit_pkey;
alter table lifecycle.model_visit add primary key (bucket, customer_id, model, ordinal);
drop index lifecycle.visit_open;
create index visit_open on lifecycle.model_visit (model, stage, bucket, customer_id)
    where left_at is null;

alter table lifecycle.transition_total rename to model_transition_total;
alter table lifecycle.model_transition_total add column model smallint not null default 1;
alter table lifecycle.model_transition_total alter column model drop default;
alter table lifecycle.model_transition_total drop constraint transition_total_pkey;
alter table lifecycle.model_transition_total
    add primary key (model, day, from_stage, to_stage, kind, writer);

-- Who is who -------------------------------------------------------------------------------------

alter table lifecycle.customer
    add column parent_bucket smallint,
    add column parent_id     bigint,
    add column merged_by     uuid,
    add column root_bucket   smallint,
    add column root_id       bigint,
    add column is_joined     boolean not null default false;
comment on column lifecycle.customer.parent_id is
    'The customer that this one was merged into, as the latest customer.merged in force says';
comment on column lifecycle.customer.merged_by is
    'The customer.merged in force: of itself into parent_id';
comment on column lifecycle.customer.root_id is
    'The canonical customer: at the end of the merges; null for one that is its own';
comment on column lifecycle.customer.is_joined is
    'Whether it is merged into another, or another into it';
alter table lifecycle.identifier
    add column root_bucket smallint,
    add column root_id     bigint;
comment on column lifecycle.identifier.root_id is
    'The canonical customer, as in lifecycle.customer: so that one probe finds whom to lock';
create index customer_parent on lifecycle.customer (parent_bucket, parent_id)
    where parent_id is not null;
create index customer_root on lifecycle.customer (root_bucket, root_id) where root_id is not null;

create table lifecycle.customer_attributes (
    bucket      smallint not null,
    customer_id bigint not null,
    attributes  jsonb not null,
    changed_at  timestamptz not null,
    primary key (bucket, customer_id)
);
comment on table lifecycle.customer_attributes is
    'What the business knows of a customer: the patches of customer.identified and '
    'customer.attributes_changed, merged in the order of their times';
comment on column lifecycle.customer_attributes.changed_at is 'The time of the latest patch';

-- Costs ------------------------------------------------------------------------------------------

alter table lifecycle.event add column has_cost boolean not null default false;
comment on column lifecycle.event.has_cost is 'Whether its data gives a cost';
update lifecycle.event set has_cost = true where body -> 'data' ->> 'cost' is not null;

create table lifecycle.cost (
    bucket      smallint not null,
    customer_id bigint not null,
    occurred_at timestamptz not null,
    event_id    uuid not null,
    amount      bigint not null,
    department  smallint,
    currency    text collate "C" not null,
    primary key (bucket, customer_id, occurred_at, event_id, currency)
);
comment on table lifecycle.cost is
    'What a customer cost, in which department: the cost of any event, and support.cost.recorded';
comment on column lifecycle.cost.amount is 'Minor units of currency';

create table lifecycle.spend (
    event_id  uuid primary key,
    first_day date not null,
    last_day  date not null,
    amount    bigint not null,
    currency  text collate "C" not null,
    purpose   text collate "C" not null,
    channel   text,
    campaign  text,
    kind      text,
    check (first_day <= last_day)
);
comment on table lifecycle.spend is
    'What was spent to win customers or to keep them: find.spend.recorded over its period, and '
    'sell.cost.recorded on its day, as acquisition; days of the business''s time zone';
comment on column lifecycle.spend.amount is 'Minor units of currency, over the whole period';
create index spend_days on lifecycle.spend (first_day);

-- The ledger from outside ------------------------------------------------------------------------

create index event_recorded on lifecycle.event (recorded_xid);
create index event_identity on lifecycle.event (bucket, customer_id, occurred_at)
    where type in (701, 702, 703, 704);
comment on index lifecycle.event_identity is
    'customer.identified, attributes_changed, merged and unmerged';

create table lifecycle.event_total (
    writer   smallint not null,
    day      date not null,
    source   text collate "C" not null,
    type     smallint not null,
    currency text collate "C" not null,
    events   bigint not null,
    amount   numeric not null,
    primary key (day, source, type, currency, writer)
) with (fillfactor = 70);
comment on table lifecycle.event_total is
    'Events in the ledger, voided ones too, by UTC day of their time, source, type and currency';
comment on column lifecycle.event_total.currency is 'Empty for events without an amount';
insert into lifecycle.event_total
select 0, (e.occurred_at at time zone 'UTC')::date, e.source, e.type, coalesce(e.currency, ''),
       count(*), coalesce(sum(e.amount), 0)
from lifecycle.event e
group by 2, 3, 4, 5;
