-- Erasing a person. What tells who it was goes: names, attributes, free text, whatever a sender
-- put into an event beside what facts are derived from. What is counted stays, under a random
-- surrogate: so every answer is the same before and after, and the ledger still derives to it.
--
-- An erasure happens alone (keep_apart): nobody stores an event of the person meanwhile. It is the
-- one thing that changes the ledger.

create function lifecycle.digest_by(key lifecycle.erasure_key, name text)
returns bytea
language sql stable -- as convert_to is: otherwise it would not be inlined
as $$
    select sha256(key.outer_key || sha256(key.inner_key || convert_to(name, 'UTF8')))
$$;
comment on function lifecycle.digest_by is
    'The keyed digest of a name: HMAC''s construction over SHA-256 with two keys of a block each';

create function lifecycle.name_digest(name text)
returns bytea
language plpgsql stable
as $$
begin
    return (select lifecycle.digest_by(k, name) from lifecycle.erasure_key k);
end
$$;
comment on function lifecycle.name_digest is 'The digest of a name by the key of this installation';

create function lifecycle.kept_fields()
returns table (field text, form text, types smallint[])
language sql immutable
as $$
    values
    -- what is counted, in the terms of the vocabulary; no type uses the name otherwise
    ('amount', 'as it is', null::smallint[]), ('currency', 'as it is', null),
    ('units', 'as it is', null), ('tax', 'as it is', '{401}'),
    ('discount', 'as it is', '{401,415}'),
    ('value', 'as it is', '{606,607}'), ('quantity', 'as it is', null),
    ('score', 'as it is', null), ('scale_max', 'as it is', null),
    ('sentiment', 'as it is', '{502}'), ('by', 'as it is', '{502}'),
    ('public', 'as it is', '{502}'),
    ('kind', 'as it is', null), ('stage', 'as it is', '{711}'),
    ('reason', 'as it is', '{408,422}'), ('voluntary', 'as it is', null),
    ('interval', 'as it is', null), ('interval_count', 'as it is', null),
    ('complete', 'as it is', null), ('promised_at', 'as it is', null),
    ('delivered_at', 'as it is', null), ('trial_end', 'as it is', null),
    ('contract_end', 'as it is', null), ('effective_at', 'as it is', null),
    ('until', 'as it is', null), ('period_start', 'as it is', '{107}'),
    ('period_end', 'as it is', '{107}'), ('purpose', 'as it is', '{107}'),
    -- what a business calls its own things
    ('channel', 'as it is', '{101,102,107,501,606,607}'), ('campaign', 'as it is', '{101,102,107}'),
    ('offering', 'as it is', null), ('plan', 'as it is', '{415,416}'),
    ('category', 'as it is', '{501}'), ('priority', 'as it is', '{501}'),
    ('feature', 'as it is', '{309}'), ('unit', 'as it is', '{309}'),
    -- what events are about: another name, the same in all events of the person
    ('order_id', 'alias', null), ('payment_id', 'alias', null),
    ('failed_payment_id', 'alias', null),
    ('invoice_id', 'alias', null), ('refund_id', 'alias', null), ('subscription_id', 'alias', null),
    ('case_id', 'alias', null), ('survey_id', 'alias', null), ('offer_id', 'alias', null),
    ('referral_id', 'alias', null), ('opportunity_id', 'alias', null), ('quote_id', 'alias', null),
    ('trial_id', 'alias', null),
    ('cost', 'money', null), ('items', 'items', '{205,207}')
$$;
comment on function lifecycle.kept_fields is
    'What is left of an erased event''s data, in which types of the vocabulary (null: all): as it '
    'is, under an alias, or some members of it. Nothing else is; of custom types, the cost alone';

create function lifecycle.alias_of(secret bytea, name text)
returns text
language sql immutable strict
as $$
    select 'erased-' || left(encode(sha256(secret || convert_to(name, 'UTF8')), 'hex'), 32)
$$;
comment on function lifecycle.alias_of is
    'What an order, a payment or a case of an erased person is called; the secret is thrown away';

create function lifecycle.members_left(given json, names text[])
returns json
language sql immutable
as $$
    select coalesce(json_object_agg(n.name, given -> n.name), '{}')
    from unnest(names) n (name)
    where json_typeof(given -> n.name) <> 'null'
$$;
comment on function lifecycle.members_left is 'An object with these members alone';

create function lifecycle.data_left(of_type smallint, data json, secret bytea)
returns json
language sql immutable
as $$
    select coalesce(json_object_agg(t.field, case k.form
               when 'as it is' then t.told
               when 'alias' then to_json(lifecycle.alias_of(secret, t.told #>> '{}'))
               when 'money' then lifecycle.members_left(t.told, '{amount,currency}')
               when 'items' then
                   (select coalesce(json_agg(
                               lifecycle.members_left(i.item, '{offering,units,amount}')
                               order by i.place), '[]')
                    from json_array_elements(t.told) with ordinality i (item, place))
           end order by t.place), '{}')
    from json_each(data) with ordinality t (field, told, place)
    join lifecycle.kept_fields() k on k.field = t.field
    where (k.types is null or of_type = any(k.types))
      and (of_type < 10000 or k.form = 'money')
      and json_typeof(t.told) <> 'null'
$$;
comment on function lifecycle.data_left is 'What is left of the data of an erased event';

create type lifecycle.persona as (bucket smallint, customer_id bigint, ref text, name text);
comment on type lifecycle.persona is
    'A customer who is erased: the surrogate that is shown, and the name that stands for it in '
    'identifiers and merges, which begins with a line end, so that no sender can utter it';

create function lifecycle.personas_of(of_bucket smallint, of_customer bigint)
returns lifecycle.persona[]
language plpgsql
as $$
begin
    return array(
        select row(h.bucket, h.customer_id, s.ref, E'\n' || s.ref)::lifecycle.persona
        from lifecycle.histories_of(of_bucket, of_customer) with ordinality h
        cross join lateral (select 'erased-' || gen_random_uuid() as ref
                            where h.customer_id is not null) s
        order by h.customer_id <> of_customer, h.customer_id);
end
$$;
comment on function lifecycle.personas_of is
    'A canonical customer, first, and all who are merged into it, with surrogates';

create function lifecycle.strip_events(personas lifecycle.persona[], secret bytea,
                                       out events bigint, out bytes bigint)
language plpgsql
set enable_seqscan = off -- by key
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
begin
    with own as materialized (
        select e.event_id, e.type, e.source, e.object, e.occurred_at, e.body, p.ref,
               personas[1].ref || '-'
                   || lpad(row_number() over (order by e.id, e.event_id)::text, 8, '0') as id,
               case when e.sequence is not null
                    then lpad(dense_rank() over (order by e.sequence)::text, 8, '0')
               end as sequence
        from unnest(personas) p
        cross join lateral (
            select *
            from lifecycle.event x
            where x.bucket = p.bucket and x.customer_id = p.customer_id
            offset 0 -- by key for each customer
        ) e
    ),
    fresh as materialized (
        select o.event_id, o.id, o.sequence, octet_length(o.body::text) as bytes,
               case when o.type = any(lifecycle.merge_types()) then coalesce(m.name, o.object)
                    else lifecycle.alias_of(secret, o.object)
               end as object,
               to_json(shown) as body
        from own o
        join lifecycle.event_type t on t.type = o.type
        left join lateral (
            select q.name
            from lifecycle.identifier n
            join unnest(personas) q on q.bucket = n.bucket and q.customer_id = n.customer_id
            where n.identifier = o.object
            limit 1
        ) m on o.type = any(lifecycle.merge_types()),
        lateral (select '1.0' as specversion, o.id, o.source, t.name as type, o.ref as subject,
                        lifecycle.utc_text(o.occurred_at) as time,
                        lifecycle.data_left(o.type, o.body -> 'data', secret) as data) shown
    ),
    changed as (
        update lifecycle.event e
        set id = f.id, sequence = f.sequence, object = f.object, body = f.body,
            recorded_xid = pg_current_xact_id()
        from fresh f
        where e.event_id = f.event_id
    )
    select count(*),
           coalesce(sum(greatest(f.bytes - octet_length(f.body::text), 0)), 0)
    into events, bytes
    from fresh f;
end
$$;
comment on function lifecycle.strip_events is
    'Leaves of a person''s events what facts are derived from: their number, and the bytes that '
    'they lost. Ids and sequences are others in the same order, for equal times are ordered by '
    'them; event ids stay, so that duplicates and event.voided still find them; recorded_xid is '
    'another one, so that followers of the feed get them once more';

create function lifecycle.mentions_of(personas lifecycle.persona[], names text[])
returns table (event_id uuid, path text[], value text, object text)
language plpgsql stable
as $$
begin
    return query
    -- merges of others into the person, and the end of them
    select e.event_id, '{data,into}'::text[], p.ref, p.name
    from unnest(names) n (name)
    join lifecycle.identifier i on i.identifier = n.name
    join unnest(personas) p on p.bucket = i.bucket and p.customer_id = i.customer_id
    cross join lateral (
        (select x.event_id from lifecycle.event x where x.object = n.name and x.type = 703 offset 0)
        union all
        (select x.event_id from lifecycle.event x where x.object = n.name and x.type = 704 offset 0)
    ) e
    union all
    select e.event_id, '{data,referrer}', personas[1].ref, null
    from unnest(names) n (name)
    cross join lateral (
        select x.event_id
        from lifecycle.event x
        where x.type = 102 and (x.body #>> '{data,referrer}') is not null
          and (x.body #>> '{data,referrer}') = n.name -- as the index says
        offset 0
    ) e
    union all
    select e.event_id, '{data,referred}', personas[1].ref, null
    from unnest(names) n (name)
    cross join lateral (
        select x.event_id
        from lifecycle.event x
        where x.type in (606, 607) and (x.body #>> '{data,referred}') is not null
          and (x.body #>> '{data,referred}') = n.name -- as the index says
        offset 0
    ) e;
end
$$;
comment on function lifecycle.mentions_of is
    'The events that name a person in a place where a customer is named, and what to write there; '
    'object: what to write into that column, null for nothing';

create function lifecycle.strip_mentions(personas lifecycle.persona[], names text[],
                                         out events bigint, out touched lifecycle.touch[])
language plpgsql
set enable_seqscan = off -- by key
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
begin
    with mention as materialized (
        select distinct on (m.event_id) m.*
        from lifecycle.mentions_of(personas, names) m
        order by m.event_id, m.path
    ),
    changed as (
        update lifecycle.event e
        set body = jsonb_set(e.body::jsonb, m.path, to_jsonb(m.value))::json,
            object = coalesce(m.object, e.object), recorded_xid = pg_current_xact_id()
        from mention m
        where e.event_id = m.event_id
          and not exists (select
                          from unnest(personas) p
                          where p.bucket = e.bucket and p.customer_id = e.customer_id)
        returning e.bucket, e.customer_id
    )
    select (select count(*) from changed),
           array(select distinct row(coalesce(c.root_bucket, c.bucket),
                                     coalesce(c.root_id, c.customer_id), '-infinity')
                                     ::lifecycle.touch
                 from changed x
                 join lifecycle.customer c using (bucket, customer_id))
    into events, touched;
end
$$;
comment on function lifecycle.strip_mentions is
    'Writes a person''s surrogate where events of others name the person: how many, and whose '
    'facts have to be derived anew';

create function lifecycle.strip_voids(personas lifecycle.persona[])
returns bigint
language plpgsql
set enable_seqscan = off -- by key
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    changed bigint;
begin
    update lifecycle.event v
    set body = jsonb_set(v.body::jsonb, '{data}',
                         jsonb_build_object('source', t.source, 'id', t.id))::json,
        recorded_xid = pg_current_xact_id()
    from unnest(personas) p
    cross join lateral (
        select x.event_id, x.source, x.id
        from lifecycle.event x
        where x.bucket = p.bucket and x.customer_id = p.customer_id
        offset 0 -- by key for each customer
    ) t
    join lifecycle.voided w on w.event_id = t.event_id
    where v.event_id = w.by_event
      and not exists (select
                      from unnest(personas) q
                      where q.bucket = v.bucket and q.customer_id = v.customer_id);
    get diagnostics changed = row_count;
    return changed;
end
$$;
comment on function lifecycle.strip_voids is
    'Writes the ids that a person''s events have now where an event.voided of nobody''s, or of '
    'another customer''s, tells them; their number';
