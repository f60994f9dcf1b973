-- Merges as they are made, shown and taken back through the API. A merge is the customer.merged
-- that tells of it, however it came, and has its event's id. What would have no effect, as a
-- circle, is refused here; as an event it is recorded, because events may come in any order.

create function lifecycle.state_of_merge(e lifecycle.event,
                                         out state text, out ended_by lifecycle.event)
language plpgsql stable
as $$
begin
    select v.*
    into ended_by
    from lifecycle.voided w
    join lifecycle.event v on v.event_id = w.by_event
    where w.event_id = e.event_id
    order by v.occurred_at, v.event_id
    limit 1;
    if ended_by.event_id is not null then
        state := 'voided';
        return;
    end if;
    select n.*
    into ended_by
    from lifecycle.event n
    where n.bucket = e.bucket and n.customer_id = e.customer_id
      and n.type in (701, 702, 703, 704) -- as the index says
      and n.type = any(lifecycle.merge_types())
      and (n.occurred_at, coalesce(n.sequence, ''), n.source, n.id)
          > (e.occurred_at, coalesce(e.sequence, ''), e.source, e.id)
      and not exists (select from lifecycle.voided w where w.event_id = n.event_id)
    order by n.occurred_at, n.sequence nulls first, n.source, n.id
    limit 1;
    state := case
        when ended_by.type = lifecycle.customer_unmerged() then 'reverted'
        when ended_by.type = lifecycle.customer_merged() then 'superseded'
        when exists (select
                     from lifecycle.customer c
                     where c.bucket = e.bucket and c.customer_id = e.customer_id
                       and c.merged_by = e.event_id and c.root_id is not null) then 'in_force'
        else 'without_effect'
    end;
end
$$;
comment on function lifecycle.state_of_merge is
    'in_force; reverted, superseded or voided, by which event; or without_effect: into itself, or '
    'the latest of a circle';

create function lifecycle.merge_shown(e lifecycle.event)
returns json
language plpgsql stable
as $$
begin
    return (select to_json(shown)
            from lifecycle.state_of_merge(e) s
            join lifecycle.customer c on c.bucket = e.bucket and c.customer_id = e.customer_id
            left join lifecycle.identifier i on i.identifier = e.object
            left join lifecycle.customer t
              on t.bucket = i.bucket and t.customer_id = i.customer_id,
            lateral (select e.event_id as id, c.ref as customer, t.ref as "into",
                            e.body #>> '{data,reason}' as reason,
                            lifecycle.utc_text(e.occurred_at) as merged_at,
                            lifecycle.utc_text(e.recorded_at) as recorded_at, s.state,
                            lifecycle.utc_text((s.ended_by).occurred_at) as ended_at,
                            (s.ended_by).event_id as ended_by) shown);
end
$$;
comment on function lifecycle.merge_shown is
    'A merge: who into whom, both as they were first named, and what has become of it';

create function lifecycle.find_merge(wanted uuid)
returns lifecycle.event
language plpgsql stable
as $$
begin
    return (select e
            from lifecycle.event e
            where e.event_id = wanted and e.type = lifecycle.customer_merged());
end
$$;
comment on function lifecycle.find_merge is 'The customer.merged of this id; null if it is none';

create function lifecycle.show_merge(wanted uuid)
returns json
language plpgsql stable
as $$
begin
    return (select lifecycle.merge_shown(e) from lifecycle.find_merge(wanted) e
            where e.event_id is not null);
end
$$;
comment on function lifecycle.show_merge is 'A merge by its id; null if there is none';

create function lifecycle.merges_of(named text)
returns setof uuid
language plpgsql stable
as $$
declare
    customer constant lifecycle.identifier := lifecycle.find_customer(named);
begin
    return query
    with known as materialized (
        select h.bucket, h.customer_id
        from lifecycle.histories_of(customer.bucket, customer.customer_id) h
    )
    select e.event_id
    from known k
    join lifecycle.event e
      on e.bucket = k.bucket and e.customer_id = k.customer_id
     and e.type in (701, 702, 703, 704) -- as the index says
    where e.type = lifecycle.customer_merged()
    union
    select e.event_id
    from known k
    join lifecycle.identifier i on i.bucket = k.bucket and i.customer_id = k.customer_id
    join lifecycle.event e on e.object = i.identifier and e.type = 703; -- as the index says
end
$$;
comment on function lifecycle.merges_of is
    'The merges that a customer has had a part in, in force or not';

create function lifecycle.list_merges(named text, size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
set enable_seqscan = off
set jit = off
as $$
declare
    list constant text[] := array['merges', named];
    before constant text[] := coalesce(lifecycle.read_cursor(list, cursor),
                                       '{infinity,ffffffff-ffff-ffff-ffff-ffffffffffff}');
    before_time constant timestamptz := before[1];
    before_event constant uuid := before[2];
    rows json[];
    keys text[];
begin
    select array_agg(lifecycle.merge_shown(m.merge) order by m.occurred_at desc, m.event_id desc),
           array_agg(concat_ws(' ', lifecycle.utc_text(m.occurred_at), m.event_id)
                     order by m.occurred_at desc, m.event_id desc)
    into rows, keys
    from (select x.merge, x.occurred_at, x.event_id
          from ((select e as merge, e.occurred_at, e.event_id
                 from lifecycle.event e
                 where named is null and e.type = 703 -- as the index says
                   and (e.occurred_at, e.event_id) < (before_time, before_event)
                 order by e.occurred_at desc, e.event_id desc
                 limit size + 1)
                union all
                select e, e.occurred_at, e.event_id
                from lifecycle.merges_of(named) c (event_id)
                join lifecycle.event e using (event_id)
                where (e.occurred_at, e.event_id) < (before_time, before_event)) x
          order by x.occurred_at desc, x.event_id desc
          limit size + 1) m;
    return query select * from lifecycle.write_page(list, size, rows, keys);
end
$$;
comment on function lifecycle.list_merges is
    'Merges, the latest first: all of them, or those that a customer has had a part in';

create function lifecycle.find_own(named text, pointer text)
returns lifecycle.customer
language plpgsql stable
as $$
declare
    own lifecycle.customer;
begin
    select c.*
    into own
    from lifecycle.identifier i
    join lifecycle.customer c on c.bucket = i.bucket and c.customer_id = i.customer_id
    where i.identifier = named;
    if own.customer_id is null then
        perform lifecycle.refuse_erased(array[named], pointer);
        perform lifecycle.refuse('CL422', pointer, 'no customer is known by this reference');
    end if;
    return own;
end
$$;
comment on function lifecycle.find_own is
    'The customer that an identifier means by itself, before any merge; refuses (422) an unknown '
    'one, and (410) an erased one';

create function lifecycle.ref_of(of_bucket smallint, of_customer bigint)
returns text
language plpgsql stable
as $$
begin
    return (select c.ref
            from lifecycle.customer c
            where c.bucket = of_bucket and c.customer_id = of_customer);
end
$$;
comment on function lifecycle.ref_of is 'How a customer was first named';

create function lifecycle.check_merge(merging lifecycle.customer, target lifecycle.customer)
returns void
language plpgsql stable
as $$
begin
    if merging.customer_id = target.customer_id then
        perform lifecycle.refuse('CL422', '/into', 'is the same customer, who cannot be merged into itself');
    elsif merging.root_id is not null then
        perform lifecycle.refuse('CL409', '/customer', format(
            'the customer is merged into %s already: revert that merge first',
            lifecycle.ref_of(merging.parent_bucket, merging.parent_id)));
    elsif target.root_id = merging.customer_id then
        perform lifecycle.refuse('CL409', '/into', 'the customer is merged into the other one already');
    elsif target.root_id is not null then
        perform lifecycle.refuse('CL409', '/into', format(
            'the customer is merged itself: merge into %s',
            lifecycle.ref_of(target.root_bucket, target.root_id)));
    end if;
end
$$;
comment on function lifecycle.check_merge is
    'Refuses a merge of a customer into itself (422), of one that is merged already, into one that '
    'is, and in a circle (409)';

create function lifecycle.after_merges(of_bucket smallint, of_customer bigint)
returns timestamptz
language plpgsql stable
as $$
begin
    return greatest(now(),
                    (select max(e.occurred_at) + interval '1 microsecond'
                     from lifecycle.event e
                     where e.bucket = of_bucket and e.customer_id = of_customer
                       and e.type in (701, 702, 703, 704) -- as the index says
                       and e.type = any(lifecycle.merge_types())));
end
$$;
comment on function lifecycle.after_merges is
    'Now, or later if need be: after all that was told of a customer''s merges, so that what is '
    'told next holds';

create function lifecycle.make_merge(given json, event_id uuid, id text)
returns json
language plpgsql
set enable_seqscan = off
set jit = off
as $$
declare
    merging lifecycle.customer;
    target lifecycle.customer;
begin
    perform lifecycle.keep_apart(true);
    merging := lifecycle.find_own(given ->> 'customer', '/customer');
    target := lifecycle.find_own(given ->> 'into', '/into');
    perform lifecycle.check_merge(merging, target);
    perform lifecycle.record_own(
        event_id, id, given ->> 'customer', lifecycle.customer_merged(),
        lifecycle.after_merges(merging.bucket, merging.customer_id), given ->> 'into',
        jsonb_strip_nulls(jsonb_build_object('into', given -> 'into',
                                             'reason', given -> 'reason')));
    perform lifecycle.audit('merge.made', event_id::text);
    return lifecycle.show_merge(event_id);
end
$$;
comment on function lifecycle.make_merge is
    'Merges a customer into another, while nobody stores any events; the merge';

create function lifecycle.revert_merge(wanted uuid, given json, event_id uuid, id text)
returns json
language plpgsql
set enable_seqscan = off
set jit = off
as $$
declare
    merge lifecycle.event;
    now_is record;
begin
    perform lifecycle.keep_apart(true);
    merge := lifecycle.find_merge(wanted);
    if merge.event_id is null then
        return null;
    end if;
    if lifecycle.is_erased(merge.bucket, merge.customer_id) then
        perform lifecycle.refuse('CL410', null, 'this person was erased');
    end if;
    now_is := lifecycle.state_of_merge(merge);
    if (now_is.ended_by).event_id is not null then
        perform lifecycle.refuse('CL409', null, format(
            'the merge is not in force: it was %s, at %s', now_is.state,
            lifecycle.utc_text((now_is.ended_by).occurred_at)));
    end if;
    perform lifecycle.record_own(
        event_id, id, merge.body ->> 'subject', lifecycle.customer_unmerged(),
        lifecycle.after_merges(merge.bucket, merge.customer_id), merge.object,
        jsonb_strip_nulls(jsonb_build_object('into', merge.object,
                                             'reason', given -> 'reason')));
    perform lifecycle.audit('merge.reverted', wanted::text, now_is.state, 'reverted');
    return lifecycle.show_merge(wanted);
end
$$;
comment on function lifecycle.revert_merge is
    'Takes a merge back, while nobody stores any events; the merge as it is then, null if there '
    'is none';
