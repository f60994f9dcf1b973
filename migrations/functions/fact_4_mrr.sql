-- From subscriptions and failed payments to the movements of MRR (metrics.md, section 2). All that a
-- customer's subscriptions bring in is one sum in each currency; whatever changes at one instant is
-- one movement. A customer whose payment failed, and was not made good within dunning_days, brings
-- in nothing from then on until it is: involuntary churn, and maybe reactivation. That concerns the
-- subscriptions that had begun when the payment failed.

create function lifecycle.dunning_time()
returns interval
language plpgsql stable
as $$
begin
    return make_interval(hours => 24 * coalesce(
        (select s.value::integer from lifecycle.setting s where s.name = 'dunning_days'),
        (select k.initial::integer
         from lifecycle.setting_kinds() k
         where k.name = 'dunning_days')));
end
$$;
comment on function lifecycle.dunning_time is
    'The time within which a failed payment may be made good: dunning_days of 24 hours';

create function lifecycle.paid_stretches(s lifecycle.subscription)
returns table (since timestamptz, until timestamptz, plan text, currency text, mrr numeric,
               voluntary boolean)
language sql stable
as $$
    with past_due as (
        select coalesce(range_agg(tstzrange(d.since, f.recovered_at)), '{}') as times
        from lifecycle.payment_failure f,
             lateral (select f.failed_at + lifecycle.dunning_time() as since) d
        where f.bucket = s.bucket and f.customer_id = s.customer_id
          and f.failed_at >= s.started_at
          and (f.recovered_at is null or f.recovered_at > d.since)
    ), state as (
        select t.*, lead(t.since) over (order by t.since) as until,
               lead(t.voluntary) over (order by t.since) as ended_voluntary
        from unnest(s.states) t
    )
    select lower(p.stretch), upper(p.stretch), t.plan, t.currency, t.mrr,
           case when upper(p.stretch) = t.until then coalesce(t.ended_voluntary, true)
                else false end
    from state t, past_due d,
         lateral unnest(tstzmultirange(tstzrange(t.since, t.until)) - d.times) p (stretch)
    where t.mrr > 0
$$;
comment on function lifecycle.paid_stretches is
    'When a subscription brought in what, and whether the end of that was voluntary: not where a '
    'payment was past due';

create function lifecycle.fold_mrr(touched lifecycle.thing[])
returns setof lifecycle.mrr
language plpgsql stable
as $$
begin
    return query
    with change as materialized (
        select t.bucket, t.customer_id, e.at, p.currency, p.plan, sum(e.amount) as amount,
               bool_and(e.voluntary) as voluntary
        from unnest(touched) t
        cross join lateral (
            select x as subscription
            from lifecycle.subscription x
            where x.bucket = t.bucket and x.customer_id = t.customer_id
            offset 0 -- by key for each customer
        ) s
        cross join lateral lifecycle.paid_stretches(s.subscription) p
        cross join lateral (values (p.since, p.mrr, null::boolean),
                                   (p.until, -p.mrr, p.voluntary)) e (at, amount, voluntary)
        where e.at is not null
        group by t.bucket, t.customer_id, e.at, p.currency, p.plan
    ), part as (
        select c.*, sum(c.amount) over (partition by c.bucket, c.customer_id, c.currency, c.plan
                                        order by c.at) as after
        from change c
    ), money as (
        select c.bucket, c.customer_id, c.at, c.currency, sum(c.amount) as amount,
               sum(sum(c.amount)) over (partition by c.bucket, c.customer_id, c.currency
                                        order by c.at) as after
        from change c
        group by c.bucket, c.customer_id, c.at, c.currency
    ), instant as ( -- in how many currencies the customer pays
        select i.*, sum(i.currencies) over so_far as after,
               sum(i.currencies) over so_far - i.currencies as before,
               min(i.at) over (partition by i.bucket, i.customer_id) = i.at as is_first
        from (select m.bucket, m.customer_id, m.at,
                     sum((m.after > 0)::integer - (m.after > m.amount)::integer) as currencies
              from money m
              group by m.bucket, m.customer_id, m.at) i
        window so_far as (partition by i.bucket, i.customer_id order by i.at)
    ), ended as (
        select c.bucket, c.customer_id, c.at, bool_and(c.voluntary) as voluntary
        from change c
        group by c.bucket, c.customer_id, c.at
    ), turn as (
        select i.bucket, i.customer_id, i.at,
               case when i.before = 0 and i.is_first then 'new'
                    when i.before = 0 then 'reactivation'
                    when i.after = 0 then 'churn' end as kind,
               case when i.after = 0 then e.voluntary end as voluntary
        from instant i
        join ended e using (bucket, customer_id, at)
    ), movement as (
        select m.*, t.voluntary,
               coalesce(t.kind, case when m.amount < 0 then 'contraction' else 'expansion' end)
                   as kind
        from money m
        join turn t using (bucket, customer_id, at)
    ), moved as (
        select m.bucket, m.customer_id,
               array_agg(row(m.at, m.currency, null, m.kind, m.after - m.amount, m.after,
                             m.voluntary)::lifecycle.mrr_movement order by m.at, m.currency)
                   filter (where m.amount <> 0) as movements
        from movement m
        group by m.bucket, m.customer_id
    ), shared as (
        select p.bucket, p.customer_id,
               array_agg(row(p.at, p.currency, p.plan, m.kind, p.after - p.amount, p.after,
                             m.voluntary)::lifecycle.mrr_movement
                         order by p.at, p.currency, p.plan) filter (where p.amount <> 0) as parts
        from part p
        join movement m using (bucket, customer_id, at, currency)
        group by p.bucket, p.customer_id
    )
    select m.bucket, m.customer_id, '', m.movements, p.parts
    from moved m
    join shared p using (bucket, customer_id);
end
$$;
comment on function lifecycle.fold_mrr is
    'The movements of customers'' MRR, by their subscriptions and failed payments';

-- What the roll-ups count of it. Each period of any length knows what becomes, within it, of the
-- customers who were active when it began; so retention over a period is a sum over its days.

create function lifecycle.mrr_turns(m lifecycle.mrr)
returns table (at timestamptz, kind text, voluntary boolean, held text, held_before text)
language sql stable
as $$
    select t.*, lag(t.held) over (order by t.at)
    from (select i.at, i.kind, i.voluntary, h.held
          from (select distinct on (x.at) x.at, x.kind, x.voluntary
                from unnest(m.movements) x
                order by x.at) i
          cross join lateral (
              select string_agg(c.currency, ' ' order by c.currency) as held
              from (select distinct on (x.currency) x.currency, x.after
                    from unnest(m.movements) x
                    where x.at <= i.at
                    order by x.currency, x.at desc) c
              where c.after > 0) h) t
$$;
comment on function lifecycle.mrr_turns is
    'The instants at which a customer''s MRR moved, with the currencies that the customer pays in '
    'after and before it (null for none)';

create function lifecycle.day_and_month(of_day date)
returns table (day date, of text)
language sql immutable
as $$
    values (of_day, ''), (date_trunc('month', of_day::timestamp)::date, 'monthly:')
$$;
comment on function lifecycle.day_and_month is
    'A day, and the first of its month, with what goes before the names of measures counted by month';

create function lifecycle.entries_of(m lifecycle.mrr, zone text)
returns setof lifecycle.entry
language sql stable
as $$
    with unit as (
        select u as unit
        from unnest(lifecycle.units()) u
    ), move as materialized (
        select x.*, (x.at at time zone zone)::date as day
        from unnest(m.movements) x
    ), turn as materialized (
        select t.*, (t.at at time zone zone)::date as day, lag(t.voluntary) over (order by t.at)
                   as left_voluntary
        from lifecycle.mrr_turns(m) t
    ), begun as ( -- the customer's MRR when the period began, and whether it was left since
        select u.unit, v.day, v.currency, v.at, v.after,
               first_value(v.before) over by_currency as at_start,
               first_value(v.kind) over by_time not in ('new', 'reactivation') as was_active,
               bool_or(v.kind = 'churn') over by_time as was_left,
               u.unit || p.start as period
        from move v
        cross join unit u
        cross join lateral (select lifecycle.period_start(u.unit, v.day) as start) p
        window by_currency as (partition by u.unit, p.start, v.currency order by v.at),
               by_time as (partition by u.unit, p.start order by v.at)
    ), kept as (
        select b.unit, b.day, b.currency, a.retained, least(a.retained, b.at_start) as kept,
               lag(a.retained, 1, b.at_start) over of_currency as retained_before,
               lag(least(a.retained, b.at_start), 1, b.at_start) over of_currency as kept_before
        from begun b
        cross join lateral (select case when b.was_left then 0 else b.after end as retained) a
        where b.was_active
        window of_currency as (partition by b.period, b.currency order by b.at)
    ), lost as (
        select u.unit, t.day, t.kind, case when t.kind = 'churn' then t.voluntary
                                           else t.left_voluntary end as voluntary,
               first_value(t.kind) over (partition by u.unit, p.start order by t.at) as first
        from turn t
        cross join unit u
        cross join lateral (select lifecycle.period_start(u.unit, t.day) as start) p
        where t.kind in ('new', 'reactivation', 'churn')
    ), life as (
        select date_trunc('month', min(t.day)::timestamp)::date as began,
               date_trunc('month', min(t.day) filter (where t.kind = 'churn')::timestamp)::date
                   as ended
        from turn t
    )
    select d.day, d.of || 'mrr', v.kind, '', v.currency, 1::bigint, v.after - v.before,
           null::numeric
    from move v
    cross join lateral lifecycle.day_and_month(v.day) d
    union all
    select d.day, d.of || 'mrr_state', '', '', v.currency,
           (v.after > 0)::integer - (v.before > 0)::integer, v.after - v.before, null
    from move v
    cross join lateral lifecycle.day_and_month(v.day) d
    union all
    select d.day, d.of || 'mrr_plan', x.kind, x.plan, x.currency,
           (x.after > 0)::integer - (x.before > 0)::integer, x.after - x.before, null
    from unnest(m.parts) x
    cross join lateral lifecycle.day_and_month((x.at at time zone zone)::date) d
    union all
    select d.day, d.of || 'mrr_active', '', h.held, '', h.n, 0, null
    from turn t
    cross join lateral lifecycle.day_and_month(t.day) d
    cross join lateral (values (t.held, 1), (t.held_before, -1)) h (held, n)
    where t.held is distinct from t.held_before and h.held is not null
    union all
    select k.day, 'mrr_retained:' || k.unit, '', '', k.currency, 0,
           k.retained - k.retained_before, null
    from kept k
    where k.retained <> k.retained_before
    union all
    select k.day, 'mrr_kept:' || k.unit, '', '', k.currency, 0, k.kept - k.kept_before, null
    from kept k
    where k.kept <> k.kept_before
    union all
    select l.day, 'mrr_lost:' || l.unit,
           case when l.voluntary then 'voluntary' else 'involuntary' end, '', '',
           case l.kind when 'churn' then 1 else -1 end, 0, null
    from lost l
    where l.first = 'churn'
    union all
    select f.began, 'survival_begun', '', '', '', 1, 0, null
    from life f
    union all
    select f.ended, 'survival_ended', '', f.began::text, '', 1, 0, null
    from life f
    where f.ended is not null
$$;
comment on function lifecycle.entries_of(lifecycle.mrr, text) is
    'By day, and by month too: the movements by kind; MRR and those who pay it, by currency and by '
    'plan; the customers by what currencies they pay in. By day, for periods of each length, of those '
    'who were active when it began: how their MRR moved (retained), how far it fell below what it '
    'was (kept), and how many are gone (lost). By month: the first MRR, and the first churn by it';

select lifecycle.define_fact(
    'mrr', lifecycle.subscription_types() || '{407,408,409}', 'customer',
    '{mrr,mrr_state,mrr_plan,mrr_active,monthly:mrr,monthly:mrr_state,monthly:mrr_plan,
      monthly:mrr_active,survival_begun,survival_ended}'
    || array(select m || ':' || u
             from unnest('{mrr_retained,mrr_kept,mrr_lost}'::text[]) m,
                  unnest(lifecycle.all_units()) u),
    format($$
        t.type = any(lifecycle.subscription_types())
        or (select true
            from lifecycle.subscription s
            where s.bucket = t.bucket and s.customer_id = t.customer_id
            limit 1)
           and (%s)
    $$, lifecycle.may_pay_what_failed())); -- of what failed and was paid, that of subscribers
