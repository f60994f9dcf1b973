insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'offer_response',
    'Response to offers',
    'Of the offers made in the period, by kind (upsell, cross_sell, winback, save): the shares that '
    'have been accepted and declined since, by the last answer, and how many are open. A winback '
    'offer is accepted too when the customer was won back by it',
    'ratio', 'offers accepted, or declined', 'offers made',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'support.offer.made, .accepted, .declined, loyalty.winback.succeeded',
    '{channel,campaign,offering,attribute}');

create function metric.offer_response(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, t.day) as since, t.cell, t.label as kind,
               sum(t.n) as made, sum(t.n) filter (where t.detail = 'accepted') as accepted,
               sum(t.n) filter (where t.detail = 'declined') as declined
        from metric.sums(question, '{offer}') t
        group by 1, 2, 3
    )
    select p.label, metric.grouped(question, p.cell, to_json(d)), m.value, m.unit, m.numerator,
           m.denominator, r.made::bigint, p.complete,
           case when m.value is null then 'empty_denominator' end, 0::bigint
    from metric.spans(question, array(select t.cell from told t)) p
    cross join (values (1, 'upsell'), (2, 'cross_sell'), (3, 'winback'), (4, 'save'))
        k (place, kind)
    left join told t on t.since = p.since and t.cell is not distinct from p.cell
                    and t.kind = k.kind,
    lateral (select coalesce(t.made, 0) as made, coalesce(t.accepted, 0) as accepted,
                    coalesce(t.declined, 0) as declined) r,
    lateral (values (1, 'accepted', r.accepted / nullif(r.made, 0), 'ratio', r.accepted, r.made),
                    (2, 'declined', r.declined / nullif(r.made, 0), 'ratio', r.declined, r.made),
                    (3, 'open', r.made - r.accepted - r.declined, 'offers', null, null))
        m (place, measure, value, unit, numerator, denominator),
    lateral (select k.kind, m.measure) d
    order by p.since, p.cell nulls last, k.place, m.place
$$;
comment on function metric.offer_response is
    'What became of the offers made in each period, by their kind';
