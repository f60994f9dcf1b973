-- Everything that is held about a person, as one document: told in pieces, of which none is larger
-- than what it tells of (an event, a row), so that a history may be of any length.

create function lifecycle.naming_pattern(names text[])
returns text
language sql immutable
as $$
    -- a name as it stands in a CSV, in a text of JSON, and in JSON within such a text; as a word
    select '(^|[^[:alnum:]])(' || string_agg(distinct regexp_replace(
               f.form, '([^[:alnum:]])', '\\\1', 'g'), '|') || ')($|[^[:alnum:]])'
    from unnest(names) n (name)
    cross join lateral (select lifecycle.json_text(n.name) as once) j
    cross join lateral unnest(array[n.name, j.once, lifecycle.json_text(j.once)]) f (form)
$$;
comment on function lifecycle.naming_pattern is
    'A regular expression that finds any of some names as a word; null for no names';

create function lifecycle.export_parts()
returns table (part text, items text)
language sql immutable
as $$
    values
    ('events',
     'select shown from lifecycle.histories_of($1, $2) h
      join lifecycle.event e on e.bucket = h.bucket and e.customer_id = h.customer_id,
      lateral (select e.event_id, lifecycle.utc_text(e.recorded_at) as recorded_at,
                      exists (select from lifecycle.voided v
                              where v.event_id = e.event_id) as voided, e.body as event) shown
      order by e.occurred_at, e.event_id'),
    ('mentions',
     'select distinct m.event_id from lifecycle.mentions_of(lifecycle.personas_of($1, $2), $3) m
      join lifecycle.event e using (event_id)
      where not exists (select from lifecycle.histories_of($1, $2) h
                        where h.bucket = e.bucket and h.customer_id = e.customer_id)
      order by 1'),
    ('visits',
     'select shown from lifecycle.visit v join lifecycle.stage s on s.stage = v.stage,
      lateral (select s.name as stage, v.cycle, v.kind, v.entered_at, v.entered_by, v.left_at,
                      v.left_by) shown
      where v.bucket = $1 and v.customer_id = $2 order by v.ordinal'),
    ('transitions',
     'select shown from lifecycle.transition t
      left join lifecycle.stage f on f.stage = t.from_stage
      left join lifecycle.stage g on g.stage = t.to_stage,
      lateral (select f.name as "from", g.name as "to", t.kind, t.at, t.event_id) shown
      where t.bucket = $1 and t.customer_id = $2 order by t.ordinal, t.part'),
    ('signals',
     'select shown from lifecycle.signal_now n,
      lateral (select n.kind, n.since, n.evidence, n.value, n.threshold) shown
      where n.bucket = $1 and n.customer_id = $2 order by n.kind'),
    ('segments',
     'select s.name from lifecycle.segment s
      where exists (select from lifecycle.who_meets(s.condition, array[$1], array[$2]))
      order by s.name'),
    ('merges',
     'select lifecycle.merge_shown(e) from lifecycle.merges_of($3[1]) m (event_id)
      join lifecycle.event e using (event_id) order by e.occurred_at, e.event_id'),
    ('rejects',
     'select shown from lifecycle.import_reject r,
      lateral (select r.import_id, r.reject::json as reject) shown
      where r.reject ~ lifecycle.naming_pattern($3) order by r.import_id, r.number'),
    ('kept_answers',
     'select shown from lifecycle.kept_answer k,
      lateral (select k.kept_at, k.status, k.body) shown
      where k.body ~ lifecycle.naming_pattern($3)
         or array_to_string(k.fields, '' '') ~ lifecycle.naming_pattern($3)
      order by k.kept_at, k.key_id, k.idempotency_key')
$$;
comment on function lifecycle.export_parts is
    'The parts of an export beside the facts: for each the query of its items, of a customer '
    '(bucket $1, number $2) who has these names ($3)';

create function lifecycle.export_items(part text, items text, of_bucket smallint,
                                       of_customer bigint, names text[])
returns setof text
language plpgsql stable
as $$
begin
    return next to_json(part) || ':[';
    return query execute format(
        'select case when row_number() over () > 1 then %L else %L end || to_json(x.item)
         from (%s) x (item)', ',', '', items)
    using of_bucket, of_customer, names;
    return next ']';
end
$$;
comment on function lifecycle.export_items is
    'A part of an export, in pieces: its name, and its items in their order';

create function lifecycle.export_person(wanted text)
returns setof text
language plpgsql stable
set enable_seqscan = off -- by key
as $$
declare
    found_at constant lifecycle.identifier := lifecycle.find_customer(wanted);
    customer constant json := lifecycle.show_customer(wanted);
    names constant text[] := array(select json_array_elements_text(customer -> 'identifiers'));
    part record;
begin
    if customer is null then
        perform lifecycle.refuse('CL404', null, 'no customer is known by this reference');
    end if;
    return next '{"customer":' || customer;
    for part in select * from lifecycle.export_parts() loop
        return next ',';
        return query
        select * from lifecycle.export_items(part.part, part.items, found_at.bucket,
                                             found_at.customer_id, names);
    end loop;
    return next ',"facts":{';
    for part in
        select case when f.ordinality > 1 then ',' else '' end as comma, f.fact,
               format('select to_jsonb(f) - ''{bucket,customer_id,model}''::text[]
                       from lifecycle.%I f where f.bucket = $1 and f.customer_id = $2
                       order by f', f.fact) as items
        from lifecycle.facts() with ordinality f
    loop
        return next part.comma;
        return query
        select * from lifecycle.export_items(part.fact, part.items, found_at.bucket,
                                             found_at.customer_id, names);
    end loop;
    return next '}}';
end
$$;
comment on function lifecycle.export_person is
    'All that is held about a person, in pieces that make one JSON object together. CL404 for one '
    'whom nobody knows, CL410 for one who was erased';
