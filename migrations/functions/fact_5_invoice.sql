-- Invoices, by which revenue is counted where the setting revenue_basis says so. Many events are
-- invoices, and most businesses count what was paid: so without that setting there are no rows.

create function lifecycle.invoice_types() returns smallint[]
language sql immutable as $$ select '{401,404,405}'::smallint[] $$;
comment on function lifecycle.invoice_types is
    'The codes of bill.invoice.issued, .voided and .written_off';

create function lifecycle.counts_invoices()
returns boolean
language plpgsql stable
as $$
begin
    return exists (select
                   from lifecycle.setting s
                   where s.name = 'revenue_basis' and s.value = 'invoices');
end
$$;
comment on function lifecycle.counts_invoices is 'Whether revenue is counted by invoices';

create function lifecycle.not_revenue(e lifecycle.event)
returns bigint
language sql immutable
as $$
    select coalesce((e.body #>> '{data,tax}')::bigint, 0)
         + coalesce((e.body #>> '{data,discount}')::bigint, 0)
$$;
comment on function lifecycle.not_revenue is 'Tax and discount of an invoice, in minor units';

create function lifecycle.fold_invoice(touched lifecycle.thing[])
returns setof lifecycle.invoice
language sql stable
as $$
    select i.bucket, i.customer_id, i.object, (i.issued).occurred_at,
           (select min(e.occurred_at)
            from unnest(i.endings) e
            where e.occurred_at >= (i.issued).occurred_at),
           (i.issued).amount - lifecycle.not_revenue(i.issued), (i.issued).currency
    from (select e.bucket, e.customer_id, e.object,
                 (array_agg(e.event order by (e.event).occurred_at,
                                             (e.event).sequence nulls first, (e.event).source,
                                             (e.event).id)
                      filter (where (e.event).type = 401))[1] as issued,
                 array_agg(e.event) filter (where (e.event).type <> 401) as endings
          from lifecycle.events_of(touched, lifecycle.invoice_types()) e
          where lifecycle.counts_invoices()
          group by e.bucket, e.customer_id, e.object) i
    where i.issued is distinct from null
$$;
comment on function lifecycle.fold_invoice is
    'Invoices by the ledger: the first that was issued under an id, and when it was taken back';

create function lifecycle.entries_of(f lifecycle.invoice, zone text)
returns setof lifecycle.entry
language sql stable
as $$
    select (f.issued_at at time zone zone)::date, 'invoiced', '', '', f.currency, 1::bigint,
           f.amount::numeric, null::numeric
    union all
    select (f.ended_at at time zone zone)::date, 'invoice_ended', '', '', f.currency, 1, -f.amount,
           null
    where f.ended_at is not null
$$;

create function lifecycle.recount_invoices(most bigint)
returns void
language plpgsql
as $$
declare
    setup lifecycle.setup;
begin
    if (select sum(t.events) from lifecycle.event_total t
        where t.type = any(lifecycle.invoice_types())) > most then
        perform lifecycle.refuse('CL409', null,
            'with so many invoices in the ledger, revenue cannot be counted by them any more, nor '
            'cease to be');
    end if;
    perform pg_advisory_xact_lock(2, 0);
    setup := lifecycle.setup_now();
    for bucket in 0..63 loop
        perform lifecycle.derive_facts(setup, array(
            select row(f.place, lifecycle.all_things(lifecycle.bucket_touched(bucket::smallint)))
                   ::lifecycle.fact_things
            from lifecycle.fact f
            where f.name = 'invoice'));
    end loop;
end
$$;
comment on function lifecycle.recount_invoices is
    'Derives all invoices, or none, as the setting says now, while the writers wait; refuses (409) '
    'where there are more than so many';

select lifecycle.define_fact('invoice', lifecycle.invoice_types(), 'object',
                             '{invoiced,invoice_ended}', '(select lifecycle.counts_invoices())');
