-- What can be measured of a customer: one definition for the customer's own metrics, for the peers,
-- and for segments. The views of a family have one shape, and are grouped by the customer: with its
-- key they are probes, without it they measure everyone in one pass. A customer without a row has
-- what lifecycle.measure_kinds() says: 0, or no value.

create view lifecycle.business_day as
    select s.value as zone, (now() at time zone s.value)::date as today
    from lifecycle.setting s
    where s.name = 'timezone';
comment on view lifecycle.business_day is 'The business''s time zone, and the day that it is there';

create view lifecycle.measured_days as
    select d.bucket, d.customer_id, m.measure, '' as label, m.value::numeric as value, d.days as n,
           true as complete
    from (select p.bucket, p.customer_id, count(*) as days, min(p.day) as first,
                 max(p.day) as latest
          from lifecycle.purchase_day p
          group by p.bucket, p.customer_id) d
    cross join lifecycle.business_day b
    cross join lateral (values ('recency', b.today - d.latest), ('frequency', d.days),
                               ('life_span', d.latest - d.first)) m (measure, value);
comment on view lifecycle.measured_days is 'Recency, frequency and life span, in days';

create view lifecycle.measured_gaps as
    select g.bucket, g.customer_id, 'gaps' as measure, m.label, m.value, g.gaps as n,
           true as complete
    from (select p.bucket, p.customer_id, count(*) as gaps, avg(p.day - p.previous) as mean,
                 percentile_disc(0.5) within group (order by p.day - p.previous) as median
          from lifecycle.purchase_day p
          where p.previous is not null
          group by p.bucket, p.customer_id) g
    cross join lateral (values ('mean', g.mean), ('median', g.median)) m (label, value);
comment on view lifecycle.measured_gaps is
    'Days between consecutive purchase days: the mean and the median of those who came back';

create view lifecycle.measured_purchases as
    select p.bucket, p.customer_id, m.measure, '' as label, m.value, p.purchases as n,
           true as complete
    from (select o.bucket, o.customer_id, count(*) as purchases, sum(o.units) as units
          from lifecycle.purchase o
          group by o.bucket, o.customer_id) p
    cross join lateral (values ('purchases', p.purchases), ('quantity', p.units))
        m (measure, value);
comment on view lifecycle.measured_purchases is 'Purchases and their units';

create view lifecycle.measured_amounts as
    select p.bucket, p.customer_id, 'amount' as measure, p.currency as label,
           sum(p.amount) as value, count(*) as n, true as complete
    from lifecycle.purchase p
    group by p.bucket, p.customer_id, p.currency;
comment on view lifecycle.measured_amounts is 'The money of purchases, by currency';

create view lifecycle.measured_revenue as
    select r.bucket, r.customer_id, 'revenue' as measure, r.currency as label,
           sum(r.amount) as value, count(*) as n, true as complete
    from lifecycle.counted_revenue r
    group by r.bucket, r.customer_id, r.currency;
comment on view lifecycle.measured_revenue is
    'Revenue by currency, as the setting revenue_basis counts it';

create view lifecycle.measured_costs as
    select c.bucket, c.customer_id, 'cost' as measure, c.currency as label,
           sum(c.amount) as value, count(*) as n, true as complete
    from lifecycle.cost c
    group by c.bucket, c.customer_id, c.currency;
comment on view lifecycle.measured_costs is 'What customers cost, by currency';

create view lifecycle.measured_mrr as
    select m.bucket, m.customer_id, 'mrr' as measure, v.currency as label, v.after as value,
           v.movements as n, true as complete
    from lifecycle.mrr m
    cross join lateral (
        select distinct on (u.currency) u.currency, u.after,
               count(*) over (partition by u.currency) as movements
        from unnest(m.movements) u
        where u.at <= now()
        order by u.currency, u.at desc) v;
comment on view lifecycle.measured_mrr is
    'The MRR now of those who ever had some, by currency';

create view lifecycle.measured_cases as
    select c.bucket, c.customer_id, 'cases' as measure, '' as label, count(*)::numeric as value,
           count(*) as n, true as complete
    from lifecycle.support_case c
    group by c.bucket, c.customer_id;
comment on view lifecycle.measured_cases is 'Cases of support';

create view lifecycle.measured_stages as
    select v.bucket, v.customer_id, m.measure, s.name as label, m.value, v.visits as n,
           not v.is_open as complete
    from (select w.bucket, w.customer_id, w.stage, count(*) as visits,
                 bool_or(w.left_at is null) as is_open,
                 extract(epoch from sum(coalesce(w.left_at, now()) - w.entered_at)) as seconds
          from lifecycle.visit w
          group by w.bucket, w.customer_id, w.stage) v
    join lifecycle.stage s on s.stage = v.stage
    cross join lateral (values ('time_in_stage', v.seconds), ('visits', v.visits))
        m (measure, value);
comment on view lifecycle.measured_stages is
    'Time in each stage, up to now, and visits to it; not complete where the customer is in it';

create view lifecycle.measured as
    select * from lifecycle.measured_days
    union all
    select * from lifecycle.measured_gaps
    union all
    select * from lifecycle.measured_purchases
    union all
    select * from lifecycle.measured_amounts
    union all
    select * from lifecycle.measured_revenue
    union all
    select * from lifecycle.measured_costs
    union all
    select * from lifecycle.measured_mrr
    union all
    select * from lifecycle.measured_cases
    union all
    select * from lifecycle.measured_stages;
comment on view lifecycle.measured is
    'All that is measured of customers: the measure, its currency or stage, the value, and how many '
    'things that stands on';
