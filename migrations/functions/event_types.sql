-- Event types that a business registers. The program checks what they say, and keeps them in
-- memory: every change is announced on the channel clmd_event_types.

create function lifecycle.show_event_type(named text)
returns json
language sql stable
as $$
    select to_json(shown)
    from lifecycle.event_type t
    join lifecycle.custom_type c on c.type = t.type,
    lateral (select t.name as type, split_part(t.name, '.', 1) as stage, t.entry,
                    false as scheduled, true as subject_required, true as custom,
                    c.description, c.fields) shown
    where t.name = named
$$;
comment on function lifecycle.show_event_type is 'A custom type; null if there is none';

create function lifecycle.list_event_types()
returns text
language sql stable
as $$
    select string_agg(lifecycle.show_event_type(t.name)::text, ',' order by t.name)
    from lifecycle.custom_type c
    join lifecycle.event_type t on t.type = c.type
$$;
comment on function lifecycle.list_event_types is
    'All custom types by name: JSON objects with commas between; null if there is none';

create function lifecycle.load_event_types()
returns table (type smallint, name text, document json)
language sql stable
as $$
    select t.type, t.name, lifecycle.show_event_type(t.name)
    from lifecycle.custom_type c
    join lifecycle.event_type t on t.type = c.type
$$;
comment on function lifecycle.load_event_types is
    'The custom types, as each server holds them in memory';

create function lifecycle.put_event_type(
    named text, stage smallint, new_entry text, new_fields json, new_description text,
    if_match text, if_none_match text)
returns table (document json, is_new boolean)
language plpgsql
as $$
declare
    kept lifecycle.event_type;
    had json;
begin
    lock table lifecycle.custom_type in exclusive mode;
    had := lifecycle.show_event_type(named);
    select * into kept from lifecycle.event_type t where t.name = named;
    is_new := not found;
    if kept.type < 10000 then
        perform lifecycle.refuse('CL409', null, 'this type is of the vocabulary itself');
    end if;
    perform lifecycle.require_match(if_match, if_none_match,
                                    lifecycle.tag_of(had::text));
    if is_new then
        kept := lifecycle.register_type(named, stage, new_entry);
    elsif kept.entry <> new_entry then
        perform lifecycle.change_entry(kept, new_entry);
    end if;
    insert into lifecycle.custom_type (type, fields, description)
    values (kept.type, new_fields, new_description)
    on conflict (type) do update
    set fields = excluded.fields, description = excluded.description;
    perform pg_notify('clmd_event_types', named);
    document := lifecycle.show_event_type(named);
    perform lifecycle.audit('event_type.put', named, lifecycle.tag_of(had::text),
                            lifecycle.tag_of(document::text));
    return next;
end
$$;
comment on function lifecycle.put_event_type is
    'Registers a custom type or changes it, under the conditions of the caller; what it is now, '
    'and whether it is new';

create function lifecycle.register_type(named text, stage smallint, entry text)
returns lifecycle.event_type
language plpgsql
as $$
declare
    registered lifecycle.event_type;
begin
    if (select count(*) from lifecycle.custom_type) >= 500 then
        perform lifecycle.refuse('CL409', null, '500 custom types are all that there can be');
    end if;
    insert into lifecycle.event_type (type, name, stage, entry)
    values (nextval('lifecycle.custom_type_code'), named, stage, entry)
    returning * into registered;
    perform lifecycle.refresh_rules();
    return registered;
end
$$;
comment on function lifecycle.register_type is
    'Gives a new custom type its code and its row of the vocabulary, and the models their rules';

create function lifecycle.change_entry(kept lifecycle.event_type, new_entry text)
returns void
language plpgsql
set enable_seqscan = off
as $$
begin
    perform lifecycle.keep_apart(true);
    if exists (select from lifecycle.event e where e.type = kept.type and e.type >= 10000) then
        perform lifecycle.refuse('CL409', null, format(
            'entry stays "%s", since there are events of this type; a stage model can say '
            'otherwise and derives their history anew', kept.entry));
    end if;
    update lifecycle.event_type t set entry = new_entry where t.type = kept.type;
    perform lifecycle.refresh_rules();
end
$$;
comment on function lifecycle.change_entry is
    'Changes how a type moves customers, as long as it has moved none: what was derived from its '
    'events would be wrong. No event is being stored meanwhile';
