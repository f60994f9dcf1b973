-- From events to costs and spend (metrics.md, section 0). A cost belongs to a customer; spend, to
-- its days, channel and campaign. Few events have either, so they are read from the event's text.

create function lifecycle.costs_of(e lifecycle.event)
returns table (amount bigint, department smallint, currency text)
language sql stable
as $$
    select sum(c.amount)::bigint, t.stage, c.currency
    from lifecycle.event_type t,
         lateral (select (e.body #>> '{data,cost,amount}')::bigint as amount,
                         e.body #>> '{data,cost,currency}' as currency
                  where e.has_cost
                  union all
                  select e.amount, e.currency
                  where e.type = lifecycle.support_cost()) c
    where t.type = e.type
    group by t.stage, c.currency
$$;
comment on function lifecycle.costs_of is 'The costs that an event tells of, by currency';

create function lifecycle.fold_costs(touched lifecycle.touch[])
returns setof lifecycle.cost
language plpgsql stable
as $$
begin
    return query
    select t.bucket, t.customer_id, e.occurred_at, e.event_id, c.amount, c.department, c.currency
    from unnest(touched) t
    cross join lateral lifecycle.histories_of(t.bucket, t.customer_id) h
    cross join lateral (
        select x as event, x.*
        from lifecycle.event x
        where x.bucket = h.bucket and x.customer_id = h.customer_id and x.occurred_at >= t.since
        offset 0 -- by key for each customer
    ) e
    cross join lateral lifecycle.costs_of(e.event) c
    where (e.has_cost or e.type = lifecycle.support_cost())
      and (select true from lifecycle.voided w where w.event_id = e.event_id limit 1) is null;
end
$$;
comment on function lifecycle.fold_costs is
    'The costs of customers from a time on, by the ledger';

create function lifecycle.derive_costs(touched lifecycle.touch[])
returns void
language plpgsql
as $$
begin
    with stale as (
        select s.*
        from unnest(touched) t
        cross join lateral (
            select c as cost, c.bucket, c.customer_id, c.event_id, c.currency
            from lifecycle.cost c
            where c.bucket = t.bucket and c.customer_id = t.customer_id
              and c.occurred_at >= t.since
            offset 0 -- by key for each customer
        ) s
    ),
    change as materialized (
        select f as fresh, s.cost as stale
        from lifecycle.fold_costs(touched) f
        full join stale s
          on s.bucket = f.bucket and s.customer_id = f.customer_id and s.event_id = f.event_id
         and s.currency = f.currency
        where f is distinct from s.cost
    ),
    gone as (
        delete from lifecycle.cost c
        using change x
        where x.stale is distinct from null
          and c.bucket = (x.stale).bucket and c.customer_id = (x.stale).customer_id
          and c.occurred_at = (x.stale).occurred_at and c.event_id = (x.stale).event_id
          and c.currency = (x.stale).currency
    )
    insert into lifecycle.cost
    select (x.fresh).*
    from change x
    where x.fresh is distinct from null;
end
$$;
comment on function lifecycle.derive_costs is 'Brings costs up to date from a time on';

create function lifecycle.day_told(told text, zone text)
returns date
language sql stable
as $$
    select case when length(told) > 10 then (told::timestamptz at time zone zone)::date
                else told::date end
$$;
comment on function lifecycle.day_told is
    'The day that a date or a time names, in the business''s time zone';

create function lifecycle.last_day_told(told text, zone text)
returns date
language sql stable
as $$
    select case
        when length(told) > 10
            then ((told::timestamptz - interval '1 microsecond') at time zone zone)::date
        else told::date
    end
$$;
comment on function lifecycle.last_day_told is
    'The last day of a period: a date is its last day, a time is where it ends';

create function lifecycle.spend_of(e lifecycle.event, zone text)
returns setof lifecycle.spend
language sql stable
as $$
    select e.event_id, p.first_day, greatest(p.first_day, p.last_day), e.amount, e.currency,
           coalesce(d.data ->> 'purpose', 'acquisition'), d.data ->> 'channel',
           d.data ->> 'campaign', d.data ->> 'kind'
    from (select e.body -> 'data' as data) d,
         lateral (select case when e.type = lifecycle.spend_recorded()
                                  then lifecycle.day_told(d.data ->> 'period_start', zone)
                              else (e.occurred_at at time zone zone)::date end as first_day,
                         case when e.type = lifecycle.spend_recorded()
                                  then lifecycle.last_day_told(d.data ->> 'period_end', zone)
                              else (e.occurred_at at time zone zone)::date end as last_day) p
    where e.type = any(lifecycle.spend_types())
      and not exists (select from lifecycle.voided w where w.event_id = e.event_id)
$$;
comment on function lifecycle.spend_of is
    'The spend that an event tells of, if it does and is not voided';

create function lifecycle.add_costs(
    chosen boolean[], event_ids uuid[], types smallint[], costs boolean[], buckets smallint[],
    customers bigint[])
returns void
language plpgsql
as $$
begin
    insert into lifecycle.cost
    select i.bucket, i.customer_id, e.occurred_at, e.event_id, c.amount, c.department, c.currency
    from unnest(chosen, event_ids, types, costs, buckets, customers)
         i (is_chosen, event_id, type, has_cost, bucket, customer_id)
    cross join lateral (
        select x as event, x.*
        from lifecycle.event x
        where x.event_id = i.event_id
        limit 1 -- a probe by key
    ) e
    cross join lateral lifecycle.costs_of(e.event) c
    where i.is_chosen and i.customer_id is not null
      and (i.has_cost or i.type = lifecycle.support_cost())
      and (select true from lifecycle.voided w where w.event_id = i.event_id limit 1) is null;
end
$$;
comment on function lifecycle.add_costs is 'Adds the costs that the events chosen tell of';

create function lifecycle.add_spend(zone text, is_new boolean[], event_ids uuid[],
                                    types smallint[])
returns void
language plpgsql
as $$
begin
    insert into lifecycle.spend
    select s.*
    from unnest(is_new, event_ids, types) i (is_new, event_id, type)
    cross join lateral (
        select x as event
        from lifecycle.event x
        where x.event_id = i.event_id
        limit 1 -- a probe by key
    ) e
    cross join lateral lifecycle.spend_of(e.event, zone) s
    where i.is_new and i.type = any(lifecycle.spend_types());
end
$$;
comment on function lifecycle.add_spend is 'Adds the spend that new events tell of';
