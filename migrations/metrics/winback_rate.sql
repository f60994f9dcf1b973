insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'winback_rate',
    'Win-back rate',
    'Of the winback offers made in the period, the share that has been accepted since or that won '
    'the customer back. A win-back that names no offer is that of the customer''s last winback offer '
    'before it',
    'ratio', 'winback offers that succeeded', 'winback offers made',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'support.offer.made, .accepted, .declined, loyalty.winback.succeeded',
    '{channel,campaign,attribute}');

create function metric.winback_rate(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, t.day) as since, t.cell, sum(t.n) as made,
               sum(t.n) filter (where t.detail = 'accepted') as won
        from metric.sums(question, '{offer}') t
        where t.label = 'winback'
        group by 1, 2
    )
    select p.label, metric.grouped(question, p.cell, null), r.won / nullif(r.made, 0), 'ratio',
           r.won, r.made, r.made::bigint, p.complete,
           case when r.made = 0 then 'empty_denominator' end, 0::bigint
    from metric.spans(question, array(select t.cell from told t)) p
    left join told t on t.since = p.since and t.cell is not distinct from p.cell,
    lateral (select coalesce(t.won, 0) as won, coalesce(t.made, 0) as made) r
    order by p.since, p.cell nulls last
$$;
comment on function metric.winback_rate is
    'The share of the winback offers made in each period that succeeded';
