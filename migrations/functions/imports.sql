-- Imports over HTTP as jobs. The server that runs one gives a sign of life every second; where
-- it stays away the import is interrupted, whatever its row says.

create function lifecycle.start_import(id uuid, key text, format text, announced bigint)
returns void
language plpgsql
as $$
begin
    delete from lifecycle.import i
    where i.import_id in (select old.import_id
                          from lifecycle.import old
                          order by old.import_id desc
                          offset 999);
    insert into lifecycle.import (import_id, key_id, format, announced)
    values (start_import.id, start_import.key, start_import.format, start_import.announced);
end
$$;
comment on function lifecycle.start_import is
    'Notes a new import; the latest thousand are kept, with their rejects';

create function lifecycle.note_import(
    id uuid, state text, bytes bigint, reached bigint, created bigint, duplicate bigint,
    conflict bigint, rejected bigint, problem json)
returns void
language plpgsql
as $$
begin
    update lifecycle.import i
    set state = note_import.state, seen_at = now(), bytes = note_import.bytes,
        reached = note_import.reached, created = note_import.created,
        duplicate = note_import.duplicate, conflict = note_import.conflict,
        rejected = note_import.rejected, problem = note_import.problem,
        finished_at = case when note_import.state <> 'running' then now() end
    where i.import_id = note_import.id;
end
$$;
comment on function lifecycle.note_import is
    'The sign of life of an import, with what became of its rows so far, or its end';

create function lifecycle.keep_rejects(id uuid, rejects text[])
returns void
language plpgsql
as $$
declare
    before bigint;
begin
    update lifecycle.import i
    set kept = i.kept + cardinality(rejects)
    where i.import_id = keep_rejects.id
    returning i.kept - cardinality(rejects) into before;
    insert into lifecycle.import_reject (import_id, number, reject)
    select keep_rejects.id, before + r.position, r.reject
    from unnest(rejects) with ordinality r (reject, position);
end
$$;
comment on function lifecycle.keep_rejects is 'Keeps further rejects of an import';

create function lifecycle.import_state(import lifecycle.import)
returns text
language sql stable
as $$
    select case
        when import.state = 'running' and import.seen_at < now() - interval '15 seconds'
            then 'interrupted'
        else import.state
    end
$$;
comment on function lifecycle.import_state is
    'running, done, failed or interrupted: an import without a sign of life is interrupted';

create function lifecycle.import_shown(import lifecycle.import)
returns json
language sql stable
as $$
    select to_json(shown)
    from (select lifecycle.import_state(import) as state) now,
    lateral (select import.import_id, now.state, import.format,
                    lifecycle.utc_text(import.started_at) as started_at,
                    lifecycle.utc_text(import.seen_at) as seen_at,
                    lifecycle.utc_text(case when now.state <> 'running'
                                            then coalesce(import.finished_at, import.seen_at)
                                       end) as finished_at,
                    import.bytes, import.announced as size,
                    case when now.state = 'done' then 1
                         when import.announced > 0
                             then round(import.bytes / import.announced::numeric, 4)
                    end as progress,
                    import.reached as line,
                    import.created + import.duplicate + import.conflict + import.rejected
                        as lines,
                    import.created, import.duplicate, import.conflict, import.rejected,
                    import.kept as rejects_kept,
                    case when import.state = 'running' and now.state = 'interrupted'
                         then json_build_object('detail', 'the server that ran it is gone')
                         else import.problem
                    end as problem) shown
$$;
comment on function lifecycle.import_shown is 'An import as it is shown';

create function lifecycle.show_import(wanted uuid, of_key text default null)
returns json
language sql stable
as $$
    select lifecycle.import_shown(i)
    from lifecycle.import i
    where i.import_id = wanted and i.key_id = coalesce(of_key, i.key_id)
$$;
comment on function lifecycle.show_import is
    'An import; null if there is none of this id, or of this key';

create function lifecycle.list_imports(wanted text, of_key text, size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
as $$
declare
    list constant text[] := array['imports', wanted, of_key];
    before constant uuid := coalesce((lifecycle.read_cursor(list, cursor))[1],
                                     'ffffffff-ffff-ffff-ffff-ffffffffffff');
    rows json[];
    keys text[];
begin
    select array_agg(lifecycle.import_shown(p.import) order by p.import_id desc),
           array_agg(p.import_id::text order by p.import_id desc)
    into rows, keys
    from (select i as import, i.import_id
          from lifecycle.import i
          where i.import_id < before
            and (wanted is null or lifecycle.import_state(i) = wanted)
            and (of_key is null or i.key_id = of_key)
          order by i.import_id desc
          limit size + 1) p;
    return query select * from lifecycle.write_page(list, size, rows, keys);
end
$$;
comment on function lifecycle.list_imports is 
    'Imports, all of them or those in a state or of a key, the latest first';
