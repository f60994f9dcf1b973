insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'return_rate',
    'Return rate',
    'Orders of which something first came back in the period, by the deliveries completed in it '
    '(measure orders); and the units that came back (units). A return counts on its own day, like a '
    'refund, not on that of its delivery',
    'ratio', 'orders of which something came back', 'deliveries completed',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'deliver.return.received, deliver.fulfilment.completed', '{channel,campaign,attribute}');

create function metric.return_rate(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, t.day) as since, t.cell,
               sum(t.n) filter (where t.measure = 'delivery') as deliveries,
               sum(t.n) filter (where t.measure = 'order_return') as orders,
               sum(t.amount) filter (where t.measure = 'order_return') as units
        from metric.sums(question, '{delivery,order_return}') t
        group by 1, 2
    )
    select p.label, metric.grouped(question, p.cell, to_json(d)), m.value, m.unit, m.numerator,
           m.denominator, m.n::bigint, p.complete,
           case when m.value is null then 'empty_denominator' end, 0::bigint
    from metric.spans(question, array(select t.cell from told t)) p
    left join told t on t.since = p.since and t.cell is not distinct from p.cell,
    lateral (select coalesce(t.deliveries, 0) as deliveries, coalesce(t.orders, 0) as orders,
                    coalesce(t.units, 0) as units) r,
    lateral (values (1, 'orders', r.orders / nullif(r.deliveries, 0), 'ratio', r.orders,
                     r.deliveries, r.deliveries),
                    (2, 'units', r.units, 'units', null, null, r.orders))
        m (place, measure, value, unit, numerator, denominator, n),
    lateral (select m.measure) d
    order by p.since, p.cell nulls last, m.place
$$;
comment on function metric.return_rate is
    'Orders that came back in each period against those delivered, and their units';
