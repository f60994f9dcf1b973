insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'ces',
    'Customer effort score',
    'The mean of the scores of the answers to ces surveys in the period, each as a share of the top '
    'of its scale: 1 is the best. Scores that their scale does not have do not count',
    'ratio', 'shares of the scale reached, added up', 'answers',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'support.survey.answered', '{channel,campaign,attribute}');

create function metric.ces(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, t.day) as since, t.cell, sum(t.n) as answers,
               sum(t.amount / t.label::numeric) as shares
        from metric.sums(question, '{ces}') t
        group by 1, 2
    )
    select p.label, metric.grouped(question, p.cell, null), r.shares / nullif(r.answers, 0), 'ratio',
           round(r.shares, 6), r.answers, r.answers::bigint, p.complete,
           case when r.answers = 0 then 'empty_denominator' end, 0::bigint
    from metric.spans(question, array(select t.cell from told t)) p
    left join told t on t.since = p.since and t.cell is not distinct from p.cell,
    lateral (select coalesce(t.shares, 0) as shares, coalesce(t.answers, 0) as answers) r
    order by p.since, p.cell nulls last
$$;
comment on function metric.ces is 'The mean effort score of each period, scaled';
