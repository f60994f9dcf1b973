-- Drops all that the repeatable migrations make anew: the functions, views and types of both
-- schemas. Tables and what they hold are not touched, nor are the types of their columns.
do $$
declare
    views text;
    command text;
begin
    -- By one command, which has all their locks before it begins, and in the order of those who read
    -- them: a view before what it stands on. A reader who holds one and wants another is seldom in
    -- the way then.
    select string_agg(c.oid::regclass::text, ', ' order by c.oid desc)
    into views
    from pg_class c
    where c.relnamespace in ('lifecycle'::regnamespace, 'metric'::regnamespace)
      and c.relkind = 'v';
    if views is not null then
        execute 'drop view ' || views || ' cascade';
    end if;
    -- All names are read before the first one is dropped: what stands on it goes with it, and has
    -- no name any more.
    foreach command in array array(
        select format('drop %s if exists %s cascade',
                      case p.prokind when 'a' then 'aggregate' else 'function' end,
                      p.oid::regprocedure)
        from pg_proc p
        where p.pronamespace in ('lifecycle'::regnamespace, 'metric'::regnamespace))
    loop
        execute command;
    end loop;
    foreach command in array array(
        select format('drop type if exists %s cascade', t.oid::regtype)
        from pg_type t join pg_class c on c.oid = t.typrelid
        where t.typnamespace in ('lifecycle'::regnamespace, 'metric'::regnamespace)
          and c.relkind = 'c'
          and not exists (select
                          from pg_attribute a
                          join pg_class r on r.oid = a.attrelid
                          where r.relkind = 'r' and a.atttypid in (t.oid, t.typarray)))
    loop
        execute command;
    end loop;
end
$$;
delete from lifecycle.metric;
delete from lifecycle.fact;
delete from lifecycle.time_zone;
insert into lifecycle.time_zone
select name
from pg_timezone_names
where name !~ '^(posix|right)/' and name not in ('posixrules', 'localtime', 'Factory');
