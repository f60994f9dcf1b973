-- Customers by the beginning of what they are called.

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

create function lifecycle.search_customers(stage_name text, prefix text, size integer,
                                           cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
as $$
declare
    list constant text[] := array['search', stage_name, prefix];
    after constant text := coalesce(array_to_string(lifecycle.read_cursor(list, cursor), ' '), '');
    rows json[] := '{}';
    looks integer := 0;
    last text;
    has_more boolean := false;
    named record;
    shown record;
begin
    if not exists (select from lifecycle.stage s where s.name = coalesce(stage_name, s.name)) then
        perform lifecycle.refuse('CL422', '?stage', 'unknown stage');
    end if;
    for named in
        select i.identifier, coalesce(c.root_bucket, c.bucket) as bucket,
               coalesce(c.root_id, c.customer_id) as customer_id
        from lifecycle.identifier i
        join lifecycle.customer c on c.bucket = i.bucket and c.customer_id = i.customer_id
        where i.identifier >= prefix and i.identifier < prefix || chr(1114111)
          and i.identifier > after
        order by i.identifier
        limit lifecycle.page_looks() + 1
    loop
        has_more := cardinality(rows) = size or looks = lifecycle.page_looks();
        exit when has_more;
        looks := looks + 1;
        last := named.identifier;
        continue when not lifecycle.is_first_name(last, prefix, named.bucket, named.customer_id);
        select c.ref as customer, lifecycle.utc_text(c.created_at) as created_at, now.stage,
               now.cycle, now.entered_at
        into shown
        from lifecycle.customer c
        left join lateral lifecycle.stage_now(c.bucket, c.customer_id) now on true
        where c.bucket = named.bucket and c.customer_id = named.customer_id;
        if shown.stage = stage_name or stage_name is null then
            rows := rows || to_json(shown);
        end if;
    end loop;
    return query
    select to_json(p), p.next_cursor
    from (select rows as data,
                 case when has_more then lifecycle.write_cursor(list, last) end as next_cursor,
                 has_more) p;
end
$$;
comment on function lifecycle.search_customers is
    'Customers who have an identifier with this beginning, perhaps only those who are in a stage '
    'now, in the order of the identifiers';
