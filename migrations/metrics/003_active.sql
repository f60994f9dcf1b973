-- Who is an active customer of a period, where a metric is told by customer; and other windows of
-- the same question.

create function metric.of_window(question metric.question, since date, until date)
returns metric.question
language plpgsql immutable
as $$
begin
    question.since := since;
    question.until := until;
    return question;
end
$$;
comment on function metric.of_window is 'The same question of another window';

create function metric.active_customers(question metric.question)
returns table (since date, cell text, customers numeric)
language plpgsql stable -- keeps its plan
as $$
#variable_conflict use_column
begin
    return query
    with spans as materialized (
        select p.since, p.until,
               coalesce(p.since = lifecycle.period_start(question.interval, p.since)
                        and (p.until = (p.since + lifecycle.period_length(question.interval))::date
                             or p.until > metric.today(question.timezone)), false) as is_whole
        from metric.periods(question) p
    ), bought as materialized (
        select s.since, c.cell, sum(c.buyers) as customers
        from (select where question.interval <> 'day') x
        cross join lateral metric.cohort_cells(question) c
        join spans s on s.since = c.period and s.is_whole
        group by 1, 2
        union all
        select b.day, b.cell, sum(b.buyers)
        from (select where question.interval = 'day') x
        cross join lateral metric.buyers_by_day(question) b
        where b.day >= question.since
        group by 1, 2
        union all
        select s.since, d.cell, count(distinct (d.bucket, d.customer_id))
        from spans s
        cross join lateral metric.purchase_days(
            metric.of_window(question, s.since, s.until)) d
        where not s.is_whole and question.interval is distinct from 'day' and d.day >= s.since
        group by 1, 2
    ), turned as materialized (
        select case when t.day >= question.since then metric.period_of(question, t.day)
                    else '-infinity' end as since, t.cell, sum(t.n) as customers
        from metric.sums_so_far(question, '{mrr_active}') t
        group by 1, 2
    )
    select s.since, c.cell,
           greatest(coalesce(b.customers, 0),
                    (select coalesce(sum(t.customers), 0)
                     from turned t
                     where t.since <= s.since and t.cell is not distinct from c.cell))
    from spans s
    cross join (select b.cell from bought b
                union
                select t.cell from turned t
                union
                select null where question.group_by is null) c
    left join bought b on b.since = s.since and b.cell is not distinct from c.cell;
end
$$;
comment on function metric.active_customers is
    'Active customers of each period, by group: those who purchased in it, or those who have MRR at '
    'its end, whichever are more';
