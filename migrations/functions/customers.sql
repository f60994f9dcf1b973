-- What is read about events, stages and customers. A customer is found by any identifier; where
-- there is none, the answer (or the page) is null.

create function lifecycle.show_event(wanted uuid)
returns json
language sql stable
as $$
    select to_json(shown)
    from lifecycle.event e
    left join lifecycle.customer o on o.bucket = e.bucket and o.customer_id = e.customer_id
    left join lifecycle.customer c
      on c.bucket = coalesce(o.root_bucket, o.bucket)
     and c.customer_id = coalesce(o.root_id, o.customer_id),
    lateral (select e.event_id, c.ref as customer,
                    lifecycle.utc_text(e.recorded_at) as recorded_at,
                    exists (select from lifecycle.voided v
                            where v.event_id = e.event_id) as voided,
                    e.body as event) shown
    where e.event_id = wanted
$$;
comment on function lifecycle.show_event is
    'An event: what was recorded about it, and the sender''s own text';

create function lifecycle.list_stages()
returns json
language sql stable
as $$
    with moves as (
        select t.to_stage as stage, t.transitions as customers
        from lifecycle.transition_part t
        union all
        select t.from_stage, -t.transitions
        from lifecycle.transition_part t
    ), stages as (
        select s.name as stage, s.stage as position, s.goal,
               coalesce(sum(m.customers), 0) as customers
        from lifecycle.stage s
        left join moves m on m.stage = s.stage
        group by s.stage, s.name, s.goal
    )
    select to_json(list)
    from lifecycle.stage_model m,
         lateral (select m.name as model, m.version,
                         array(select s from stages s order by s.position) as data) list
    where m.state = 'active'
$$;
comment on function lifecycle.list_stages is
    'The stages of the active model in their order, with the customers who are there now';

create function lifecycle.find_customer(wanted text)
returns lifecycle.identifier
language sql stable
as $$
    select row(i.identifier, coalesce(i.root_bucket, i.bucket), coalesce(i.root_id, i.customer_id),
               i.root_bucket, i.root_id)::lifecycle.identifier
    from lifecycle.identifier i
    where i.identifier = wanted
$$;
comment on function lifecycle.find_customer is
    'Where the canonical customer is kept that an identifier means; null if there is none';

create function lifecycle.stage_now(of_bucket smallint, of_customer bigint)
returns table (stage text, cycle integer, entered_at text)
language sql stable
as $$
    select s.name, v.cycle, lifecycle.utc_text(v.entered_at)
    from (select last.*
          from lifecycle.visit last
          where last.bucket = of_bucket and last.customer_id = of_customer
          order by last.ordinal desc
          limit 1) v
    join lifecycle.stage s on s.stage = v.stage
    where v.left_at is null
$$;
comment on function lifecycle.stage_now is
    'The stage that a customer is in, as shown; no row if in none';

create function lifecycle.show_customer(wanted text)
returns json
language plpgsql stable
as $$
begin
    if lifecycle.find_customer(wanted) is null then
        perform lifecycle.refuse_erased(array[wanted], null);
    end if;
    return (select to_json(shown)
    from lifecycle.find_customer(wanted) found
    join lifecycle.customer c on c.bucket = found.bucket and c.customer_id = found.customer_id
    left join lateral lifecycle.stage_now(c.bucket, c.customer_id) now on true,
    lateral (select min(s.first) as first, max(s.last) as last
             from lifecycle.histories_of(c.bucket, c.customer_id) h,
             lateral (select min(e.occurred_at) as first, max(e.occurred_at) as last
                      from lifecycle.event e
                      where e.bucket = h.bucket and e.customer_id = h.customer_id) s) seen,
    lateral (select c.ref as customer, lifecycle.utc_text(c.created_at) as created_at,
                    array(select i.identifier
                          from lifecycle.histories_of(c.bucket, c.customer_id) h
                          join lifecycle.identifier i
                            on i.bucket = h.bucket and i.customer_id = h.customer_id
                          order by i.identifier) as identifiers,
                    array(select m.ref
                          from lifecycle.customer m
                          where m.root_bucket = c.bucket and m.root_id = c.customer_id
                          order by m.ref) as merged,
                    coalesce((select a.attributes
                              from lifecycle.customer_attributes a
                              where a.bucket = c.bucket and a.customer_id = c.customer_id),
                             '{}') as attributes,
                    lifecycle.status_of(c.bucket, c.customer_id) as status,
                    now.stage, now.cycle, now.entered_at,
                    lifecycle.utc_text(seen.first) as first_seen,
                    lifecycle.utc_text(seen.last) as last_seen) shown);
end
$$;
comment on function lifecycle.show_customer is
    'A customer: identifiers, who was merged into it, attributes, stage now, and when the first '
    'and the latest event occurred';

create function lifecycle.list_timeline(wanted text, size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
as $$
declare
    customer constant lifecycle.identifier := lifecycle.find_customer(wanted);
    list constant text[] := array['timeline', customer.customer_id::text];
    before constant text[] := coalesce(lifecycle.read_cursor(list, cursor),
                                       '{infinity,ffffffff-ffff-ffff-ffff-ffffffffffff}');
    before_time constant timestamptz := before[1];
    before_event constant uuid := before[2];
    rows json[];
    keys text[];
begin
    if customer is null then
        return query select null::json, null::text;
        return;
    end if;
    select array_agg(to_json(shown) order by e.occurred_at desc, e.event_id desc),
           array_agg(concat_ws(' ', shown.occurred_at, e.event_id)
                     order by e.occurred_at desc, e.event_id desc)
    into rows, keys
    from (select one.*
          from lifecycle.histories_of(customer.bucket, customer.customer_id) h
          cross join lateral (
              select *
              from lifecycle.event x
              where x.bucket = h.bucket and x.customer_id = h.customer_id
                and (x.occurred_at, x.event_id) < (before_time, before_event)
              order by x.occurred_at desc, x.event_id desc
              limit size + 1) one
          order by one.occurred_at desc, one.event_id desc
          limit size + 1) e
    join lifecycle.event_type t on t.type = e.type,
    lateral (select e.event_id, t.name as type, e.source, e.id,
                    lifecycle.utc_text(e.occurred_at) as occurred_at,
                    lifecycle.utc_text(e.recorded_at) as recorded_at,
                    exists (select from lifecycle.voided v
                            where v.event_id = e.event_id) as voided,
                    e.body -> 'data' as data) shown;
    return query select * from lifecycle.write_page(list, size, rows, keys);
end
$$;
comment on function lifecycle.list_timeline is 'What happened to a customer, the latest first';

create function lifecycle.list_visits(wanted text, size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
as $$
declare
    customer constant lifecycle.identifier := lifecycle.find_customer(wanted);
    list constant text[] := array['visits', customer.customer_id::text];
    after constant text[] := coalesce(lifecycle.read_cursor(list, cursor), '{0}');
    after_ordinal constant integer := after[1];
    rows json[];
    keys text[];
begin
    if customer is null then
        return query select null::json, null::text;
        return;
    end if;
    select array_agg(to_json(shown) order by v.ordinal),
           array_agg(v.ordinal::text order by v.ordinal)
    into rows, keys
    from (select *
          from lifecycle.visit
          where bucket = customer.bucket and customer_id = customer.customer_id
            and ordinal > after_ordinal
          order by ordinal
          limit size + 1) v
    join lifecycle.stage s on s.stage = v.stage,
    lateral (select s.name as stage, v.cycle, v.kind,
                    lifecycle.utc_text(v.entered_at) as entered_at, v.entered_by,
                    lifecycle.utc_text(v.left_at) as left_at, v.left_by,
                    trim_scale(extract(epoch from v.left_at - v.entered_at)) as seconds) shown;
    return query select * from lifecycle.write_page(list, size, rows, keys);
end
$$;
comment on function lifecycle.list_visits is
    'A customer''s stays in the stages, the earliest first';

create function lifecycle.list_transitions(wanted text, size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
as $$
declare
    customer constant lifecycle.identifier := lifecycle.find_customer(wanted);
    list constant text[] := array['transitions', customer.customer_id::text];
    after constant text[] := coalesce(lifecycle.read_cursor(list, cursor), '{0,1}');
    after_ordinal constant integer := after[1];
    after_part constant integer := after[2];
    rows json[];
    keys text[];
begin
    if customer is null then
        return query select null::json, null::text;
        return;
    end if;
    select array_agg(to_json(shown) order by t.ordinal, t.part),
           array_agg(concat_ws(' ', t.ordinal, t.part) order by t.ordinal, t.part)
    into rows, keys
    from (select *
          from lifecycle.transition
          where bucket = customer.bucket and customer_id = customer.customer_id
            and ordinal >= after_ordinal and (ordinal, part) > (after_ordinal, after_part)
          order by ordinal, part
          limit size + 1) t
    left join lifecycle.stage f on f.stage = t.from_stage
    left join lifecycle.stage g on g.stage = t.to_stage,
    lateral (select f.name as "from", g.name as "to", t.kind,
                    lifecycle.utc_text(t.at) as occurred_at, t.event_id,
                    trim_scale(t.dwell_seconds) as dwell_seconds) shown;
    return query select * from lifecycle.write_page(list, size, rows, keys);
end
$$;
comment on function lifecycle.list_transitions is
    'A customer''s moves between stages, the earliest first; from and to are null for none';
