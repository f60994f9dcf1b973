insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'csat',
    'Customer satisfaction',
    'Of the answers to csat surveys in the period, the share that is satisfied: a score in the upper '
    'two fifths of its scale (4 and 5 of 5). Scores that their scale does not have do not count',
    'ratio', 'satisfied answers', 'answers',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'support.survey.answered', '{channel,campaign,attribute}');

create function metric.csat(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, t.day) as since, t.cell, sum(t.n) as answers,
               coalesce(sum(t.n) filter (where t.label = 'satisfied'), 0) as satisfied
        from metric.sums(question, '{csat}') t
        group by 1, 2
    )
    select p.label, metric.grouped(question, p.cell, null), r.satisfied / nullif(r.answers, 0),
           'ratio', r.satisfied, r.answers, r.answers::bigint, p.complete,
           case when r.answers = 0 then 'empty_denominator' end, 0::bigint
    from metric.spans(question, array(select t.cell from told t)) p
    left join told t on t.since = p.since and t.cell is not distinct from p.cell,
    lateral (select coalesce(t.satisfied, 0) as satisfied, coalesce(t.answers, 0) as answers) r
    order by p.since, p.cell nulls last
$$;
comment on function metric.csat is 'The share of satisfied answers in each period';
