insert into lifecycle.metric values (
    'lifecycle',
    'Customers by lifecycle',
    'Customers who purchased in the period (measure active): for the first time ever (new), in '
    'the period before too (returning), or earlier but not in the period before (resurrected); '
    'and those who purchased in the period before but not in this one (dormant). Periods are '
    'whole, and are those that begin in the window',
    'customers', null, null,
    '{from,to,interval=month,timezone,segment,group_by}', '{week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled', '{channel,campaign,attribute}', 'value');

create function metric.lifecycle(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with counts as materialized (
        select t.period, t.cell, sum(t.buyers) as active, sum(t.stayed) as returning,
               coalesce(sum(t.buyers) filter (where t.cohort = t.period), 0) as new
        from metric.cohort_cells(question) t
        where t.period >= question.since - lifecycle.period_length(question.interval)
        group by 1, 2
    ), states as (
        select p.since, p.label, p.complete, g.cell,
               coalesce(c.active, 0) as active, coalesce(c.new, 0) as new,
               coalesce(c.returning, 0) as returning, coalesce(b.active, 0) as before
        from metric.whole_periods(question) p
        cross join (select distinct cell from counts
                    union all
                    select null where not exists (select from counts)) g
        left join counts c on c.period = p.since and c.cell is not distinct from g.cell
        left join counts b on b.period = p.since - lifecycle.period_length(question.interval)
                          and b.cell is not distinct from g.cell
    )
    select s.label, metric.grouped(question, s.cell, to_json(d)), m.value, 'customers',
           null::numeric, null::numeric, m.value::bigint, s.complete, null::text, 0::bigint
    from states s,
         lateral (values (1, 'active', s.active), (2, 'new', s.new),
                         (3, 'returning', s.returning),
                         (4, 'resurrected', s.active - s.new - s.returning),
                         (5, 'dormant', s.before - s.returning)) m (place, measure, value),
         lateral (select m.measure) d
    order by s.since, s.cell nulls last, m.place
$$;
comment on function metric.lifecycle is
    'Customers who purchased in each period: new, returning or resurrected; and the dormant';

create function metric.members_of_lifecycle(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select d.bucket, d.customer_id
    from metric.purchase_days(metric.whole(question)) d
    join metric.chosen_population(question, chosen) p
      on p.bucket = d.bucket and p.customer_id = d.customer_id
    where d.day >= question.since - lifecycle.period_length(question.interval)
    group by d.bucket, d.customer_id
    having case chosen ->> 'measure'
        when 'active' then max(d.day) >= question.since
        when 'new' then min(d.first) >= question.since
        when 'returning' then max(d.day) >= question.since and min(d.day) < question.since
        when 'resurrected' then min(d.day) >= question.since and min(d.first) < question.since
        when 'dormant' then max(d.day) < question.since
    end
$$;
comment on function metric.members_of_lifecycle is
    'The customers who purchased in a period, and in the one before, or did not';
