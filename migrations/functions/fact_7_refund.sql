-- Money given back, and the invoice that it is for: so that revenue can be told by the dates of the
-- invoices too (refund_basis). The roll-ups have each refund on both dates.

create function lifecycle.invoice_issued() returns smallint
language sql immutable as $$ select 401::smallint $$;
create function lifecycle.refund_issued() returns smallint
language sql immutable as $$ select 410::smallint $$;
create function lifecycle.chargeback_lost() returns smallint
language sql immutable as $$ select 413::smallint $$;
comment on function lifecycle.invoice_issued is 'The code of bill.invoice.issued';
comment on function lifecycle.refund_issued is 'The code of bill.refund.issued';
comment on function lifecycle.chargeback_lost is 'The code of bill.chargeback.lost';

create function lifecycle.invoiced_at(of_bucket smallint, of_customer bigint, invoice text)
returns timestamptz
language plpgsql stable
as $$
declare
    issued timestamptz;
    paid timestamptz;
begin
    select min(e.occurred_at) filter (where e.type = lifecycle.invoice_issued()
                                        and e.object = invoice),
           min(e.occurred_at) filter (where e.type = lifecycle.payment_succeeded()
                                        and e.body #>> '{data,invoice_id}' = invoice)
    into issued, paid
    from lifecycle.histories_of(of_bucket, of_customer) h
    cross join lateral (
        select *
        from lifecycle.event x
        where x.bucket = h.bucket and x.customer_id = h.customer_id
          and x.type in (lifecycle.invoice_issued(), lifecycle.payment_succeeded())
        offset 0 -- by key for each customer
    ) e
    where (select true from lifecycle.voided v where v.event_id = e.event_id limit 1) is null;
    return coalesce(issued, paid);
end
$$;
comment on function lifecycle.invoiced_at is
    'When an invoice of a customer was issued; if nobody told, when it was first paid; else null';

create function lifecycle.fold_refund(touched lifecycle.thing[])
returns setof lifecycle.refund
language sql stable
as $$
    select e.bucket, e.customer_id, (e.event).event_id::text, (e.event).occurred_at,
           case (e.event).type when lifecycle.refund_issued() then 'refund' else 'chargeback' end,
           (e.event).amount, (e.event).currency, i.invoice,
           case when i.invoice is not null
                    then lifecycle.invoiced_at(e.bucket, e.customer_id, i.invoice) end
    from lifecycle.history_of(touched, array[lifecycle.refund_issued(),
                                             lifecycle.chargeback_lost()]) e
    cross join lateral (
        select case when (e.event).type = lifecycle.refund_issued()
                        then (e.event).body #>> '{data,invoice_id}' end as invoice
    ) i
$$;
comment on function lifecycle.fold_refund is 'What was given back, by the ledger';

create function lifecycle.entries_of(r lifecycle.refund, zone text)
returns setof lifecycle.entry
language sql stable
as $$
    select (m.at at time zone zone)::date, m.measure, r.kind, '', r.currency, 1::bigint,
           r.amount::numeric, null::numeric
    from (values ('refund', r.occurred_at),
                 ('refund:invoiced', coalesce(r.invoiced_at, r.occurred_at))) m (measure, at)
$$;
comment on function lifecycle.entries_of(lifecycle.refund, text) is
    'A refund, on its own date and on that of its invoice';

-- Invoices and payments matter only to customers with a refund that names an invoice.
select lifecycle.define_fact('refund', '{401,407,410,413}', 'customer',
                             '{refund,"refund:invoiced"}', $$
    t.type in (lifecycle.refund_issued(), lifecycle.chargeback_lost())
    or (select true
        from lifecycle.refund r
        where r.bucket = t.bucket and r.customer_id = t.customer_id
          and r.invoice_id is not null
        limit 1)
$$);
