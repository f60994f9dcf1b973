-- What the role clmd_server may do. The ledger, and whatever else is a record of what happened, is
-- added to and never changed; the program's own tables are read. What must do more is a function
-- that runs as its owner (security definer, with a search_path of its own).

create function lifecycle.limited_tables()
returns table (
    name text,
    rights text
)
language sql immutable
as $$
    values ('event', 'select, insert'),
           ('audit_entry', 'select, insert'),
           ('baseline', 'select, insert'),
           ('erasure', 'select'),
           ('erased_name', 'select'),
           ('erasure_key', 'nothing'),
           ('metric', 'select'),
           ('fact', 'select'),
           ('currency', 'select'),
           ('department', 'select'),
           ('time_zone', 'select')
$$;
comment on function lifecycle.limited_tables is
    'The tables that clmd_server may do less with than read, add to, change and delete from, whether '
    'they are there or not';

create function lifecycle.grant_rights()
returns void
language plpgsql
as $$
declare
    -- Who lacks, for whoever administers the cluster has not made it, is granted nothing.
    reader constant text := (select r.rolname from pg_roles r where r.rolname = 'clmd_reader');
    server constant text := (select r.rolname from pg_roles r where r.rolname = 'clmd_server');
    command text;
begin
    foreach command in array array(
        select format('grant usage on schema %I to %I', n.nspname, r.role)
        from pg_namespace n
        join (values (server, 'lifecycle'), (server, 'metric'), (server, 'clmd'), (reader, 'metric'))
             as r (role, name) on r.name = n.nspname
        where r.role is not null)
        || array(
        select format('revoke all on %1$s %4$s from %2$I'
                      || case when l.rights = 'nothing' then ''
                              else '; grant %3$s on %1$s %4$s to %2$I' end,
                      case c.relkind when 'S' then 'sequence' else 'table' end, r.role,
                      case when c.relkind = 'v' or n.nspname = 'clmd' then 'select'
                           when c.relkind = 'S' then 'usage'
                           else coalesce(l.rights, 'select, insert, update, delete') end,
                      c.oid::regclass)
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        join (values (server, array['lifecycle', 'metric', 'clmd'], array['r', 'p', 'v', 'S']),
                     (reader, array['metric'], array['v']))
             as r (role, schemas, kinds) on n.nspname = any (r.schemas)
                                        and c.relkind::text = any (r.kinds)
        left join lifecycle.limited_tables() l on l.name = c.relname and n.nspname = 'lifecycle'
        where r.role is not null
        order by n.nspname, c.relname, r.role)
    loop
        execute command;
    end loop;
end
$$;
comment on function lifecycle.grant_rights is
    'Grants the roles clmd_server and clmd_reader, as far as there are such, what they need of every '
    'table and view, and no more';
