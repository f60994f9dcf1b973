-- The relations that metrics read, by day of a zone: from the roll-ups where the zone is the
-- business's own, else from the facts. (The other branch is planned, but never run.) A day may
-- have several rows; only their sum has a meaning.

create function metric.transitions_by_day(zone text)
returns table (day date, from_stage smallint, to_stage smallint, kind text,
               transitions bigint, dwell_seconds numeric)
language sql stable
as $$
    select t.day, t.from_stage, t.to_stage, t.kind, t.transitions, t.dwell_seconds
    from lifecycle.transition_total t
    where zone = lifecycle.business_zone()
    union all
    select t.day, t.from_stage, t.to_stage, t.kind, t.transitions, t.dwell_seconds
    from lifecycle.plain_transition_days(zone) t
    where zone <> lifecycle.business_zone()
$$;
comment on function metric.transitions_by_day is
    'Transitions by day, stages and kind; stage 0 is none (before the first, after an exit)';

create function metric.purchases_by_day(zone text)
returns table (day date, currency text, purchases bigint, units numeric, amount numeric)
language sql stable
as $$
    select t.day, t.currency, t.purchases, t.units, t.amount
    from lifecycle.purchase_total t
    where zone = lifecycle.business_zone()
    union all
    select t.day, t.currency, t.purchases, t.units, t.amount
    from lifecycle.plain_purchase_sums(zone) t
    where zone <> lifecycle.business_zone()
$$;
comment on function metric.purchases_by_day is 'Purchases by day and currency';

create function lifecycle.revenue_basis()
returns text
language sql stable
as $$
    select value from lifecycle.setting where name = 'revenue_basis'
$$;
comment on function lifecycle.revenue_basis is 'What revenue is counted by: payments or orders';

create function metric.revenue_by_day(zone text)
returns table (day date, currency text, entries bigint, received numeric, returned numeric)
language sql stable
as $$
    select t.day, t.currency, t.entries, t.received, t.returned
    from lifecycle.revenue_total t
    where zone = lifecycle.business_zone() and lifecycle.revenue_basis() = 'payments'
    union all
    select t.day, t.currency, t.entries, t.received, t.returned
    from lifecycle.plain_revenue_sums(zone) t
    where zone <> lifecycle.business_zone() and lifecycle.revenue_basis() = 'payments'
    union all
    select t.day, t.currency, t.purchases, t.amount, 0
    from metric.purchases_by_day(zone) t
    where lifecycle.revenue_basis() = 'orders'
$$;
comment on function metric.revenue_by_day is
    'Revenue by day and currency, by the setting revenue_basis: payments or orders';

create function metric.buyers_by_day(zone text)
returns table (day date, buyers bigint, first bigint, second bigint, gap_days bigint)
language sql stable
as $$
    select t.day, t.buyers, t.first, t.second, t.gap_days
    from lifecycle.buyer_total t
    where zone = lifecycle.business_zone()
    union all
    select t.day, t.buyers, t.first, t.second, t.gap_days
    from lifecycle.plain_buyer_days(zone) t
    where zone <> lifecycle.business_zone()
$$;
comment on function metric.buyers_by_day is
    'Customers who purchased, by day, and for how many it was the first or second day';

create function metric.gaps_by_day(zone text)
returns table (day date, gap_days integer, gaps bigint)
language sql stable
as $$
    select t.day, t.gap_days, t.gaps
    from lifecycle.gap_total t
    where zone = lifecycle.business_zone()
    union all
    select t.day, t.gap_days, t.gaps
    from lifecycle.plain_gap_days(zone) t
    where zone <> lifecycle.business_zone()
$$;
comment on function metric.gaps_by_day is
    'Gaps between a customer''s consecutive purchase days, by the day that closed them';

create function metric.cohort_cells(zone text)
returns table ("interval" text, cohort date, period date, buyers bigint, stayed bigint)
language sql stable
as $$
    select t.interval, t.cohort, t.period, t.buyers, t.stayed
    from lifecycle.cohort_total t
    where zone = lifecycle.business_zone()
    union all
    select t.interval, t.cohort, t.period, t.buyers, t.stayed
    from lifecycle.plain_cohort_cells(zone) t
    where zone <> lifecycle.business_zone()
$$;
comment on function metric.cohort_cells is
    'Distinct customers who purchased in a period, by the period of their first purchase';
