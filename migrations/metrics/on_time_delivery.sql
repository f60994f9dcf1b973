insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'on_time_delivery',
    'On-time delivery',
    'Of the deliveries completed in the period for which a time was promised, the share completed at '
    'or before it. What counts is the promise in force at completion, the last one told up to then; '
    'a promised date means the whole local day',
    'ratio', 'deliveries completed in time', 'deliveries completed with a promise',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'deliver.fulfilment.started, .completed, deliver.shipment.sent, .arrived',
    '{channel,campaign,attribute}');

create function metric.on_time_delivery(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, t.day) as since, t.cell,
               sum(t.n) filter (where t.label = 'on time') as on_time,
               sum(t.n) filter (where t.label in ('on time', 'late')) as promised
        from metric.sums(question, '{delivery}') t
        group by 1, 2
    )
    select p.label, metric.grouped(question, p.cell, null), r.on_time / nullif(r.promised, 0),
           'ratio', r.on_time, r.promised, r.promised::bigint, p.complete,
           case when r.promised = 0 then 'empty_denominator' end, 0::bigint
    from metric.spans(question, array(select t.cell from told t)) p
    left join told t on t.since = p.since and t.cell is not distinct from p.cell,
    lateral (select coalesce(t.on_time, 0) as on_time, coalesce(t.promised, 0) as promised) r
    order by p.since, p.cell nulls last
$$;
comment on function metric.on_time_delivery is
    'The share of promised deliveries that were in time, by the period of their completion';
