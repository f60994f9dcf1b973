-- Pages of a list. Each list reads one row more than the page holds, in the order of its key.
-- The cursor holds the key of the page's last row and a digest over the list, its filters and
-- the key, so that a cursor of another list, or a garbled one, is refused.

create function lifecycle.cursor_digest(list text[], key text)
returns text
language sql immutable
as $$
    select left(md5(array_to_json(list) || key), 12)
$$;
comment on function lifecycle.cursor_digest is 'What ties a cursor to its list and filters';

create function lifecycle.write_cursor(list text[], key text)
returns text
language sql immutable
as $$
    select translate(
        encode(convert_to(lifecycle.cursor_digest(list, key) || key, 'UTF8'), 'base64'),
        E'+/=\n', '-_')
$$;
comment on function lifecycle.write_cursor is
    'A cursor: base64url of the digest and the key; list is its name and its filters';

create function lifecycle.read_cursor(list text[], cursor text)
returns text[]
language plpgsql immutable
as $$
declare
    base64 constant text :=
        rpad(translate(cursor, '-_', '+/'), (length(cursor) + 3) / 4 * 4, '=');
    content text;
begin
    if cursor is null then
        return null;
    end if;
    begin
        content := convert_from(decode(base64, 'base64'), 'UTF8');
    exception
        when data_exception then
            content := '';
    end;
    if left(content, 12) <> lifecycle.cursor_digest(list, substr(content, 13)) then
        perform lifecycle.refuse('CL422', '?cursor', 'not a cursor of this list');
    end if;
    return string_to_array(substr(content, 13), ' ');
end
$$;
comment on function lifecycle.read_cursor is
    'The key that a cursor holds; null for no cursor; refuses one that is not of this list';

create function lifecycle.write_page(list text[], size integer, rows json[], keys text[],
                                     out page json, out next_cursor text)
language sql immutable
as $$
    select to_json(p), p.next_cursor
    from (select coalesce(rows[:size], '{}') as data,
                 case when cardinality(rows) > size
                      then lifecycle.write_cursor(list, keys[size])
                 end as next_cursor,
                 coalesce(cardinality(rows) > size, false) as has_more) p
$$;
comment on function lifecycle.write_page is
    'A page of at most size rows with their keys: one row more tells that there are more';
