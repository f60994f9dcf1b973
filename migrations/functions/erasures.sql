-- Erasures as they are made, shown and repeated, and names that may not come back.

create function lifecycle.erased_among(names text[])
returns text[]
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    key lifecycle.erasure_key;
begin
    if (select true from lifecycle.erased_name limit 1) is null then
        return null;
    end if;
    select * into key from lifecycle.erasure_key;
    return (select array_agg(n.name)
            from unnest(names) n (name)
            where (select true
                   from lifecycle.erased_name e
                   where e.digest = lifecycle.digest_by(key, n.name)
                   limit 1) -- a probe by key
              and coalesce((select s.value
                            from lifecycle.setting s
                            where s.name = 'erased_subjects'), 'refuse') = 'refuse');
end
$$;
comment on function lifecycle.erased_among is
    'Those of some names by which an erased person was known, and nobody may be known again; null '
    'for none. Where nobody was ever erased it costs one look at an empty table';

create function lifecycle.is_erased(of_bucket smallint, of_customer bigint)
returns boolean
language plpgsql stable
as $$
begin
    return (select c.erasure_id is not null
            from lifecycle.customer c
            where c.bucket = of_bucket and c.customer_id = of_customer
            limit 1);
end
$$;
comment on function lifecycle.is_erased is
    'Whether a customer was erased: who stays in every count, and is in no list';

create function lifecycle.refuse_erased(names text[], pointer text)
returns void
language plpgsql stable
as $$
begin
    if lifecycle.erased_among(names) is not null then
        perform lifecycle.refuse('CL410', pointer, 'this person was erased');
    end if;
end
$$;
comment on function lifecycle.refuse_erased is
    'Refuses (410) names, if the person whom one of them meant was erased';

create function lifecycle.record_others(
    erased text[], event_ids uuid[], sources text[], ids text[], subjects text[], types smallint[],
    times timestamptz[], sequences text[], amounts bigint[], currencies text[], units bigint[],
    objects text[], stages smallint[], targets uuid[], costs boolean[], bodies text[],
    target_types text[])
returns table ("position" integer, outcome text, customer text, stage text, moved_from text,
               moved_to text, move text, moved_at text, recorded_at text)
language plpgsql
as $$
declare
    places constant integer[] := array(
        select s.place
        from unnest(subjects) with ordinality s (subject, place)
        where s.subject is null or s.subject <> all (erased)
        order by s.place);
begin
    return query
    select s.place::integer, 'erased', null::text, null::text, null::text, null::text, null::text,
           null::text, null::text
    from unnest(subjects) with ordinality s (subject, place)
    where s.subject = any(erased);
    if places = '{}' then
        return;
    end if;
    return query
    select places[r."position"], r.outcome, r.customer, r.stage, r.moved_from, r.moved_to, r.move,
           r.moved_at, r.recorded_at
    from (select array_agg(event_ids[p] order by p) as event_ids,
                 array_agg(sources[p] order by p) as sources, array_agg(ids[p] order by p) as ids,
                 array_agg(subjects[p] order by p) as subjects,
                 array_agg(types[p] order by p) as types, array_agg(times[p] order by p) as times,
                 array_agg(sequences[p] order by p) as sequences,
                 array_agg(amounts[p] order by p) as amounts,
                 array_agg(currencies[p] order by p) as currencies,
                 array_agg(units[p] order by p) as units,
                 array_agg(objects[p] order by p) as objects,
                 array_agg(stages[p] order by p) as stages,
                 array_agg(targets[p] order by p) as targets,
                 array_agg(costs[p] order by p) as costs,
                 array_agg(bodies[p] order by p) as bodies,
                 array_agg(target_types[p] order by p)
                     filter (where target_types is not null) as target_types
          from unnest(places) p) o,
         lateral lifecycle.record_events(
             o.event_ids, o.sources, o.ids, o.subjects, o.types, o.times, o.sequences, o.amounts,
             o.currencies, o.units, o.objects, o.stages, o.targets, o.costs, o.bodies,
             o.target_types) r;
end
$$;
comment on function lifecycle.record_others is
    'record_events for a batch in which subjects are erased: their events are left out';

create function lifecycle.strip_others(names text[], out rejects bigint, out answers bigint)
language plpgsql
as $$
declare
    pattern constant text := lifecycle.naming_pattern(names);
begin
    update lifecycle.import_reject r
    set reject = json_build_object('line', r.reject::json -> 'line',
                                   'reason', 'erased: it named a person who was erased since',
                                   'errors', '[]'::json, 'input', '')
    where r.reject ~ pattern;
    get diagnostics rejects = row_count;
    delete from lifecycle.kept_answer k
    where k.body ~ pattern or array_to_string(k.fields, ' ') ~ pattern;
    get diagnostics answers = row_count;
end
$$;
comment on function lifecycle.strip_others is
    'Takes a person''s names out of what is kept beside the ledger: of a rejected row that has one '
    'as a word the line alone stays, and answers kept for an Idempotency-Key go';

create function lifecycle.json_text(name text)
returns text
language sql immutable
as $$
    select substr(t.quoted, 2, length(t.quoted) - 2)
    from (select to_json(name)::text as quoted) t
$$;
comment on function lifecycle.json_text is 'A text as JSON has it, without the quotes around it';

create function lifecycle.rename_customers(personas lifecycle.persona[], erasure uuid)
returns void
language plpgsql
as $$
begin
    delete from lifecycle.identifier i
    using unnest(personas) p
    where i.bucket = p.bucket and i.customer_id = p.customer_id;
    update lifecycle.customer c
    set ref = p.ref, erasure_id = erasure
    from unnest(personas) p
    where c.bucket = p.bucket and c.customer_id = p.customer_id;
    insert into lifecycle.identifier (identifier, bucket, customer_id, root_bucket, root_id)
    select p.name, c.bucket, c.customer_id, c.root_bucket, c.root_id
    from unnest(personas) p
    join lifecycle.customer c on c.bucket = p.bucket and c.customer_id = p.customer_id;
    delete from lifecycle.customer_attributes a
    using unnest(personas) p
    where a.bucket = p.bucket and a.customer_id = p.customer_id;
end
$$;
comment on function lifecycle.rename_customers is
    'Gives customers their surrogates for their names';

create function lifecycle.derive_erased(personas lifecycle.persona[], others lifecycle.touch[])
returns void
language plpgsql
set enable_seqscan = off -- by key
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    touched constant lifecycle.touch[] :=
        others || row(personas[1].bucket, personas[1].customer_id, '-infinity')::lifecycle.touch;
begin
    update lifecycle.purchase b
    set order_id = e.object
    from lifecycle.event e
    where b.bucket = personas[1].bucket and b.customer_id = personas[1].customer_id
      and e.event_id = b.event_id;
    update lifecycle.cancelled_order c
    set order_id = e.object
    from unnest(personas) p, lifecycle.event e
    where c.bucket = p.bucket and c.customer_id = p.customer_id and e.event_id = c.by_event;
    perform lifecycle.derive_facts(lifecycle.setup_now(), lifecycle.all_facts(touched));
end
$$;
comment on function lifecycle.derive_erased is
    'Brings the facts up to what is left of the ledger: for all that is counted, the same';

create function lifecycle.digest_of_erased(wanted uuid)
returns bytea
language plpgsql stable
as $$
begin
    return (select sha256(convert_to(coalesce(string_agg(
                       concat_ws(' ', e.event_id, e.source, e.id, e.object, e.body), E'\n'
                       order by e.event_id), ''), 'UTF8'))
            from lifecycle.customer c
            join lifecycle.event e on e.bucket = c.bucket and e.customer_id = c.customer_id
            where c.erasure_id = wanted);
end
$$;
comment on function lifecycle.digest_of_erased is
    'SHA-256 of the events of an erased person, a line each in the order of their ids: event_id, '
    'source, id, object and body';

create function lifecycle.erase_customer(of_bucket smallint, of_customer bigint, names text[],
                                         rejects bigint, answers bigint, erasure uuid)
returns void
language plpgsql
as $$
declare
    personas constant lifecycle.persona[] := lifecycle.personas_of(of_bucket, of_customer);
    secret constant bytea := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
    attributes constant bigint := (
        select count(*)
        from lifecycle.customer_attributes a
        cross join lateral jsonb_object_keys(a.attributes)
        where a.bucket = of_bucket and a.customer_id = of_customer);
    mentions record;
    own record;
begin
    mentions := lifecycle.strip_mentions(personas, names);
    own := lifecycle.strip_events(personas, secret);
    mentions.events := mentions.events + lifecycle.strip_voids(personas);
    perform lifecycle.rename_customers(personas, erasure);
    perform lifecycle.derive_erased(personas, mentions.touched);
    insert into lifecycle.erasure (erasure_id, customers, identifiers, attributes, events,
                                   payload_bytes, mentions, rejects, kept_answers, digest)
    values (erasure, cardinality(personas), cardinality(names), attributes, own.events, own.bytes,
            mentions.events, rejects, answers, lifecycle.digest_of_erased(erasure));
    insert into lifecycle.erased_name (digest, erasure_id, erased_at)
    select lifecycle.name_digest(n.name), erasure, now()
    from unnest(names) n (name)
    on conflict (digest) do update
    set erasure_id = excluded.erasure_id, erased_at = excluded.erased_at;
end
$$;
comment on function lifecycle.erase_customer is
    'Erases a canonical customer, and all who are merged into it, from the ledger and what follows '
    'from it, and keeps the proof; whoever calls it is alone, and has dealt with what names them '
    'beside the ledger';

create function lifecycle.erasure_told(wanted uuid)
returns text
language plpgsql stable
as $$
begin
    return (select format('%s customers, %s identifiers, %s attributes, %s events',
                          e.customers, e.identifiers, e.attributes, e.events)
            from lifecycle.erasure e
            where e.erasure_id = wanted);
end
$$;
comment on function lifecycle.erasure_told is 'An erasure in a few words, for the audit log';

create function lifecycle.names_of(named text)
returns text[]
language plpgsql stable
as $$
begin
    return (select array_agg(i.identifier order by i.identifier)
            from lifecycle.find_customer(named) f
            cross join lateral lifecycle.histories_of(f.bucket, f.customer_id) h
            join lifecycle.identifier i on i.bucket = h.bucket and i.customer_id = h.customer_id);
end
$$;
comment on function lifecycle.names_of is
    'All names of the customer whom a name means, and of those who are merged into it; null if '
    'there is none';

create function lifecycle.erase_person(named text, erasure uuid)
returns json
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    names constant text[] := lifecycle.names_of(named);
    others record;
    found_at lifecycle.identifier;
begin
    if names is null or left(named, 1) = E'\n' then
        perform lifecycle.refuse_erased(array[named], '/customer');
        perform lifecycle.refuse('CL404', null, 'no customer is known by this reference');
    end if;
    others := lifecycle.strip_others(names); -- which takes long, if anything: not alone yet
    perform lifecycle.keep_apart(true);
    if lifecycle.names_of(named) is distinct from names then
        raise serialization_failure using message = 'the person has got another name meanwhile';
    end if;
    found_at := lifecycle.find_customer(named);
    perform lifecycle.erase_customer(found_at.bucket, found_at.customer_id, names, others.rejects,
                                     others.answers, erasure);
    perform lifecycle.audit('erasure.made', erasure::text, null, lifecycle.erasure_told(erasure));
    return lifecycle.show_erasure(erasure);
end
$$;
comment on function lifecycle.erase_person is
    'Erases the person whom a name means, while nobody stores any events: the proof';

create function lifecycle.repeat_erasures()
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    back text;
    number bigint := 0;
begin
    perform lifecycle.keep_apart(true);
    for back in
        select i.identifier
        from lifecycle.identifier i
        join lifecycle.customer c on c.bucket = i.bucket and c.customer_id = i.customer_id
        join lifecycle.erased_name e on e.digest = lifecycle.name_digest(i.identifier)
        where c.created_at < e.erased_at
        order by i.identifier
    loop
        if lifecycle.names_of(back) is not null then -- not with another of its names
            perform lifecycle.erase_person(back, gen_random_uuid());
            number := number + 1;
        end if;
    end loop;
    return number;
end
$$;
comment on function lifecycle.repeat_erasures is
    'Erases again whoever is back from a backup: those who are known by a name in erased_name and '
    'were there before that was erased. Their number; for whoever restores, it looks at everyone';

create function lifecycle.erasure_shown(e lifecycle.erasure)
returns json
language sql stable
as $$
    select to_json(shown)
    from (select e.erasure_id as id, lifecycle.utc_text(e.erased_at) as erased_at,
                 e.customers, e.identifiers, e.attributes, e.events, e.payload_bytes,
                 e.mentions, e.rejects, e.kept_answers, encode(e.digest, 'hex') as digest) shown
$$;
comment on function lifecycle.erasure_shown is 'The proof of an erasure';

create function lifecycle.show_erasure(wanted uuid)
returns json
language plpgsql stable
as $$
begin
    return (select lifecycle.erasure_shown(e) from lifecycle.erasure e where e.erasure_id = wanted);
end
$$;
comment on function lifecycle.show_erasure is 'An erasure by its id; null if there is none';

create function lifecycle.list_erasures(size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
set enable_seqscan = off
as $$
declare
    before constant text[] := coalesce(lifecycle.read_cursor('{erasures}', cursor),
                                       '{infinity,ffffffff-ffff-ffff-ffff-ffffffffffff}');
    before_time constant timestamptz := before[1];
    before_id constant uuid := before[2];
    rows json[];
    keys text[];
begin
    select array_agg(lifecycle.erasure_shown(x.erasure)
                     order by x.erased_at desc, x.erasure_id desc),
           array_agg(concat_ws(' ', lifecycle.utc_text(x.erased_at), x.erasure_id)
                     order by x.erased_at desc, x.erasure_id desc)
    into rows, keys
    from (select e as erasure, e.erased_at, e.erasure_id
          from lifecycle.erasure e
          where (e.erased_at, e.erasure_id) < (before_time, before_id)
          order by e.erased_at desc, e.erasure_id desc
          limit size + 1) x;
    return query select * from lifecycle.write_page('{erasures}', size, rows, keys);
end
$$;
comment on function lifecycle.list_erasures is 'Erasures, the latest first';
