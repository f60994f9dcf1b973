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
language sql stable
as $$
    select t.bucket, t.customer_id, '', f.lead_at, f.lead ->> 'channel', f.lead ->> 'campaign',
           w.at, f.before[cardinality(f.before)] ->> 'channel',
           f.before[cardinality(f.before)] ->> 'campaign',
           f.referred[cardinality(f.referred)] ->> 'referrer'
    from unnest(touched) t
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
        select (array_agg(e.occurred_at) filter (where e.is_lead))[1] as lead_at,
               (array_agg(e.data) filter (where e.is_lead))[1] as lead,
               (array_agg(e.data) filter (where e.occurred_at <= w.at)) as before,
               (array_agg(e.data) filter (where e.occurred_at <= w.at and e.is_lead
                                            and e.data ->> 'referrer' is not null)) as referred
        from (select (h.event).occurred_at, (h.event).type = lifecycle.lead_created() as is_lead,
                     (h.event).body -> 'data' as data
              from lifecycle.history_of(array[t], lifecycle.found_types()) h
              order by (h.event).occurred_at, (h.event).sequence nulls first, (h.event).source,
                       (h.event).id) e
        offset 0
    ) f
    where f.lead_at is not null or w.at is not null
$$;
comment on function lifecycle.fold_acquisition is
    'How customers were won, by the ledger and by what they paid';

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

-- What may change how a customer was won: a touch before it; a lead that is the first, or before it;
-- money that is the first; failed payments of whom had MRR; subscriptions and cancelled orders.
select lifecycle.define_fact(
    'acquisition',
    '{101,102,207,208,407}' || lifecycle.dunning_types() || lifecycle.subscription_types(),
    'customer', '{acquired,lead,lead_converted}', $$
    case
        when t.type = any(lifecycle.dunning_types())
            then (select true
                  from lifecycle.mrr m
                  where m.bucket = t.bucket and m.customer_id = t.customer_id
                  limit 1)
        when t.type in (lifecycle.touch_recorded(), lifecycle.lead_created(),
                        lifecycle.order_placed(), lifecycle.payment_succeeded())
            then coalesce((select case t.type
                                      when lifecycle.touch_recorded()
                                          then a.acquired_at >= t.since
                                      when lifecycle.lead_created()
                                          then a.lead_at is null or a.lead_at >= t.since
                                               or a.acquired_at >= t.since
                                      else a.acquired_at is null or a.acquired_at > t.since
                                  end
                           from lifecycle.acquisition a
                           where a.bucket = t.bucket and a.customer_id = t.customer_id
                           limit 1), t.type <> lifecycle.touch_recorded())
        else true
    end
$$);
