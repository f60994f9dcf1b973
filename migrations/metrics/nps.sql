insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'nps',
    'Net promoter score',
    'The percentage of promoters (9 and 10) among the answers to nps surveys in the period, less that '
    'of detractors (0 to 6): from -100 to 100 (measure nps); and how many promoters, passives and '
    'detractors there are. Only answers on a scale up to 10 count',
    'points', 'promoters less detractors', 'answers',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'support.survey.answered', '{channel,campaign,attribute}');

create function metric.nps(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, t.day) as since, t.cell, sum(t.n) as answers,
               sum(t.n) filter (where t.label = 'promoter') as promoters,
               sum(t.n) filter (where t.label = 'passive') as passives,
               sum(t.n) filter (where t.label = 'detractor') as detractors
        from metric.sums(question, '{nps}') t
        group by 1, 2
    )
    select p.label, metric.grouped(question, p.cell, to_json(d)), m.value, m.unit, m.numerator,
           m.denominator, r.answers::bigint, p.complete,
           case when m.value is null then 'empty_denominator' end, 0::bigint
    from metric.spans(question, array(select t.cell from told t)) p
    left join told t on t.since = p.since and t.cell is not distinct from p.cell,
    lateral (select coalesce(t.answers, 0) as answers, coalesce(t.promoters, 0) as promoters,
                    coalesce(t.passives, 0) as passives,
                    coalesce(t.detractors, 0) as detractors) r,
    lateral (values (1, 'nps', 100 * (r.promoters - r.detractors) / nullif(r.answers, 0), 'points',
                     r.promoters - r.detractors, r.answers),
                    (2, 'promoters', r.promoters, 'answers', null, null),
                    (3, 'passives', r.passives, 'answers', null, null),
                    (4, 'detractors', r.detractors, 'answers', null, null))
        m (place, measure, value, unit, numerator, denominator),
    lateral (select m.measure) d
    order by p.since, p.cell nulls last, m.place
$$;
comment on function metric.nps is
    'The net promoter score of each period, and the answers that it is made of';
