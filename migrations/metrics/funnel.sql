insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings, members)
values (
    'funnel',
    'Funnel',
    'Of the customers whose first step falls into the period, for each step how many reached it: '
    'their earliest one at or after the step before, within window_days of the first (measure '
    'count); the share of those who had reached the step before (conversion), and the first '
    '(overall); the median and the 90th percentile of the time from the step before (median, p90); '
    'and of those who had reached the step before and not this one, those whose time is over '
    '(dropped), and those whose time is not (still_open). steps are names of stages, which are '
    'reached when they are entered, or types of events; all stages in their order, if none are named',
    'customers', 'customers who reached the step',
    'customers who reached the step before, or the first',
    '{from,to,interval,timezone,segment,group_by,steps,window_days=90}',
    '{day,week,month,quarter,year}', 1, 'stage-entering events; the types named',
    '{channel,campaign,attribute}', 'n');

create function metric.funnel_steps(question metric.question)
returns table (place integer, name text, stage smallint, type smallint)
language plpgsql stable
as $$
declare
    steps constant text[] := coalesce(
        question.steps, array(select s.name from lifecycle.stage s order by s.stage));
    unknown constant text := (
        select string_agg(s, ', ')
        from unnest(steps) s
        where not exists (select from lifecycle.stage g where g.name = s)
          and not exists (select from lifecycle.event_type t where t.name = s));
begin
    if unknown is not null then
        perform lifecycle.refuse('CL422', '?steps',
                                 'neither a stage nor a type of events: ' || unknown);
    end if;
    return query
    select s.place::integer, s.name, g.stage, case when g.stage is null then t.type end
    from unnest(steps) with ordinality s (name, place)
    left join lifecycle.stage g on g.name = s.name
    left join lifecycle.event_type t on t.name = s.name
    order by s.place;
end
$$;
comment on function metric.funnel_steps is
    'The steps of a funnel, in their order: stages, or types of events';

create function metric.steps_taken(of_stage smallint, of_type smallint)
returns table (bucket smallint, customer_id bigint, at timestamptz)
language sql stable
as $$
    select v.bucket, v.customer_id, v.entered_at
    from lifecycle.visit v
    where v.stage = of_stage
    union all
    select p.bucket, p.customer_id, p.occurred_at
    from lifecycle.purchase p
    where of_type = lifecycle.order_placed()
    union all
    select r.bucket, r.customer_id, r.occurred_at
    from lifecycle.revenue r
    where of_type = lifecycle.payment_succeeded() and r.amount > 0
    union all
    select coalesce(c.root_bucket, c.bucket), coalesce(c.root_id, c.customer_id), e.occurred_at
    from lifecycle.event e
    join lifecycle.customer c on c.bucket = e.bucket and c.customer_id = e.customer_id
    where of_type not in (lifecycle.order_placed(), lifecycle.payment_succeeded())
      and e.type = of_type
      and not exists (select from lifecycle.voided w where w.event_id = e.event_id)
$$;
comment on function metric.steps_taken is
    'When anyone took a step: entered a stage, ordered, paid; or by the ledger, which takes long';

create function metric.next_step(of_bucket smallint, of_customer bigint, of_stage smallint,
                                 of_type smallint, since timestamptz, until timestamptz)
returns table (at timestamptz)
language sql stable
as $$
    select min(o.at)
    from (select v.entered_at as at
          from lifecycle.visit v
          where v.bucket = of_bucket and v.customer_id = of_customer and v.stage = of_stage
          union all
          select p.occurred_at
          from lifecycle.purchase p
          where of_type = lifecycle.order_placed()
            and p.bucket = of_bucket and p.customer_id = of_customer
          union all
          select r.occurred_at
          from lifecycle.revenue r
          where of_type = lifecycle.payment_succeeded() and r.amount > 0
            and r.bucket = of_bucket and r.customer_id = of_customer
          union all
          select e.occurred_at
          from lifecycle.histories_of(of_bucket, of_customer) h
          join lifecycle.event e on e.bucket = h.bucket and e.customer_id = h.customer_id
          where of_type not in (lifecycle.order_placed(), lifecycle.payment_succeeded())
            and e.type = of_type and e.occurred_at >= since and e.occurred_at < until
            and not exists (select from lifecycle.voided w where w.event_id = e.event_id)) o
    where o.at >= since and o.at < until
$$;
comment on function metric.next_step is
    'When a customer first took a step within a time; null for never';

create function metric.funnel_paths(question metric.question)
returns table (place integer, bucket smallint, customer_id bigint, cell text, since date,
               first_at timestamptz, before timestamptz, at timestamptz, is_open boolean)
language sql stable
as $$
    with recursive step as materialized (
        select * from metric.funnel_steps(question)
    ), begun as materialized (
        select o.bucket, o.customer_id, min(o.at) as at
        from step s
        cross join lateral metric.steps_taken(s.stage, s.type) o
        where s.place = 1
        group by 1, 2
    ), path as (
        select 1 as place, b.bucket, b.customer_id, p.cell, l.day, b.at as first_at,
               b.at as before, b.at
        from begun b
        cross join lateral (select (b.at at time zone question.timezone)::date as day) l
        left join metric.population(question) p
               on not question.is_plain and p.bucket = b.bucket and p.customer_id = b.customer_id
        where l.day >= question.since and l.day < question.until and b.at <= now()
          and (question.is_plain or p.customer_id is not null)
        union all
        select s.place, p.bucket, p.customer_id, p.cell, p.day, p.first_at, p.at, n.at
        from path p
        join step s on s.place = p.place + 1
        cross join lateral metric.next_step(
            p.bucket, p.customer_id, s.stage, s.type, p.at,
            least(p.first_at + make_interval(hours => 24 * question.window_days), now())) n
        where n.at is not null
    )
    select p.place, p.bucket, p.customer_id, p.cell, metric.period_of(question, p.day),
           p.first_at, p.before, p.at,
           p.first_at + make_interval(hours => 24 * question.window_days) > now()
    from path p
$$;
comment on function metric.funnel_paths is
    'The customers who begin a funnel in the window, with each step that they reached, up to now; '
    'open: there is time left for more';

create function metric.funnel(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with reached as materialized (
        select f.since, f.cell, f.place, count(*) as customers,
               count(*) filter (where f.is_open) as open,
               percentile_disc(array[0.5, 0.9]) within group (
                   order by extract(epoch from f.at - f.before)) as seconds
        from metric.funnel_paths(question) f
        group by 1, 2, 3
    ), cells as (
        select distinct r.cell from reached r
        union all
        select null where not exists (select from reached)
    ), told as (
        select p.since, p.label, p.complete, c.cell, s.place, s.name,
               coalesce(r.customers, 0) as customers, coalesce(r.open, 0) as open, r.seconds,
               lag(coalesce(r.customers, 0)) over steps as before,
               lag(coalesce(r.open, 0)) over steps as open_before,
               first_value(coalesce(r.customers, 0)) over steps as begun,
               first_value(coalesce(r.open, 0)) over steps as open_begun
        from metric.periods(question) p
        cross join cells c
        cross join metric.funnel_steps(question) s
        left join reached r on r.since = p.since and r.cell is not distinct from c.cell
                           and r.place = s.place
        window steps as (partition by p.since, c.cell order by s.place)
    )
    select t.label, metric.grouped(question, t.cell, to_json(d)), m.value, m.unit, m.numerator,
           m.denominator, m.n, t.complete and t.open = t.open_begun,
           case when m.value is null then 'empty_denominator' end, 0::bigint
    from told t,
         lateral (select t.before - t.customers - (t.open_before - t.open) as dropped,
                         t.open_before - t.open as still_open) l,
         lateral (values
             (1, 'count', t.customers::numeric, 'customers', null::numeric, null::numeric,
              t.customers),
             (2, 'conversion', t.customers / nullif(t.before, 0)::numeric, 'ratio', t.customers,
              t.before, t.before),
             (3, 'overall', t.customers / nullif(t.begun, 0)::numeric, 'ratio', t.customers,
              t.begun, t.begun),
             (4, 'median', t.seconds[1], 'seconds', null, null, t.customers),
             (5, 'p90', t.seconds[2], 'seconds', null, null, t.customers),
             (6, 'dropped', l.dropped, 'customers', null, null, l.dropped),
             (7, 'still_open', l.still_open, 'customers', null, null, l.still_open))
             m (place, measure, value, unit, numerator, denominator, n),
         lateral (select t.place as number, t.name as step, m.measure) d
    where t.place > 1 or m.place = 1
    order by t.since, t.cell nulls first, t.place, m.place
$$;
comment on function metric.funnel is
    'How many of the customers who began in each period reached each step, and how fast';

create function metric.members_of_funnel(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    with path as materialized (
        select * from metric.funnel_paths(question)
    ), wanted as (
        select (chosen ->> 'number')::integer as place, chosen ->> 'measure' as measure
    )
    select p.bucket, p.customer_id
    from wanted w
    join path p on p.place = case when w.measure in ('count', 'median', 'p90') then w.place
                                  when w.measure = 'overall' then 1
                                  else w.place - 1 end
    where (question.group_by is null
           or p.cell is not distinct from chosen ->> question.group_by)
      and (w.measure not in ('dropped', 'still_open')
           or p.is_open = (w.measure = 'still_open')
              and not exists (select
                              from path n
                              where n.place = w.place and n.bucket = p.bucket
                                and n.customer_id = p.customer_id))
$$;
comment on function metric.members_of_funnel is
    'The customers whom a row of the funnel stands on: who reached the step, or the one before, or '
    'began, or dropped out, or may still reach it';
