-- What customers pay again and again: their subscriptions, the payments that failed, and how their
-- monthly recurring revenue (MRR) moved.

create type lifecycle.subscription_state as (
    since     timestamptz,
    status    text,
    plan      text,
    currency  text,
    mrr       numeric,
    quantity  bigint,
    reason    text,
    voluntary boolean
);
comment on type lifecycle.subscription_state is
    'How a subscription stands from a time on, until the next state';

create table lifecycle.subscription (
    bucket          smallint not null,
    customer_id     bigint not null,
    object          text collate "C" not null,
    started_at      timestamptz not null,
    contract_end    timestamptz,
    cancel_asked_at timestamptz,
    cancel_asked_by uuid,
    states          lifecycle.subscription_state[] not null,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.subscription is
    'A subscription, with all its states in their order; those that are scheduled lie ahead';
comment on column lifecycle.subscription.object is 'The subscription_id';
comment on column lifecycle.subscription.started_at is
    'When it started; the latest time, if it was started anew after its end';
comment on column lifecycle.subscription.contract_end is
    'As its start said; it goes on after that, unless something ends it';
comment on column lifecycle.subscription.cancel_asked_at is
    'When its end was asked for; null if that was never done, or was taken back';
comment on column lifecycle.subscription.cancel_asked_by is
    'The bill.subscription.cancel_requested';

create table lifecycle.payment_failure (
    bucket       smallint not null,
    customer_id  bigint not null,
    object       text collate "C" not null,
    payment_id   text collate "C" not null,
    failed_at    timestamptz not null,
    reason       text collate "C" not null,
    amount       bigint not null,
    currency     text collate "C" not null,
    recovered_at timestamptz,
    recovered_by uuid,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.payment_failure is
    'A payment that failed, and when it was made good: by a bill.payment.recovered that names it, '
    'or by the customer''s next payment';
comment on column lifecycle.payment_failure.object is 'The id of the bill.payment.failed';
comment on column lifecycle.payment_failure.recovered_by is
    'The event by which it was made good; null if it was not';

create type lifecycle.mrr_movement as (
    at        timestamptz,
    currency  text,
    plan      text,
    kind      text,
    before    numeric,
    after     numeric,
    voluntary boolean
);
comment on type lifecycle.mrr_movement is
    'A change of a customer''s MRR at a time, in a currency; or its part in a plan';

create table lifecycle.mrr (
    bucket      smallint not null,
    customer_id bigint not null,
    object      text collate "C" not null check (object = ''),
    movements   lifecycle.mrr_movement[] not null,
    parts       lifecycle.mrr_movement[] not null,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.mrr is
    'How the MRR of a customer moved, over all subscriptions: the whole history in a row';
comment on column lifecycle.mrr.movements is
    'By time and currency; before and after are the MRR in that currency. voluntary is null but for '
    'churn. What is scheduled lies ahead';
comment on column lifecycle.mrr.parts is
    'The same by plan too: the plans of a movement add up to it, and have its kind';

-- A rate can end, and then there is none until another one begins.
alter table lifecycle.rate alter column rate drop not null;
comment on table lifecycle.rate is
    'Exchange rates: from valid_from on, one major unit of currency is worth rate major units of '
    'base; null: from then on there is no rate';

alter table lifecycle.revenue_total add column payments bigint not null default 0;
comment on column lifecycle.revenue_total.payments is 'The entries that are payments';
delete from lifecycle.revenue_total;
insert into lifecycle.revenue_total
    (writer, day, currency, entries, received, returned, payments)
select 0, (r.occurred_at at time zone z.value)::date, r.currency, count(*),
       sum(greatest(r.amount, 0)), sum(least(r.amount, 0)), count(*) filter (where r.amount >= 0)
from lifecycle.revenue r, lifecycle.setting z
where z.name = 'timezone'
group by 2, 3;
