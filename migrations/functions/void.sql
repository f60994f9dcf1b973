-- What is asked about events that are to be taken back.

create function lifecycle.find_to_void(wanted uuid[])
returns table (source text, id text, subject text, "time" text, is_void boolean)
language plpgsql stable
as $$
begin
    return query
    select e.source::text, e.id::text, e.body ->> 'subject', lifecycle.utc_text(e.occurred_at),
           t.name = 'event.voided'
    from unnest(wanted) with ordinality w (event_id, position)
    left join lifecycle.event e
      on e.event_id = w.event_id
     and not exists (select
                     from lifecycle.customer c
                     where c.bucket = e.bucket and c.customer_id = e.customer_id
                       and c.erasure_id is not null)
    left join lifecycle.event_type t on t.type = e.type
    order by w.position;
end
$$;
comment on function lifecycle.find_to_void is
    'Events by their ids, as an event.voided has to name them; a row for each id, in their order: '
    'of nulls, where there is no such event, or where its customer was erased: its sender alone '
    'knows its name then';

create function lifecycle.is_of_types(name text, bounds text)
returns boolean
language sql immutable
as $$
    select coalesce(bool_or(case when b.bound like '%.*' then starts_with(name, left(b.bound, -1))
                                 else name = b.bound
                            end), false)
    from string_to_table(bounds, E'\n') b (bound)
$$;
comment on function lifecycle.is_of_types is
    'Whether an event type is one of those that a key is bound to, one a line: bill.* is all that '
    'begin with bill. (as bounds_allow_type of the program has it); false for a null';

create function lifecycle.check_targets(is_new boolean[], targets uuid[], target_types text[])
returns void
language plpgsql
as $$
begin
    if exists (select
               from unnest(is_new, targets, target_types) i (is_new, target, bounds)
               left join lateral (
                   select e.type
                   from lifecycle.event e
                   where e.event_id = i.target
                   limit 1
               ) e on true
               left join lifecycle.event_type t on t.type = e.type
               where i.is_new
                 and i.bounds is not null
                 and not lifecycle.is_of_types(t.name, i.bounds)) then
        perform lifecycle.refuse('CL403', '/data/id',
                                 'this key may take back events of its own types only, once they '
                                 'are recorded');
    end if;
end
$$;
comment on function lifecycle.check_targets is
    'Refuses new events that take back one of a type that their sender''s key, which is bound to '
    'target_types, may not post. What is not recorded yet has no type: it is refused as well';
