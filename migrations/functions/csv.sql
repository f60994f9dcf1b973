-- Rows of JSON as a table in CSV (RFC 4180). What a row has within an object gets a column of its
-- own: the members of "group" by their names, others by both names (previous_value).

create function lifecycle.guarded(content text)
returns text
language sql immutable
as $$
    select case when content ~ E'^\'*[=+@\t\r\n-]' then '''' || content else content end
$$;
comment on function lifecycle.guarded is
    'A text that a spreadsheet would take for a formula, with an apostrophe before it; and so one '
    'that would look like that, so that to take the first apostrophe off gives the text again. '
    'src/api/sheet.c does the same for exports';

create function lifecycle.cell_text(content json)
returns text
language sql immutable
as $$
    select case json_typeof(content) when 'string' then lifecycle.guarded(content #>> '{}')
                                     else content #>> '{}'
           end
$$;
comment on function lifecycle.cell_text is
    'What a cell says: a number as it is, its sign too; null for a null';

create function lifecycle.csv_cell(content text)
returns text
language sql immutable
as $$
    select case when content ~ '[",\r\n]' or content = ''
                then '"' || replace(content, '"', '""') || '"'
                else coalesce(content, '')
           end
$$;
comment on function lifecycle.csv_cell is 'A cell of CSV; null is nothing, an empty text is quoted';

create function lifecycle.cells_of(item json)
returns table (name text, content text, place bigint)
language sql immutable
as $$
    select case when i.key is null then e.key
                when e.key = 'group' then i.key
                else e.key || '_' || i.key
           end,
           lifecycle.cell_text(case when i.key is null then e.value else i.value end),
           row_number() over (order by e.ordinality, i.ordinality)
    from json_each(item) with ordinality e
    left join lateral json_each(case when json_typeof(e.value) = 'object' then e.value end)
        with ordinality i on true
    where json_typeof(e.value) <> 'object' or i.key is not null
$$;
comment on function lifecycle.cells_of is 'What a row of JSON has to say, cell by cell';

create function lifecycle.columns_of(rows json[], known text[])
returns text[]
language sql immutable
as $$
    with others as (
        select c.name, min(array[r.ordinality, c.place]) as first
        from unnest(rows) with ordinality r (item, ordinality), lifecycle.cells_of(r.item) c
        where c.content is not null and c.name <> all (known)
        group by c.name
    )
    select known[:coalesce(array_position(known, '*') - 1, cardinality(known))]
           || array(select o.name from others o order by o.first)
           || known[array_position(known, '*') + 1:]
$$;
comment on function lifecycle.columns_of is
    'The columns of a table: those that are known, and where one of them is *, or at their end, all '
    'others that are filled anywhere, in the order in which they come first';

create function lifecycle.csv_of(rows json[], known text[])
returns text
language sql immutable
as $$
    with header as materialized (
        select lifecycle.columns_of(rows, known) as columns
    ), lines as (
        select 0::bigint as number,
               (select string_agg(lifecycle.csv_cell(lifecycle.guarded(c.name)), ','
                                  order by c.place)
                from unnest(h.columns) with ordinality c (name, place)) as line
        from header h
        union all
        select r.ordinality,
               (select string_agg(lifecycle.csv_cell(f.cells ->> c.name), ',' order by c.place)
                from unnest(h.columns) with ordinality c (name, place))
        from header h,
             unnest(rows) with ordinality r (item, ordinality),
             lateral (select jsonb_object_agg(c.name, c.content) as cells
                      from lifecycle.cells_of(r.item) c) f
    )
    select string_agg(l.line || E'\r\n', '' order by l.number) from lines l
$$;
comment on function lifecycle.csv_of is
    'Rows as a table with a header; known are columns that are there in any case, by their order';

-- Lists ------------------------------------------------------------------------------------------
-- A list has the same columns on each of its pages, whatever is on them, so that the pages are one
-- table when they are put together. A column is the path of what it holds, and is called by it;
-- what is an object or a list there stands as JSON in its cell.

create function lifecycle.list_columns()
returns table (list text, columns text[])
language sql immutable
as $$
    values
    ('list_customers', '{customer,created_at,status,stage,cycle,entered_at}'::text[]),
    ('list_segment_members', '{customer,created_at,status,stage,cycle,entered_at}'),
    ('list_members', '{customer,created_at,status,stage,cycle,entered_at}'),
    ('list_events', '{event_id,customer,recorded_at,voided,event}'),
    ('list_changes', '{event_id,customer,recorded_at,voided,event}'),
    ('list_timeline', '{event_id,type,source,id,occurred_at,recorded_at,voided,data}'),
    ('list_visits', '{stage,cycle,kind,entered_at,entered_by,left_at,left_by,seconds}'),
    ('list_transitions', '{from,to,kind,occurred_at,event_id,dwell_seconds}'),
    ('list_subscriptions', '{subscription_id,status,plan,quantity,mrr,currency,started_at,'
     'contract_end,cancel_asked_at,ended_at,reason,voluntary,states}'),
    ('show_customer_metrics', '{metric,group.currency,group.stage,group.measure,value,unit,n,'
     'complete,reason,peers.n,peers.mean,peers.median,peers.standard_deviation,peers.z,'
     'peers.percentile,peers.ratio}'),
    ('list_signals', '{customer,kind,since,evidence,value,threshold}'),
    ('list_merges', '{id,customer,into,reason,merged_at,recorded_at,state,ended_at,ended_by}'),
    ('list_erasures', '{id,erased_at,customers,identifiers,attributes,events,payload_bytes,mentions,'
     'rejects,kept_answers,digest}'),
    ('list_stages', '{stage,position,goal,customers}'),
    ('list_stage_models', '{name,version,state,stages,created_at,activated_at,progress}'),
    ('list_segments', '{name,title,where,warning,created_at,changed_at}'),
    ('list_rates', '{currency,base,valid_from,rate}'),
    ('list_imports', '{import_id,state,format,started_at,seen_at,finished_at,bytes,size,progress,'
     'line,lines,created,duplicate,conflict,rejected,rejects_kept,problem}'),
    ('list_audit', '{made_at,operation,target,before,after,actor,key_id,name,address,request_id}'),
    ('list_keys', '{key_id,name,scopes,sources,types,rate.requests,rate.seconds,state,created_at,'
     'expires_at,rotated_at,previous_secret_until,last_used_at,revoked_at}'),
    ('list_event_types', '{type,stage,entry,scheduled,subject_required,custom,description,fields}'),
    ('list_metrics', '{name,title,formula,unit,numerator,denominator,parameters,groupings,members,'
     'intervals,default_interval,version,source}'),
    ('reconcile', '{day,source,type,currency,events,amount,voided_events,voided_amount}')
$$;
comment on function lifecycle.list_columns is
    'The columns of each list as a table, by the statement that gives it: the whole of its rows';

create function lifecycle.list_csv(wanted text, answer json)
returns text
language sql stable
as $$
    select string_agg(line.text || E'\r\n', '' order by line.number)
    from lifecycle.list_columns() l,
         lateral (select 0::bigint as number,
                         (select string_agg(lifecycle.csv_cell(replace(c.path, '.', '_')), ','
                                            order by c.place)
                          from unnest(l.columns) with ordinality c (path, place)) as text
                  union all
                  select r.number,
                         (select string_agg(lifecycle.csv_cell(lifecycle.cell_text(
                                                r.item #> string_to_array(c.path, '.'))), ','
                                            order by c.place)
                          from unnest(l.columns) with ordinality c (path, place))
                  from json_array_elements(answer -> 'data') with ordinality r (item, number)) line
    where l.list = wanted
$$;
comment on function lifecycle.list_csv is 'The rows of a list, or of a page of it, as a table';
