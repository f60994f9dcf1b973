-- Rows of JSON as a table in CSV (RFC 4180). What a row has within an object gets a column of its
-- own: the members of "group" by their names, others by both names (previous_value).

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
           case when i.key is null then e.value #>> '{}' else i.value end,
           row_number() over (order by e.ordinality, i.ordinality)
    from json_each(item) with ordinality e
    left join lateral json_each_text(case when json_typeof(e.value) = 'object' then e.value end)
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
               (select string_agg(lifecycle.csv_cell(c.name), ',' order by c.place)
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
