-- From purchases to purchase days: the local days on which a customer purchased, each with the one
-- before it and the first of all; and the roll-ups that count them.
--
-- What the money of cohorts is counted by, the month of a customer's first purchase, may change with
-- a day that comes late or is taken back. A purchase is therefore counted in the cohort that its
-- customer belongs to at that moment; derive_purchase_days moves all of a customer's money when the
-- first day changes.

create type lifecycle.bought_day as (
    bucket smallint, customer_id bigint, day date, currency text, purchases bigint,
    amount numeric);
comment on type lifecycle.bought_day is 'What a customer bought on a day in a currency';

create type lifecycle.counted_day as (sign integer, purchase_day lifecycle.purchase_day);
comment on type lifecycle.counted_day is
    'A purchase day that has come (1), or is no more what it was (-1)';

create function lifecycle.fold_purchase_days(touched lifecycle.day_touch[], zone text)
returns setof lifecycle.purchase_day
language plpgsql stable
as $$
begin
    return query
    with bought as (
        select t.bucket, t.customer_id, before.day as before_day, before.first as before_first,
               before.frequency as before_frequency, p.day, count(*)::integer as purchases
        from unnest(touched) t
        left join lateral (
            select d.day, d.first, d.frequency
            from lifecycle.purchase_day d
            where d.bucket = t.bucket and d.customer_id = t.customer_id and d.day < t.first_day
            order by d.day desc
            limit 1
        ) before on true
        cross join lateral (
            select (x.occurred_at at time zone zone)::date as day
            from lifecycle.purchase x
            where x.bucket = t.bucket and x.customer_id = t.customer_id
              -- a midnight may come twice: what counts is the local day
              and x.occurred_at >= (t.first_day - 1)::timestamp at time zone zone
              and x.occurred_at < (t.last_day + 2)::timestamp at time zone zone
            offset 0 -- by key for each customer
        ) p
        where p.day between t.first_day and t.last_day
        group by t.bucket, t.customer_id, before.day, before.first, before.frequency, p.day
    )
    select b.bucket, b.customer_id, b.day,
           coalesce(lag(b.day) over days, b.before_day),
           coalesce(b.before_first, min(b.day) over days),
           b.purchases,
           least(coalesce(b.before_frequency, 0) + row_number() over days, 11)::smallint
    from bought b
    window days as (partition by b.bucket, b.customer_id order by b.day);
end
$$;
comment on function lifecycle.fold_purchase_days is
    'The purchase days of customers within days, by the purchases and the day before';

create function lifecycle.cohorts_of(d lifecycle.purchase_day, week text)
returns table ("interval" text, cohort date, period date, stayed integer)
language sql immutable
as $$
    select i.unit, lifecycle.period_start(i.unit, d.first), lifecycle.period_start(i.unit, d.day),
           coalesce(lifecycle.period_start(i.unit, d.previous)
                    = lifecycle.period_start(i.unit, d.day) - i.length, false)::integer
    from (values (week, interval '7 days'), ('month', interval '1 month'),
                 ('quarter', interval '3 months'), ('year', interval '1 year')) i (unit, length)
    where d.previous is null
       or lifecycle.period_start(i.unit, d.previous) < lifecycle.period_start(i.unit, d.day)
$$;
comment on function lifecycle.cohorts_of is
    'The periods of which a purchase day is the customer''s first: what it adds to cohort_total; '
    'week is the unit of the business''s weeks';

create function lifecycle.count_purchase_days(counted lifecycle.counted_day[],
                                              writer_number smallint)
returns void
language plpgsql
as $$
declare
    week constant text := lifecycle.week_unit();
begin
    with change as materialized (
        select c.sign, d.day, d.previous, d.first, d.frequency, d.day - d.previous as gap,
               date_trunc('month', d.day::timestamp)::date as month, c.purchase_day
        from unnest(counted) c
        cross join lateral (select (c.purchase_day).*) d
    ),
    buyers as (
        insert into lifecycle.buyer_total as total
        select writer_number, c.day, sum(c.sign),
               coalesce(sum(c.sign) filter (where c.previous is null), 0),
               coalesce(sum(c.sign) filter (where c.previous = c.first), 0),
               coalesce(sum(c.sign * c.gap), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 3), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 4), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 5), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 6), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 7), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 8), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 9), 0)
        from change c
        group by c.day
        on conflict (day, writer) do update
        set buyers = total.buyers + excluded.buyers,
            first = total.first + excluded.first,
            second = total.second + excluded.second,
            gap_days = total.gap_days + excluded.gap_days,
            third = total.third + excluded.third,
            fourth = total.fourth + excluded.fourth,
            fifth = total.fifth + excluded.fifth,
            sixth = total.sixth + excluded.sixth,
            seventh = total.seventh + excluded.seventh,
            eighth = total.eighth + excluded.eighth,
            ninth = total.ninth + excluded.ninth
    ),
    gaps as (
        insert into lifecycle.gap_total as total
        select writer_number, c.day, c.gap, sum(c.sign)
        from change c
        where c.previous is not null
        group by c.day, c.gap
        having sum(c.sign) <> 0
        on conflict (day, gap_days, writer) do update
        set gaps = total.gaps + excluded.gaps
    ),
    gaps_by_month as (
        insert into lifecycle.gap_month_total as total
        select writer_number, c.month, c.gap, sum(c.sign)
        from change c
        where c.previous is not null
        group by c.month, c.gap
        having sum(c.sign) <> 0
        on conflict (month, gap_days, writer) do update
        set gaps = total.gaps + excluded.gaps
    ),
    gaps_by_opening as (
        insert into lifecycle.gap_opening_total as total
        select writer_number, c.month, c.previous, sum(c.sign),
               coalesce(sum(c.sign) filter (where c.frequency = 2), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 3), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 4), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 5), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 6), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 7), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 8), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 9), 0),
               coalesce(sum(c.sign) filter (where c.frequency = 10), 0)
        from change c
        where c.previous is not null
        group by c.month, c.previous
        on conflict (month, opened, writer) do update
        set gaps = total.gaps + excluded.gaps,
            of_first = total.of_first + excluded.of_first,
            of_second = total.of_second + excluded.of_second,
            of_third = total.of_third + excluded.of_third,
            of_fourth = total.of_fourth + excluded.of_fourth,
            of_fifth = total.of_fifth + excluded.of_fifth,
            of_sixth = total.of_sixth + excluded.of_sixth,
            of_seventh = total.of_seventh + excluded.of_seventh,
            of_eighth = total.of_eighth + excluded.of_eighth,
            of_ninth = total.of_ninth + excluded.of_ninth
    )
    insert into lifecycle.cohort_total as total
    select writer_number, k.interval, k.cohort, k.period, sum(c.sign), sum(c.sign * k.stayed)
    from change c
    cross join lateral lifecycle.cohorts_of(c.purchase_day, week) k
    group by k.interval, k.cohort, k.period
    having sum(c.sign) <> 0 or sum(c.sign * k.stayed) <> 0
    on conflict ("interval", period, cohort, writer) do update
    set buyers = total.buyers + excluded.buyers,
        stayed = total.stayed + excluded.stayed;
end
$$;
comment on function lifecycle.count_purchase_days is
    'Adds purchase days to the roll-ups that count them, and takes others back';

create function lifecycle.derive_purchase_days(changed lifecycle.day_touch[], zone text,
                                               writer_number smallint)
returns void
language plpgsql
set enable_hashjoin = off -- few customers among many: by key
set enable_mergejoin = off
set jit = off
as $$
declare
    -- From the first day changed to the next day that was not, because that one tells the day
    -- before it; or to the end, where the number of a day that tells it changes, or the first of
    -- all, because each day tells that.
    touched constant lifecycle.day_touch[] := array(
        select row(t.bucket, t.customer_id, t.first_day,
                   coalesce(case when x.is_later then n.day end, 'infinity'))
                   ::lifecycle.day_touch
        from (select c.bucket, c.customer_id, min(c.first_day) as first_day,
                     max(c.last_day) as last_day
              from unnest(changed) c
              group by c.bucket, c.customer_id) t
        cross join lateral (
            select exists (select
                           from lifecycle.purchase_day d
                           where d.bucket = t.bucket and d.customer_id = t.customer_id
                             and d.day < t.first_day and d.frequency > 10)) x (is_later)
        left join lateral (
            select d.day
            from lifecycle.purchase_day d
            where d.bucket = t.bucket and d.customer_id = t.customer_id and d.day > t.last_day
            order by d.day
            limit 1
        ) n on true);
    counted lifecycle.counted_day[];
begin
    with stale as (
        select s.*
        from unnest(touched) t
        cross join lateral (
            select d as purchase_day, d.bucket, d.customer_id, d.day
            from lifecycle.purchase_day d
            where d.bucket = t.bucket and d.customer_id = t.customer_id
              and d.day between t.first_day and t.last_day
            offset 0 -- by key for each customer
        ) s
    ),
    difference as materialized (
        select f as fresh, s.purchase_day as stale
        from lifecycle.fold_purchase_days(touched, zone) f
        full join stale s
          on s.bucket = f.bucket and s.customer_id = f.customer_id and s.day = f.day
        where f is distinct from s.purchase_day
    ),
    change as materialized (
        select 1 as sign, (d.fresh).*, d.fresh as purchase_day
        from difference d
        where d.fresh is distinct from null
        union all
        select -1, (d.stale).*, d.stale
        from difference d
        where d.stale is distinct from null
    ),
    gone as (
        delete from lifecycle.purchase_day p
        using difference d
        where d.fresh is not distinct from null
          and p.bucket = (d.stale).bucket and p.customer_id = (d.stale).customer_id
          and p.day = (d.stale).day
    ),
    come as (
        insert into lifecycle.purchase_day
        select c.bucket, c.customer_id, c.day, c.previous, c.first, c.purchases, c.frequency
        from change c
        where c.sign > 0
        on conflict (bucket, customer_id, day) do update
        set (previous, first, purchases, frequency)
          = (excluded.previous, excluded.first, excluded.purchases, excluded.frequency)
    ),
    -- the customers whose first purchase is another one than before, or none, and their money
    founder as (
        select x.*
        from (select d.bucket, d.customer_id,
                     min((d.stale).day) filter (where (d.stale).previous is null) as before,
                     min((d.fresh).day) filter (where (d.fresh).previous is null) as after
              from (select *, coalesce((e.fresh).bucket, (e.stale).bucket) as bucket,
                           coalesce((e.fresh).customer_id, (e.stale).customer_id) as customer_id
                    from difference e) d
              group by d.bucket, d.customer_id) x
        where x.before is distinct from x.after
    ),
    cohorts as (
        insert into lifecycle.cohort_amount_total as total
        select writer_number, date_trunc('month', f.first::timestamp)::date, p.day, p.currency,
               sum(f.sign), sum(f.sign * p.amount)
        from founder w
        cross join lateral (values (w.before, -1), (w.after, 1)) f (first, sign)
        cross join lateral (
            select (x.occurred_at at time zone zone)::date as day, x.currency, x.amount
            from lifecycle.purchase x
            where x.bucket = w.bucket and x.customer_id = w.customer_id
            offset 0 -- by key for each customer
        ) p
        where f.first is not null
        group by 2, p.day, p.currency
        having sum(f.sign) <> 0 or sum(f.sign * p.amount) <> 0
        on conflict (day, cohort, currency, writer) do update
        set purchases = total.purchases + excluded.purchases,
            amount = total.amount + excluded.amount
    )
    select array_agg(row(c.sign, c.purchase_day)::lifecycle.counted_day)
    into counted
    from change c;
    perform lifecycle.count_purchase_days(counted, writer_number);
end
$$;
comment on function lifecycle.derive_purchase_days is
    'Brings purchase days up to date where they changed, with their roll-ups';

create function lifecycle.add_purchase_days(bought lifecycle.bought_day[], zone text,
                                            writer_number smallint)
returns void
language plpgsql
as $$
declare
    counted lifecycle.counted_day[];
    late lifecycle.day_touch[];
begin
    with placed as materialized (
        select b.bucket, b.customer_id, b.day, b.currency, b.purchases, b.amount,
               last.held, last.day as last_day, last.first, last.frequency,
               count(*) over (partition by b.bucket, b.customer_id) = 1
                   and coalesce(b.day >= last.day, true) as is_next
        from unnest(bought) b
        left join lateral (
            select d.ctid as held, d.day, d.first, d.frequency
            from lifecycle.purchase_day d
            where d.bucket = b.bucket and d.customer_id = b.customer_id
            order by d.day desc
            limit 1
        ) last on true
    ),
    again as (
        update lifecycle.purchase_day d
        set purchases = d.purchases + p.purchases
        from placed p
        -- by its place: the customer is locked, so that nobody else has moved the row
        where p.is_next and p.last_day = p.day and d.ctid = p.held
    ),
    come as materialized (
        select p.bucket, p.customer_id, p.day, p.last_day as previous,
               coalesce(p.first, p.day) as first, p.purchases::integer as purchases,
               least(coalesce(p.frequency, 0) + 1, 11)::smallint as frequency
        from placed p
        where p.is_next and p.last_day is distinct from p.day
    ),
    stored as (
        insert into lifecycle.purchase_day
        select *
        from come
    ),
    -- in the cohort that the customer belongs to so far: see derive_purchase_days
    cohorts as (
        insert into lifecycle.cohort_amount_total as total
        select writer_number, date_trunc('month', coalesce(p.first, p.day)::timestamp)::date,
               p.day, p.currency, sum(p.purchases), sum(p.amount)
        from placed p
        where p.is_next or p.first is not null
        group by 2, p.day, p.currency
        on conflict (day, cohort, currency, writer) do update
        set purchases = total.purchases + excluded.purchases,
            amount = total.amount + excluded.amount
    )
    select (select array_agg(row(1, c::lifecycle.purchase_day)::lifecycle.counted_day)
            from come c),
           (select array_agg(row(p.bucket, p.customer_id, p.day, p.day)::lifecycle.day_touch)
            from placed p
            where not p.is_next)
    into counted, late;
    if counted is not null then
        perform lifecycle.count_purchase_days(counted, writer_number);
    end if;
    if late is not null then
        perform lifecycle.derive_purchase_days(late, zone, writer_number);
    end if;
end
$$;
comment on function lifecycle.add_purchase_days is
    'Adds days of purchases that are a customer''s latest one or after it; derives the others anew';
