-- The metrics of one customer, from the customer's own facts. Days are the business's, and what
-- goes on is counted up to now.

create type metric.customer_row as (
    place      integer,  -- gives the rows their order
    metric     text,
    dimensions json,     -- null, or the row's dimensions: {"stage": "sell"}
    value      numeric,
    unit       text,
    n          numeric,  -- how many things the value stands on
    complete   boolean,  -- false for a stage that the customer is in
    reason     text      -- why value is null
);
comment on type metric.customer_row is 'A row about one customer';

create function metric.purchases_of(which_bucket smallint, which_customer bigint)
returns setof metric.customer_row
language sql stable
as $$
    with history as (
        select count(*) as days, max(d.day) as latest, max(d.day) - min(d.day) as span,
               count(d.previous) as gaps, avg(d.day - d.previous) as mean,
               percentile_disc(0.5) within group (order by d.day - d.previous) as median
        from lifecycle.purchase_day d
        where d.bucket = which_bucket and d.customer_id = which_customer
    ), bought as (
        select count(*) as purchases, coalesce(sum(p.units), 0) as units
        from lifecycle.purchase p
        where p.bucket = which_bucket and p.customer_id = which_customer
    )
    select m.place, m.metric, case when m.measure is not null then to_json(d) end, m.value,
           m.unit, m.n, true, case when m.value is null then m.reason end
    from history h, bought b,
         lateral (select metric.today(lifecycle.business_zone()) - h.latest as days) ago,
         lateral (values
             (1, 'recency', null, ago.days, 'days', h.days, 'no_purchases'),
             (2, 'frequency', null, h.days, 'days', h.days, null),
             (3, 'purchases', null, b.purchases, 'purchases', b.purchases, null),
             (4, 'quantity', null, b.units, 'units', b.purchases, null),
             (7, 'gaps', 'mean', h.mean, 'days', h.gaps, 'empty_denominator'),
             (8, 'gaps', 'median', h.median, 'days', h.gaps, 'empty_denominator'),
             (9, 'life_span', null, h.span, 'days', h.days, 'no_purchases'))
             m (place, metric, measure, value, unit, n, reason),
         lateral (select m.measure) d
$$;
comment on function metric.purchases_of is
    'How often, how much and how regularly a customer purchased';

create function metric.money_of(which_bucket smallint, which_customer bigint)
returns setof metric.customer_row
language sql stable
as $$
    with bought as (
        select p.currency, sum(p.amount) as amount, count(*) as entries
        from lifecycle.purchase p
        where p.bucket = which_bucket and p.customer_id = which_customer
        group by 1
    ), received as (
        select r.currency, sum(r.amount) as amount, count(*) as entries
        from lifecycle.revenue r
        where r.bucket = which_bucket and r.customer_id = which_customer
          and lifecycle.revenue_basis() = 'payments'
        group by 1
        union all
        select b.*
        from bought b
        where lifecycle.revenue_basis() = 'orders'
    )
    select s.place, s.metric, to_json(d), m.amount, 'minor', coalesce(m.entries, 0), true,
           case when m.amount is null then s.reason end
    from (values (5, 'amount', 'no_purchases'), (6, 'revenue', 'no_revenue'))
             s (place, metric, reason)
    left join (select 5, b.* from bought b
               union all
               select 6, r.* from received r) m (place, currency, amount, entries)
        on m.place = s.place,
    lateral (select m.currency) d
$$;
comment on function metric.money_of is
    'What a customer''s purchases and payments came to, a row for each currency';

create function metric.stages_of(which_bucket smallint, which_customer bigint)
returns setof metric.customer_row
language sql stable
as $$
    select 10 * s.stage + m.place, m.metric, to_json(d), m.value, m.unit, t.visits,
           not t.is_open, null
    from lifecycle.stage s
    cross join lateral (
        select count(*) as visits, coalesce(bool_or(v.left_at is null), false) as is_open,
               coalesce(extract(epoch from sum(coalesce(v.left_at, now()) - v.entered_at)), 0)
                   as seconds
        from lifecycle.visit v
        where v.bucket = which_bucket and v.customer_id = which_customer
          and v.stage = s.stage) t,
    lateral (values (1, 'time_in_stage', t.seconds, 'seconds'),
                    (2, 'visits', t.visits, 'visits')) m (place, metric, value, unit),
    lateral (select s.name as stage) d
$$;
comment on function metric.stages_of is
    'How long and how often a customer was in each stage; not complete where still in it';

create function metric.of_customer(wanted text)
returns json
language plpgsql stable
set jit = off
as $$
declare
    found_at constant lifecycle.identifier := lifecycle.find_customer(wanted);
    answers json[];
begin
    select array_agg(case when r.value is null then to_json(undefined) else to_json(defined) end
                     order by r.place, r.dimensions ->> 'currency')
    into answers
    from (select * from metric.purchases_of(found_at.bucket, found_at.customer_id)
          union all
          select * from metric.money_of(found_at.bucket, found_at.customer_id)
          union all
          select * from metric.stages_of(found_at.bucket, found_at.customer_id)) r,
         lateral (select r.metric, r.dimensions as "group",
                         trim_scale(round(r.value, 6)) as value, r.unit, r.n,
                         r.complete) defined,
         lateral (select defined.*, r.reason) undefined;
    return (select to_json(shown)
            from lifecycle.customer c,
                 lateral (select c.ref as customer, lifecycle.utc_text(now()) as computed_at,
                                 answers as data) shown
            where c.bucket = found_at.bucket and c.customer_id = found_at.customer_id);
end
$$;
comment on function metric.of_customer is
    'A customer''s recency, frequency, quantity, money, gaps, life span and time in each stage';
