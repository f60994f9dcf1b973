-- What several metrics of promise and support are, but for what they count.

create function metric.per_active_customer(question metric.question, measure text)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, t.day) as since, t.cell, sum(t.n) as counted
        from metric.sums(question, array[measure]) t
        group by 1, 2
    ), active as materialized (
        select a.since, a.cell, a.customers
        from metric.active_customers(question) a
    )
    select p.label, metric.grouped(question, p.cell, null), r.counted / nullif(r.customers, 0),
           'ratio', r.counted, r.customers, r.customers::bigint, p.complete,
           case when r.customers = 0 then 'empty_denominator' end, 0::bigint
    from metric.spans(question, array(select t.cell from told t
                                      union
                                      select a.cell from active a)) p
    left join told t on t.since = p.since and t.cell is not distinct from p.cell
    left join active a on a.since = p.since and a.cell is not distinct from p.cell,
    lateral (select coalesce(t.counted, 0) as counted,
                    coalesce(a.customers, 0) as customers) r
    order by p.since, p.cell nulls last
$$;
comment on function metric.per_active_customer is
    'What a measure counts in each period against the customers active in it';

create function metric.times_of_cases(question metric.question, reached text, left_by text,
                                      remaining text)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, greatest(t.day, question.since)) as since, t.cell,
               sum(t.n) filter (where t.measure = reached and t.day >= question.since) as cases,
               sum(t.amount) filter (where t.measure = reached
                                       and t.day >= question.since) as seconds,
               coalesce(sum(t.n) filter (where t.measure = 'case_opened'), 0)
                   - coalesce(sum(t.n) filter (where t.measure = left_by), 0) as waiting
        from metric.sums_so_far(question, array['case_opened', reached, left_by]) t
        group by 1, 2
    ), answered as (
        select p.*, coalesce(t.cases, 0) as cases, coalesce(t.seconds, 0) as seconds, s.median,
               s.p90, coalesce(sum(t.waiting) over (partition by p.cell order by p.since), 0)
                   as waiting
        from metric.spans(question, array(select t.cell from told t)) p
        left join told t on t.since = p.since and t.cell is not distinct from p.cell
        left join metric.percentiles(question, reached) s
               on s.since = p.since and s.cell is not distinct from p.cell
    )
    select a.label, metric.grouped(question, a.cell, to_json(d)), m.value, m.unit, m.numerator,
           m.denominator, m.n::bigint, a.complete,
           case when m.value is null then 'empty_denominator' end, 0::bigint
    from answered a,
    lateral (values (1, 'mean', a.seconds / nullif(a.cases, 0), 'seconds', a.seconds, a.cases,
                     a.cases),
                    (2, 'median', a.median, 'seconds', null, null, a.cases),
                    (3, 'p90', a.p90, 'seconds', null, null, a.cases),
                    (4, remaining, a.waiting, 'cases', null, null, a.waiting))
        m (place, measure, value, unit, numerator, denominator, n),
    lateral (select m.measure) d
    order by a.since, a.cell nulls last, m.place
$$;
comment on function metric.times_of_cases is
    'How long it took the cases that reached a point in each period (the measure of it, whose amount '
    'is the time since they were opened), and how many remain that were opened and have not left '
    '(the measure of leaving): the name of that row is given';
