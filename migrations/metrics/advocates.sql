insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings, members)
values (
    'advocates',
    'Advocates',
    'Customers who have ever made a referral, or whose advocacy was recorded, by the end of the '
    'period (measure advocates), and those of them who did so for the first time in it (new)',
    'customers', null, null,
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'loyalty.referral.made, loyalty.advocacy.recorded', '{channel,campaign,attribute}', 'value');

create function metric.advocates(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, greatest(t.day, question.since)) as since, t.cell,
               sum(t.n) as come, sum(t.n) filter (where t.day >= question.since) as new
        from metric.sums_so_far(question, '{advocate}') t
        group by 1, 2
    ), counted as (
        select p.*, coalesce(t.new, 0) as new,
               coalesce(sum(t.come) over (partition by p.cell order by p.since), 0) as advocates
        from metric.spans(question, array(select t.cell from told t)) p
        left join told t on t.since = p.since and t.cell is not distinct from p.cell
    )
    select c.label, metric.grouped(question, c.cell, to_json(d)), m.value, 'customers',
           null::numeric, null::numeric, m.value::bigint, c.complete, null::text, 0::bigint
    from counted c,
    lateral (values (1, 'advocates', c.advocates), (2, 'new', c.new)) m (place, measure, value),
    lateral (select m.measure) d
    order by c.since, c.cell nulls last, m.place
$$;
comment on function metric.advocates is
    'Customers who speak for the business, by the end of each period, and the new ones';

create function metric.members_of_advocates(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select a.bucket, a.customer_id
    from metric.chosen_population(question, chosen) p
    join lifecycle.advocate a on a.bucket = p.bucket and a.customer_id = p.customer_id
    cross join lateral (select (a.since at time zone question.timezone)::date as day) f
    where f.day < question.until and f.day <= metric.today(question.timezone)
      and (f.day >= question.since or chosen ->> 'measure' = 'advocates')
$$;
comment on function metric.members_of_advocates is
    'The customers who ever spoke for the business, or did so first in the period';
