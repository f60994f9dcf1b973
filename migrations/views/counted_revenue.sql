-- What revenue is, by the setting revenue_basis: for all that counts it by customer.

create view lifecycle.counted_revenue as
    select r.bucket, r.customer_id, r.occurred_at, r.amount, r.currency
    from lifecycle.revenue r
    where (select s.value from lifecycle.setting s where s.name = 'revenue_basis') = 'payments'
    union all
    select p.bucket, p.customer_id, p.occurred_at, p.amount, p.currency
    from lifecycle.purchase p
    where (select s.value from lifecycle.setting s where s.name = 'revenue_basis') = 'orders'
    union all
    select i.bucket, i.customer_id, e.at, e.amount, i.currency
    from lifecycle.invoice i
    cross join lateral (values (i.issued_at, i.amount), (i.ended_at, -i.amount)) e (at, amount)
    where (select s.value from lifecycle.setting s where s.name = 'revenue_basis') = 'invoices'
      and e.at is not null;
comment on view lifecycle.counted_revenue is
    'Revenue, plus and minus, each on its date: payments less refunds and lost chargebacks, orders, '
    'or invoices less those voided and written off';
