-- Who may read the views of schema metric, and nothing else: the group role clmd_reader. Roles belong
-- to the whole cluster, so it may be there already; and where the one who migrates may not create
-- roles, whoever administers the cluster makes it, and it is granted the views at the next migration.
do $$
declare
    relation regclass;
begin
    if not exists (select from pg_roles where rolname = 'clmd_reader') then
        begin
            create role clmd_reader nologin;
            comment on role clmd_reader is 'Reads the views of schema metric of clmd''s databases';
        exception
            when insufficient_privilege then
                return;
            when duplicate_object or unique_violation then
                null; -- made for another database meanwhile
        end;
    end if;
    grant usage on schema metric to clmd_reader;
    for relation in
        select c.oid
        from pg_class c
        where c.relnamespace = 'metric'::regnamespace and c.relkind = 'v'
    loop
        execute format('grant select on %s to clmd_reader', relation);
    end loop;
end
$$;
