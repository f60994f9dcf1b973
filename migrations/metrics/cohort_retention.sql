insert into lifecycle.metric values (
    'cohort_retention',
    'Cohort retention',
    'Of the customers whose first purchase fell into the cohort''s period, the share who '
    'purchased k periods later; periods are whole, and are those that begin in the window. A '
    'cell whose period has not ended is null; a cohort of nobody has its first cell only',
    'ratio', 'customers of the cohort who purchased in the period', 'customers of the cohort',
    '{from,to,interval=month,timezone,segment,group_by}', '{week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled', '{channel,campaign,attribute}', 'numerator');

create function metric.cohort_retention(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with calendar as materialized (
        select * from metric.whole_periods(question)
    ), cells as materialized (
        select *
        from metric.cohort_cells(question) t
        where t.cohort >= question.since
    ), cohorts as (
        select c.*, g.cell, coalesce(x.buyers, 0) as size
        from calendar c
        cross join (select distinct cell from cells
                    union all
                    select null where not exists (select from cells)) g
        left join cells x on x.cohort = c.since and x.period = c.since
                         and x.cell is not distinct from g.cell
    )
    select p.label, metric.grouped(question, c.cell, to_json(d)),
           case when p.complete then v.buyers / nullif(c.size, 0) end,
           'ratio', v.buyers, c.size, c.size::bigint, p.complete,
           case when not p.complete then 'window_not_elapsed'
                when c.size = 0 then 'empty_denominator'
           end, 0::bigint
    from cohorts c
    join calendar p on p.number = c.number or p.number > c.number and c.size > 0
    left join cells x on x.cohort = c.since and x.period = p.since
                     and x.cell is not distinct from c.cell,
    lateral (select coalesce(x.buyers, 0) as buyers) v,
    lateral (select c.label as cohort, p.number - c.number as k) d
    order by c.cell nulls last, c.number, p.number
$$;
comment on function metric.cohort_retention is
    'The share of each cohort of first purchase that purchased again, period by period';

create function metric.members_of_cohort_retention(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select distinct d.bucket, d.customer_id
    from (select (question.since - (chosen ->> 'k')::integer * l.length)::date as since,
                 (question.since - ((chosen ->> 'k')::integer - 1) * l.length)::date as until
          from lifecycle.period_length(question.interval) l (length)) cohort,
         lateral metric.purchase_days(metric.whole(question)) d
    join metric.chosen_population(question, chosen) p
      on p.bucket = d.bucket and p.customer_id = d.customer_id
    where d.first >= cohort.since and d.first < cohort.until and d.day >= question.since
$$;
comment on function metric.members_of_cohort_retention is
    'The customers of a cohort who purchased so many periods later';
