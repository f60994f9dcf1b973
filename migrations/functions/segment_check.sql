-- Conditions, checked. A condition is {"and": [..]}, {"or": [..]}, {"not": ..} or a comparison:
-- a field and one operator with its value, as {"field": "frequency", ">=": 2}.

create function lifecycle.is_day(value text)
returns boolean
language plpgsql immutable
as $$
begin
    return value ~ '^\d{4}-\d\d-\d\d$' and value::date is not null;
exception
    when data_exception then
        return false;
end
$$;
comment on function lifecycle.is_day is 'Whether a text is a date, as 2026-03-14';

create function lifecycle.field_of(name text)
returns table (field text, kind text, labelled text, source text, expression text,
               otherwise text)
language sql stable
as $$
    select f.field, f.kind, f.labelled, f.source, f.expression, f.otherwise
    from lifecycle.segment_fields() f
    where case f.kind when 'attribute' then name ~ '^attributes\..' else f.field = name end
$$;
comment on function lifecycle.field_of is 'The field of a name; no row if there is none';

create function lifecycle.value_kind(kind text, value jsonb)
returns text
language sql immutable
as $$
    select case
        when kind <> 'attribute' then kind
        else case jsonb_typeof(value)
                 when 'string' then 'text'
                 when 'number' then 'number'
                 when 'boolean' then 'flag'
                 when 'array' then case jsonb_typeof(value -> 0)
                                       when 'number' then 'number'
                                       when 'boolean' then 'flag'
                                       else 'text'
                                   end
                 else 'attribute'
             end
    end
$$;
comment on function lifecycle.value_kind is
    'The kind that a comparison is of: the field''s, or for an attribute that of the value, or of '
    'the first in a list';

create function lifecycle.is_value(kind text, value jsonb)
returns boolean
language sql stable
as $$
    select coalesce(jsonb_typeof(value) = k.json_type and case k.kind
               when 'text' then length(v.text) <= 256
               when 'money' then value::numeric % 1 = 0
               when 'day' then lifecycle.is_day(v.text)
               when 'stage' then v.text in (select s.name from lifecycle.stage s)
               when 'status' then
                   v.text in ('prospect', 'active', 'at_risk', 'lapsed', 'churned', 'ended')
               else true
           end, false)
    from lifecycle.segment_kinds() k, lateral (select value #>> '{}' as text) v
    where k.kind = is_value.kind
$$;
comment on function lifecycle.is_value is 'Whether a field of this kind can have such a value';

create function lifecycle.value_faults(pointer text, kind text, operator text, value jsonb)
returns setof lifecycle.fault
language sql stable
as $$
    select f.pointer, f.detail
    from (select lifecycle.value_kind(value_faults.kind, value) as kind,
                 coalesce(jsonb_typeof(value) = 'array' and jsonb_array_length(value)
                          between 1 and 1000, false) as is_list) v
    cross join lateral (
        select value_faults.pointer, 'must be true or false'
        where operator = 'exists' and jsonb_typeof(value) <> 'boolean'
        union all
        select value_faults.pointer, 'must be a whole number of days from 1 to 36500'
        where operator = 'within'
          and not (jsonb_typeof(value) = 'number' and value::text ~ '^\d{1,5}$'
                   and value::text::integer between 1 and 36500)
        union all
        select value_faults.pointer, 'must be an array of 1 to 1000 values'
        where operator = 'in' and not v.is_list
        union all
        select value_faults.pointer, 'must be an array of two values: the first and the last'
        where operator = 'between' and not (v.is_list and jsonb_array_length(value) = 2)
        union all
        select value_faults.pointer || case when operator in ('in', 'between')
                                            then '/' || i.place else '' end,
               (select k.expected from lifecycle.segment_kinds() k where k.kind = v.kind)
        from lifecycle.items_of(case when operator not in ('in', 'between')
                                     then jsonb_build_array(value)
                                     when v.is_list then value end) i
        where operator not in ('exists', 'within') and not lifecycle.is_value(v.kind, i.item)) f (pointer, detail)
$$;
comment on function lifecycle.value_faults is
    'What is wrong with the value of a comparison, or with those of its list';

create function lifecycle.label_faults(pointer text, labelled text, node jsonb)
returns setof lifecycle.fault
language sql stable
as $$
    select pointer || '/' || l.label, l.expected
    from (values
        ('currency', 'must be a currency code of ISO 4217',
         exists (select from lifecycle.currency c where to_jsonb(c.currency) = node -> 'currency')),
        ('stage', 'must be the name of a stage',
         exists (select from lifecycle.stage s where to_jsonb(s.name) = node -> 'stage')))
        l (label, expected, is_right)
    where l.label = labelled and not l.is_right
$$;
comment on function lifecycle.label_faults is
    'What is wrong with the currency or the stage by which a field is named';

create function lifecycle.comparison_faults(pointer text, node jsonb)
returns setof lifecycle.fault
language plpgsql stable
as $$
declare
    name constant text := case when jsonb_typeof(node -> 'field') = 'string'
                               then node ->> 'field' end;
    kind text;
    labelled text;
    operators text[];
    used constant text[] := array(select o.operator
                                  from lifecycle.segment_operators() o
                                  where node ? o.operator);
begin
    select f.kind, f.labelled, k.operators
    into kind, labelled, operators
    from lifecycle.field_of(name) f
    join lifecycle.segment_kinds() k on k.kind = f.kind;
    if kind is null or length(name) > 256 then
        return query
        select pointer || '/field', 'must be one of '
               || string_agg(f.field || case f.kind when 'attribute' then '<name>' else '' end,
                             ', ')
        from lifecycle.segment_fields() f;
        return;
    end if;
    return query
    select pointer || lifecycle.pointer_to(m.key),
           concat('unknown member; there are field', ', ' || labelled, ' and one operator')
    from jsonb_each(node) m
    where m.key <> all (used || 'field'::text || coalesce(labelled, 'field'));
    return query select * from lifecycle.label_faults(pointer, labelled, node);
    if cardinality(used) <> 1 or used[1] <> all (operators) then
        return query select pointer, 'must have one of ' || array_to_string(operators, ', ');
        return;
    end if;
    return query
    select * from lifecycle.value_faults(pointer || '/' || used[1], kind, used[1],
                                         node -> used[1]);
end
$$;
comment on function lifecycle.comparison_faults is 'What is wrong with a comparison';

create function lifecycle.condition_faults(pointer text, node jsonb, depth integer)
returns setof lifecycle.fault
language plpgsql stable
as $$
declare
    word constant text := (select w.word
                           from unnest('{and,or,not}'::text[]) w (word)
                           where node ? w.word
                           limit 1);
begin
    if jsonb_typeof(node) is distinct from 'object' then
        return query
        select pointer, 'must be an object: and, or, not, or a field that is compared';
    elsif word is null then
        return query select * from lifecycle.comparison_faults(pointer, node);
    elsif depth = 6 then
        return query select pointer, 'is more than 6 levels deep';
    elsif node - word <> '{}' then
        return query select pointer, format('must have nothing beside %s', word);
    elsif word = 'not' then
        return query
        select * from lifecycle.condition_faults(pointer || '/not', node -> 'not', depth + 1);
    elsif jsonb_typeof(node -> word) <> 'array'
        or jsonb_array_length(node -> word) not between 1 and 100
    then
        return query
        select format('%s/%s', pointer, word), 'must be an array of 1 to 100 conditions';
    else
        return query
        select f.*
        from lifecycle.items_of(node -> word) i
        cross join lateral lifecycle.condition_faults(format('%s/%s/%s', pointer, word, i.place),
                                                      i.item, depth + 1) f
        order by i.place;
    end if;
end
$$;
comment on function lifecycle.condition_faults is
    'What is wrong with a condition, which stands at the pointer and is so many levels deep';

create function lifecycle.segment_faults(given jsonb)
returns lifecycle.fault[]
language plpgsql stable
as $$
declare
    faults lifecycle.fault[] := array(
        select row(lifecycle.pointer_to(m.name),
                   'unknown member; there are title and where')::lifecycle.fault
        from lifecycle.members_of(given) m
        where m.name <> all ('{title,where,name,warning,created_at,changed_at}'));
begin
    if not coalesce(given -> 'title' = 'null' or lifecycle.is_title(given -> 'title', 100), true)
    then
        faults := faults || row('/title', 'must be a text of 1 to 100 characters, or null')
                            ::lifecycle.fault;
    end if;
    faults := faults || array(
        select f from lifecycle.condition_faults('/where', given -> 'where', 0) f limit 8);
    if faults = '{}' and (select count(*) > 100 from lifecycle.comparisons_of(given -> 'where'))
    then
        faults := array[row('/where', 'has more than 100 comparisons')::lifecycle.fault];
    end if;
    return faults;
end
$$;
comment on function lifecycle.segment_faults is
    'What is wrong with a segment that a caller gave; the members that it is shown with beside '
    'title and where may be there';
