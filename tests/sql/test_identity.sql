-- Who is who: identifiers and attributes, by events and by changes.
\ir setup.sql
\ir verified.sql

create function pg_temp.names_of(named text)
returns text
language sql
as $$
    select string_agg(n, ' ') from json_array_elements_text(
        lifecycle.show_customer(named) -> 'identifiers') n
$$;

create function pg_temp.attributes_of(named text)
returns text
language sql
as $$
    select lifecycle.show_customer(named) ->> 'attributes'
$$;

-- A change as PUT or PATCH makes it: what the customer's attributes are then, and how many events
-- it recorded.
create function pg_temp.change(method text, named text, given json, if_match text default null,
                               if_none_match text default null)
returns text
language plpgsql
as $$
declare
    before bigint := (select count(*) from lifecycle.event);
    told record;
begin
    select *
    into told
    from lifecycle.change_customer(named, method = 'PATCH', given, if_match, if_none_match,
                                   gen_random_uuid(), gen_random_uuid()::text) c;
    return concat_ws(' ', case when told.is_new then 'created' end,
                     told.document ->> 'attributes',
                     (select count(*) from lifecycle.event) - before);
end
$$;

-- Patches between documents lead from the one to the other.
select pg_temp.is(
    (select string_agg(concat_ws(' to ', a.doc, b.doc), ', ')
     from (values ('{}'), ('{"a": 1}'), ('{"a": [null]}'), ('{"a": {}, "b": 2}'),
                  ('{"a": {"b": 1, "c": {"d": 1}}}'), ('{"a": {"c": {"e": 1}}, "b": {"c": 1}}'),
                  ('{"a": {"c": 7}}')) a (doc),
          (values ('{}'), ('{"a": 1}'), ('{"a": [null]}'), ('{"a": {}, "b": 2}'),
                  ('{"a": {"b": 1, "c": {"d": 1}}}'), ('{"a": {"c": {"e": 1}}, "b": {"c": 1}}'),
                  ('{"a": {"c": 7}}')) b (doc)
     where lifecycle.merge_patch(a.doc::jsonb,
                                 lifecycle.patch_between(a.doc::jsonb, b.doc::jsonb))
           <> b.doc::jsonb),
    null, 'a patch between two documents makes the one of the other');
select pg_temp.is(lifecycle.patch_between('{"a": {"b": 1, "c": 2}, "d": 3}',
                                          '{"a": {"b": 1}}')::text,
                  '{"a": {"b": 1, "c": null}, "d": null}', 'and says all that is wanted');

-- Changes.
select pg_temp.is(pg_temp.change(c.method, c.named, c.given::json), c.wanted, c.name)
from (values
    ('PUT', 'A', '{"attributes": {"size": 1, "of": {"x": 1, "y": 2}}, "identifiers": ["n:a"]}',
     'created {"of": {"x": 1, "y": 2}, "size": 1} 1', 'PUT creates'),
    ('PUT', 'A', '{"attributes": {"of": {"x": 1, "y": 2}, "size": 1}, "identifiers": ["n:a"]}',
     '{"of": {"x": 1, "y": 2}, "size": 1} 0', 'the same again records nothing'),
    ('PUT', 'n:a', '{"identifiers": ["A"]}', '{"of": {"x": 1, "y": 2}, "size": 1} 0',
     'attributes that are not given stay'),
    ('PUT', 'n:a', '{"attributes": {"of": {"y": 2, "z": null}}}', '{"of": {"y": 2}} 1',
     'attributes that are given replace all; null is none'),
    ('PATCH', 'A', '{"attributes": {"size": 3, "of": {"y": null, "z": {"t": null}}}}',
     '{"of": {"z": {}}, "size": 3} 1', 'PATCH merges'),
    ('PATCH', 'A', '{"attributes": {"size": 3, "else": null}}', '{"of": {"z": {}}, "size": 3} 0',
     'a patch that changes nothing records nothing'),
    ('PATCH', 'A', '{"identifiers": ["n:b", "n:a", "n:b"]}', '{"of": {"z": {}}, "size": 3} 1',
     'PATCH attaches identifiers'),
    ('PATCH', 'A', '{"attributes": null}', '{} 1', 'null takes all attributes away'),
    ('PATCH', 'A', '{}', '{} 0', 'an empty patch'),
    ('PUT', 'B', '{}', 'created {} 1', 'an empty customer'))
    c (method, named, given, wanted, name);
select pg_temp.is(pg_temp.names_of('n:b'), 'A n:a n:b', 'identifiers add up');
select pg_temp.is(
    (select string_agg(concat_ws(' ', t.name, e.body ->> 'subject', e.body ->> 'data'), '; '
                       order by e.body ->> 'data')
     from lifecycle.event e join lifecycle.event_type t using (type)
     where e.body #>> '{data,attributes,size}' is null),
    'customer.attributes_changed A {"attributes": {"of": null, "size": null}}; '
    'customer.attributes_changed n:a {"attributes": {"of": {"x": null, "y": 2}, "size": null}}; '
    'customer.identified A {"identifiers": ["n:b"]}; customer.identified B {}', 'what is recorded tells what was asked, and no more');

-- Refusals; nothing of what was refused remains.
select pg_temp.is(
    pg_temp.refusal(format('select pg_temp.change(%L, %L, %L, %L, %L)', r.method, r.named, r.given,
                           r.if_match, r.if_none_match)), r.wanted, r.name)
from (values
    ('PUT', 'C', '{"identifiers": ["new", "B", "n:a"]}', null, null, 'CL409 /identifiers/1',
     'an identifier of another customer'),
    ('PATCH', 'C', '{}', null, null, 'CL404', 'a patch of nobody'),
    ('PUT', 'C', '{}', '*', null, 'CL412', 'If-Match of nobody'),
    ('PUT', 'A', '{}', null, '*', 'CL412', 'If-None-Match of somebody'),
    ('PATCH', 'A', '{}', '"another"', null, 'CL412', 'If-Match of another state'),
    ('PUT', 'A', json_build_object('attributes', json_build_object('x', repeat('x', 65528)))::text,
     null, null, 'CL413 /attributes', 'too many attributes'))
    r (method, named, given, if_match, if_none_match, wanted, name);
select pg_temp.is(lifecycle.show_customer('C')::text, null, 'who was refused is not created');
select pg_temp.is(pg_temp.names_of('new'), null, 'nor is an identifier attached');
select pg_temp.is(
    pg_temp.change('PATCH', 'B', '{"attributes": {"x": 1}}',
                   lifecycle.tag_of(lifecycle.show_customer('B')::text), null), '{"x": 1} 1',
    'If-Match of this state');

-- By events. A late patch takes its place; one that is voided never was.
select pg_temp.is(pg_temp.post(e.subject, e.type, e.at::timestamptz, e.data::json, e.name), 'created',
                  e.name)
from (values
    ('D', 'customer.identified', '2025-01-03T00:00Z',
     '{"identifiers": ["n:d", "n:d", "D"], "attributes": {"a": 3, "c": 3}}', 'third'),
    ('n:d', 'customer.attributes_changed', '2025-01-02T00:00Z',
     '{"attributes": {"a": 2, "b": {"x": 2, "y": 2}}}', 'second'),
    ('D', 'customer.attributes_changed', '2025-01-04T00:00Z',
     '{"attributes": {"b": {"x": null}, "c": null}}', 'fourth'),
    ('D', 'customer.attributes_changed', '2025-01-01T00:00Z', '{"attributes": {"b": 1, "d": 1}}',
     'first')) e (subject, type, at, data, name);
select pg_temp.is(pg_temp.attributes_of('n:d'), '{"a": 3, "b": {"y": 2}, "d": 1}',
                  'patches are merged in the order of their times');
select pg_temp.is(pg_temp.post(null, 'event.voided', '2025-01-05T00:00Z', '{"id": "third"}'),
                  'created', 'third is voided');
select pg_temp.is(pg_temp.attributes_of('D'), '{"a": 2, "b": {"y": 2}, "d": 1}',
                  'a voided patch never was');
select pg_temp.is(pg_temp.names_of('D'), 'D n:d', 'but its identifiers stay');
select pg_temp.is(
    pg_temp.post('D', 'customer.attributes_changed', now() + interval '4 minutes',
                 '{"attributes": {"e": "soon"}}'), 'created', 'a patch from ahead of our clock');
select pg_temp.is(pg_temp.change('PATCH', 'D', '{"attributes": {"e": "now"}}'),
                  '{"a": 2, "b": {"y": 2}, "d": 1, "e": "now"} 1', 'does not undo a change');

-- Two patches of one time, in one batch and apart, are merged by source and id.
select pg_temp.is(pg_temp.post('E', 'customer.attributes_changed', '2025-01-01T00:00Z',
                               format('{"attributes": {"last": "%s"}}', name)::json, name),
                  'created', 'patch ' || name)
from unnest(array['b', 'c', 'a']) name;
select pg_temp.is(pg_temp.attributes_of('E'), '{"last": "c"}', 'the order is not that of arrival');

select pg_temp.is(
    pg_temp.refusal($$select pg_temp.post('F', 'customer.identified', '2025-01-01T00:00Z',
                                          '{"identifiers": ["f", "n:d"]}')$$),
    'CL409 /data/identifiers/1', 'an event with an identifier of another customer');
select pg_temp.is(pg_temp.names_of('f'), null, 'attaches none');
select pg_temp.is(
    pg_temp.refusal($$select pg_temp.post('E', 'customer.attributes_changed', '2025-01-02T00:00Z',
        json_build_object('attributes', json_build_object('x', repeat('x', 65536))))$$),
    'CL413 /data/attributes', 'an event that makes attributes too many');
select pg_temp.is(pg_temp.differences(), 0, 'the ledger tells all of it');

-- An event by an identifier finds the customer, though the batch attaches it later; the same event
-- again, with other content, attaches nothing.
create function pg_temp.post_batch(events json)
returns text
language sql
as $$
    select string_agg(concat_ws(' ', r.outcome, r.customer, r.move), ', ' order by r.position)
    from (select array_agg(md5(e.id)::uuid) as event_ids, array_agg('test'::text) as sources,
                 array_agg(e.id) as ids, array_agg(e.subject) as subjects,
                 array_agg(e.type) as types, array_agg(e.time) as times,
                 array_agg(null::text) as nulls, array_agg(null::bigint) as zeros,
                 array_agg(e."into") as objects, array_agg(null::smallint) as stages,
                 array_agg(null::uuid) as targets, array_agg(false) as costs,
                 array_agg(e.body) as bodies
          from (select x ->> 'id' as id, x ->> 'subject' as subject, t.type,
                       coalesce((x ->> 'time')::timestamptz, '2025-01-01T00:00Z') as time,
                       x #>> '{data,into}' as "into", x::text as body
                from json_array_elements(events) with ordinality l (x, position)
                join lifecycle.event_type t on t.name = x ->> 'type'
                order by position) e) b,
         lifecycle.record_events(b.event_ids, b.sources, b.ids, b.subjects, b.types, b.times,
                                 b.nulls, b.zeros, b.nulls, b.zeros, b.objects, b.stages,
                                 b.targets, b.costs, b.bodies) r
$$;
select pg_temp.is(
    pg_temp.post_batch('[
        {"id": "1", "subject": "n:g", "type": "find.lead.created", "data": {}},
        {"id": "2", "subject": "G", "type": "customer.identified",
         "data": {"identifiers": ["n:g"]}},
        {"id": "2", "subject": "G", "type": "customer.identified",
         "data": {"identifiers": ["n:g2"]}}]'),
    'created G enter, created G, conflict', 'a batch that identifies whom it tells of');
select pg_temp.is(pg_temp.names_of('G'), 'G n:g', 'a conflict attaches nothing');
select pg_temp.is(
    pg_temp.post_batch('[
        {"id": "2", "subject": "G", "type": "customer.identified",
         "data": {"identifiers": ["n:g3"]}}]'), 'conflict', 'a conflict alone');
select pg_temp.is(pg_temp.names_of('G'), 'G n:g', 'attaches nothing either');

-- Of two events under one name in a batch, the second is a conflict whoever its subject is.
select pg_temp.is(
    pg_temp.post_batch('[
        {"id": "3", "subject": "G", "type": "find.lead.created", "data": {}},
        {"id": "3", "subject": "stray", "type": "find.lead.created", "data": {}},
        {"id": "4", "subject": "G", "type": "find.lead.created", "data": {}},
        {"id": "4", "subject": "G", "type": "customer.merged", "data": {"into": "stray"}}]'),
    'created G, conflict, created G, conflict',
    'a conflict within a batch, of a customer whom nobody knows');
select pg_temp.is(
    pg_temp.post_batch('[
        {"id": "5", "subject": "G", "type": "find.lead.created", "data": {}},
        {"id": "5", "subject": "stray", "type": "customer.identified",
         "data": {"identifiers": ["n:stray"]}}]'),
    'created G, conflict', 'one that would identify somebody');
select pg_temp.is((select string_agg(i.identifier, ' ')
                   from lifecycle.identifier i
                   where i.identifier ~ 'stray'), null, 'they make nobody known');
select pg_temp.is(
    pg_temp.post_batch('[
        {"id": "6", "subject": "mover", "type": "find.lead.created", "data": {}},
        {"id": "6", "subject": "G", "type": "find.lead.created", "data": {"channel": "ad"}},
        {"id": "7", "subject": "G", "type": "customer.unmerged", "data": {"into": "mover"}}]'),
    'created mover enter, conflict, created G',
    'nor is the transition lost that the first one caused, when the second one''s merges end');
select pg_temp.is(pg_temp.differences(), 0, 'the ledger tells all of it');
\ir teardown.sql
