-- How customers were found and won, what was given back to them, and how well the ledger is fed.

create table lifecycle.acquisition (
    bucket        smallint not null,
    customer_id   bigint not null,
    object        text collate "C" not null check (object = ''),
    lead_at       timestamptz,
    lead_channel  text,
    lead_campaign text,
    acquired_at   timestamptz,
    channel       text,
    campaign      text,
    referrer      text,
    primary key (bucket, customer_id, object),
    check (lead_at is not null or acquired_at is not null)
);
comment on table lifecycle.acquisition is
    'How a customer was won: the first lead, the first paid unit, and who sent the customer; one '
    'row a customer, none for whom there is neither';
comment on column lifecycle.acquisition.object is 'Empty: the row is about the customer as a whole';
comment on column lifecycle.acquisition.lead_at is 'The time of the first find.lead.created';
comment on column lifecycle.acquisition.acquired_at is
    'The time of the first purchase, payment or subscription with money; null for a prospect';
comment on column lifecycle.acquisition.channel is
    'That of the last lead or touch up to acquired_at; null if there is none';
comment on column lifecycle.acquisition.referrer is
    'Whom the last lead up to acquired_at that has a referrer names';

create table lifecycle.refund (
    bucket      smallint not null,
    customer_id bigint not null,
    object      text collate "C" not null,
    occurred_at timestamptz not null,
    kind        text collate "C" not null,
    amount      bigint not null,
    currency    text collate "C" not null,
    invoice_id  text collate "C",
    invoiced_at timestamptz,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.refund is 'Money given back: refunds, and chargebacks that were lost';
comment on column lifecycle.refund.object is 'The id of the event';
comment on column lifecycle.refund.kind is 'refund or chargeback';
comment on column lifecycle.refund.amount is 'Minor units of currency, positive';
comment on column lifecycle.refund.invoiced_at is
    'When the invoice was issued that it names; if nobody told, when it was first paid; else null';
create index refund_named on lifecycle.refund (bucket, customer_id) where invoice_id is not null;
comment on index lifecycle.refund_named is 'Refunds whose invoice may yet be heard of';

-- The ledger's counts tell how many came late.
alter table lifecycle.event_total add column late bigint not null default 0;
comment on column lifecycle.event_total.late is
    'Those that were recorded more than a day after they happened';
delete from lifecycle.event_total;
insert into lifecycle.event_total
select 0, (e.occurred_at at time zone 'UTC')::date, e.source, e.type, coalesce(e.currency, ''),
       count(*), coalesce(sum(e.amount), 0),
       count(*) filter (where e.occurred_at < e.recorded_at - interval '24 hours')
from lifecycle.event e
group by 2, 3, 4, 5;

create table lifecycle.refused_total (
    writer  smallint not null,
    day     date not null,
    source  text collate "C" not null,
    outcome text collate "C" not null check (outcome in ('conflict', 'rejected')),
    events  bigint not null,
    primary key (day, source, outcome, writer)
) with (fillfactor = 70);
comment on table lifecycle.refused_total is
    'Events that were sent and not stored, by UTC day on which they came, and by source; the ledger '
    'does not know of them';
