-- From events to visits and transitions (events.md, "How the stage follows from the events").
--
-- Everything from a given time on is derived anew for the customers touched: the visit held just
-- before that time is what the fold starts from, and the visits after it are replaced where they
-- differ. The roll-up follows by the difference between the old visits and the new ones, so one
-- definition (moves_of) serves the ingest, rebuild and verify.

create function lifecycle.fold_visits(touched lifecycle.touch[])
returns setof lifecycle.visit
language plpgsql stable
as $$
begin
    return query
    with held as materialized (
        select t.bucket, t.customer_id, t.since, v.ordinal, v.cycle, v.entered_at, v.left_at,
               v.entered_by, v.left_by, v.stage, v.kind, v.left_kind
        from unnest(touched) t
        left join lateral (
            select *
            from lifecycle.visit b
            where b.bucket = t.bucket and b.customer_id = t.customer_id
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
            select 2, e.occurred_at, e.sequence, coalesce(e.stage, t.stage), e.source, e.id,
                   t.entry,
                   case t.entry when 'exit' then null else coalesce(e.stage, t.stage) end,
                   e.event_id
            from lifecycle.event e
            join lifecycle.event_type t on t.type = e.type
            where e.bucket = h.bucket and e.customer_id = h.customer_id
              and e.occurred_at >= h.since
              and t.entry <> 'activity'
              and not exists (select from lifecycle.voided w where w.event_id = e.event_id)
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
                when c.stands is null then 'exit'
                when c.stood is not null and c.stood >= 3 and c.stands <= 2 then 'loop'
                when c.stood is not null and c.stands = c.stood + 1 then 'advance'
                when c.stood is not null and c.stands > c.stood then 'skip'
                when c.stood is not null then 'regress'
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
           v.next_at, v.event_id, v.next_event, v.stands, v.next_stage, v.move, v.next_move
    from visits v
    where v.stands is not null;
end
$$;
comment on function lifecycle.fold_visits is
    'The visits of customers from a time on, with the one held before it, folded from the ledger';

create function lifecycle.moves_of(v lifecycle.visit, zone text)
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

create function lifecycle.transitions_of(v lifecycle.visit)
returns table (event_id uuid, from_stage smallint, to_stage smallint, kind text, at timestamptz)
language sql immutable
as $$
    select v.left_by, v.stage, v.left_to, v.left_kind, v.left_at
    where v.left_at is not null
    union all
    select v.entered_by, null::smallint, v.stage, v.kind, v.entered_at
    where v.kind in ('enter', 'return')
$$;
comment on function lifecycle.transitions_of is
    'The transitions that a visit tells of: the one that closed it and, if no visit led to it, the '
    'one that began it';

create function lifecycle.derive_visits(touched lifecycle.touch[])
returns lifecycle.visit[]
language plpgsql
as $$
declare
    zone constant text := lifecycle.business_zone();
    writer_number constant smallint := lifecycle.writer_number();
    fresh constant lifecycle.visit[] := array(select f from lifecycle.fold_visits(touched) f);
begin
    with stale as (
        select v as visit, v.bucket, v.customer_id, v.ordinal
        from unnest(touched) t
        left join lateral (
            select b.ordinal
            from lifecycle.visit b
            where b.bucket = t.bucket and b.customer_id = t.customer_id
              and b.entered_at < t.since
            order by b.ordinal desc
            limit 1
        ) held on true
        join lifecycle.visit v
          on v.bucket = t.bucket and v.customer_id = t.customer_id
         and v.ordinal >= coalesce(held.ordinal, 1)
    ),
    change as materialized (
        select f as fresh, s.visit as stale
        from unnest(fresh) f
        full join stale s
          on s.bucket = f.bucket and s.customer_id = f.customer_id and s.ordinal = f.ordinal
        where f is distinct from s.visit
    ),
    gone as (
        delete from lifecycle.visit v
        using change c
        where c.fresh is not distinct from null
          and v.bucket = (c.stale).bucket and v.customer_id = (c.stale).customer_id
          and v.ordinal = (c.stale).ordinal
    ),
    come as (
        insert into lifecycle.visit as v
        select (c.fresh).*
        from change c
        where c.fresh is distinct from null
        on conflict (bucket, customer_id, ordinal) do update
        set (cycle, entered_at, left_at, entered_by, left_by, stage, left_to, kind, left_kind)
          = (excluded.cycle, excluded.entered_at, excluded.left_at, excluded.entered_by,
             excluded.left_by, excluded.stage, excluded.left_to, excluded.kind,
             excluded.left_kind)
    )
    insert into lifecycle.transition_total as total
    select writer_number, m.day, m.from_stage, m.to_stage, m.kind, sum(v.sign),
           sum(v.sign * m.dwell_seconds)
    from (select 1 as sign, c.fresh as visit
          from change c
          where c.fresh is distinct from null
          union all
          select -1, c.stale
          from change c
          where c.stale is distinct from null) v
    cross join lateral lifecycle.moves_of(v.visit, zone) m
    group by m.day, m.from_stage, m.to_stage, m.kind
    having sum(v.sign) <> 0 or sum(v.sign * m.dwell_seconds) <> 0
    on conflict (day, from_stage, to_stage, kind, writer) do update
    set transitions = total.transitions + excluded.transitions,
        dwell_seconds = total.dwell_seconds + excluded.dwell_seconds;
    return fresh;
end
$$;
comment on function lifecycle.derive_visits is
    'Brings the visits of customers up to date from a time on, and transition_total with them; '
    'returns these visits';
