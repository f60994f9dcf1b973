-- How customers were won (metrics.md, section 0): a customer is acquired by the first paid unit, by
-- the channel of the last lead or touch before it. Leads, touches, orders and payments are nearly
-- half of all events, so that what cannot change the row is left out by a few probes.

create function lifecycle.touch_recorded() returns smallint
language sql immutable as $$ select 101::smallint $$;
create function lifecycle.lead_created() returns smallint
language sql immutable as $$ select 102::smallint $$;
create function lifecycle.found_types() returns smallint[]
language sql immutable as $$ select '{101,102}'::smallint[] $$;
comment on function lifecycle.touch_recorded is 'The code of find.touch.recorded';
comment on function lifecycle.lead_created is 'The code of find.lead.created';
comment on function lifecycle.found_types is 'The codes of both';

create function lifecycle.first_paid(of_bucket smallint, of_customer bigint)
returns timestamptz
language plpgsql stable
as $$
begin
    return least(
        (select p.occurred_at
         from lifecycle.purchase p
         where p.bucket = of_bucket and p.customer_id = of_customer and p.amount > 0
         order by p.occurred_at
         limit 1),
        (select r.occurred_at
         from lifecycle.revenue r
         where r.bucket = of_bucket and r.customer_id = of_customer and r.amount > 0
         order by r.occurred_at
         limit 1),
        (select min(m.at)
         from lifecycle.mrr x
         cross join lateral unnest(x.movements) m
         where x.bucket = of_bucket and x.customer_id = of_customer and m.after > 0));
end
$$;
comment on function lifecycle.first_paid is
    'The time of a customer''s first purchase, payment or subscription with money; null for none';

create function lifecycle.fold_acquisition(touched lifecycle.thing[])
returns setof lifecycle.acquisition
language plpgsql stable
as $$
begin
    return query
    with won as materialized (
        select t.bucket, t.customer_id, lifecycle.first_paid(t.bucket, t.customer_id) as at
        from (select distinct u.bucket, u.customer_id from unnest(touched) u) t
    ),
    found as materialized (
        select w.bucket, w.customer_id, e.occurred_at, e.type, e.body -> 'data' as data,
               coalesce(e.occurred_at <= w.at, false) as is_before,
               row_number() over (partition by w.bucket, w.customer_id
                                  order by e.occurred_at, e.sequence nulls first, e.source, e.id)
                   as number
        from won w
        cross join lateral lifecycle.histories_of(w.bucket, w.customer_id) h
        cross join lateral (
            select *
            from lifecycle.event x
            where x.bucket = h.bucket and x.customer_id = h.customer_id
              and x.type = any(lifecycle.found_types())
            offset 0 -- by key for each customer
        ) e
        where (select true from lifecycle.voided v where v.event_id = e.event_id limit 1) is null
    ),
    lead as (
        select distinct on (f.bucket, f.customer_id) f.*
        from found f
        where f.type = lifecycle.lead_created()
        order by f.bucket, f.customer_id, f.number
    ),
    last as (
        select distinct on (f.bucket, f.customer_id) f.*
        from found f
        where f.is_before
        order by f.bucket, f.customer_id, f.number desc
    ),
    referred as (
        select distinct on (f.bucket, f.customer_id) f.*
        from found f
        where f.is_before and f.data ->> 'referrer' is not null
          and f.type = lifecycle.lead_created()
        order by f.bucket, f.customer_id, f.number desc
    )
    select w.bucket, w.customer_id, '', l.occurred_at, l.data ->> 'channel',
           l.data ->> 'campaign', w.at, a.data ->> 'channel', a.data ->> 'campaign',
           r.data ->> 'referrer'
    from won w
    left join lead l on l.bucket = w.bucket and l.customer_id = w.customer_id
    left join last a on a.bucket = w.bucket and a.customer_id = w.customer_id
    left join referred r on r.bucket = w.bucket and r.customer_id = w.customer_id
    where l.occurred_at is not null or w.at is not null;
end
$$;
comment on function lifecycle.fold_acquisition is
    'How customers were won, by the ledger and by what they paid';

create function lifecycle.touched_acquisition(touched lifecycle.thing[])
returns lifecycle.thing[]
language plpgsql stable
as $$
begin
    return array(
        select t
        from unnest(touched) t
        left join lateral (
            select x.lead_at, x.acquired_at
            from lifecycle.acquisition x
            where x.bucket = t.bucket and x.customer_id = t.customer_id
            limit 1 -- a probe by key
        ) a on true
        where case
            when t.since = '-infinity' or t.type is null then true
            when t.type = lifecycle.touch_recorded() then a.acquired_at >= t.since
            when t.type = lifecycle.lead_created()
                then a.lead_at is null or a.lead_at >= t.since or a.acquired_at >= t.since
            when t.type in (lifecycle.order_placed(), lifecycle.payment_succeeded())
                then a.acquired_at is null or a.acquired_at > t.since
            else a.acquired_at is distinct from lifecycle.first_paid(t.bucket, t.customer_id)
        end);
end
$$;
comment on function lifecycle.touched_acquisition is
    'Whose acquisition may be another one: by what was taken back; a touch before it; a lead that '
    'is the first, or before it; money that is the first; or subscriptions and cancelled orders '
    'that make another time the first';

create function lifecycle.entries_of(a lifecycle.acquisition, zone text)
returns setof lifecycle.entry
language sql stable
as $$
    select (a.acquired_at at time zone zone)::date, 'acquired', coalesce(a.channel, ''),
           coalesce(a.campaign, ''), '', 1::bigint, 0::numeric, null::numeric
    where a.acquired_at is not null
    union all
    select (a.lead_at at time zone zone)::date, 'lead', coalesce(a.lead_channel, ''),
           coalesce(a.lead_campaign, ''), '', 1, 0, null
    where a.lead_at <= coalesce(a.acquired_at, a.lead_at)
    union all
    select (a.lead_at at time zone zone)::date, 'lead_converted', coalesce(a.lead_channel, ''),
           coalesce(a.lead_campaign, ''), '', 1, t.seconds, t.seconds
    from (select extract(epoch from a.acquired_at - a.lead_at) as seconds) t
    where a.lead_at <= a.acquired_at
$$;
comment on function lifecycle.entries_of(lifecycle.acquisition, text) is
    'A customer acquired; a lead, if it came before that, and how long it took to convert it';

do $$
begin
    perform lifecycle.define_fact(
        'acquisition', '{101,102,207,208,407,408,409}' || lifecycle.subscription_types(),
        'customer', '{acquired,lead,lead_converted}');
end
$$;
