-- The roles of a database of clmd, for whoever administers the cluster (a superuser, or who may make
-- roles and owns the database). `clmd roles` prints this file; it may be run again at any time, and
-- in whatever order with `clmd migrate`.
--
--   clmd_owner    owns the schemas: `clmd migrate` runs as it
--   clmd_server   serves: `clmd serve` runs as it, and all other commands may. It keeps the ledger and
--                 what is derived from it, but cannot change or empty the ledger, nor the schema
--   clmd_reader   a group, for BI tools: reads the views of schema metric
--
-- They have no passwords: give them some (\password clmd_server), or another way to log in. A login
-- of another name works too, if it is granted one of these.
do $$
declare
    command text;
begin
    -- Others may be at it for another database; roles belong to the whole cluster.
    perform pg_advisory_xact_lock(1668050276, 1);
    foreach command in array array(
        select format('create role %I %s', r.name, r.kind)
        from (values ('clmd_owner', 'login'), ('clmd_server', 'login'), ('clmd_reader', 'nologin'))
             as r (name, kind)
        where not exists (select from pg_roles p where p.rolname = r.name))
    loop
        execute command;
    end loop;
    comment on role clmd_owner is 'Owns the schemas of clmd''s databases, and migrates them';
    comment on role clmd_server is 'Serves: keeps the ledger of clmd''s databases, cannot change it';
    comment on role clmd_reader is 'Reads the views of schema metric of clmd''s databases';

    execute format('grant connect, create, temporary on database %I to clmd_owner',
                   current_database());
    execute format('grant connect on database %I to clmd_server, clmd_reader', current_database());
    execute format('alter role clmd_server in database %I set search_path = pg_catalog, pg_temp',
                   current_database());
    execute format('alter role clmd_owner in database %I set search_path = pg_catalog, pg_temp',
                   current_database());
    revoke create on schema public from public;
end
$$;

-- What another role has migrated before becomes the owner's.
do $$
declare
    command text;
    schemas constant regnamespace[] := array(
        select n.oid from pg_namespace n where n.nspname in ('lifecycle', 'metric', 'clmd'));
begin
    foreach command in array
        array(select format('alter schema %I owner to clmd_owner', n.nspname)
              from pg_namespace n
              where n.oid = any (schemas) and n.nspowner <> 'clmd_owner'::regrole)
        || array(select format('alter %s %s owner to clmd_owner',
                               case c.relkind when 'v' then 'view' when 'S' then 'sequence'
                                              else 'table' end, c.oid::regclass)
                 from pg_class c
                 where c.relnamespace = any (schemas)
                   and c.relkind in ('r', 'p', 'v', 'S')
                   and c.relowner <> 'clmd_owner'::regrole
                   -- A sequence of a column goes with its table.
                   and not exists (select
                                   from pg_depend d
                                   where d.classid = 'pg_class'::regclass and d.objid = c.oid
                                     and d.deptype in ('a', 'i') and c.relkind = 'S'))
        || array(select format('alter type %s owner to clmd_owner', t.oid::regtype)
                 from pg_type t join pg_class c on c.oid = t.typrelid
                 where t.typnamespace = any (schemas)
                   and c.relkind = 'c' and t.typowner <> 'clmd_owner'::regrole)
        || array(select format('alter routine %s owner to clmd_owner', p.oid::regprocedure)
                 from pg_proc p
                 where p.pronamespace = any (schemas)
                   and p.proowner <> 'clmd_owner'::regrole)
    loop
        execute command;
    end loop;
    if to_regprocedure('lifecycle.grant_rights()') is not null then
        execute 'select lifecycle.grant_rights()';
    end if;
end
$$;
