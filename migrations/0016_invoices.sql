-- Revenue by invoices.

create table lifecycle.invoice (
    bucket      smallint not null,
    customer_id bigint not null,
    object      text collate "C" not null,
    issued_at   timestamptz not null,
    ended_at    timestamptz,
    amount      bigint not null,
    currency    text collate "C" not null,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.invoice is
    'Invoices issued; kept only while the setting revenue_basis is invoices';
comment on column lifecycle.invoice.object is 'The invoice_id';
comment on column lifecycle.invoice.ended_at is 'When it was voided or written off, if it was';
comment on column lifecycle.invoice.amount is
    'Minor units of currency, less the tax and the discount that the invoice tells of';

alter table lifecycle.setting drop constraint setting_check;
alter table lifecycle.setting add check (
    name <> 'revenue_basis' or value in ('payments', 'invoices', 'orders'));
comment on table lifecycle.setting is
    'Business settings: timezone, in which the days of the roll-ups are cut (rebuild after a '
    'change), revenue_basis (payments, invoices or orders), and those of setting_kinds';
