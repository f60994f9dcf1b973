-- From events to visits and transitions (events.md, "How the stage follows from the events").
--
-- An event in order moves a customer by one step: move_customers takes that step from the latest
-- visit. What is not so simple (late events, several moves of a customer in one batch, voided
-- events, merges) is derived anew from the time touched on: the visit held just before that time is
-- what the fold starts from, and the visits after it are replaced where they differ. The roll-up
-- follows by the difference between the old visits and the new ones.

create function lifecycle.kind_of_move(stood smallint, stands smallint, opening smallint)
returns text
language sql immutable
as $$
    select case
        when stands is null then 'exit'
        when stood > opening and stands <= opening then 'loop'
        when stands = stood + 1 then 'advance'
        when stands > stood then 'skip'
        else 'regress'
    end
$$;
comment on function lifecycle.kind_of_move is
    'The kind of a move between two stages (stands is null for none): opening is how many of the '
    'first stages open a new cycle when they are entered from beyond them';

create function lifecycle.stage_covering(of_model smallint, department smallint)
returns smallint
language plpgsql stable
as $$
begin
    return (select s.stage
            from lifecycle.model_stage s
            where s.model = of_model and stage_covering.department = any(s.covers));
end
$$;
comment on function lifecycle.stage_covering is
    'The stage of a model to which a department, as a stage.overridden names it, belongs';

create function lifecycle.fold_visits(touched lifecycle.touch[], of_model smallint)
returns setof lifecycle.model_visit
language plpgsql stable
as $$
declare
    opening_stages constant smallint :=
        (select m.opening from lifecycle.stage_model m where m.model = of_model);
begin
    return query
    with held as materialized (
        select t.bucket, t.customer_id, t.since, v.ordinal, v.cycle, v.entered_at, v.left_at,
               v.entered_by, v.left_by, v.stage, v.kind, v.left_kind
        from unnest(touched) t
        left join lateral (
            select *
            from lifecycle.model_visit b
            where b.bucket = t.bucket and b.customer_id = t.customer_id and b.model = of_model
              and b.entered_at < t.since
            order by b.ordinal desc
            limit 1
        ) v on true
    ),
    -- part 0 and 1: the visit held, and the exit that had ended it; part 2: the events
    step as (
        select h.bucket, h.customer_id, h.ordinal, h.cycle, h.kind,
               s.part, s.at, s.sequence, s.position, s.source, s.id, s.entry, s.stage, s.event_id
        from held h
        cross join lateral (
            select 0 as part, h.entered_at as at, null::text as sequence, h.stage as position,
                   null::text as source, null::text as id, 'enter' as entry, h.stage as stage,
                   h.entered_by as event_id
            where h.ordinal is not null
            union all
            select 1, h.left_at, null, null, null, null, 'exit', null, h.left_by
            where h.left_kind = 'exit' and h.left_at < h.since
            union all
            select 2, e.occurred_at, e.sequence, led.stage, e.source, e.id, r.entry,
                   case r.entry when 'exit' then null else led.stage end, e.event_id
            from lifecycle.histories_of(h.bucket, h.customer_id) c
            cross join lateral (
                select *
                from lifecycle.event x
                where x.bucket = c.bucket and x.customer_id = c.customer_id
                  and x.occurred_at >= h.since
                offset 0 -- by key for each customer, whatever the planner thinks of the table
            ) e
            join lifecycle.rule r on r.model = of_model and r.type = e.type
            cross join lateral (
                select case r.entry
                    when 'override' then lifecycle.stage_covering(of_model, e.stage)
                    else r.stage
                end as stage
            ) led
            where (select true from lifecycle.voided w where w.event_id = e.event_id limit 1)
                  is null
        ) s
    ),
    -- A segment begins with each event that enters from anywhere or exits; within it the stage is
    -- the running maximum, because an advancing event never takes a customer back. (Ten exceeds
    -- every stage, so the running maximum over all segments is that of the latest one.)
    segmented as (
        select s.*, count(*) filter (where s.entry <> 'advance') over moves as segment,
               row_number() over moves as number
        from step s
        window moves as (partition by s.bucket, s.customer_id
                         order by s.part, s.at, s.sequence nulls first, s.position, s.source, s.id)
    ),
    placed as (
        select s.*,
               nullif(max(10 * s.segment + coalesce(s.stage, 0)) over moves - 10 * s.segment,
                      0)::smallint as stands
        from segmented s
        window moves as (partition by s.bucket, s.customer_id order by s.number)
    ),
    compared as (
        select p.*, lag(p.stands) over moves as stood
        from placed p
        window moves as (partition by p.bucket, p.customer_id order by p.number)
    ),
    moved as (
        select c.*, case
                when c.part = 0 then c.kind
                when c.stands is null or c.stood is not null
                    then lifecycle.kind_of_move(c.stood, c.stands, opening_stages)
                when row_number() over (partition by c.bucket, c.customer_id
                                        order by c.number) = 1 then 'enter'
                else 'return'
            end as move
        from compared c
        where c.stands is distinct from c.stood
    ),
    visits as (
        select m.bucket, m.customer_id,
               coalesce(m.ordinal, 1) - 1
                   + count(m.stands) over so_far as visit_ordinal,
               coalesce(m.cycle, 1)
                   + count(*) filter (where m.part = 2 and m.move in ('loop', 'return'))
                     over so_far as visit_cycle,
               m.at, lead(m.at) over whole as next_at,
               m.event_id, lead(m.event_id) over whole as next_event,
               m.stands, lead(m.stands) over whole as next_stage,
               m.move, lead(m.move) over whole as next_move
        from moved m
        window whole as (partition by m.bucket, m.customer_id order by m.number),
               so_far as (whole rows unbounded preceding)
    )
    select v.bucket, v.customer_id, v.visit_ordinal::integer, v.visit_cycle::integer, v.at,
           v.next_at, v.event_id, v.next_event, v.stands, v.next_stage, v.move, v.next_move,
           of_model
    from visits v
    where v.stands is not null;
end
$$;
comment on function lifecycle.fold_visits is
    'The visits of customers from a time on, with the one held before it, folded from the ledger';

create function lifecycle.moves_of(v lifecycle.model_visit, zone text)
returns table (day date, from_stage smallint, to_stage smallint, kind text, dwell_seconds numeric)
language sql immutable
as $$
    select (v.left_at at time zone zone)::date, v.stage, coalesce(v.left_to, 0::smallint),
           v.left_kind, extract(epoch from v.left_at - v.entered_at)
    where v.left_at is not null
    union all
    select (v.entered_at at time zone zone)::date, 0::smallint, v.stage, v.kind, 0
    where v.kind in ('enter', 'return')
$$;
comment on function lifecycle.moves_of is
    'What a visit adds to transition_total: the transition that closed it, with its dwell, and, '
    'if no visit led to it, the one that began it; stage 0 stands for none';

create function lifecycle.transitions_of(v lifecycle.model_visit)
returns setof lifecycle.move
language sql immutable
as $$
    select v.left_by, v.stage, v.left_to, v.left_kind
    where v.left_at is not null
    union all
    select v.entered_by, null::smallint, v.stage, v.kind
    where v.kind in ('enter', 'return')
$$;
comment on function lifecycle.transitions_of is
    'The transitions that a visit tells of: the one that closed it and, if no visit led to it, the '
    'one that began it';

create function lifecycle.derive_visits(touched lifecycle.touch[], of_model smallint,
                                        zone text, writer_number smallint)
returns lifecycle.move[]
language plpgsql
as $$
declare
    fresh constant lifecycle.model_visit[] :=
        array(select f from lifecycle.fold_visits(touched, of_model) f);
    stays lifecycle.stay[];
begin
    with stale as (
        select v.*
        from unnest(touched) t
        left join lateral (
            select b.ordinal
            from lifecycle.model_visit b
            where b.bucket = t.bucket and b.customer_id = t.customer_id and b.model = of_model
              and b.entered_at < t.since
            order by b.ordinal desc
            limit 1
        ) held on true
        cross join lateral (
            select s as visit, s.bucket, s.customer_id, s.ordinal
            from lifecycle.model_visit s
            where s.bucket = t.bucket and s.customer_id = t.customer_id and s.model = of_model
              and s.ordinal >= coalesce(held.ordinal, 1)
            offset 0 -- by key, as above
        ) v
    ),
    change as materialized (
        select f as fresh, s.visit as stale
        from unnest(fresh) f
        full join stale s
          on s.bucket = f.bucket and s.customer_id = f.customer_id and s.ordinal = f.ordinal
        where f is distinct from s.visit
    ),
    gone as (
        delete from lifecycle.model_visit v
        using change c
        where c.fresh is not distinct from null
          and v.bucket = (c.stale).bucket and v.customer_id = (c.stale).customer_id
          and v.model = of_model and v.ordinal = (c.stale).ordinal
    ),
    come as (
        insert into lifecycle.model_visit as v
        select (c.fresh).*
        from change c
        where c.fresh is distinct from null
        on conflict (bucket, customer_id, model, ordinal) do update
        set (cycle, entered_at, left_at, entered_by, left_by, stage, left_to, kind, left_kind)
          = (excluded.cycle, excluded.entered_at, excluded.left_at, excluded.entered_by,
             excluded.left_by, excluded.stage, excluded.left_to, excluded.kind,
             excluded.left_kind)
    ),
    signed as materialized (
        select 1 as sign, c.fresh as visit
        from change c
        where c.fresh is distinct from null
        union all
        select -1, c.stale
        from change c
        where c.stale is distinct from null
    ),
    total as (
        insert into lifecycle.model_transition_total as total
            (writer, model, day, from_stage, to_stage, kind, transitions, dwell_seconds)
        select writer_number, of_model, m.day, m.from_stage, m.to_stage, m.kind, sum(v.sign),
               sum(v.sign * m.dwell_seconds)
        from signed v
        cross join lateral lifecycle.moves_of(v.visit, zone) m
        group by m.day, m.from_stage, m.to_stage, m.kind
        having sum(v.sign) <> 0 or sum(v.sign * m.dwell_seconds) <> 0
        on conflict (model, day, from_stage, to_stage, kind, writer) do update
        set transitions = total.transitions + excluded.transitions,
            dwell_seconds = total.dwell_seconds + excluded.dwell_seconds
    )
    select array_agg(lifecycle.stay_of(v.visit, v.sign, zone))
    into stays
    from signed v
    where (v.visit).left_at is not null;
    if stays is not null then
        perform lifecycle.count_stays(stays, of_model, writer_number);
    end if;
    return array(select m from unnest(fresh) v cross join lateral lifecycle.transitions_of(v) m);
end
$$;
comment on function lifecycle.derive_visits is
    'Brings the visits of customers by a model up to date from a time on, and their roll-ups with '
    'them; returns the transitions from then on';

create function lifecycle.move_customers(
    setup lifecycle.setup, chosen boolean[], event_ids uuid[], types smallint[],
    times timestamptz[], departments smallint[], buckets smallint[], customers bigint[],
    out moves lifecycle.move[], out late lifecycle.touch[])
language plpgsql
as $$
declare
    zone constant text := setup.zone;
    of_model constant smallint := setup.model;
    writer_number constant smallint := setup.writer;
    moving constant smallint[] := setup.moving;
    stages constant smallint[] := setup.stages;
    entries constant text[] := setup.entries;
    opening_stages constant smallint := setup.opening;
    stays lifecycle.stay[];
begin
    with step as (
        select i.event_id, i.bucket, i.customer_id, i.occurred_at, entries[i.rule] as entry,
               case entries[i.rule]
                   when 'exit' then null
                   when 'override' then lifecycle.stage_covering(of_model, i.department)
                   else stages[i.rule]
               end as stands
        from (select u.*, array_position(moving, u.type) as rule
              from unnest(chosen, event_ids, types, times, departments, buckets, customers)
                   u (is_chosen, event_id, type, occurred_at, department, bucket, customer_id)
              where u.is_chosen and u.customer_id is not null and u.type = any(moving)) i
        where (select true from lifecycle.voided w where w.event_id = i.event_id limit 1) is null
    ),
    -- how the customer stands by the latest visit, and whether the event leaves it there
    placed as materialized (
        select s.*, v.held, v.ordinal, v.cycle, v.entered_at, v.left_at,
               case when v.left_at is null then v.stage end as stood,
               coalesce(v.left_at is null and v.entered_at < s.occurred_at
                        and case s.entry when 'advance' then v.stage >= s.stands
                                         else v.stage = s.stands end, false) as stays
        from step s
        left join lateral (
            select b.ctid as held, b.ordinal, b.cycle, b.stage, b.entered_at, b.left_at
            from lifecycle.model_visit b
            where b.bucket = s.bucket and b.customer_id = s.customer_id and b.model = of_model
            order by b.ordinal desc
            limit 1
        ) v on true
    ),
    moved as materialized (
        select p.*,
               -- the only one of its customer to move, and nothing that moves lies after it
               count(*) over (partition by p.bucket, p.customer_id) = 1
               and (p.stands is not null or p.stood is not null)
               and not exists (select
                               from lifecycle.event e
                               where e.bucket = p.bucket and e.customer_id = p.customer_id
                                 and e.occurred_at >= p.occurred_at
                                 and e.event_id <> p.event_id and e.type = any(moving))
               as is_next,
               case when p.stood is not null
                        then lifecycle.kind_of_move(p.stood, p.stands, opening_stages)
                    when p.ordinal is null then 'enter'
                    else 'return'
               end as kind
        from placed p
        where not p.stays
    ),
    next as materialized (
        select *
        from moved
        where is_next
    ),
    closed as (
        update lifecycle.model_visit v
        set left_at = n.occurred_at, left_by = n.event_id, left_to = n.stands, left_kind = n.kind
        from next n
        -- by its place: the customer is locked, so that nobody else has moved the row
        where n.stood is not null and v.ctid = n.held
    ),
    opened as (
        insert into lifecycle.model_visit (bucket, customer_id, model, ordinal, cycle, entered_at,
                                           entered_by, stage, kind)
        select n.bucket, n.customer_id, of_model, coalesce(n.ordinal, 0) + 1,
               coalesce(n.cycle + (n.kind in ('loop', 'return'))::integer, 1), n.occurred_at,
               n.event_id, n.stands, n.kind
        from next n
        where n.stands is not null
    ),
    total as (
        insert into lifecycle.model_transition_total as total
            (writer, model, day, from_stage, to_stage, kind, transitions, dwell_seconds)
        select writer_number, of_model, (n.occurred_at at time zone zone)::date,
               coalesce(n.stood, 0::smallint), coalesce(n.stands, 0::smallint), n.kind, count(*),
               sum(case when n.stood is null then 0
                        else extract(epoch from n.occurred_at - n.entered_at) end)
        from next n
        group by 3, 4, 5, 6
        on conflict (model, day, from_stage, to_stage, kind, writer) do update
        set transitions = total.transitions + excluded.transitions,
            dwell_seconds = total.dwell_seconds + excluded.dwell_seconds
    )
    select array_agg(row(m.event_id, m.stood, m.stands, m.kind)::lifecycle.move)
               filter (where m.is_next),
           (select array_agg(row(l.bucket, l.customer_id, l.since)::lifecycle.touch)
            from (select x.bucket, x.customer_id, min(x.occurred_at) as since
                  from moved x
                  where not x.is_next
                  group by x.bucket, x.customer_id) l),
           array_agg(row(1, m.stood, (m.entered_at at time zone zone)::date,
                         (m.occurred_at at time zone zone)::date,
                         extract(epoch from m.occurred_at - m.entered_at))::lifecycle.stay)
               filter (where m.is_next and m.stood is not null)
    into moves, late, stays
    from moved m;
    if stays is not null then
        perform lifecycle.count_stays(stays, of_model, writer_number);
    end if;
end
$$;
comment on function lifecycle.move_customers is
    'Moves customers by the events chosen, where they are in order; `late` is what remains to be '
    'derived anew';
