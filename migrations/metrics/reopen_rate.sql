insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'reopen_rate',
    'Reopen rate',
    'Of the cases that were closed for the first time in the period, the share that has been reopened '
    'since',
    'ratio', 'cases reopened since', 'cases closed for the first time',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'support.case.opened, .closed, .reopened', '{channel,campaign,offering,attribute}');

create function metric.reopen_rate(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, t.day) as since, t.cell, sum(t.n) as closed,
               sum(t.amount) as reopened
        from metric.sums(question, '{case_closed}') t
        group by 1, 2
    )
    select p.label, metric.grouped(question, p.cell, null), r.reopened / nullif(r.closed, 0),
           'ratio', r.reopened, r.closed, r.closed::bigint, p.complete,
           case when r.closed = 0 then 'empty_denominator' end, 0::bigint
    from metric.spans(question, array(select t.cell from told t)) p
    left join told t on t.since = p.since and t.cell is not distinct from p.cell,
    lateral (select coalesce(t.reopened, 0) as reopened, coalesce(t.closed, 0) as closed) r
    order by p.since, p.cell nulls last
$$;
comment on function metric.reopen_rate is
    'The share of the cases closed in each period that did not stay so';
