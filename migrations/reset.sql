-- Drops all that the repeatable migrations make anew: the functions, views and types of both
-- schemas. Tables and what they hold are not touched.
do $$
declare
    doomed record;
begin
    for doomed in
        select format('drop view if exists %s cascade', c.oid::regclass) as command
        from pg_class c
        where c.relnamespace in ('lifecycle'::regnamespace, 'metric'::regnamespace)
          and c.relkind = 'v'
    loop
        execute doomed.command;
    end loop;
    for doomed in
        select format('drop %s if exists %s cascade',
                      case p.prokind when 'a' then 'aggregate' else 'function' end,
                      p.oid::regprocedure) as command
        from pg_proc p
        where p.pronamespace in ('lifecycle'::regnamespace, 'metric'::regnamespace)
    loop
        execute doomed.command;
    end loop;
    for doomed in
        select format('drop type if exists %s cascade', t.oid::regtype) as command
        from pg_type t join pg_class c on c.oid = t.typrelid
        where t.typnamespace in ('lifecycle'::regnamespace, 'metric'::regnamespace)
          and c.relkind = 'c'
    loop
        execute doomed.command;
    end loop;
end
$$;
delete from lifecycle.metric;
delete from lifecycle.time_zone;
insert into lifecycle.time_zone
select name
from pg_timezone_names
where name !~ '^(posix|right)/' and name not in ('posixrules', 'localtime', 'Factory');
