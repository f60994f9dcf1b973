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

create function lifecycle.dunning_types() returns smallint[]
language sql immutable as $$ select '{408,409}'::smallint[] $$;
comment on function lifecycle.dunning_types is
    'The codes of bill.payment.failed and recovered, which can end and begin MRR';

create function lifecycle.fold_acquisition(touched lifecycle.thing[])
returns setof lifecycle.acquisition
language plpgsql stable
as $$
begin
    return query
    select t.bucket, t.customer_id, '', f.lead_at, f.lead ->> 'channel', f.lead ->> 'campaign',
           w.at, f.last ->> 'channel', f.last ->> 'campaign', f.referred ->> 'referrer'
    from (select distinct u.bucket, u.customer_id from unnest(touched) u) t
    cross join lateral (
        select (select p.occurred_at
                from lifecycle.purchase p
                where p.bucket = t.bucket and p.customer_id = t.customer_id and p.amount > 0
                order by p.occurred_at
                limit 1) as purchased,
               (select r.occurred_at
                from lifecycle.revenue r
                where r.bucket = t.bucket and r.customer_id = t.customer_id and r.amount > 0
                order by r.occurred_at
                limit 1) as paid,
               (select min(m.at)
                from lifecycle.mrr x
                cross join lateral unnest(x.movements) m
                where x.bucket = t.bucket and x.customer_id = t.customer_id and m.after > 0)
                   as subscribed
        offset 0
    ) p
    cross join lateral (
        select least(p.purchased, p.paid, p.subscribed) as at
    ) w
    cross join lateral (
        select min(e.occurred_at) filter (where e.type = lifecycle.lead_created()) as lead_at,
               (array_agg(e.data order by e.occurred_at, e.sequence nulls first, e.source, e.id)
                filter (where e.type = lifecycle.lead_created()))[1] as lead,
               (array_agg(e.data order by e.occurred_at desc, e.sequence desc nulls last,
                                          e.source desc, e.id desc)
                filter (where e.occurred_at <= w.at))[1] as last,
               (array_agg(e.data order by e.occurred_at desc, e.sequence desc nulls last,
                                          e.source desc, e.id desc)
                filter (where e.occurred_at <= w.at and e.type = lifecycle.lead_created()
                          and e.data ->> 'referrer' is not null))[1] as referred
        from lifecycle.histories_of(t.bucket, t.customer_id) h
        cross join lateral (
            select x.event_id, x.occurred_at, x.sequence, x.source, x.id, x.type,
                   x.body -> 'data' as data
            from lifecycle.event x
            where x.bucket = h.bucket and x.customer_id = h.customer_id
              and x.type = any(lifecycle.found_types())
            offset 0 -- by key for each customer
        ) e
        where (select true from lifecycle.voided v where v.event_id = e.event_id limit 1) is null
        offset 0
    ) f
    where f.lead_at is not null or w.at is not null;
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
            when t.type = any(lifecycle.dunning_types())
                then (select true
                      from lifecycle.mrr m
                      where m.bucket = t.bucket and m.customer_id = t.customer_id
                      limit 1)
            else true
        end);
end
$$;
comment on function lifecycle.touched_acquisition is
    'Whose acquisition may be another one: by what was taken back; a touch before it; a lead that '
    'is the first, or before it; money that is the first; failed payments of whom had MRR; '
    'subscriptions and cancelled orders';

create function lifecycle.roughly(value numeric)
returns numeric
language sql immutable
as $$
    select case when value = 0 then 0 else round(value, 1 - floor(log(abs(value)))::integer) end
$$;
comment on function lifecycle.roughly is 'A number to two significant digits';

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
           coalesce(a.lead_campaign, ''), '', 1, t.seconds, lifecycle.roughly(t.seconds)
    from (select extract(epoch from a.acquired_at - a.lead_at) as seconds) t
    where a.lead_at <= a.acquired_at
$$;
comment on function lifecycle.entries_of(lifecycle.acquisition, text) is
    'A customer acquired; a lead, if it came before that, and how long it took to convert it';

do $$
begin
    perform lifecycle.define_fact(
        'acquisition',
        '{101,102,207,208,407}' || lifecycle.dunning_types() || lifecycle.subscription_types(),
        'customer', '{acquired,lead,lead_converted}');
end
$$;
