-- Customers in pages: all of them, those who meet conditions, or by the beginning of what they are
-- called. Candidates are taken in the order of the list, more at a time as long as few of them are
-- met, and looked up by key. A page ends with its size or with the candidates that one request may
-- look at: so a filter that is rarely met costs a page that is empty and has a next one.


create function lifecycle.is_first_name(name text, prefix text, of_bucket smallint,
                                        of_customer bigint)
returns boolean
language plpgsql stable
as $$
begin
    return not exists (select
                       from lifecycle.histories_of(of_bucket, of_customer) h
                       join lifecycle.identifier i
                         on i.bucket = h.bucket and i.customer_id = h.customer_id
                       where i.identifier >= prefix and i.identifier < name);
end
$$;
comment on function lifecycle.is_first_name is
    'Whether a canonical customer has no other identifier with this beginning before the name: so '
    'that it is listed once, however many it has';

create type lifecycle.candidate as (key text, bucket smallint, customer_id bigint);
comment on type lifecycle.candidate is 'A customer who may be on a page, and its place in the list';

create function lifecycle.next_candidates(of_stage smallint, prefix text, after text,
                                          number integer)
returns setof lifecycle.candidate
language plpgsql stable
as $$
declare
    after_bucket constant smallint := case when prefix is null
                                           then coalesce(split_part(after, ' ', 1), '-1') end;
    after_customer constant bigint := case when prefix is null
                                           then coalesce(split_part(after, ' ', 2), '0') end;
begin
    if prefix is not null then
        return query
        select i.identifier, coalesce(i.root_bucket, i.bucket), coalesce(i.root_id, i.customer_id)
        from lifecycle.identifier i
        where i.identifier >= prefix and i.identifier < prefix || chr(1114111)
          and i.identifier > coalesce(after, '')
        order by i.identifier
        limit number;
    elsif of_stage is not null then
        return query
        select concat_ws(' ', v.bucket, v.customer_id), v.bucket, v.customer_id
        from lifecycle.visit v
        where v.stage = of_stage and v.left_at is null
          and (v.bucket, v.customer_id) > (after_bucket, after_customer)
          and not lifecycle.is_erased(v.bucket, v.customer_id)
        order by v.bucket, v.customer_id
        limit number;
    else
        return query
        select concat_ws(' ', c.bucket, c.customer_id), c.bucket, c.customer_id
        from lifecycle.customer c
        where c.root_id is null and (c.bucket, c.customer_id) > (after_bucket, after_customer)
          and c.erasure_id is null
        order by c.bucket, c.customer_id
        limit number;
    end if;
end
$$;
comment on function lifecycle.next_candidates is
    'The customers after a place in the list: in a stage now, or with this beginning of a name (by '
    'name, the same customer perhaps by several), or all';

create function lifecycle.is_changed_since(of_bucket smallint, of_customer bigint,
                                           since timestamptz)
returns boolean
language plpgsql stable
as $$
begin
    return exists (select
                   from lifecycle.histories_of(of_bucket, of_customer) h
                   join lifecycle.event e
                     on e.bucket = h.bucket and e.customer_id = h.customer_id
                   where e.recorded_at >= since);
end
$$;
comment on function lifecycle.is_changed_since is
    'Whether an event of a canonical customer was recorded since then';

create function lifecycle.candidates_met(candidates lifecycle.candidate[], condition jsonb,
                                         prefix text, since timestamptz)
returns setof lifecycle.candidate
language plpgsql stable
set enable_hashjoin = off -- few customers among many: by key
set enable_mergejoin = off
as $$
begin
    if condition is not null then
        candidates := array(
            select row(c.key, c.bucket, c.customer_id)::lifecycle.candidate
            from unnest(candidates) with ordinality c
            where c.customer_id in (
                select m.customer_id
                from lifecycle.who_meets(condition,
                                         array(select x.bucket from unnest(candidates) x),
                                         array(select x.customer_id from unnest(candidates) x)) m)
            order by c.ordinality);
    end if;
    return query
    select c.key, c.bucket, c.customer_id
    from unnest(candidates) with ordinality c
    where (prefix is null or lifecycle.is_first_name(c.key, prefix, c.bucket, c.customer_id))
      and (since is null or lifecycle.is_changed_since(c.bucket, c.customer_id, since))
    order by c.ordinality;
end
$$;
comment on function lifecycle.candidates_met is
    'Those of some candidates who are to be listed, in the same order';

create function lifecycle.take_customers(of_stage smallint, prefix text, condition jsonb,
                                         since timestamptz, size integer, after text,
                                         out met lifecycle.candidate[], out last text,
                                         out has_more boolean)
language plpgsql stable
as $$
declare
    -- To find out whether a customer has changed, its whole history may have to be looked at.
    most constant integer := case when since is null then lifecycle.page_looks()
                                  else greatest(lifecycle.page_looks() / 10, 1) end;
    looks integer := 0;
    number integer := least(size + 1, most);
    candidates lifecycle.candidate[];
begin
    met := '{}';
    last := after;
    loop
        candidates := array(
            select c from lifecycle.next_candidates(of_stage, prefix, last, number) c);
        met := met || array(
            select c from lifecycle.candidates_met(candidates, condition, prefix, since) c);
        looks := looks + number;
        has_more := cardinality(candidates) = number;
        exit when not has_more;
        last := candidates[number].key;
        exit when cardinality(met) > size or looks >= most;
        number := least(4 * number, most - looks);
    end loop;
    if cardinality(met) > size then
        has_more := true;
        last := met[size].key;
        met := met[:size];
    end if;
end
$$;
comment on function lifecycle.take_customers is
    'The customers of a page, the last one that was looked at, and whether there may be more';

create function lifecycle.filter_condition(stage_name text, segment text, status text,
                                           channel text)
returns jsonb
language plpgsql stable
as $$
declare
    given jsonb[] := array(
        select jsonb_build_object('field', f.field, '=', f.value)
        from (values ('stage', stage_name), ('status', status), ('channel', channel))
             f (field, value)
        where f.value is not null);
begin
    if segment is not null then
        given := given || lifecycle.check_segment(segment, '?segment');
    end if;
    return case when given <> '{}' then jsonb_build_object('and', to_jsonb(given)) end;
end
$$;
comment on function lifecycle.filter_condition is
    'What the filters of a list of customers come to, as a condition; null for none';

create function lifecycle.list_customers(stage_name text, prefix text, segment text, status text,
                                         channel text, since text, size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
as $$
declare
    list constant text[] := array['customers', stage_name, prefix, segment, status, channel, since];
    after constant text := array_to_string(lifecycle.read_cursor(list, cursor), ' ');
    of_stage constant smallint :=
        (select s.stage from lifecycle.stage s where s.name = stage_name);
    taken record;
begin
    if stage_name is not null and of_stage is null then
        perform lifecycle.refuse('CL422', '?stage', 'unknown stage');
    end if;
    taken := lifecycle.take_customers(
        of_stage, prefix,
        -- without a beginning of a name, those in the stage are the only candidates
        lifecycle.filter_condition(case when prefix is not null then stage_name end, segment, status,
                                   channel),
        lifecycle.moment_of(since), size, after);
    return query
    select to_json(p), p.next_cursor
    from (select lifecycle.shown_customers(taken.met) as data,
                 case when taken.has_more then lifecycle.write_cursor(list, taken.last) end
                     as next_cursor,
                 taken.has_more) p;
end
$$;
comment on function lifecycle.list_customers is
    'Customers by filters: in a stage now, with a beginning of a name (then in the order of the '
    'names), in a segment, of a status, acquired through a channel, with an event recorded since';

create function lifecycle.kept_status(of_bucket smallint, of_customer bigint)
returns text
language plpgsql stable
set enable_seqscan = off -- the plan may have been made while the tables were empty
set jit = off
as $$
begin
    return (select s.status
            from lifecycle.customer_status s
            where s.bucket = of_bucket and s.customer_id = of_customer);
end
$$;
comment on function lifecycle.kept_status is
    'The status of a canonical customer, by the signals of the latest sweep';

create function lifecycle.shown_customers(customers lifecycle.candidate[])
returns json[]
language sql stable
as $$
    select coalesce(array_agg(to_json(shown) order by k.ordinality), '{}')
    from unnest(customers) with ordinality k
    join lifecycle.customer c on c.bucket = k.bucket and c.customer_id = k.customer_id
    left join lateral lifecycle.stage_now(c.bucket, c.customer_id) now on true,
    lateral (select c.ref as customer, lifecycle.utc_text(c.created_at) as created_at,
                    lifecycle.kept_status(c.bucket, c.customer_id) as status,
                    now.stage, now.cycle, now.entered_at) shown
$$;
comment on function lifecycle.shown_customers is 'Customers as a list shows them, in the same order';

create function lifecycle.list_members(segment text, size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
as $$
begin
    if not exists (select from lifecycle.segment s where s.name = segment) then
        return query select null::json, null::text;
        return;
    end if;
    return query
    select * from lifecycle.list_customers(null, null, segment, null, null, null, size, cursor);
end
$$;
comment on function lifecycle.list_members is
    'The customers in a segment now, as a list shows them; null if there is no such segment';
