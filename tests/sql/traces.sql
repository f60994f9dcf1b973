-- The tables in which a pattern is found, in any column.
create function pg_temp.traces(pattern text)
returns text
language plpgsql
as $$
declare
    place regclass;
    is_there boolean;
    places text;
begin
    for place in
        select c.oid::regclass
        from pg_class c
        where c.relkind in ('r', 'p') and c.relnamespace in (
            select n.oid from pg_namespace n where n.nspname in ('lifecycle', 'clmd', 'metric'))
        order by c.relname
    loop
        execute format('select exists (select from %s t where t::text ~ $1)', place)
        into is_there using pattern;
        if is_there then
            places := concat_ws(', ', places, place);
        end if;
    end loop;
    return places;
end
$$;
