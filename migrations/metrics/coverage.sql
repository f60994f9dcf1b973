insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, members)
values (
    'coverage',
    'Coverage',
    'Of the active customers (who purchased in the window, or have MRR at its end), the share with '
    'at least one event in the window of each stage, by the departments that it covers: a '
    'department that does not send is missing here. Of more than 640 customers so many are drawn '
    'evenly; n tells how many of them are active. For each source, the days from the last day on '
    'which anything happened that was heard of (within a year before the window) to the window''s '
    'end, or to today (measure last_heard)',
    'ratio', 'active customers with an event of the stage', 'active customers (of those drawn)',
    '{from,to,timezone,segment}', '{}', 2, 'every event', 'numerator');

create function metric.drawn_customers(question metric.question, most integer)
returns table (bucket smallint, customer_id bigint)
language plpgsql stable
set enable_seqscan = off -- by key, one by one
set enable_bitmapscan = off
as $$
begin
    if question.segment is not null then
        return query
        select p.bucket, p.customer_id
        from metric.population(question) p
        order by md5(p.customer_id::text), p.customer_id
        limit most;
    elsif (select count(*) from (select from lifecycle.customer limit most + 1) c) <= most then
        return query
        select c.bucket, c.customer_id
        from lifecycle.customer c
        where c.root_id is null;
    else
        return query
        select distinct d.bucket, d.customer_id
        from (select s::smallint as bucket from generate_series(0, 63) s) b
        cross join lateral (
            select (select min(c.customer_id) from lifecycle.customer c
                    where c.bucket = b.bucket) as first,
                   (select max(c.customer_id) from lifecycle.customer c
                    where c.bucket = b.bucket) as last
            offset 0) e
        cross join generate_series(0, most / 64 - 1) i (place)
        cross join lateral (
            select c.bucket, c.customer_id
            from lifecycle.customer c
            where c.bucket = b.bucket and c.root_id is null
              and c.customer_id >= e.first + (e.last - e.first) * i.place / (most / 64)
            order by c.customer_id
            limit 1) d;
    end if;
end
$$;
comment on function metric.drawn_customers is
    'The customers whom a question is about, or where they are more, about so many of them: drawn '
    'evenly, the same ones each time';

create function metric.covered_customers(question metric.question)
returns table (bucket smallint, customer_id bigint, stages smallint[])
language plpgsql stable
set enable_hashjoin = off -- few customers among many: by key
set enable_mergejoin = off
set enable_seqscan = off
set jit = off
as $$
declare
    since constant timestamptz := question.since::timestamp at time zone question.timezone;
    until constant timestamptz := question.until::timestamp at time zone question.timezone;
begin
    return query
    select d.bucket, d.customer_id,
           array(select distinct s.stage
                 from lifecycle.histories_of(d.bucket, d.customer_id) h
                 cross join lateral (
                     select e.event_id, e.type
                     from lifecycle.event e
                     where e.bucket = h.bucket and e.customer_id = h.customer_id
                       and e.occurred_at >= since and e.occurred_at < until
                     offset 0 -- by key for each customer
                 ) e
                 cross join lateral (select t.stage as department
                                     from lifecycle.event_type t
                                     where t.type = e.type) t
                 join lifecycle.model_stage s
                   on t.department = any (s.covers)
                  and s.model = (select m.model from lifecycle.stage_model m
                                 where m.state = 'active')
                 where (select true from lifecycle.voided w where w.event_id = e.event_id limit 1)
                       is null)
    from metric.drawn_customers(question, 640) d
    where exists (select
                  from lifecycle.purchase p
                  where p.bucket = d.bucket and p.customer_id = d.customer_id
                    and p.occurred_at >= since and p.occurred_at < until)
       or (select sum(m.after)
           from (select distinct on (x.currency) x.currency, x.after
                 from lifecycle.mrr r
                 cross join lateral unnest(r.movements) x
                 where r.bucket = d.bucket and r.customer_id = d.customer_id
                   and x.at < least(until, now())
                 order by x.currency, x.at desc) m) > 0;
end
$$;
comment on function metric.covered_customers is
    'The active customers of those drawn, with the stages that they have an event of in the window';

create function metric.coverage(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with active as materialized (
        select * from metric.covered_customers(question)
    ), covered as (
        select s.stage, s.name, (select count(*) from active) as customers,
               (select count(*) from active a where s.stage = any (a.stages)) as covered
        from lifecycle.stage s
    ), heard as (
        select t.source, max(t.day) as day
        from lifecycle.event_part t
        where t.day >= question.since - 366
          and t.day < least(question.until, metric.today('UTC') + 1)
        group by 1
    ), rows as (
        select 1 as part, c.stage as place, null as source, to_json(d) as dimensions,
               c.covered / nullif(c.customers, 0)::numeric as value, 'ratio' as unit,
               c.covered as numerator, c.customers as denominator, c.customers as n
        from covered c, lateral (select c.name as stage, 'share' as measure) d
        union all
        select 2, 0, h.source, to_json(d),
               least(question.until - 1, metric.today('UTC')) - h.day, 'days', null, null, 1
        from heard h, lateral (select h.source, 'last_heard' as measure) d
    )
    select p.label, r.dimensions, r.value, r.unit, r.numerator::numeric, r.denominator::numeric,
           r.n::bigint, p.complete, case when r.value is null then 'empty_denominator' end,
           0::bigint
    from metric.periods(question) p
    cross join rows r
    order by r.part, r.place, r.source
$$;
comment on function metric.coverage is
    'Of which stages anything is heard, of how many active customers; and when of each source';

create function metric.members_of_coverage(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select c.bucket, c.customer_id
    from metric.covered_customers(question) c
    join lifecycle.stage s on s.stage = any (c.stages)
    where s.name = chosen ->> 'stage'
$$;
comment on function metric.members_of_coverage is
    'Of the active customers drawn, those with an event of the stage in the window';
