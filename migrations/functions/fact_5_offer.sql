-- From events to offers and what became of them (metrics.md, section 7). A win-back that names no
-- offer belongs to the customer's last winback offer before it, so offers are derived by customer.

create function lifecycle.offer_made() returns smallint
language sql immutable as $$ select 511::smallint $$;
create function lifecycle.offer_accepted() returns smallint
language sql immutable as $$ select 512::smallint $$;
create function lifecycle.offer_declined() returns smallint
language sql immutable as $$ select 513::smallint $$;
create function lifecycle.winback_succeeded() returns smallint
language sql immutable as $$ select 610::smallint $$;
create function lifecycle.offer_types() returns smallint[]
language sql immutable as $$ select '{511,512,513,610}'::smallint[] $$;
comment on function lifecycle.offer_made is 'The code of support.offer.made';
comment on function lifecycle.offer_accepted is 'The code of support.offer.accepted';
comment on function lifecycle.offer_declined is 'The code of support.offer.declined';
comment on function lifecycle.winback_succeeded is 'The code of loyalty.winback.succeeded';
comment on function lifecycle.offer_types is 'The codes of the events of offers and win-backs';

create function lifecycle.fold_offer(touched lifecycle.thing[])
returns setof lifecycle.offer
language sql stable
as $$
    with told as (
        select t.bucket, t.customer_id, t.object, (t.event).type, (t.event).occurred_at as at,
               (t.event).amount, (t.event).currency, (t.event).body -> 'data' as data,
               row_number() over so_far as place,
               array_agg(t.object) filter (
                   where (t.event).type = lifecycle.offer_made()
                     and (t.event).body #>> '{data,kind}' = 'winback') over so_far as winbacks
        from lifecycle.events_of_customers(touched, lifecycle.offer_types()) t
        window so_far as (
            partition by t.bucket, t.customer_id
            order by (t.event).occurred_at, (t.event).sequence nulls first, (t.event).source,
                     (t.event).id)
    ),
    offers as (
        select t.bucket, t.customer_id, o.object,
               (array_agg(t.data ->> 'kind' order by t.place)
                    filter (where t.data ->> 'kind' is not null))[1] as kind,
               min(t.at) as made_at,
               (array_agg(t.type order by t.place desc)
                    filter (where t.type in (lifecycle.offer_accepted(),
                                             lifecycle.offer_declined())))[1] as answer,
               max(t.at) filter (where t.type in (lifecycle.offer_accepted(),
                                                  lifecycle.offer_declined())) as answered_at,
               min(t.at) filter (where t.type = lifecycle.winback_succeeded()) as won_back_at,
               (array_agg(t.amount order by t.place) filter (where t.amount is not null))[1]
                   as amount,
               (array_agg(t.currency order by t.place) filter (where t.amount is not null))[1]
                   as currency,
               (array_agg(t.data ->> 'offering' order by t.place)
                    filter (where t.data ->> 'offering' is not null))[1] as offering
        from told t
        cross join lateral (
            select coalesce(t.object, t.winbacks[cardinality(t.winbacks)]) as object) o
        where o.object is not null
        group by t.bucket, t.customer_id, o.object
    )
    select o.bucket, o.customer_id, o.object, coalesce(o.kind, 'winback'), o.made_at,
           case o.answer when lifecycle.offer_accepted() then 'accepted'
                         when lifecycle.offer_declined() then 'declined' end,
           o.answered_at, o.won_back_at, o.amount, o.currency, o.offering
    from offers o
$$;
comment on function lifecycle.fold_offer is
    'The offers to customers and the last answers to them, by the ledger';

create function lifecycle.entries_of(f lifecycle.offer, zone text)
returns setof lifecycle.entry
language sql immutable
as $$
    select (f.made_at at time zone zone)::date, 'offer', f.kind,
           case when f.won_back_at is not null then 'accepted'
                else coalesce(f.response, 'open') end,
           '', 1::bigint, 0::numeric, null::numeric
$$;
comment on function lifecycle.entries_of(lifecycle.offer, text) is
    'An offer counts on the day when it was made, by its kind and what became of it: accepted (or '
    'won back by it), declined, or open';

select lifecycle.define_fact('offer', lifecycle.offer_types(), 'customer', '{offer}');
