-- Segments: shown, put and deleted; who is in one, and what is to be told of those who are.

create function lifecycle.check_segment(wanted text, pointer text)
returns jsonb
language plpgsql stable
as $$
declare
    found constant jsonb :=
        (select s.condition from lifecycle.segment s where s.name = wanted);
begin
    if found is null then
        perform lifecycle.refuse('CL422', pointer,
                                 'there is no such segment; /v1/segments lists them');
    end if;
    return found;
end
$$;
comment on function lifecycle.check_segment is
    'The condition of a segment; refuses (422) a name that no segment has';

create function lifecycle.segment_members(segment text)
returns table (bucket smallint, customer_id bigint)
language sql stable rows 100000
as $$
    select m.bucket, m.customer_id
    from lifecycle.who_meets(lifecycle.check_segment(segment, '?segment')) m
$$;
comment on function lifecycle.segment_members is
    'The canonical customers in a segment now, found set by set: in one go for all of them';

create function lifecycle.segment_members(segment text, buckets smallint[], customers bigint[])
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select m.bucket, m.customer_id
    from lifecycle.who_meets(lifecycle.check_segment(segment, '?segment'), buckets, customers) m
$$;
comment on function lifecycle.segment_members(text, smallint[], bigint[]) is
    'Those of some canonical customers who are in a segment now, looked up by key';

-- One-time buyers ----------------------------------------------------------------------------------

create function lifecycle.is_of_one_time(node jsonb, is_negated boolean)
returns boolean
language plpgsql immutable
as $$
declare
    word constant text := (select w.word
                           from unnest('{and,or}'::text[]) w (word)
                           where node ? w.word);
begin
    if word is not null then
        return (select case when (word = 'and') <> is_negated then bool_or(b.is_so)
                            else bool_and(b.is_so) end
                from lifecycle.items_of(node -> word) i
                cross join lateral lifecycle.is_of_one_time(i.item, is_negated) b (is_so));
    elsif node ? 'not' then
        return lifecycle.is_of_one_time(node -> 'not', not is_negated);
    elsif node ->> 'field' not in ('frequency', 'purchases') then
        return false;
    elsif is_negated then
        return coalesce((node ->> '>')::numeric < 2 or (node ->> '>=')::numeric <= 2, false);
    end if;
    return coalesce((node ->> '=')::numeric < 2 or (node ->> '<=')::numeric < 2
                    or (node ->> '<')::numeric <= 2 or (node #>> '{between,1}')::numeric < 2
                    or (select bool_and(v::numeric < 2)
                        from jsonb_array_elements_text(node -> 'in') v), false);
end
$$;
comment on function lifecycle.is_of_one_time is
    'Whether a condition (or its opposite) says by itself that nobody purchased more than once';

create function lifecycle.has_repeaters(condition jsonb)
returns boolean
language plpgsql stable
set jit = off
as $$
declare
    answer boolean;
begin
    execute format('select exists (select from (%1$s) m) is false or exists (
                        select
                        from (%1$s) m
                        join lifecycle.purchase_day d
                          on d.bucket = m.bucket and d.customer_id = m.customer_id
                        where d.previous is not null)',
                   lifecycle.condition_query(condition, false))
    into answer
    using condition, metric.today(lifecycle.business_zone());
    return answer;
end
$$;
comment on function lifecycle.has_repeaters is
    'Whether anyone who meets a condition purchased on two days; true as well where nobody does';

create function lifecycle.condition_warning(condition jsonb)
returns text
language plpgsql stable
as $$
begin
    return case
        when lifecycle.is_of_one_time(condition, false) or not lifecycle.has_repeaters(condition)
        then 'customers in it purchased once at the most: what changes over time (gaps, repeat '
             'purchases, retention) cannot be measured on them'
    end;
end
$$;
comment on function lifecycle.condition_warning is
    'What must be told of customers who purchased once at the most; null for others';

create function lifecycle.segment_warning(segment text)
returns text
language sql stable
as $$
    select lifecycle.condition_warning(s.condition)
    from lifecycle.segment s
    where s.name = segment
$$;
comment on function lifecycle.segment_warning is
    'What an answer about a segment must warn of; null for nothing';

-- As a resource ------------------------------------------------------------------------------------

create function lifecycle.show_segment(wanted text)
returns json
language sql stable
as $$
    select to_json(shown)
    from lifecycle.segment s,
         lateral (select s.name, s.title, s.condition as "where",
                         lifecycle.condition_warning(s.condition) as warning,
                         lifecycle.utc_text(s.created_at) as created_at,
                         lifecycle.utc_text(s.changed_at) as changed_at) shown
    where s.name = wanted
$$;
comment on function lifecycle.show_segment is
    'A segment, with what is to be told of its members now; null if there is none';

create function lifecycle.list_segments(size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
as $$
declare
    after constant text := coalesce((lifecycle.read_cursor('{segments}', cursor))[1], '');
    rows json[];
    keys text[];
begin
    select array_agg(to_json(shown) order by s.name), array_agg(s.name order by s.name)
    into rows, keys
    from (select *
          from lifecycle.segment x
          where x.name > after
          order by x.name
          limit size + 1) s,
         lateral (select s.name, s.title, s.condition as "where",
                         lifecycle.utc_text(s.created_at) as created_at,
                         lifecycle.utc_text(s.changed_at) as changed_at) shown;
    return query select * from lifecycle.write_page('{segments}', size, rows, keys);
end
$$;
comment on function lifecycle.list_segments is 'All segments by their names';

create function lifecycle.segment_told(s lifecycle.segment)
returns text
language sql immutable
as $$
    select lifecycle.tag_of(concat_ws(' ', s.title, s.condition))
    where s.name is not null
$$;
comment on function lifecycle.segment_told is
    'A digest of what a segment says, for its conditions may name customers; null for none';

create function lifecycle.put_segment(wanted text, given jsonb, if_match text, if_none_match text)
returns table (document json, is_new boolean)
language plpgsql
as $$
declare
    had lifecycle.segment;
begin
    lock table lifecycle.segment in share row exclusive mode;
    select * into had from lifecycle.segment s where s.name = wanted;
    perform lifecycle.require_match(if_match, if_none_match,
                                    lifecycle.tag_of(lifecycle.show_segment(wanted)::text));
    perform lifecycle.refuse_all(lifecycle.segment_faults(given));
    if had.name is null and (select count(*) >= 1000 from lifecycle.segment) then
        perform lifecycle.refuse('CL409', null, '1000 segments are all that there can be');
    end if;
    insert into lifecycle.segment as s (name, title, condition)
    values (wanted, given ->> 'title', given -> 'where')
    on conflict (name) do update
    set title = excluded.title, condition = excluded.condition, changed_at = now()
    where (s.title, s.condition) is distinct from (excluded.title, excluded.condition);
    perform lifecycle.audit('segment.put', wanted, lifecycle.segment_told(had),
                            (select lifecycle.segment_told(s)
                             from lifecycle.segment s
                             where s.name = wanted));
    return query select lifecycle.show_segment(wanted), had.name is null;
end
$$;
comment on function lifecycle.put_segment is
    'Makes a segment, or changes it under the caller''s conditions; and whether it is new';

create function lifecycle.delete_segment(wanted text, if_match text, if_none_match text)
returns json
language plpgsql
as $$
declare
    had json;
begin
    lock table lifecycle.segment in share row exclusive mode;
    had := lifecycle.show_segment(wanted);
    if had is not null then
        perform lifecycle.require_match(if_match, if_none_match, lifecycle.tag_of(had::text));
        perform lifecycle.audit('segment.deleted', wanted, lifecycle.segment_told(s))
        from lifecycle.segment s
        where s.name = wanted;
        delete from lifecycle.segment s where s.name = wanted;
    end if;
    return had;
end
$$;
comment on function lifecycle.delete_segment is
    'Deletes a segment under the caller''s conditions, and shows it as it was; null if there is '
    'none';
