-- What two events must have in common to be the same one.

create function lifecycle.content_of(body jsonb)
returns jsonb
language plpgsql immutable
as $$
begin
    return (select jsonb_object_agg(a.name, case
                       when a.name = 'data' then a.value
                       else to_jsonb(a.value #>> '{}')
                   end)
            from jsonb_each(body) a (name, value)
            where a.name <> all ('{specversion,type,time,datacontenttype}')
              and a.value <> 'null');
end
$$;
comment on function lifecycle.content_of is
    'What an event says, in whatever form it came: its data, and its attributes as texts (which '
    'is all that binary mode has), but for null ones, for the forms of its type and time (they '
    'are compared by their meaning), and for what says only how it was written';
