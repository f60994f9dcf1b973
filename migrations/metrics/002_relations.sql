-- What the metrics of purchases, revenue and buyers read: by day or by period, from the roll-ups
-- where the question is plain, else from the facts of the customers whom it is about, each in its
-- cell. A day may have several rows: only their sum has a meaning. (A plan of its own for each
-- question: the population of a plain one is then no part of it.)

create function metric.grouped(question metric.question, cell text, dimensions json)
returns json
language sql immutable
as $$
    select case
        when question.group_by is null or question.group_by = 'stage' then dimensions
        else concat('{', to_json(question.group_by), ':', coalesce(to_json(cell)::text, 'null'),
                    ',' || nullif(substr(dimensions::text, 2), '}'),
                    case when dimensions is null then '}' end)::json
    end
$$;
comment on function metric.grouped is
    'The dimensions of a row, with those that the question groups by before them';

create function metric.chosen_population(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select p.bucket, p.customer_id
    from metric.population(question) p
    where question.group_by is null or question.group_by in ('stage', 'plan')
       or p.cell is not distinct from chosen ->> question.group_by
$$;
comment on function metric.chosen_population is
    'The customers whom a question is about, of the cell that a row is for';

create function metric.refuse_uncounted(is_uncounted boolean)
returns void
language plpgsql stable
as $$
begin
    if is_uncounted then
        perform lifecycle.refuse('CL422', '?group', 'this row counts no customers');
    end if;
end
$$;
comment on function metric.refuse_uncounted is
    'Refuses to list the customers behind a row that counts something else';

create function metric.whole(question metric.question)
returns metric.question
language plpgsql immutable
as $$
begin
    question.until := lifecycle.period_start(question.interval, question.until - 1)
                      + lifecycle.period_length(question.interval);
    return question;
end
$$;
comment on function metric.whole is
    'A question whose last period is whole, even where the window ends before';

-- Purchases and revenue ----------------------------------------------------------------------

create function metric.offerings_by_day(question metric.question)
returns table (day date, currency text, cell text, purchases bigint, units numeric,
               amount numeric)
language sql stable
as $$
    with bought as materialized (
        select l.day, p.currency, p.units, p.amount, b.offerings, b.units as parts,
               b.amounts as prices
        from metric.population(question) c
        join lifecycle.purchase p on p.bucket = c.bucket and p.customer_id = c.customer_id
        left join lifecycle.basket b
               on b.bucket = p.bucket and b.customer_id = p.customer_id
              and b.object = p.event_id::text
        cross join lateral (
            select (p.occurred_at at time zone question.timezone)::date as day) l
        where l.day >= question.since and l.day < question.until
    )
    select b.day, b.currency, i.offering, count(*), sum(i.units), sum(i.amount)
    from bought b
    cross join lateral unnest(b.offerings, b.parts, b.prices) i (offering, units, amount)
    group by 1, 2, 3
    union all
    select b.day, b.currency, null, count(*) filter (where b.offerings is null),
           sum(b.units - told.units), sum(b.amount - told.amount)
    from bought b
    cross join lateral (
        select coalesce(sum(i.units), 0) as units, coalesce(sum(i.amount), 0) as amount
        from unnest(b.parts, b.prices) i (units, amount)) told
    group by 1, 2
$$;
comment on function metric.offerings_by_day is
    'Purchases in the window by day, currency and offering: the orders that it is in, its units and '
    'its money. Of none is what orders do not say; they are counted there if they say nothing';

create function metric.purchases_by_day(question metric.question)
returns table (day date, currency text, cell text, purchases bigint, units numeric,
               amount numeric)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if question.is_plain then
        return query
        select t.day, t.currency, null::text, t.purchases, t.units, t.amount
        from lifecycle.purchase_total t
        where t.day >= question.since and t.day < question.until;
        return;
    end if;
    if question.group_by = 'offering' then
        return query select * from metric.offerings_by_day(question);
        return;
    end if;
    return query
    select l.day, p.currency, c.cell, count(*), sum(p.units), sum(p.amount)
    from metric.population(question) c
    join lifecycle.purchase p on p.bucket = c.bucket and p.customer_id = c.customer_id
    cross join lateral (
        select (p.occurred_at at time zone question.timezone)::date as day) l
    where l.day >= question.since and l.day < question.until
    group by 1, 2, 3;
end
$$;
comment on function metric.purchases_by_day is 'Purchases in the window by day and currency';

create function metric.sold(question metric.question)
returns table (since date, cell text, currency text, purchases numeric, units numeric,
               amount numeric, rated numeric)
language sql stable
as $$
    with sold as materialized (
        select metric.period_of(question, t.day) as since, t.cell,
               coalesce(question.currency, t.currency) as currency,
               sum(t.purchases) as purchases, sum(t.units) as units,
               sum(t.amount * x.factor) as amount,
               coalesce(sum(t.purchases) filter (where x.factor is not null), 0) as rated
        from metric.purchases_by_day(question) t
        left join lateral metric.exchange(t.currency, question.currency, t.day) x on true
        group by 1, 2, 3
        having sum(t.purchases) <> 0 or sum(t.units) <> 0 or sum(t.amount) <> 0
    ), spans as (
        select distinct cell, currency from sold
        union all
        select null, question.currency where not exists (select from sold)
    )
    select p.since, s.cell, s.currency, coalesce(x.purchases, 0), coalesce(x.units, 0),
           coalesce(round(x.amount), 0), coalesce(x.rated, 0)
    from metric.periods(question) p
    cross join spans s
    left join sold x on x.since = p.since and x.cell is not distinct from s.cell
                    and x.currency = s.currency
$$;
comment on function metric.sold is
    'Purchases, units and money in each period, by currency: in the one asked for where there is '
    'one, and then how many of the purchases had a rate';

create function metric.revenue_by_day(question metric.question)
returns table (day date, currency text, cell text, entries bigint, received numeric,
               returned numeric)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if lifecycle.revenue_basis() = 'orders' then
        return query
        select p.day, p.currency, p.cell, p.purchases, p.amount, 0::numeric
        from metric.purchases_by_day(question) p;
        return;
    end if;
    if question.is_plain then
        return query
        select t.day, t.currency, null::text, t.entries, t.received, t.returned
        from lifecycle.revenue_total t
        where t.day >= question.since and t.day < question.until;
    else
        return query
        select l.day, r.currency, c.cell, count(*), sum(greatest(r.amount, 0)),
               sum(least(r.amount, 0))
        from metric.population(question) c
        join lifecycle.revenue r on r.bucket = c.bucket and r.customer_id = c.customer_id
        cross join lateral (
            select (r.occurred_at at time zone question.timezone)::date as day) l
        where l.day >= question.since and l.day < question.until
        group by 1, 2, 3;
    end if;
    if question.refund_basis = 'invoice' then -- from the one date to the other
        return query
        select s.day, s.currency, s.cell, f.sign * s.n, 0::numeric, -f.sign * s.amount
        from metric.sums(question, '{refund,"refund:invoiced"}') s
        cross join lateral (
            select case s.measure when 'refund' then -1 else 1 end as sign) f;
    end if;
end
$$;
comment on function metric.revenue_by_day is
    'Revenue in the window by day and currency, by the setting revenue_basis: payments or orders; '
    'refunds on their own dates, or on those of their invoices';

-- Buyers -------------------------------------------------------------------------------------

create function metric.purchase_days(question metric.question)
returns table (bucket smallint, customer_id bigint, cell text, day date, previous date,
               first date)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if question.timezone = lifecycle.business_zone() then
        return query
        select d.bucket, d.customer_id, c.cell, d.day, d.previous, d.first
        from lifecycle.purchase_day d
        left join metric.population(question) c
          on not question.is_plain and c.bucket = d.bucket and c.customer_id = d.customer_id
        where (question.is_plain or c.customer_id is not null) and d.day < question.until;
        return;
    end if;
    return query
    select d.bucket, d.customer_id, d.cell, d.day, lag(d.day) over so_far,
           first_value(d.day) over so_far
    from (select distinct p.bucket, p.customer_id, c.cell,
                 (p.occurred_at at time zone question.timezone)::date as day
          from metric.population(question) c
          join lifecycle.purchase p
            on p.bucket = c.bucket and p.customer_id = c.customer_id) d
    where d.day < question.until
    window so_far as (partition by d.bucket, d.customer_id order by d.day);
end
$$;
comment on function metric.purchase_days is
    'The local days before the window''s end on which customers purchased, each with the one '
    'before it and the first, from the facts';

create function metric.buyers_by_day(question metric.question)
returns table (day date, cell text, buyers bigint, first bigint, second bigint, gap_days bigint)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if question.is_plain then
        return query
        select t.day, null::text, t.buyers, t.first, t.second, t.gap_days
        from lifecycle.buyer_total t
        where t.day < question.until;
        return;
    end if;
    return query
    select d.day, d.cell, count(*), count(*) filter (where d.previous is null),
           count(*) filter (where d.previous = d.first),
           coalesce(sum(d.day - d.previous), 0)::bigint
    from metric.purchase_days(question) d
    group by 1, 2;
end
$$;
comment on function metric.buyers_by_day is
    'Customers who purchased, by day up to the window''s end, and for how many it was the first or '
    'second day';

create function metric.gaps_by_period(question metric.question)
returns table (since date, cell text, gap_days integer, gaps numeric)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if question.is_plain and metric.is_monthly(question) then
        return query
        select metric.period_of(question, t.month), null::text, t.gap_days, sum(t.gaps)
        from lifecycle.gap_month_total t
        where t.month >= question.since and t.month < question.until
        group by 1, 3
        having sum(t.gaps) <> 0;
    elsif question.is_plain then
        return query
        select metric.period_of(question, t.day), null::text, t.gap_days, sum(t.gaps)
        from lifecycle.gap_total t
        where t.day >= question.since and t.day < question.until
        group by 1, 3
        having sum(t.gaps) <> 0;
    else
        return query
        select metric.period_of(question, d.day), d.cell, d.day - d.previous, count(*)::numeric
        from metric.purchase_days(question) d
        where d.day >= question.since and d.previous is not null
        group by 1, 2, 3;
    end if;
end
$$;
comment on function metric.gaps_by_period is
    'Gaps between a customer''s consecutive purchase days, by the period that closed them';

create function metric.cohort_cells(question metric.question)
returns table (cohort date, period date, cell text, buyers numeric, stayed numeric)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if question.is_plain then
        return query
        select t.cohort, t.period, null::text, sum(t.buyers), sum(t.stayed)
        from lifecycle.cohort_total t
        where t.interval = question.interval and t.period < question.until
        group by 1, 2
        having sum(t.buyers) <> 0;
        return;
    end if;
    return query
    select x.cohort, x.period, x.cell, count(*)::numeric,
           count(*) filter (where x.before = (x.period - l.length)::date)::numeric
    from (select d.cell, lifecycle.period_start(question.interval, d.first) as cohort,
                 lifecycle.period_start(question.interval, d.day) as period,
                 lifecycle.period_start(question.interval, d.previous) as before
          from metric.purchase_days(metric.whole(question)) d) x
    cross join (select lifecycle.period_length(question.interval) as length) l
    where x.before is null or x.before < x.period
    group by 1, 2, 3;
end
$$;
comment on function metric.cohort_cells is
    'Distinct customers who purchased in a period, by the period of their first purchase; how many '
    'of them purchased in the period before too; up to the end of the period that the window ends in';

create function metric.cohort_amounts(question metric.question)
returns table (cohort date, day date, currency text, cell text, purchases numeric,
               amount numeric)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
declare
    ending constant date := (metric.whole(question)).until;
begin
    if question.is_plain and question.interval not like 'week%' then
        return query
        select lifecycle.period_start(question.interval, t.cohort), t.day, t.currency, null::text,
               sum(t.purchases), sum(t.amount)
        from lifecycle.cohort_amount_total t
        where t.day >= question.since and t.day < ending
          and lifecycle.period_start(question.interval, t.cohort) >= question.since
        group by 1, 2, 3;
        return;
    end if;
    return query
    select lifecycle.period_start(question.interval, d.first), d.day, p.currency, d.cell,
           count(*)::numeric, sum(p.amount)
    from metric.purchase_days(metric.whole(question)) d
    join lifecycle.purchase p
      on p.bucket = d.bucket and p.customer_id = d.customer_id
     and (p.occurred_at at time zone question.timezone)::date = d.day
    where d.day >= question.since
      and lifecycle.period_start(question.interval, d.first) >= question.since
    group by 1, 2, 3, 4;
end
$$;
comment on function metric.cohort_amounts is
    'What cohorts spent, by the period of their first purchase, which begins in the window, by day '
    'and currency; up to the end of the period that the window ends in';

create function metric.buyers_so_far(question metric.question)
returns table (since date, label text, complete boolean, cell text, buyers numeric,
               repeaters numeric, gap_days numeric)
language sql stable
as $$
    with counted as materialized (
        select metric.period_of(question, t.day) as since, t.cell, sum(t.first) as first,
               sum(t.second) as second, sum(t.gap_days) as gap_days
        from metric.buyers_by_day(question) t
        group by 1, 2
    )
    select p.since, p.label, p.complete, c.cell, coalesce(sum(b.first) over so_far, 0),
           coalesce(sum(b.second) over so_far, 0), coalesce(sum(b.gap_days) over so_far, 0)
    from metric.periods(question) p
    cross join (select distinct cell from counted
                union all
                select null where not exists (select from counted)) c
    left join counted b on b.since = p.since and b.cell is not distinct from c.cell
    window so_far as (partition by c.cell order by p.since)
$$;
comment on function metric.buyers_so_far is
    'At the end of each period: customers who ever purchased, those of them on two days or more, '
    'and the days from first to latest purchase of all of them, added up';
