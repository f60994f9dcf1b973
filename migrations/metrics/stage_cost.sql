insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'stage_cost',
    'Cost of each stage',
    'What customers cost in the departments that the stage covers (measure cost), by visit to the '
    'stage that ended in the period or went on at its end (per_visit), and by active customer '
    '(per_customer: who purchased in the period, or has MRR at its end, whichever are more). A row '
    'for each currency, or with currency converted by the rate of the day',
    'minor', 'cost of the stage', 'visits; active customers',
    '{from,to,interval=month,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}',
    1, 'any event with data.cost, support.cost.recorded; stage-entering events; '
    'sell.order.placed, bill.subscription.*',
    '{channel,campaign,attribute}');

create function metric.stage_cost(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with spent as materialized (
        select metric.period_of(question, t.day) as since, t.cell, s.stage, t.currency,
               sum(t.amount) as amount, sum(t.n) as n, sum(t.unrated) as unrated
        from metric.money_by_day(question, '{cost}') t
        join lifecycle.department d on d.name = t.label
        join lifecycle.model_stage s
          on d.department = any (s.covers)
         and s.model = (select m.model from lifecycle.stage_model m where m.state = 'active')
        group by 1, 2, 3, 4
    ), currencies as (
        select s.currency from spent s
        union
        select question.currency
        where question.currency is not null or not exists (select from spent)
    ), active as materialized (
        select * from metric.active_customers(question)
    )
    select p.label, metric.grouped(question, v.cell, to_json(d)), m.value, 'minor', m.numerator,
           m.denominator, l.n::bigint, p.complete,
           case when m.value is null then 'empty_denominator' end,
           case when m.place = 1 then coalesce(x.unrated, 0) else 0 end::bigint
    from metric.periods(question) p
    join metric.populations(question) v on v.since = p.since
    join lifecycle.stage s on s.stage = v.stage
    cross join currencies k
    left join spent x on x.since = p.since and x.stage = v.stage
                     and x.cell is not distinct from v.cell
                     and x.currency is not distinct from k.currency
    left join active a on a.since = p.since and a.cell is not distinct from v.cell,
    lateral (select coalesce(x.amount, 0) as amount, coalesce(x.n, 0) as n,
                    v.exits + v.population as visits, coalesce(a.customers, 0) as customers) l,
    lateral (values (1, 'cost', l.amount, null, null),
                    (2, 'per_visit', l.amount / nullif(l.visits, 0), l.amount, l.visits),
                    (3, 'per_customer', l.amount / nullif(l.customers, 0), l.amount,
                     l.customers))
        m (place, measure, value, numerator, denominator),
    lateral (select s.name as stage, k.currency, m.measure) d
    order by p.since, v.cell nulls first, v.stage, k.currency, m.place
$$;
comment on function metric.stage_cost is
    'What each stage cost in each period, by visit and by customer';
