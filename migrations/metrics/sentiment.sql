insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'sentiment',
    'Sentiment',
    'The mean sentiment of the replies that customers gave in cases in the period, from -1 to 1',
    'sentiment', 'sentiments, added up', 'replies with a sentiment',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'support.case.replied', '{channel,campaign,attribute}');

create function metric.sentiment(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, t.day) as since, t.cell, sum(t.n) as replies,
               sum(t.amount) as total
        from metric.sums(question, '{sentiment}') t
        group by 1, 2
    )
    select p.label, metric.grouped(question, p.cell, null), r.total / nullif(r.replies, 0),
           'sentiment', r.total, r.replies, r.replies::bigint, p.complete,
           case when r.replies = 0 then 'empty_denominator' end, 0::bigint
    from metric.spans(question, array(select t.cell from told t)) p
    left join told t on t.since = p.since and t.cell is not distinct from p.cell,
    lateral (select coalesce(t.total, 0) as total, coalesce(t.replies, 0) as replies) r
    order by p.since, p.cell nulls last
$$;
comment on function metric.sentiment is 'How customers felt in their replies in each period';
