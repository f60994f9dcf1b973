insert into lifecycle.metric values (
    'weakest_stage',
    'Weakest stage',
    'The stage that has become worst against its own mean of the six periods before (of those '
    'that it has a value in, three at least), in each of three measures: conversion, the share '
    'of the visits ended in the period that led forward; time, the mean time in them; and cost, '
    'by visit that ended in the period or went on at its end, for each currency. The value is by '
    'how much of that mean it is worse (below zero: even the weakest is better)',
    'ratio', 'the stage''s figure in the period', 'its mean in the periods before',
    '{from,to,interval=month,timezone,currency,segment,group_by}',
    '{day,week,month,quarter,year}', 1, 'stage-entering events; any event with a cost',
    '{channel,campaign,attribute}', null);

create function metric.looking_back(question metric.question, periods integer)
returns metric.question
language plpgsql immutable
as $$
begin
    question.since := lifecycle.period_start(question.interval, question.since)
                      - periods * lifecycle.period_length(question.interval);
    return question;
end
$$;
comment on function metric.looking_back is 'A question that begins so many periods earlier';

create function metric.stage_figures(question metric.question)
returns table (since date, cell text, currency text, place integer, measure text, stage smallint,
               value numeric, n numeric, unrated numeric)
language sql stable
as $$
    with moved as materialized (
        select * from metric.moves(question)
    ), departed as (
        select m.since, m.cell, m.from_stage as stage, sum(m.transitions) as exits,
               sum(m.transitions) filter (where m.kind in ('advance', 'skip', 'loop'))
                   as forward, sum(m.dwell_seconds) as dwell
        from moved m
        where m.since is not null and m.from_stage <> 0
        group by 1, 2, 3
        having sum(m.transitions) <> 0
    ), spent as (
        select metric.period_of(question, t.day) as since, t.cell, s.stage,
               coalesce(question.currency, t.currency) as currency,
               sum(t.amount * x.factor) as amount,
               sum(t.n) filter (where x.factor is null) as unrated
        from metric.sums(question, '{cost}') t
        join lifecycle.department d on d.name = t.label
        join lifecycle.model_stage s
          on d.department = any (s.covers)
         and s.model = (select m.model from lifecycle.stage_model m where m.state = 'active')
        left join lateral metric.exchange(t.currency, question.currency, t.day) x on true
        group by 1, 2, 3, 4
        having sum(t.n) <> 0 -- what was there, and has gone, leaves rows of nothing
    )
    select d.since, d.cell, null::text, m.place, m.measure, d.stage, m.value, d.exits, 0::numeric
    from departed d,
         lateral (values (1, 'conversion', coalesce(d.forward, 0) / d.exits),
                         (2, 'time', d.dwell / d.exits)) m (place, measure, value)
    union all
    select s.since, s.cell, s.currency, 3, 'cost', s.stage,
           s.amount / nullif(p.exits + p.population, 0), p.exits + p.population,
           coalesce(s.unrated, 0)
    from spent s
    join metric.populations(question) p
      on p.since = s.since and p.stage = s.stage and p.cell is not distinct from s.cell
$$;
comment on function metric.stage_figures is
    'Of each stage in each period: the share of visits that led forward, the mean time, and the '
    'cost by visit in each currency';

create function metric.weakest_stage(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with figures as materialized (
        select * from metric.stage_figures(metric.looking_back(question, 6))
    ), trail as (
        select f.*, avg(f.value) over before as mean, count(f.value) over before as periods
        from figures f
        window before as (partition by f.cell, f.currency, f.measure, f.stage
                          order by f.since::timestamp
                          range between 6 * lifecycle.period_length(question.interval) preceding
                                    and interval '1 day' preceding)
    ), compared as (
        select t.*, case t.measure when 'conversion' then t.mean - t.value
                                   else t.value - t.mean end / nullif(t.mean, 0) as worse
        from trail t
        where t.periods >= 3
    ), weakest as (
        select c.*, row_number() over (partition by c.since, c.cell, c.currency, c.measure
                                       order by c.worse desc, c.stage) as rank
        from compared c
        where c.worse is not null
    ), kinds as (
        select c.cell, m.*
        from (select distinct cell from figures
              union all
              select null where not exists (select from figures)) c
        cross join (values (1, 'conversion', null), (2, 'time', null)) m (place, measure, currency)
        union
        select f.cell, f.place, f.measure, f.currency
        from figures f
    )
    select lifecycle.period_label(question.interval, p.since),
           metric.grouped(question, k.cell, case when k.measure = 'cost' then to_json(money)
                                                 else to_json(plain) end),
           w.worse, 'ratio', w.value, w.mean, coalesce(w.n, 0)::bigint, p.complete,
           case when w.worse is null then 'empty_denominator' end,
           coalesce((select sum(f.unrated)
                     from figures f
                     where f.since = p.since and f.currency = k.currency
                       and f.cell is not distinct from k.cell), 0)::bigint
    from metric.periods(metric.looking_back(question, 0)) p
    cross join kinds k
    left join weakest w
      on w.rank = 1 and w.since = p.since and w.measure = k.measure
     and w.cell is not distinct from k.cell and w.currency is not distinct from k.currency
    left join lifecycle.stage s on s.stage = w.stage,
    lateral (select s.name as stage, k.measure) plain,
    lateral (select k.currency, s.name as stage, k.measure) money
    order by p.since, k.cell nulls last, k.place, k.currency
$$;
comment on function metric.weakest_stage is
    'The stage that has become worst against its own mean, in conversion, time and cost';
