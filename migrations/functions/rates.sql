-- Exchange rates: a set, read in pages and changed rate by rate, with one tag for all of it.

create function lifecycle.list_rates(of_currency text, size integer, cursor text)
returns table (page json, next_cursor text, tag text)
language plpgsql stable
as $$
declare
    list constant text[] := array['rates', of_currency];
    after constant text[] := coalesce(lifecycle.read_cursor(list, cursor),
                                      array[coalesce(of_currency, ''), '', '-infinity']);
    after_currency constant text := after[1];
    after_base constant text := after[2];
    after_day constant date := after[3];
    rows json[];
    keys text[];
begin
    select array_agg(to_json(shown) order by r.currency, r.base, r.valid_from),
           array_agg(concat_ws(' ', r.currency, r.base, r.valid_from)
                     order by r.currency, r.base, r.valid_from)
    into rows, keys
    from (select *
          from lifecycle.rate
          where (currency, base, valid_from) > (after_currency, after_base, after_day)
            and (of_currency is null or currency = of_currency)
          order by currency, base, valid_from
          limit size + 1) r,
    lateral (select r.currency, r.base, r.valid_from, trim_scale(r.rate)::text as rate) shown;
    return query
    select p.page, p.next_cursor, lifecycle.tag_of(e.edition::text)
    from lifecycle.write_page(list, size, rows, keys) p
    join lifecycle.edition e on e.name = 'rates';
end
$$;
comment on function lifecycle.list_rates is
    'Exchange rates, all of them or those of a currency, with the tag of the whole set';

create function lifecycle.day_of(given text)
returns date
language plpgsql immutable
as $$
begin
    return case when given ~ '^(19|20|21)\d\d-\d\d-\d\d$' then given::date end;
exception
    when data_exception then
        return null;
end
$$;
comment on function lifecycle.day_of is 'A day written as 2026-03-14; null for what is none';

create function lifecycle.number_of(given text)
returns numeric
language sql immutable
as $$
    select case when length(given) <= 64 and given ~ '^\d+(\.\d+)?([eE][-+]?\d{1,3})?$'
                then given::numeric end
$$;
comment on function lifecycle.number_of is
    'A number that is not negative, as JSON writes it; null for what is none';

create function lifecycle.rate_faults(pointer text, item json)
returns setof lifecycle.fault
language plpgsql stable
as $$
declare
    of_currency constant text := item ->> 'currency';
    in_base constant text := item ->> 'base';
    rate constant numeric := lifecycle.number_of(item ->> 'rate');
begin
    if json_typeof(item) <> 'object' then
        return query select pointer, 'must be an object of currency, base, valid_from and rate';
        return;
    end if;
    return query
    select pointer || c.member, c.detail
    from (values
        ('/currency', 'must be a currency code of ISO 4217',
         not exists (select from lifecycle.currency k where k.currency = of_currency)),
        ('/base', 'must be a currency code of ISO 4217',
         not exists (select from lifecycle.currency k where k.currency = in_base)),
        ('/base', 'must be another currency', of_currency = in_base),
        ('/valid_from', 'must be a day, as 2026-03-14',
         lifecycle.day_of(item ->> 'valid_from') is null),
        ('/rate', 'is required; null takes the rate away', item -> 'rate' is null),
        ('/rate', 'must be a decimal above 0 and below 10^15, with at most 15 places',
         json_typeof(item -> 'rate') <> 'null'
         and not coalesce(rate > 0 and rate < 1e15 and scale(trim_scale(rate)) <= 15, false))
    ) c (member, detail, is_fault)
    where c.is_fault;
end
$$;
comment on function lifecycle.rate_faults is 'What is wrong with a rate that a caller gave';

create function lifecycle.rates_faults(items json)
returns lifecycle.fault[]
language sql stable
as $$
    select array_agg(row(f.pointer, f.detail)::lifecycle.fault order by f.position)
    from (select i.ordinality as position, f.pointer, f.detail
          from json_array_elements(items) with ordinality i,
               lateral lifecycle.rate_faults('/data/' || i.ordinality - 1, i.value) f
          union all
          select d.position, '/data/' || d.position - 1, 'the same rate stands before it'
          from (select i.ordinality as position,
                       row_number() over (
                           partition by i.value ->> 'currency', i.value ->> 'base',
                                        i.value ->> 'valid_from'
                           order by i.ordinality) as occurrence
                from json_array_elements(items) with ordinality i
                where json_typeof(i.value) = 'object') d
          where d.occurrence > 1) f
$$;
comment on function lifecycle.rates_faults is
    'What is wrong with rates that a caller gave; null for nothing';

create function lifecycle.store_rates(items json, out stored bigint, out unchanged bigint,
                                      out removed bigint)
language sql
as $$
    with given as (
        select i.value ->> 'currency' as currency, i.value ->> 'base' as base,
               lifecycle.day_of(i.value ->> 'valid_from') as valid_from,
               lifecycle.number_of(i.value ->> 'rate') as rate
        from json_array_elements(items) i
    ),
    gone as ( -- what has no rate before it needs no mark
        delete from lifecycle.rate r
        using given g
        where g.rate is null and (r.currency, r.base, r.valid_from)
                                 = (g.currency, g.base, g.valid_from)
          and not exists (select
                          from lifecycle.rate b
                          where b.currency = r.currency and b.base = r.base
                            and b.valid_from < r.valid_from)
        returning 1
    ),
    ended as (
        update lifecycle.rate r
        set rate = null
        from given g
        where g.rate is null and r.rate is not null
          and (r.currency, r.base, r.valid_from) = (g.currency, g.base, g.valid_from)
          and exists (select
                      from lifecycle.rate b
                      where b.currency = r.currency and b.base = r.base
                        and b.valid_from < r.valid_from)
        returning 1
    ),
    come as (
        insert into lifecycle.rate as r (currency, base, valid_from, rate)
        select g.currency, g.base, g.valid_from, g.rate
        from given g
        where g.rate is not null
        on conflict (currency, base, valid_from) do update
        set rate = excluded.rate
        where r.rate is distinct from excluded.rate
        returning 1
    )
    select come.number, json_array_length(items) - come.number - gone.number, gone.number
    from (select count(*) as number from come) come,
         (select count(*) as number from (table gone union all table ended) g) gone
$$;
comment on function lifecycle.store_rates is
    'Stores rates that were found valid, and takes those away that are null; how many. Where a rate '
    'was taken away there is none: the one before it does not take its place';

create function lifecycle.change_rates(given json, if_match text, if_none_match text)
returns table (document json, tag text)
language plpgsql
as $$
declare
    items constant json := given -> 'data';
    result record;
    had text;
begin
    select lifecycle.tag_of(e.edition::text)
    into tag
    from lifecycle.edition e
    where e.name = 'rates'
    for update;
    perform lifecycle.check_match(if_match, if_none_match, tag);
    if coalesce(json_typeof(items) <> 'array' or json_array_length(items) not between 1 and 1000,
                true) then
        perform lifecycle.refuse('CL422', '/data', 'must be an array of 1 to 1000 rates');
    end if;
    perform lifecycle.refuse_all(lifecycle.rates_faults(items));
    result := lifecycle.store_rates(items);
    if result.stored + result.removed > 0 then
        had := tag;
        update lifecycle.edition e
        set edition = gen_random_uuid()
        where e.name = 'rates'
        returning lifecycle.tag_of(e.edition::text) into tag;
        perform lifecycle.audit('rates.changed', null, had,
                                format('%s: %s stored, %s removed', tag, result.stored,
                                       result.removed));
    end if;
    document := to_json(result);
    return next;
end
$$;
comment on function lifecycle.change_rates is
    'Stores the rates of a set under conditions, and leaves all others as they are; how many were '
    'stored, unchanged and removed, and the tag of the whole set';
