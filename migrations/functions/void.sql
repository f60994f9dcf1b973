-- What is asked about events before they are taken back.

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
