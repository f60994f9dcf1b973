-- What the roll-ups by month must say, computed plainly from the facts (as views/plain.sql does for
-- the others).

create view lifecycle.plain_model_stay as
    select v.model, v.stage, d.entered as entered_day,
           date_trunc('month', d.entered::timestamp)::date as entered_month,
           date_trunc('month', v.left_at at time zone lifecycle.business_zone())::date
               as left_month,
           extract(epoch from v.left_at - v.entered_at) as seconds
    from lifecycle.model_visit v
    cross join lateral (
        select (v.entered_at at time zone lifecycle.business_zone())::date as entered) d
    where v.left_at is not null;
comment on view lifecycle.plain_model_stay is
    'Visits that ended, by model, with the days and months of the business''s time zone';

create view lifecycle.plain_model_dwell_total as
    select s.model, s.stage, s.entered_month, s.left_month,
           lifecycle.dwell_bin(s.seconds) as bin, count(*) as visits, sum(s.seconds) as seconds
    from lifecycle.plain_model_stay s
    group by 1, 2, 3, 4, 5;
comment on view lifecycle.plain_model_dwell_total is
    'What lifecycle.model_dwell_total must add up to, from the visits';

create view lifecycle.plain_model_departure_total as
    select s.model, s.stage, s.entered_day, s.left_month, count(*) as visits
    from lifecycle.plain_model_stay s
    group by 1, 2, 3, 4;
comment on view lifecycle.plain_model_departure_total is
    'What lifecycle.model_departure_total must add up to, from the visits';

create view lifecycle.plain_gap_month_total as
    select date_trunc('month', d.day::timestamp)::date as month, d.day - d.previous as gap_days,
           count(*) as gaps
    from lifecycle.purchase_days(lifecycle.business_zone()) d
    where d.previous is not null
    group by 1, 2;
comment on view lifecycle.plain_gap_month_total is
    'What lifecycle.gap_month_total must add up to, from the purchase days';

create view lifecycle.plain_gap_opening_total as
    select date_trunc('month', d.day::timestamp)::date as month, d.previous as opened,
           count(*) as gaps,
           count(*) filter (where d.frequency = 2) as of_first,
           count(*) filter (where d.frequency = 3) as of_second,
           count(*) filter (where d.frequency = 4) as of_third,
           count(*) filter (where d.frequency = 5) as of_fourth,
           count(*) filter (where d.frequency = 6) as of_fifth,
           count(*) filter (where d.frequency = 7) as of_sixth,
           count(*) filter (where d.frequency = 8) as of_seventh,
           count(*) filter (where d.frequency = 9) as of_eighth,
           count(*) filter (where d.frequency = 10) as of_ninth
    from lifecycle.purchase_days(lifecycle.business_zone()) d
    where d.previous is not null
    group by 1, 2;
comment on view lifecycle.plain_gap_opening_total is
    'What lifecycle.gap_opening_total must add up to, from the purchase days';

create view lifecycle.plain_cohort_amount_total as
    select date_trunc('month', d.first::timestamp)::date as cohort, d.day, p.currency,
           count(*) as purchases, sum(p.amount) as amount
    from lifecycle.purchase p
    cross join lateral (
        select x.day, x.first
        from lifecycle.purchase_day x
        where x.bucket = p.bucket and x.customer_id = p.customer_id
          and x.day = (p.occurred_at at time zone lifecycle.business_zone())::date
        offset 0 -- by key for each purchase, whatever the planner thinks of the tables
    ) d
    group by 1, 2, 3;
comment on view lifecycle.plain_cohort_amount_total is
    'What lifecycle.cohort_amount_total must add up to, from the purchases and their days';
