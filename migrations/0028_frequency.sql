-- Each purchase day tells how many the customer had with it, so that sums can tell how often
-- customers had purchased at the end of any month.

alter table lifecycle.purchase_day add column frequency smallint;
comment on column lifecycle.purchase_day.frequency is
    'How many purchase days of the customer it is with it; 11 stands for all beyond ten';
update lifecycle.purchase_day d
set frequency = least(n.frequency, 11)
from (select x.ctid as place, row_number() over (partition by x.bucket, x.customer_id
                                                 order by x.day) as frequency
      from lifecycle.purchase_day x) n
where d.ctid = n.place;
alter table lifecycle.purchase_day alter column frequency set not null;

alter table lifecycle.buyer_total
    add column third   integer not null default 0,
    add column fourth  integer not null default 0,
    add column fifth   integer not null default 0,
    add column sixth   integer not null default 0,
    add column seventh integer not null default 0,
    add column eighth  integer not null default 0,
    add column ninth   integer not null default 0;
comment on column lifecycle.buyer_total.third is
    'For how many of the buyers it was the third purchase day; and so on';

alter table lifecycle.gap_opening_total
    add column of_first   integer not null default 0,
    add column of_second  integer not null default 0,
    add column of_third   integer not null default 0,
    add column of_fourth  integer not null default 0,
    add column of_fifth   integer not null default 0,
    add column of_sixth   integer not null default 0,
    add column of_seventh integer not null default 0,
    add column of_eighth  integer not null default 0,
    add column of_ninth   integer not null default 0;
comment on column lifecycle.gap_opening_total.of_first is
    'Of how many of the gaps the day that opened them was the customer''s first; and so on';

-- What there is already, under one writer.
truncate lifecycle.buyer_total, lifecycle.gap_opening_total;
insert into lifecycle.buyer_total
    (writer, day, buyers, first, second, gap_days, third, fourth, fifth, sixth, seventh, eighth,
     ninth)
select 0, d.day, count(*), count(*) filter (where d.frequency = 1),
       count(*) filter (where d.frequency = 2), coalesce(sum(d.day - d.previous), 0),
       count(*) filter (where d.frequency = 3), count(*) filter (where d.frequency = 4),
       count(*) filter (where d.frequency = 5), count(*) filter (where d.frequency = 6),
       count(*) filter (where d.frequency = 7), count(*) filter (where d.frequency = 8),
       count(*) filter (where d.frequency = 9)
from lifecycle.purchase_day d
group by d.day;
insert into lifecycle.gap_opening_total
    (writer, month, opened, gaps, of_first, of_second, of_third, of_fourth, of_fifth, of_sixth,
     of_seventh, of_eighth, of_ninth)
select 0, date_trunc('month', d.day::timestamp)::date, d.previous, count(*),
       count(*) filter (where d.frequency = 2), count(*) filter (where d.frequency = 3),
       count(*) filter (where d.frequency = 4), count(*) filter (where d.frequency = 5),
       count(*) filter (where d.frequency = 6), count(*) filter (where d.frequency = 7),
       count(*) filter (where d.frequency = 8), count(*) filter (where d.frequency = 9),
       count(*) filter (where d.frequency = 10)
from lifecycle.purchase_day d
where d.previous is not null
group by 2, 3;
