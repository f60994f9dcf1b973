-- Into the ledger: whose events these are, the locks, and the rows themselves.

create function lifecycle.keep_apart(is_alone boolean)
returns void
language plpgsql
as $$
begin
    if is_alone then
        perform pg_advisory_xact_lock(2, 0);
    else
        perform pg_advisory_xact_lock_shared(2, 0);
    end if;
end
$$;
comment on function lifecycle.keep_apart is
    'Lets a transaction run while no other stores any events: one with an event.voided could not '
    'see the target that the other is about to store, nor the other its mark; and one that merges '
    'customers changes whose events they are';

create function lifecycle.strangers_of(event_ids uuid[], subjects text[], owners bigint[])
returns text[]
language plpgsql stable
as $$
begin
    return (select array_agg(distinct f.subject)
            from (select distinct on (i.event_id) i.event_id, i.subject, i.owner
                  from unnest(event_ids, subjects, owners) with ordinality
                       i (event_id, subject, owner, position)
                  order by i.event_id, i.position) f
            where f.subject is not null and f.owner is null
              and not exists (select from lifecycle.event e where e.event_id = f.event_id));
end
$$;
comment on function lifecycle.strangers_of is
    'The subjects of new events that name no customer yet; null if there are none. Of several '
    'events under one name only the first is new: the others are duplicates or conflicts';

create function lifecycle.meet_customers(strangers text[])
returns text[]
language plpgsql
as $$
declare
    created text[];
begin
    with met as (
        insert into lifecycle.identifier (identifier, bucket, customer_id)
        select s.name, lifecycle.bucket_of(s.name), nextval('lifecycle.customer_number')
        from unnest(strangers) s (name)
        order by s.name
        on conflict (identifier) do nothing
        returning identifier, bucket, customer_id
    ),
    customers as (
        insert into lifecycle.customer (bucket, customer_id, ref)
        select m.bucket, m.customer_id, m.identifier
        from met m
    )
    select array_agg(m.identifier)
    into created
    from met m;
    return created;
end
$$;
comment on function lifecycle.meet_customers is
    'Creates the customers that these subjects name, but for those that another writer has '
    'created meanwhile; the subjects of those created';

create type lifecycle.subjects as (
    own_buckets smallint[], own_customers bigint[],
    buckets smallint[], customers bigint[], refs text[], is_joined boolean[]);
comment on type lifecycle.subjects is
    'The customers of a batch, by position: the one that the subject itself names, and the '
    'canonical one, with its ref, and whether merges join it with others; null without a subject';

create function lifecycle.find_customers(names text[])
returns lifecycle.subjects
language plpgsql stable
as $$
declare
    who lifecycle.subjects;
begin
    select array_agg(c.bucket), array_agg(c.customer_id),
           array_agg(coalesce(c.root_bucket, c.bucket)),
           array_agg(coalesce(c.root_id, c.customer_id))
    into who.own_buckets, who.own_customers, who.buckets, who.customers
    from (select n.*
          from unnest(names) with ordinality i (name, position)
          left join lateral (select *
                             from lifecycle.identifier n
                             where n.identifier = i.name
                             limit 1) n on true -- a probe by key for each
          order by i.position) c;
    return who;
end
$$;
comment on function lifecycle.find_customers is
    'The customers that these names mean; null for a name that nobody has';

create function lifecycle.lock_customers(who lifecycle.subjects)
returns lifecycle.subjects
language plpgsql
as $$
begin
    select array_agg(l.ref), array_agg(l.is_joined)
    into who.refs, who.is_joined
    from (select k.position, c.*
          from (select i.bucket, i.customer_id, i.position
                from unnest(who.buckets, who.customers) with ordinality
                     i (bucket, customer_id, position)
                order by i.bucket, i.customer_id) k
          left join lateral (select *
                             from lifecycle.customer c
                             where c.bucket = k.bucket and c.customer_id = k.customer_id
                             limit 1
                             for no key update) c on true
          order by k.position) l;
    return who;
end
$$;
comment on function lifecycle.lock_customers is
    'Locks the canonical customers, in the order of their keys, and tells who they are';

create function lifecycle.store_events(
    writer_number smallint, event_ids uuid[], sources text[], ids text[], types smallint[],
    times timestamptz[], sequences text[], amounts bigint[], currencies text[], units bigint[],
    objects text[], stages smallint[], targets uuid[], costs boolean[], bodies text[],
    buckets smallint[], customers bigint[])
returns boolean[]
language plpgsql
as $$
declare
    stored uuid[];
begin
    with stored as (
        insert into lifecycle.event (event_id, source, id, type, occurred_at, sequence, amount,
                                     currency, units, object, stage, target, has_cost, body,
                                     bucket, customer_id)
        select i.event_id, i.source, i.id, i.type, i.occurred_at, i.sequence, i.amount,
               i.currency, i.units, i.object, i.stage, i.target, i.has_cost, i.body::json,
               i.bucket, i.customer_id
        from unnest(event_ids, sources, ids, types, times, sequences, amounts, currencies, units,
                    objects, stages, targets, costs, bodies, buckets, customers)
             with ordinality i (event_id, source, id, type, occurred_at, sequence, amount,
                                currency, units, object, stage, target, has_cost, body, bucket,
                                customer_id, position)
        order by i.event_id, i.position
        on conflict (event_id) do nothing
        returning event_id, occurred_at, source, type, currency, amount
    ),
    counted as (
        insert into lifecycle.event_total as total
        select writer_number, (s.occurred_at at time zone 'UTC')::date, s.source, s.type,
               coalesce(s.currency, ''), count(*), coalesce(sum(s.amount), 0),
               count(*) filter (where s.occurred_at < now() - interval '24 hours')
        from stored s
        group by 2, 3, 4, 5
        on conflict (day, source, type, currency, writer) do update
        set events = total.events + excluded.events,
            amount = total.amount + excluded.amount,
            late = total.late + excluded.late
    )
    select array_agg(s.event_id)
    into stored
    from stored s;
    if cardinality(stored) = cardinality(event_ids) then
        return array_fill(true, array[cardinality(event_ids)]);
    end if;
    return array(select s.event_id is not null
                     and row_number() over (partition by i.event_id order by i.position) = 1
                 from unnest(event_ids) with ordinality i (event_id, position)
                 left join unnest(stored) s (event_id) on s.event_id = i.event_id
                 order by i.position);
end
$$;
comment on function lifecycle.store_events is
    'Appends events to the ledger, and counts them; whether each was new';

create function lifecycle.refuse_strays(created text[], subjects text[], is_new boolean[])
returns void
language plpgsql
as $$
begin
    if exists (select
               from unnest(created) c (name)
               where not exists (select
                                 from unnest(subjects) with ordinality s (name, position)
                                 where s.name = c.name and is_new[s.position])) then
        raise serialization_failure
            using message = 'another writer stored the event under another subject';
    end if;
end
$$;
comment on function lifecycle.refuse_strays is
    'Raises 40001, to be repeated, when a customer was created for an event that turned out to '
    'be a conflict: nothing may be written for it';
