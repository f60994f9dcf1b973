-- Roll-ups for what is asked about whole months: how long visits last, how long customers stay
-- away, and what cohorts spend. Each answers from a number of rows that the calendar bounds.

create table lifecycle.model_dwell_total (
    writer        smallint not null,
    model         smallint not null,
    stage         smallint not null,
    entered_month date not null,
    left_month    date not null,
    bin           smallint not null,
    visits        bigint not null,
    seconds       numeric not null,
    primary key (model, left_month, stage, entered_month, bin, writer)
) with (fillfactor = 70);
comment on table lifecycle.model_dwell_total is
    'Visits that ended, by model, stage, the months in which they began and ended, and how long '
    'they lasted';
comment on column lifecycle.model_dwell_total.bin is
    'lifecycle.dwell_bin of the visits'' seconds: so that a month of a stage has a few hundred rows';

create table lifecycle.model_departure_total (
    writer      smallint not null,
    model       smallint not null,
    stage       smallint not null,
    entered_day date not null,
    left_month  date not null,
    visits      bigint not null,
    primary key (model, entered_day, stage, left_month, writer)
) with (fillfactor = 70);
comment on table lifecycle.model_departure_total is
    'Visits that ended, by the day that they began and the month in which they ended: those that '
    'began less these are open';

create table lifecycle.gap_month_total (
    writer   smallint not null,
    month    date not null,
    gap_days integer not null,
    gaps     bigint not null,
    primary key (month, gap_days, writer)
) with (fillfactor = 70);
comment on table lifecycle.gap_month_total is
    'Gaps between a customer''s consecutive purchase days, by the month that closed them';

create table lifecycle.gap_opening_total (
    writer smallint not null,
    month  date not null,
    opened date not null,
    gaps   bigint not null,
    primary key (month, opened, writer)
) with (fillfactor = 70);
comment on table lifecycle.gap_opening_total is
    'Gaps between a customer''s consecutive purchase days, by the month that closed them and the '
    'day that opened them: it tells whose latest purchase day was how long ago, month by month';

create table lifecycle.cohort_amount_total (
    writer    smallint not null,
    cohort    date not null,
    day       date not null,
    currency  text collate "C" not null,
    purchases bigint not null,
    amount    numeric not null,
    primary key (day, cohort, currency, writer)
) with (fillfactor = 70);
comment on table lifecycle.cohort_amount_total is
    'Purchases by day and currency, and by the month of their customers'' first purchase (cohort)';

-- What there is already.
insert into lifecycle.model_dwell_total
    (writer, model, stage, entered_month, left_month, bin, visits, seconds)
select 0, v.model, v.stage,
       date_trunc('month', v.entered_at at time zone z.value)::date,
       date_trunc('month', v.left_at at time zone z.value)::date,
       floor(20 * ln(greatest(d.seconds, 1)::double precision)), count(*), sum(d.seconds)
from lifecycle.model_visit v
cross join lateral (select extract(epoch from v.left_at - v.entered_at) as seconds) d
join lifecycle.setting z on z.name = 'timezone'
where v.left_at is not null
group by 2, 3, 4, 5, 6;
insert into lifecycle.model_departure_total
    (writer, model, stage, entered_day, left_month, visits)
select 0, v.model, v.stage, (v.entered_at at time zone z.value)::date,
       date_trunc('month', v.left_at at time zone z.value)::date, count(*)
from lifecycle.model_visit v
join lifecycle.setting z on z.name = 'timezone'
where v.left_at is not null
group by 2, 3, 4, 5;
insert into lifecycle.gap_month_total
select 0, date_trunc('month', d.day::timestamp)::date, d.day - d.previous, count(*)
from lifecycle.purchase_day d
where d.previous is not null
group by 2, 3;
insert into lifecycle.gap_opening_total
select 0, date_trunc('month', d.day::timestamp)::date, d.previous, count(*)
from lifecycle.purchase_day d
where d.previous is not null
group by 2, 3;
insert into lifecycle.cohort_amount_total
select 0, date_trunc('month', d.first::timestamp)::date, d.day, p.currency, count(*),
       sum(p.amount)
from lifecycle.purchase p
join lifecycle.setting z on z.name = 'timezone'
join lifecycle.purchase_day d
  on d.bucket = p.bucket and d.customer_id = p.customer_id
 and d.day = (p.occurred_at at time zone z.value)::date
group by 2, 3, 4;
