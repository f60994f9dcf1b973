-- What the roll-ups must say, computed plainly from the facts. Each function cuts the days in
-- the zone that it is given and so answers questions in any zone; each view cuts them in the
-- business's zone and has its roll-up's columns, but for the writer: verify compares the two,
-- rebuild fills the one from the other.

create function lifecycle.plain_purchase_days(zone text)
returns table (bucket smallint, customer_id bigint, day date, previous date, first date,
               purchases integer, frequency smallint)
language sql stable
as $$
    select d.bucket, d.customer_id, d.day,
           lag(d.day) over so_far, first_value(d.day) over so_far, d.purchases,
           least(row_number() over so_far, 11)::smallint
    from (select p.bucket, p.customer_id,
                 (p.occurred_at at time zone zone)::date as day, count(*)::integer as purchases
          from lifecycle.purchase p
          group by 1, 2, 3) d
    window so_far as (partition by d.bucket, d.customer_id order by d.day)
$$;
comment on function lifecycle.plain_purchase_days is
    'The days of a zone on which customers purchased, as lifecycle.purchase_day has them';

create view lifecycle.plain_purchase_day as
    select * from lifecycle.plain_purchase_days(lifecycle.business_zone());
comment on view lifecycle.plain_purchase_day is
    'What lifecycle.purchase_day must be, from the purchases';

create function lifecycle.purchase_days(zone text)
returns table (bucket smallint, customer_id bigint, day date, previous date, first date,
               purchases integer, frequency smallint)
language sql stable
as $$
    select d.bucket, d.customer_id, d.day, d.previous, d.first, d.purchases, d.frequency
    from lifecycle.purchase_day d
    where zone = lifecycle.business_zone()
    union all
    select d.bucket, d.customer_id, d.day, d.previous, d.first, d.purchases, d.frequency
    from lifecycle.plain_purchase_days(zone) d
    where zone <> lifecycle.business_zone()
$$;
comment on function lifecycle.purchase_days is
    'The days of a zone on which customers purchased: kept ready for the business''s own zone';

create function lifecycle.plain_transition_days(zone text)
returns table (day date, from_stage smallint, to_stage smallint, kind text,
               transitions bigint, dwell_seconds numeric)
language sql stable
as $$
    select t.day, t.from_stage, t.to_stage, t.kind, count(*), sum(t.dwell)
    from (select (v.left_at at time zone zone)::date as day, v.stage as from_stage,
                 coalesce(v.left_to, 0::smallint) as to_stage, v.left_kind as kind,
                 extract(epoch from v.left_at - v.entered_at) as dwell
          from lifecycle.visit v
          where v.left_at is not null
          union all
          select (v.entered_at at time zone zone)::date, 0::smallint, v.stage, v.kind, 0
          from lifecycle.visit v
          where v.kind in ('enter', 'return')) t
    group by 1, 2, 3, 4
$$;
comment on function lifecycle.plain_transition_days is
    'Transitions by day of a zone, stages and kind: the end of each visit on the day that it '
    'was left, and the beginning of those that no visit led to';

create view lifecycle.plain_model_transition_total as
    select t.day, t.from_stage, t.to_stage, t.kind, count(*) as transitions,
           sum(t.dwell) as dwell_seconds, t.model
    from (select v.model, (v.left_at at time zone lifecycle.business_zone())::date as day,
                 v.stage as from_stage, coalesce(v.left_to, 0::smallint) as to_stage,
                 v.left_kind as kind, extract(epoch from v.left_at - v.entered_at) as dwell
          from lifecycle.model_visit v
          where v.left_at is not null
          union all
          select v.model, (v.entered_at at time zone lifecycle.business_zone())::date, 0::smallint,
                 v.stage, v.kind, 0
          from lifecycle.model_visit v
          where v.kind in ('enter', 'return')) t
    group by t.model, t.day, t.from_stage, t.to_stage, t.kind;
comment on view lifecycle.plain_model_transition_total is
    'What lifecycle.model_transition_total must add up to, from the visits';

create view lifecycle.plain_event_total as
    select (e.occurred_at at time zone 'UTC')::date as day, e.source, e.type,
           coalesce(e.currency, '') as currency, count(*) as events,
           coalesce(sum(e.amount), 0) as amount,
           count(*) filter (where e.occurred_at < e.recorded_at - interval '24 hours') as late
    from lifecycle.event e
    group by 1, 2, 3, 4;
comment on view lifecycle.plain_event_total is
    'What lifecycle.event_total must add up to, from the ledger';

create view lifecycle.plain_spend as
    select s.*
    from lifecycle.event e
    cross join lateral lifecycle.spend_of(e, lifecycle.business_zone()) s
    where e.type = any(lifecycle.spend_types());
comment on view lifecycle.plain_spend is 'What lifecycle.spend must be, from the ledger';

create function lifecycle.plain_purchase_sums(zone text)
returns table (day date, currency text, purchases bigint, units numeric, amount numeric)
language sql stable
as $$
    select (p.occurred_at at time zone zone)::date, p.currency,
           count(*), sum(p.units), sum(p.amount)
    from lifecycle.purchase p
    group by 1, 2
$$;
comment on function lifecycle.plain_purchase_sums is 'Purchases by day of a zone and currency';

create view lifecycle.plain_purchase_total as
    select * from lifecycle.plain_purchase_sums(lifecycle.business_zone());
comment on view lifecycle.plain_purchase_total is
    'What lifecycle.purchase_total must add up to, from the purchases';

create function lifecycle.plain_revenue_sums(zone text)
returns table (day date, currency text, entries bigint, received numeric, returned numeric,
               payments bigint)
language sql stable
as $$
    select (r.occurred_at at time zone zone)::date, r.currency, count(*),
           sum(greatest(r.amount, 0)), sum(least(r.amount, 0)),
           count(*) filter (where r.amount >= 0)
    from lifecycle.revenue r
    group by 1, 2
$$;
comment on function lifecycle.plain_revenue_sums is
    'Revenue by day of a zone and currency: what was received, and what was given back, and how '
    'many payments that is';

create view lifecycle.plain_revenue_total as
    select * from lifecycle.plain_revenue_sums(lifecycle.business_zone());
comment on view lifecycle.plain_revenue_total is
    'What lifecycle.revenue_total must add up to, from the entries';

create function lifecycle.plain_buyer_days(zone text)
returns table (day date, buyers bigint, first bigint, second bigint, gap_days bigint,
               third bigint, fourth bigint, fifth bigint, sixth bigint, seventh bigint, eighth bigint, ninth bigint)
language sql stable
as $$
    select d.day, count(*), count(*) filter (where d.previous is null),
           count(*) filter (where d.previous = d.first), coalesce(sum(d.day - d.previous), 0),
           count(*) filter (where d.frequency = 3),
           count(*) filter (where d.frequency = 4),
           count(*) filter (where d.frequency = 5),
           count(*) filter (where d.frequency = 6),
           count(*) filter (where d.frequency = 7),
           count(*) filter (where d.frequency = 8),
           count(*) filter (where d.frequency = 9)
    from lifecycle.purchase_days(zone) d
    group by 1
$$;
comment on function lifecycle.plain_buyer_days is
    'Customers who purchased, by day of a zone; for how many it was the first or second day';

create view lifecycle.plain_buyer_total as
    select * from lifecycle.plain_buyer_days(lifecycle.business_zone());
comment on view lifecycle.plain_buyer_total is
    'What lifecycle.buyer_total must add up to, from the purchase days';

create function lifecycle.plain_gap_days(zone text)
returns table (day date, gap_days integer, gaps bigint)
language sql stable
as $$
    select d.day, d.day - d.previous, count(*)
    from lifecycle.purchase_days(zone) d
    where d.previous is not null
    group by 1, 2
$$;
comment on function lifecycle.plain_gap_days is
    'Gaps between consecutive purchase days of a customer, by the day of a zone that ends them';

create view lifecycle.plain_gap_total as
    select * from lifecycle.plain_gap_days(lifecycle.business_zone());
comment on view lifecycle.plain_gap_total is
    'What lifecycle.gap_total must add up to, from the purchase days';

create function lifecycle.plain_cohort_cells(zone text)
returns table ("interval" text, cohort date, period date, buyers bigint, stayed bigint)
language sql stable
as $$
    with calendar as materialized (
        select u.unit, lifecycle.period_length(u.unit) as length
        from unnest(lifecycle.units()) u (unit)
        where u.unit <> 'day'
    )
    select c.unit, c.cohort, c.period, count(*),
           count(*) filter (where c.before = c.period - c.length)
    from (select i.unit, i.length, lifecycle.period_start(i.unit, d.first) as cohort,
                 lifecycle.period_start(i.unit, d.day) as period,
                 lifecycle.period_start(i.unit, d.previous) as before
          from lifecycle.purchase_days(zone) d, calendar i) c
    where c.before is null or c.before < c.period
    group by 1, 2, 3
$$;
comment on function lifecycle.plain_cohort_cells is
    'Distinct customers who purchased in a week, month, quarter or year of a zone, by the '
    'period of their first purchase; how many of them purchased in the period before too';

create view lifecycle.plain_cohort_total as
    select * from lifecycle.plain_cohort_cells(lifecycle.business_zone());
comment on view lifecycle.plain_cohort_total is
    'What lifecycle.cohort_total must add up to, from the purchase days';

create view lifecycle.plain_measure_total as
    select e.day, e.measure, e.label, e.detail, e.currency, sum(e.n) as n, sum(e.amount) as amount
    from lifecycle.entries(lifecycle.business_zone(), lifecycle.all_measures()) e
    group by 1, 2, 3, 4, 5
    having sum(e.n) <> 0 or sum(e.amount) <> 0;
comment on view lifecycle.plain_measure_total is
    'What lifecycle.measure_total must add up to, from the facts';

create view lifecycle.plain_spread_total as
    select date_trunc('month', e.day::timestamp)::date as month, e.measure, e.label,
           lifecycle.rounded(e.value) as value, count(*) as n
    from lifecycle.entries(lifecycle.business_zone(), lifecycle.all_measures()) e
    where e.value is not null
    group by 1, 2, 3, 4;
comment on view lifecycle.plain_spread_total is
    'What lifecycle.spread_total must add up to, from the facts';

create view lifecycle.plain_merge as
    select m.bucket, m.customer_id, n.bucket as parent_bucket, n.customer_id as parent_id,
           case when n.customer_id is not null then m.event_id end as merged_by
    from (select distinct on (e.bucket, e.customer_id)
                 e.bucket, e.customer_id, e.event_id, e.type, e.object
          from lifecycle.event e
          where e.type = any(lifecycle.merge_types())
            and not exists (select from lifecycle.voided w where w.event_id = e.event_id)
          order by e.bucket, e.customer_id, e.occurred_at desc, e.sequence desc nulls last,
                   e.source desc, e.id desc) m
    left join lifecycle.identifier n
      on n.identifier = m.object and n.customer_id <> m.customer_id
     and m.type = lifecycle.customer_merged();
comment on view lifecycle.plain_merge is
    'Into whom customers are merged, by the latest customer.merged or unmerged in the ledger';
