-- Who is who. Identifiers attach to a customer and stay. A merge joins two customers without
-- moving anything in the ledger: every event keeps the customer that its subject named, and the
-- facts of all who are joined are derived from all their histories, for the one at the end of the
-- merges: the root. Taking a merge back derives them apart again.
--
-- Merges happen alone (keep_apart), so that nobody stores events under a root that changes.

create function lifecycle.attach_identifiers(subject text, names text[])
returns void
language plpgsql
as $$
declare
    own lifecycle.identifier;
    taken bigint;
    attached bigint;
begin
    select min(n.position)
    into taken
    from unnest(names) with ordinality n (name, position)
    join lifecycle.identifier i on i.identifier = n.name
    where lifecycle.canonical_of(i.identifier)
          is distinct from lifecycle.canonical_of(attach_identifiers.subject);
    if taken is not null then
        perform lifecycle.refuse('CL409', format('/data/identifiers/%s', taken - 1),
                                 'this identifier belongs to another customer');
    end if;
    if lifecycle.canonical_of(attach_identifiers.subject) is null then
        perform lifecycle.refuse_erased(array[subject], '/subject');
        perform lifecycle.meet_customers(array[subject]);
    end if;
    select *
    into own
    from lifecycle.identifier i
    where i.identifier = attach_identifiers.subject;
    names := array(select distinct n.name
                   from unnest(names) n (name)
                   where not exists (select from lifecycle.identifier i
                                     where i.identifier = n.name)
                   order by n.name);
    perform lifecycle.refuse_erased(names, '/data/identifiers');
    insert into lifecycle.identifier (identifier, bucket, customer_id, root_bucket, root_id)
    select n.name, own.bucket, own.customer_id, own.root_bucket, own.root_id
    from unnest(names) n (name)
    on conflict (identifier) do nothing;
    get diagnostics attached = row_count;
    if attached < cardinality(names) then
        raise serialization_failure using message = 'another writer took the identifier';
    end if;
end
$$;
comment on function lifecycle.attach_identifiers is
    'Attaches names to the customer of a customer.identified, and creates it where the subject is '
    'new. CL409 for a name that means another customer';

create function lifecycle.canonical_of(name text)
returns bigint
language plpgsql stable
as $$
begin
    return (select coalesce(i.root_id, i.customer_id)
            from lifecycle.identifier i
            where i.identifier = name);
end
$$;
comment on function lifecycle.canonical_of is
    'The number of the customer that a name means, by all merges; null if nobody has it';

create function lifecycle.identify(event_ids uuid[], subjects text[], types smallint[],
                                   bodies text[])
returns uuid[]
language plpgsql
as $$
declare
    told record;
    identified uuid[];
begin
    for told in
        select f.event_id, f.subject,
               array(select jsonb_array_elements_text(f.identifiers)) as names
        from (select i.event_id, i.subject, i.position,
                     i.body::jsonb #> '{data,identifiers}' as identifiers
              from (select distinct on (x.event_id) x.*
                    from unnest(event_ids, subjects, types, bodies) with ordinality
                         x (event_id, subject, type, body, position)
                    order by x.event_id, x.position) i
              where i.type = lifecycle.customer_identified()) f
        where jsonb_typeof(f.identifiers) = 'array'
          and not exists (select from lifecycle.event e where e.event_id = f.event_id)
        order by f.position
    loop
        perform lifecycle.attach_identifiers(told.subject, told.names);
        identified := identified || told.event_id;
    end loop;
    return identified;
end
$$;
comment on function lifecycle.identify is
    'What the new customer.identified of a batch attach, before its other events look for '
    'customers; the events that did, or null';

create function lifecycle.refuse_vain(identified uuid[], event_ids uuid[], is_new boolean[])
returns void
language plpgsql
as $$
begin
    if exists (select
               from unnest(event_ids, is_new) i (event_id, is_new)
               where i.event_id = any(identified)
               group by i.event_id
               having not bool_or(i.is_new)) then
        raise serialization_failure
            using message = 'another writer stored the event that attached identifiers';
    end if;
end
$$;
comment on function lifecycle.refuse_vain is
    'Raises 40001, to be repeated, when identifiers were attached by an event that turned out to '
    'be stored already: nothing may be written for it';

create function lifecycle.root_of(of_bucket smallint, of_customer bigint,
                                  out bucket smallint, out customer_id bigint)
language plpgsql stable
as $$
declare
    path bigint[] := '{}';
    next lifecycle.customer;
begin
    bucket := of_bucket;
    customer_id := of_customer;
    loop
        select *
        into next
        from lifecycle.customer c
        where c.bucket = root_of.bucket and c.customer_id = root_of.customer_id;
        exit when next.parent_id is null;
        path := path || next.customer_id;
        if next.parent_id = any(path) then
            -- A circle: the latest of its merges has no effect.
            select c.bucket, c.customer_id
            into bucket, customer_id
            from unnest(path[array_position(path, next.parent_id):]) p (id)
            join lifecycle.customer c on c.customer_id = p.id
            join lifecycle.event e on e.event_id = c.merged_by
            order by e.occurred_at desc, e.sequence desc nulls last, e.source desc, e.id desc
            limit 1;
            exit;
        end if;
        bucket := next.parent_bucket;
        customer_id := next.parent_id;
    end loop;
end
$$;
comment on function lifecycle.root_of is 'The customer at the end of the merges';

create function lifecycle.follow_merge(of_bucket smallint, of_customer bigint)
returns void
language plpgsql
as $$
declare
    latest lifecycle.event;
    target lifecycle.identifier;
begin
    select e.*
    into latest
    from lifecycle.event e
    where e.bucket = of_bucket and e.customer_id = of_customer
      and e.type in (701, 702, 703, 704) -- as the index says
      and e.type = any(lifecycle.merge_types())
      and not exists (select from lifecycle.voided w where w.event_id = e.event_id)
    order by e.occurred_at desc, e.sequence desc nulls last, e.source desc, e.id desc
    limit 1;
    if latest.type = lifecycle.customer_merged() then
        select n.*
        into target
        from lifecycle.identifier n
        where n.identifier = latest.object and n.customer_id <> of_customer;
    end if;
    update lifecycle.customer c
    set parent_bucket = target.bucket, parent_id = target.customer_id,
        merged_by = case when target.customer_id is not null then latest.event_id end
    where c.bucket = of_bucket and c.customer_id = of_customer;
end
$$;
comment on function lifecycle.follow_merge is
    'Brings a customer''s parent up to date: what the latest customer.merged or unmerged says';

create function lifecycle.derive_merges(buckets smallint[], customers bigint[])
returns lifecycle.touch[]
language plpgsql
as $$
declare
    before lifecycle.touch[];
    affected lifecycle.touch[];
begin
    before := array(select row(coalesce(c.root_bucket, c.bucket),
                               coalesce(c.root_id, c.customer_id), '-infinity')::lifecycle.touch
                    from unnest(buckets, customers) i (bucket, customer_id)
                    join lifecycle.customer c using (bucket, customer_id));
    perform lifecycle.follow_merge(i.bucket, i.customer_id)
    from unnest(buckets, customers) i (bucket, customer_id);
    affected := array(
        select distinct row(c.bucket, c.customer_id, '-infinity')::lifecycle.touch
        from (select b.bucket, b.customer_id
              from unnest(before) b
              union
              select coalesce(p.root_bucket, p.bucket), coalesce(p.root_id, p.customer_id)
              from unnest(buckets, customers) i (bucket, customer_id)
              join lifecycle.customer c using (bucket, customer_id)
              join lifecycle.customer p
                on p.bucket = c.parent_bucket and p.customer_id = c.parent_id) r
        join lifecycle.customer c
          on (c.bucket, c.customer_id) = (r.bucket, r.customer_id)
          or (c.root_bucket, c.root_id) = (r.bucket, r.customer_id));
    with rooted as (
        select a.bucket, a.customer_id, r.bucket as root_bucket, r.customer_id as root_id
        from unnest(affected) a
        cross join lateral lifecycle.root_of(a.bucket, a.customer_id) r
    )
    update lifecycle.customer c
    set root_bucket = case when r.root_id <> r.customer_id then r.root_bucket end,
        root_id = nullif(r.root_id, r.customer_id),
        is_joined = exists (select
                            from rooted o
                            where o.root_id = r.root_id and o.customer_id <> r.customer_id)
    from rooted r
    where c.bucket = r.bucket and c.customer_id = r.customer_id;
    update lifecycle.identifier i
    set root_bucket = c.root_bucket, root_id = c.root_id
    from unnest(affected) a
    join lifecycle.customer c on c.bucket = a.bucket and c.customer_id = a.customer_id
    where i.bucket = c.bucket and i.customer_id = c.customer_id
      and (i.root_bucket, i.root_id) is distinct from (c.root_bucket, c.root_id);
    return affected;
end
$$;
comment on function lifecycle.derive_merges is
    'Joins and parts customers, as the merges of these say now; all whom that concerns';

create function lifecycle.fold_attributes(touched lifecycle.touch[])
returns setof lifecycle.customer_attributes
language plpgsql stable
as $$
declare
    patch record;
    kept lifecycle.customer_attributes;
begin
    for patch in
        select t.bucket, t.customer_id, e.occurred_at, e.body::jsonb #> '{data,attributes}' as told
        from unnest(touched) t
        cross join lateral lifecycle.histories_of(t.bucket, t.customer_id) h
        join lifecycle.event e
          on e.bucket = h.bucket and e.customer_id = h.customer_id
         and e.type in (701, 702, 703, 704) -- as the index says
        where e.type = any(lifecycle.attribute_types())
          and e.body #> '{data,attributes}' is not null
          and not exists (select from lifecycle.voided w where w.event_id = e.event_id)
        order by t.bucket, t.customer_id, e.occurred_at, e.sequence nulls first, e.source, e.id
    loop
        if (kept.bucket, kept.customer_id) is distinct from (patch.bucket, patch.customer_id) then
            if kept.customer_id is not null then
                return next kept;
            end if;
            kept := row(patch.bucket, patch.customer_id, '{}', null);
        end if;
        kept.attributes := lifecycle.merge_patch(kept.attributes, patch.told);
        kept.changed_at := patch.occurred_at;
    end loop;
    if kept.customer_id is not null then
        return next kept;
    end if;
end
$$;
comment on function lifecycle.fold_attributes is
    'The attributes of customers by the ledger, whatever since when they were touched';

create function lifecycle.derive_attributes(touched lifecycle.touch[])
returns void
language plpgsql
as $$
begin
    delete from lifecycle.customer_attributes a
    using unnest(touched) t
    where a.bucket = t.bucket and a.customer_id = t.customer_id;
    insert into lifecycle.customer_attributes
    select * from lifecycle.fold_attributes(touched);
end
$$;
comment on function lifecycle.derive_attributes is
    'Brings the attributes of customers up to date';

create function lifecycle.add_attributes(
    chosen boolean[], event_ids uuid[], types smallint[], times timestamptz[], bodies text[],
    buckets smallint[], customers bigint[])
returns lifecycle.touch[]
language plpgsql
as $$
declare
    patch record;
    late lifecycle.touch[];
begin
    for patch in
        select i.bucket, i.customer_id, i.occurred_at, i.body::jsonb #> '{data,attributes}' as told
        from unnest(chosen, event_ids, types, times, bodies, buckets, customers)
             i (is_chosen, event_id, type, occurred_at, body, bucket, customer_id)
        where i.is_chosen and i.type = any(lifecycle.attribute_types())
          and i.body::jsonb #> '{data,attributes}' is not null
          and not exists (select from lifecycle.voided w where w.event_id = i.event_id)
        order by i.bucket, i.customer_id, i.occurred_at
    loop
        insert into lifecycle.customer_attributes as a
        values (patch.bucket, patch.customer_id, lifecycle.merge_patch('{}', patch.told),
                patch.occurred_at)
        on conflict (bucket, customer_id) do update
        set attributes = lifecycle.merge_patch(a.attributes, patch.told),
            changed_at = excluded.changed_at
        where a.changed_at < excluded.changed_at;
        if not found then
            late := late || row(patch.bucket, patch.customer_id, '-infinity')::lifecycle.touch;
        end if;
    end loop;
    return late;
end
$$;
comment on function lifecycle.add_attributes is
    'Merges the patches of the events chosen into the attributes, where they are the latest; the '
    'customers whose attributes have to be derived anew';

create function lifecycle.check_size(pointer text, before bigint, after bigint)
returns void
language plpgsql
as $$
begin
    if after > 65536 and after > before then
        perform lifecycle.refuse('CL413', pointer,
                                 'the attributes of a customer take at most 65536 bytes');
    end if;
end
$$;
comment on function lifecycle.check_size is
    'Refuses (413) to let the attributes of a customer grow beyond their limit. (Merged customers '
    'may have more together: then they may shrink.)';

create function lifecycle.attribute_sizes(types smallint[], buckets smallint[],
                                          customers bigint[])
returns bigint[]
language plpgsql stable
as $$
begin
    return array(select coalesce(octet_length(a.attributes::text), 0)
                 from unnest(types, buckets, customers) with ordinality
                      i (type, bucket, customer_id, position)
                 left join lifecycle.customer_attributes a
                   on a.bucket = i.bucket and a.customer_id = i.customer_id
                 where i.type = any(lifecycle.attribute_types())
                 order by i.position);
end
$$;
comment on function lifecycle.attribute_sizes is
    'The bytes of the attributes of the customers whom a batch tells about, in its order';
