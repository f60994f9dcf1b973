-- From a condition that was found valid to SQL, and to the customers who meet it.
--
-- A comparison with what a customer does not have is not met; `not` of it is. So a condition is
-- either met or not, and a segment and its opposite are all customers.
--
-- Parameters of the SQL: $1 the condition, $2 today, and for a probe $3 and $4, the customers in
-- question (buckets and numbers). Without a probe it is asked of all, set by set: what a source
-- says of each customer is added up in one go. A probe looks at each customer by key.

create function lifecycle.comparisons_of(condition jsonb)
returns table (path text[], node jsonb)
language sql immutable
as $$
    with recursive part (path, node) as (
        select '{}'::text[], condition
        union all
        select p.path || c.step, c.node
        from part p
        cross join lateral (
            select array[w.word, i.place::text], i.item
            from unnest('{and,or}'::text[]) w (word)
            cross join lateral lifecycle.items_of(p.node -> w.word) i
            union all
            select '{not}', p.node -> 'not'
            where p.node ? 'not') c (step, node)
    )
    select p.path, p.node
    from part p
    where p.node ? 'field'
$$;
comment on function lifecycle.comparisons_of is
    'The comparisons of a condition, and where they stand in it';

create function lifecycle.given_at(path text[], step text)
returns text
language sql immutable
as $$
    select format('($1 #>> %L)', path || step)
$$;
comment on function lifecycle.given_at is
    'The SQL by which a member of a comparison is read from the condition';

create function lifecycle.column_at(path text[])
returns text
language sql immutable
as $$
    select array_to_string('v'::text || path, '_')
$$;
comment on function lifecycle.column_at is
    'The column that holds the field of a comparison; six levels of conditions keep it in the 63 '
    'bytes of a name';

create function lifecycle.held_text(of_kind text, as_kind text, name text)
returns text
language sql stable
as $$
    select case
        when of_kind = 'attribute' and as_kind <> 'attribute' then
            format('case jsonb_typeof(%1$s) when %2$L then (%1$s #>> ''{}'')::%3$s end',
                   name, k.json_type, k.sql_type)
        else name
    end
    from lifecycle.segment_kinds() k
    where k.kind = as_kind
$$;
comment on function lifecycle.held_text is
    'What a customer has, as SQL: an attribute as the kind that it is compared with, if it is one';

create function lifecycle.comparison_text(node jsonb, path text[])
returns text
language plpgsql stable
as $$
declare
    used constant record := (select o from lifecycle.segment_operators() o where node ? o.operator);
    value constant text[] := path || used.operator;
    text text := used.form;
    name text;
    meaning text;
begin
    for name, meaning in
        select m.*
        from lifecycle.field_of(node ->> 'field') f
        cross join lateral (
            select case when used.operator = 'exists' then f.kind
                        else lifecycle.value_kind(f.kind, node -> used.operator) end as kind) v
        join lifecycle.segment_kinds() k on k.kind = v.kind
        cross join lateral (
            select format('of_%s.%s', f.source, lifecycle.column_at(path)) as name) c
        cross join lateral (
            values
            ('{field}', lifecycle.held_text(
                f.kind, v.kind, coalesce(format('coalesce(%s, ', c.name) || f.otherwise || ')',
                                         c.name))),
            ('{value}', lifecycle.given_at(path, used.operator) || '::' || k.sql_type),
            ('{first}', lifecycle.given_at(value, '0') || '::' || k.sql_type),
            ('{second}', lifecycle.given_at(value, '1') || '::' || k.sql_type),
            ('{list}', format('($1 #> %L)', value)),
            ('{type}', k.sql_type),
            ('{days}', lifecycle.given_at(path, used.operator) || '::integer'),
            ('{flag}', lifecycle.given_at(path, used.operator) || '::boolean')) m (name, meaning)
    loop
        text := replace(text, name, coalesce(meaning, ''));
    end loop;
    return format('(%s) is true', text);
end
$$;
comment on function lifecycle.comparison_text is 'A comparison as SQL';

create function lifecycle.condition_text(node jsonb, path text[])
returns text
language plpgsql stable
as $$
declare
    word constant text := (select w.word
                           from unnest('{and,or}'::text[]) w (word)
                           where node ? w.word);
begin
    if word is not null then
        return (select '(' || string_agg(lifecycle.condition_text(
                                             i.item, path || array[word, i.place::text]),
                                         format(' %s ', word) order by i.place) || ')'
                from lifecycle.items_of(node -> word) i);
    elsif node ? 'not' then
        return format('(not %s)', lifecycle.condition_text(node -> 'not', path || 'not'::text));
    end if;
    return lifecycle.comparison_text(node, path);
end
$$;
comment on function lifecycle.condition_text is 'A condition as SQL';

create function lifecycle.source_text(source text, columns text, is_probe boolean)
returns text
language sql immutable
as $$
    select case
        when is_probe then
            format('left join lateral (select %1$s from %2$s x where x.bucket = c.bucket '
                   'and x.customer_id = c.customer_id offset 0) of_%3$s on true',
                   columns, s.relation, s.source)
        else
            format('left join (select x.bucket, x.customer_id, %1$s from %2$s x%4$s) of_%3$s '
                   'on of_%3$s.bucket = c.bucket and of_%3$s.customer_id = c.customer_id',
                   columns, s.relation, s.source,
                   case when not s.is_single then ' group by x.bucket, x.customer_id' end)
    end
    from lifecycle.segment_sources() s
    where s.source = source_text.source
$$;
comment on function lifecycle.source_text is 'A source as it is joined to the customers, c';

create function lifecycle.sources_text(condition jsonb, is_probe boolean)
returns text
language sql stable
as $$
    with columns as (
        select f.source,
               string_agg(replace(f.expression, '{label}', l.label) || ' as '
                          || lifecycle.column_at(c.path), ', ' order by c.path) as list
        from lifecycle.comparisons_of(condition) c
        cross join lateral lifecycle.field_of(c.node ->> 'field') f
        cross join lateral (
            select case f.kind
                       when 'attribute' then
                           format('substr(%s, %s)', lifecycle.given_at(c.path, 'field'),
                                  length(f.field) + 1)
                       else lifecycle.given_at(c.path, coalesce(f.labelled, 'field'))
                   end as label) l
        group by f.source
    )
    select string_agg(lifecycle.source_text(c.source, c.list, is_probe), ' ' order by c.source)
    from columns c
$$;
comment on function lifecycle.sources_text is
    'The sources that a condition needs, each with a column for each comparison';

create function lifecycle.condition_query(condition jsonb, is_probe boolean)
returns text
language sql stable
as $$
    select concat_ws(' ', 'select c.bucket, c.customer_id from',
                     case when is_probe then 'unnest($3, $4) c (bucket, customer_id)'
                          else 'lifecycle.customer c' end,
                     lifecycle.sources_text(condition, is_probe),
                     'where', case when not is_probe then 'c.root_id is null and' end,
                     lifecycle.condition_text(condition, '{}'))
$$;
comment on function lifecycle.condition_query is
    'The canonical customers who meet a condition, as SQL: of all, or of those in question';

create function lifecycle.who_meets(condition jsonb)
returns table (bucket smallint, customer_id bigint)
language plpgsql stable rows 100000
set jit = off
set work_mem = '32MB'
set max_parallel_workers_per_gather = 0 -- workers would each add up all that a source says
set enable_nestloop = off -- not one by one, however few the planner takes them for
as $$
begin
    return query execute lifecycle.condition_query(condition, false)
    using condition, metric.today(lifecycle.business_zone());
end
$$;
comment on function lifecycle.who_meets is 'The canonical customers who meet a condition';

create function lifecycle.who_meets(condition jsonb, buckets smallint[], customers bigint[])
returns table (bucket smallint, customer_id bigint)
language plpgsql stable
set jit = off
as $$
begin
    return query execute lifecycle.condition_query(condition, true)
    using condition, metric.today(lifecycle.business_zone()), buckets, customers;
end
$$;
comment on function lifecycle.who_meets(jsonb, smallint[], bigint[]) is
    'Those of some canonical customers who meet a condition, looked up by key';
