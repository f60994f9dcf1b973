-- What all changes through the API have in common: the tag of a state, the conditions under
-- which it may be changed, partial changes, and answers that are kept to be given again.

create type lifecycle.fault as (pointer text, detail text);
comment on type lifecycle.fault is 'What is wrong in a caller''s input, and where';

create function lifecycle.pointer_to(name text)
returns text
language sql immutable
as $$
    select '/' || regexp_replace(replace(replace(name, '~', '~0'), '/', '~1'),
                                 '[[:cntrl:]]', '?', 'g')
$$;
comment on function lifecycle.pointer_to is
    'The JSON Pointer to a member; control characters, which would end it, are shown as ?';

create function lifecycle.refuse_all(faults lifecycle.fault[])
returns void
language plpgsql
as $$
begin
    if cardinality(faults) > 0 then
        perform lifecycle.refuse('CL422', string_agg(concat_ws(E'\t', f.pointer, f.detail), E'\n'
                                                    order by f.ordinality), 'not valid')
        from unnest(faults[:8]) with ordinality f;
    end if;
end
$$;
comment on function lifecycle.refuse_all is
    'Refuses a caller''s input for each of its faults, eight at the most; none is no refusal';

create function lifecycle.tag_of(document text)
returns text
language sql immutable
as $$
    select '"' || left(encode(sha256(convert_to(document, 'UTF8')), 'hex'), 32) || '"'
$$;
comment on function lifecycle.tag_of is
    'The strong ETag of a representation, as the program makes it of the same bytes';

create function lifecycle.has_tag(list text, tag text)
returns boolean
language sql immutable
as $$
    select list = '*' or tag = any (regexp_split_to_array(list, '\s*,\s*'))
$$;
comment on function lifecycle.has_tag is
    'Whether a list of ETags is * or has this one; null for no list';

create function lifecycle.check_match(if_match text, if_none_match text, tag text)
returns void
language plpgsql
as $$
begin
    if tag is null and if_match is not null then
        perform lifecycle.refuse('CL412', null, 'there is nothing here that If-Match could match');
    elsif not lifecycle.has_tag(if_match, tag) then
        perform lifecycle.refuse('CL412', null,
                                 'it was changed meanwhile: If-Match has another ETag');
    elsif tag is not null and lifecycle.has_tag(if_none_match, tag) then
        perform lifecycle.refuse('CL412', null,
                                 'it is there already, and If-None-Match excludes that');
    end if;
end
$$;
comment on function lifecycle.check_match is
    'Refuses (412) a change whose conditions do not hold; tag is that of what is there now, null '
    'for nothing. Whoever calls it holds a lock that keeps the state as it is';

create function lifecycle.require_match(if_match text, if_none_match text, tag text)
returns void
language plpgsql
as $$
begin
    perform lifecycle.check_match(if_match, if_none_match, tag);
    if tag is not null and if_match is null then
        perform lifecycle.refuse('CL428', null, 'it is there already: send If-Match with its ETag');
    end if;
end
$$;
comment on function lifecycle.require_match is
    'The same, and refuses (428) to change what is there without If-Match: what is not there yet '
    'can be made with If-None-Match: * or without a condition';

create function lifecycle.merge_patch(target jsonb, patch jsonb)
returns jsonb
language plpgsql immutable
as $$
declare
    base constant jsonb := case when jsonb_typeof(target) = 'object' then target else '{}' end;
begin
    if jsonb_typeof(patch) <> 'object' then
        return patch;
    end if;
    return base - array(select key from jsonb_each(patch))
           || coalesce((select jsonb_object_agg(p.key, lifecycle.merge_patch(base -> p.key, p.value))
                        from jsonb_each(patch) p
                        where p.value <> 'null'), '{}');
end
$$;
comment on function lifecycle.merge_patch is
    'A document after a merge patch (RFC 7396): members that are null go, objects are merged, '
    'all else is replaced';

create function lifecycle.recall_answer(of_key text, named text, asked bytea)
returns table (status smallint, content_type text, body text, field text, value text)
language plpgsql
as $$
declare
    kept lifecycle.kept_answer;
begin
    if not pg_try_advisory_xact_lock(3, hashtext(of_key || ' ' || named)) then
        perform lifecycle.refuse('CL409', null,
                                 'a request with this Idempotency-Key is still being answered');
    end if;
    select *
    into kept
    from lifecycle.kept_answer k
    where k.key_id = of_key and k.idempotency_key = named;
    if not found then
        return;
    elsif kept.digest <> asked then
        perform lifecycle.refuse('CL422', null,
                                 'this Idempotency-Key was used for another request');
    end if;
    return query
    select kept.status, kept.content_type, kept.body, kept.fields[2 * n - 1], kept.fields[2 * n]
    from (select) answer
    left join generate_series(1, cardinality(kept.fields) / 2) n on true;
end
$$;
comment on function lifecycle.recall_answer is
    'The answer that was kept for an Idempotency-Key of an API key, a row for each header field; '
    'no row if there is none. To the end of the transaction no other one gets past it';

create function lifecycle.keep_answer(of_key text, named text, asked bytea, status integer,
                                      content_type text, body text, fields text[])
returns void
language plpgsql
as $$
begin
    insert into lifecycle.kept_answer
    values (of_key, named, asked, now(), status, content_type, body, fields);
    delete from lifecycle.kept_answer k
    using (select o.key_id, o.idempotency_key
           from lifecycle.kept_answer o
           where o.kept_at < now() - interval '24 hours'
           order by o.kept_at
           limit 10
           for update skip locked) old
    where k.key_id = old.key_id and k.idempotency_key = old.idempotency_key;
end
$$;
comment on function lifecycle.keep_answer is
    'Keeps an answer, for a day at least; each one takes a few away that are older';
