insert into lifecycle.metric values (
    'survival',
    'Survival of customers',
    'Kaplan-Meier of the months from a customer''s first MRR to the first churn, for the n customers '
    'who began in a month that begins in the window; whoever had not churned when its last whole '
    'month ended is censored there. A row for each month of tenure (0: the month of the first MRR): '
    'the share not lost in it or before (measure survival), and its 95 % band by Greenwood, log-log '
    '(low, high). Then the median, the first month with a share of a half or less, and its band '
    '(median, median_low, median_high)',
    'ratio', 'customers lost in the month of tenure', 'customers observed in it',
    '{from,to,timezone,segment,group_by}', '{}', 1,
    'bill.subscription.*, bill.payment.failed, recovered and succeeded',
    '{channel,campaign,attribute}', null);

create function metric.month_number(day date)
returns integer
language sql immutable
as $$
    select (extract(year from day) * 12 + extract(month from day))::integer
$$;
comment on function metric.month_number is 'A number of the month of a day, one more than that before';

create function metric.tenures(question metric.question)
returns table (cell text, began numeric, month integer, lost numeric, observed numeric)
language sql stable
as $$
    with horizon as (
        select metric.month_number(least(question.until, metric.today(question.timezone))) as ends
    ), told as materialized (
        select t.cell, m.began, m.month - m.began as age, h.ends - m.began as observable,
               t.measure, sum(t.n) as n
        from metric.sums_so_far(question, '{survival_begun,survival_ended}') t
        cross join horizon h
        cross join lateral (select coalesce(nullif(t.detail, '')::date, t.day) as day) b
        cross join lateral (select metric.month_number(b.day) as began,
                                   metric.month_number(t.day) as month) m
        where b.day >= question.since and m.month < h.ends
        group by 1, 2, 3, 4, 5
        having sum(t.n) <> 0
    ), step as ( -- how many more are observed from a month of tenure on
        select t.cell, s.month, sum(s.observed) as observed, sum(s.lost) as lost
        from told t
        cross join lateral (
            values (0, t.n, 0, 'survival_begun'), (t.observable, -t.n, 0, 'survival_begun'),
                   (t.age, 0, t.n, 'survival_ended'), (t.age + 1, -t.n, 0, 'survival_ended'),
                   (t.observable, t.n, 0, 'survival_ended')) s (month, observed, lost, measure)
        where s.measure = t.measure
        group by 1, 2
    ), began as (
        select t.cell, sum(t.n) as began, max(t.observable) as months
        from told t
        where t.measure = 'survival_begun'
        group by 1
    )
    select b.cell, b.began, k.month, coalesce(s.lost, 0),
           sum(coalesce(s.observed, 0)) over (partition by b.cell order by k.month)
    from began b
    cross join lateral generate_series(0, b.months - 1) k (month)
    left join step s on s.month = k.month and s.cell is not distinct from b.cell
$$;
comment on function metric.tenures is
    'How many customers began, and of those observed in each month of tenure how many were lost';

create function metric.survival_curve(question metric.question)
returns table (cell text, began numeric, month integer, lost numeric, observed numeric,
               survival numeric, low numeric, high numeric)
language sql stable
as $$
    select c.cell, c.began, c.month, c.lost, c.observed, c.survival,
           case when c.survival = 1 then 1 when c.survival > 0 then power(c.survival, w.width) end,
           case when c.survival = 1 then 1 when c.survival > 0 then power(c.survival, 1 / w.width)
           end
    from (select t.*, case when bool_or(t.lost = t.observed and t.lost > 0) over so_far then 0
                           else round(exp(sum(ln(1 - t.lost / t.observed))
                                              filter (where t.lost < t.observed) over so_far), 15)
                      end as survival,
                 sum(t.lost / (t.observed * (t.observed - t.lost)))
                     filter (where t.lost < t.observed) over so_far as variance
          from metric.tenures(question) t
          window so_far as (partition by t.cell order by t.month)) c
    cross join lateral (
        select case when c.survival > 0 and c.survival < 1
                    then exp(1.959964 * sqrt(c.variance) / -ln(c.survival)) end as width) w
$$;
comment on function metric.survival_curve is
    'The Kaplan-Meier curve and its 95 % band; null where nobody is left';

create function metric.survival(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with curve as materialized (
        select * from metric.survival_curve(question)
    ), median as (
        select c.cell, max(c.began) as began, min(c.month) filter (where c.survival <= 0.5) as middle,
               min(c.month) filter (where c.low <= 0.5) as low,
               min(c.month) filter (where c.high <= 0.5) as high
        from curve c
        group by 1
        union all
        select null, 0, null, null, null where not exists (select from curve)
    ), row as (
        select c.cell, c.month, m.place, m.measure, m.value, 'ratio' as unit, c.lost, c.observed,
               c.began, case when m.value is null then 'empty_denominator' end as reason
        from curve c,
             lateral (values (1, 'survival', c.survival), (2, 'low', c.low), (3, 'high', c.high))
                 m (place, measure, value)
        union all
        select d.cell, null, m.place, m.measure, m.value, 'months', null, null, d.began,
               case when m.value is null and d.began = 0 then 'empty_denominator'
                    when m.value is null then 'not_reached' end
        from median d,
             lateral (values (1, 'median', d.middle), (2, 'median_low', d.low),
                             (3, 'median_high', d.high)) m (place, measure, value)
    )
    select null::text, metric.grouped(question, r.cell, to_json(d)), r.value, r.unit, r.lost,
           r.observed, r.began::bigint, question.until <= metric.today(question.timezone),
           r.reason, 0::bigint
    from row r,
         lateral (select r.month, r.measure) d
    order by r.cell, r.month, r.place
$$;
comment on function metric.survival is 'How long customers stay: the curve, and its median';
