-- Subscriptions and MRR, a row for each of what the facts hold as lists.

create view lifecycle.subscription_states as
    select s.bucket, s.customer_id, s.object, t.since,
           lead(t.since) over (partition by s.bucket, s.customer_id, s.object order by t.since)
               as until,
           t.status, t.plan, t.currency, t.mrr, t.quantity, t.reason, t.voluntary
    from lifecycle.subscription s
    cross join lateral unnest(s.states) t;
comment on view lifecycle.subscription_states is
    'The states of subscriptions (object is the subscription_id), until null for the last one; '
    'those that are scheduled lie ahead';

create view lifecycle.mrr_movements as
    select m.bucket, m.customer_id, v.at, v.currency, v.kind, v.before, v.after, v.voluntary
    from lifecycle.mrr m
    cross join lateral unnest(m.movements) v
    where v.at <= now();
comment on view lifecycle.mrr_movements is
    'The movements of customers'' MRR up to now: new, expansion, reactivation, contraction, churn';
