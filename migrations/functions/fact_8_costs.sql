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

create function lifecycle.entries_of(c lifecycle.cost, zone text)
returns setof lifecycle.entry
language sql stable
as $$
    select (c.occurred_at at time zone zone)::date, 'cost',
           coalesce((select d.name from lifecycle.department d
                     where d.department = c.department), ''),
           '', c.currency, 1::bigint, c.amount::numeric, null::numeric
$$;
comment on function lifecycle.entries_of(lifecycle.cost, text) is
    'A cost, by the department of the event that told of it';

create function lifecycle.derive_costs(touched lifecycle.touch[], zone text,
                                       writer_number smallint)
returns void
language plpgsql
as $$
declare
    lost lifecycle.entry[];
    won lifecycle.entry[];
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
    ),
    come as (
        insert into lifecycle.cost
        select (x.fresh).*
        from change x
        where x.fresh is distinct from null
    )
    select (select array_agg(e)
            from change x
            cross join lateral lifecycle.entries_of(x.stale, zone) e
            where x.stale is distinct from null),
           (select array_agg(e)
            from change x
            cross join lateral lifecycle.entries_of(x.fresh, zone) e
            where x.fresh is distinct from null)
    into lost, won;
    if lost is not null or won is not null then
        perform lifecycle.count_entries(writer_number, lost, won);
    end if;
end
$$;
comment on function lifecycle.derive_costs is
    'Brings costs up to date from a time on, and the roll-ups with them';

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

create function lifecycle.entries_of(s lifecycle.spend, zone text)
returns setof lifecycle.entry
language sql stable
as $$
    select s.first_day + i.day, 'spend:' || s.purpose, coalesce(s.channel, ''),
           coalesce(s.campaign, ''), s.currency, (i.day = 0)::integer::bigint,
           div(s.amount::numeric * least(i.day + p.step, p.days), p.days)
               - div(s.amount::numeric * i.day, p.days),
           null::numeric
    from (select d.days, 1 + (d.days - 1) / 3660 as step
          from (select s.last_day - s.first_day + 1 as days) d) p,
         lateral generate_series(0, p.days - 1, p.step) i (day)
$$;
comment on function lifecycle.entries_of(lifecycle.spend, text) is
    'Spend, spread over the days of its period in whole minor units that add up to it; a period '
    'beyond ten years is spread over every second day, third day, and so on';

create function lifecycle.add_costs(
    setup lifecycle.setup, chosen boolean[], event_ids uuid[], types smallint[],
    costs boolean[], buckets smallint[], customers bigint[])
returns lifecycle.entry[]
language plpgsql
as $$
declare
    zone constant text := setup.zone;
    won lifecycle.entry[];
begin
    with come as (
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
          and (select true from lifecycle.voided w where w.event_id = i.event_id limit 1) is null
        returning cost
    )
    select array_agg(e)
    into won
    from come c
    cross join lateral lifecycle.entries_of(c.cost, zone) e;
    return won;
end
$$;
comment on function lifecycle.add_costs is
    'Adds the costs that the events chosen tell of; what they add to the roll-ups';

create function lifecycle.add_spend(setup lifecycle.setup, is_new boolean[], event_ids uuid[],
                                    types smallint[])
returns lifecycle.entry[]
language plpgsql
as $$
declare
    zone constant text := setup.zone;
    won lifecycle.entry[];
begin
    with come as (
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
        where i.is_new and i.type = any(lifecycle.spend_types())
        returning spend
    )
    select array_agg(e)
    into won
    from come c
    cross join lateral lifecycle.entries_of(c.spend, zone) e;
    return won;
end
$$;
comment on function lifecycle.add_spend is
    'Adds the spend that new events tell of; what it adds to the roll-ups';

create function lifecycle.forget_spend(setup lifecycle.setup, is_new boolean[], targets uuid[])
returns void
language plpgsql
as $$
declare
    zone constant text := setup.zone;
    lost lifecycle.entry[];
begin
    with gone as (
        delete from lifecycle.spend s
        using unnest(is_new, targets) i (is_new, target)
        where i.is_new and s.event_id = i.target
        returning s as spend
    )
    select array_agg(e)
    into lost
    from gone g
    cross join lateral lifecycle.entries_of(g.spend, zone) e;
    if lost is not null then
        perform lifecycle.count_entries(setup.writer, lost, null);
    end if;
end
$$;
comment on function lifecycle.forget_spend is 'Takes away the spend that new events take back';

do $$
begin
    perform lifecycle.define_entries('cost', '{cost}');
    perform lifecycle.define_entries('spend', '{"spend:acquisition","spend:retention"}');
end
$$;
