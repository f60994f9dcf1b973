insert into lifecycle.metric values (
    'cohort_retention',
    'Cohort retention',
    'Of the customers whose first purchase fell into the cohort''s period, the share who '
    'purchased k periods later; periods are whole, and are those that begin in the window. A '
    'cell whose period has not ended is null; a cohort of nobody has its first cell only',
    'ratio', 'customers of the cohort who purchased in the period', 'customers of the cohort',
    '{from,to,interval=month,timezone}', '{week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled');

create function metric.cohort_retention(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with calendar as materialized (
        select * from metric.whole_periods(question)
    ), cells as materialized (
        select t.cohort, t.period, sum(t.buyers) as buyers
        from metric.cohort_cells(question.timezone) t
        where t.interval = question.interval
          and t.cohort >= question.since and t.period < question.until
        group by 1, 2
        having sum(t.buyers) <> 0
    ), cohorts as (
        select c.*, coalesce(x.buyers, 0) as size
        from calendar c
        left join cells x on x.cohort = c.since and x.period = c.since
    )
    select p.label, to_json(d), case when p.complete then v.buyers / nullif(c.size, 0) end,
           'ratio', v.buyers, c.size, c.size::bigint, p.complete,
           case when not p.complete then 'window_not_elapsed'
                when c.size = 0 then 'empty_denominator'
           end, 0::bigint
    from cohorts c
    join calendar p on p.number = c.number or p.number > c.number and c.size > 0
    left join cells x on x.cohort = c.since and x.period = p.since,
    lateral (select coalesce(x.buyers, 0) as buyers) v,
    lateral (select c.label as cohort, p.number - c.number as k) d
    order by c.number, p.number
$$;
comment on function metric.cohort_retention is
    'The share of each cohort of first purchase that purchased again, period by period';
