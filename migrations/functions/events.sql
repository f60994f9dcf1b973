-- The ledger, read from outside: in pages and by filters, as a feed to synchronise by, and as
-- totals to hold against those of a sender.
--
-- A page of events ends with its size, with the bytes that one answer may have, or with the
-- events that one request may look at, whichever comes first: so none takes longer because the
-- history is long, or because a filter is rarely met.

create function lifecycle.page_bytes()
returns integer
language sql immutable
as $$
    select 8 * 1024 * 1024
$$;
comment on function lifecycle.page_bytes is
    'The bytes of events after which a page ends; its last one may go beyond them';

create function lifecycle.page_looks()
returns integer
language sql immutable
as $$
    select 10000
$$;
comment on function lifecycle.page_looks is 'The events that are looked at for one page';

create type lifecycle.event_filter as (
    types smallint[], source text, since timestamptz, until timestamptz);
comment on type lifecycle.event_filter is 'What events must be to be listed; null for anything';

create type lifecycle.event_page as (
    events lifecycle.event[], last lifecycle.event, has_more boolean);
comment on type lifecycle.event_page is
    'Events of a page, the last one that was looked at for it, and whether there may be more';

create function lifecycle.take_page(source refcursor, size integer, filter lifecycle.event_filter)
returns lifecycle.event_page
language plpgsql
as $$
declare
    events lifecycle.event[] := '{}';
    last lifecycle.event;
    has_more boolean := false;
    bytes bigint := 0;
    looks integer := 0;
    event lifecycle.event;
begin
    loop
        fetch source into event;
        exit when not found;
        has_more := cardinality(events) = size or bytes >= lifecycle.page_bytes()
                    or looks = lifecycle.page_looks();
        exit when has_more;
        looks := looks + 1;
        last := event;
        if event.type = any (coalesce(filter.types, array[event.type]))
            and event.source = coalesce(filter.source, event.source)
            and event.occurred_at >= coalesce(filter.since, '-infinity')
            and event.occurred_at < coalesce(filter.until, 'infinity')
        then
            events := events || event;
            bytes := bytes + octet_length(event.body::text);
        end if;
    end loop;
    close source;
    return (events, last, has_more)::lifecycle.event_page;
end
$$;
comment on function lifecycle.take_page is 'The next page from an open cursor over events';

create function lifecycle.shown_events(events lifecycle.event[])
returns json[]
language plpgsql stable
as $$
begin
    return (
        select coalesce(array_agg(to_json(shown) order by e.ordinality), '{}')
        from unnest(events) with ordinality e
        left join lifecycle.customer o on o.bucket = e.bucket and o.customer_id = e.customer_id
        left join lifecycle.customer c
          on c.bucket = coalesce(o.root_bucket, o.bucket)
         and c.customer_id = coalesce(o.root_id, o.customer_id)
        cross join lateral (
            select e.event_id, c.ref as customer, lifecycle.utc_text(e.recorded_at) as recorded_at,
                   exists (select from lifecycle.voided v where v.event_id = e.event_id) as voided,
                   e.body as event) shown);
end
$$;
comment on function lifecycle.shown_events is
    'Events as lifecycle.show_event shows one, in the same order';

create function lifecycle.moment_of(given text)
returns timestamptz
language sql stable
as $$
    select case when given ~ '^\d{4}-\d\d-\d\d$'
                then given::timestamp at time zone lifecycle.business_zone()
                else given::timestamptz
           end
$$;
comment on function lifecycle.moment_of is
    'The time that a caller means: itself, or the beginning of a day in the business''s time zone';

create function lifecycle.types_of(type_name text, of_stage smallint)
returns smallint[]
language plpgsql stable
as $$
begin
    if type_name is null and of_stage is null then
        return null;
    elsif not exists (select from lifecycle.event_type t where t.name = type_name)
        and type_name is not null
    then
        perform lifecycle.refuse('CL422', '?type', 'unknown type; /v1/event-types lists them');
    end if;
    return array(select t.type
                 from lifecycle.event_type t
                 where t.name = coalesce(type_name, t.name)
                   and (of_stage is null or t.stage = of_stage));
end
$$;
comment on function lifecycle.types_of is
    'The types of this name and of this stage''s number; null for all types';

create function lifecycle.list_events(of_customer text, type_name text, of_stage smallint,
                                      source text, since text, until text, size integer,
                                      cursor text)
returns table (page json, next_cursor text)
language plpgsql
set enable_seqscan = off
as $$
declare
    list constant text[] := array['events', of_customer, type_name, of_stage::text, source, since,
                                  until];
    filter constant lifecycle.event_filter :=
        row(lifecycle.types_of(type_name, of_stage), source, lifecycle.moment_of(since),
            lifecycle.moment_of(until));
    before constant text[] := lifecycle.read_cursor(list, cursor);
    taken constant lifecycle.event_page := case
        when of_customer is null then
            lifecycle.take_page(lifecycle.open_recorded(before), size, filter)
        else
            lifecycle.take_page(lifecycle.open_timeline(of_customer, filter, before), size, filter)
    end;
begin
    return query
    select to_json(p), p.next_cursor
    from (select lifecycle.shown_events(taken.events) as data,
                 case when taken.has_more then lifecycle.write_cursor(list, k.key) end
                     as next_cursor,
                 taken.has_more
          from (select concat_ws(' ', case when of_customer is null
                                           then (taken.last).recorded_xid::text
                                           else lifecycle.utc_text((taken.last).occurred_at)
                                      end, (taken.last).event_id) as key) k) p;
end
$$;
comment on function lifecycle.list_events is
    'Events by filters: of a customer the latest first, else the last recorded first';

create function lifecycle.open_recorded(before text[])
returns refcursor
language plpgsql
as $$
declare
    before_xid constant xid8 := coalesce(before[1], '18446744073709551615');
    before_event constant uuid := coalesce(before[2], 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    source refcursor;
begin
    open source for
    select *
    from lifecycle.event
    where recorded_xid <= before_xid and (recorded_xid, event_id) < (before_xid, before_event)
    order by recorded_xid desc, event_id desc
    limit lifecycle.page_looks() + 1;
    return source;
end
$$;
comment on function lifecycle.open_recorded is
    'A cursor over the events before a place in the order of recording, backwards';

create function lifecycle.open_timeline(of_customer text, filter lifecycle.event_filter,
                                        before text[])
returns refcursor
language plpgsql
as $$
declare
    customer constant lifecycle.identifier := lifecycle.find_customer(of_customer);
    since constant timestamptz := coalesce(filter.since, '-infinity');
    until constant timestamptz := coalesce(filter.until, 'infinity');
    before_time constant timestamptz := coalesce(before[1], 'infinity');
    before_event constant uuid := coalesce(before[2], 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    source refcursor;
begin
    open source for
    select one.*
    from lifecycle.histories_of(customer.bucket, customer.customer_id) h
    cross join lateral (
        select *
        from lifecycle.event e
        where e.bucket = h.bucket and e.customer_id = h.customer_id
          and e.occurred_at >= since and e.occurred_at < until
          and (e.occurred_at, e.event_id) < (before_time, before_event)
        order by e.occurred_at desc, e.event_id desc
        limit lifecycle.page_looks() + 1) one
    order by one.occurred_at desc, one.event_id desc
    limit lifecycle.page_looks() + 1;
    return source;
end
$$;
comment on function lifecycle.open_timeline is
    'A cursor over a customer''s events before a place in the order of their times, backwards; '
    'empty for one that nobody knows';

-- The feed. A transaction's number is given when it begins to write, so rows can become visible
-- behind others that a reader has seen already. Below the lowest number that is still at work,
-- nothing can be added any more: the feed ends there.

create function lifecycle.list_changes(size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql
set enable_seqscan = off
as $$
declare
    list constant text[] := array['changes'];
    after constant text[] := coalesce(lifecycle.read_cursor(list, cursor),
                                      '{0,00000000-0000-0000-0000-000000000000}');
    after_xid constant xid8 := after[1];
    after_event constant uuid := after[2];
    horizon constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
    source refcursor;
    taken lifecycle.event_page;
begin
    open source for
    select *
    from lifecycle.event
    where recorded_xid >= after_xid and (recorded_xid, event_id) > (after_xid, after_event)
      and recorded_xid < horizon
    order by recorded_xid, event_id
    limit size + 1;
    taken := lifecycle.take_page(source, size, null);
    return query
    select to_json(p), p.next_cursor
    from (select lifecycle.shown_events(taken.events) as data,
                 lifecycle.write_cursor(list, coalesce(
                     (taken.last).recorded_xid || ' ' || (taken.last).event_id,
                     array_to_string(after, ' '))) as next_cursor,
                 taken.has_more) p;
end
$$;
comment on function lifecycle.list_changes is
    'Every recorded event once, and once more when its person was erased, in an order to which only '
    'the end is added; the cursor of its end is for asking again later';

create function lifecycle.reconcile(of_source text, since date, until date, by_day boolean)
returns json
language plpgsql stable
-- voided events are looked up by key: there are few of them, and many events
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    rows json[];
begin
    select array_agg(to_json(shown) order by shown.day, shown.source, shown.type, shown.currency)
    into rows
    from (
        select f.day, f.source, t.name as type, nullif(f.currency, '') as currency, f.events,
               case when f.currency <> '' then f.amount end as amount, f.voided_events,
               case when f.currency <> '' then f.voided_amount end as voided_amount
        from (
            select case when by_day then e.day end as day, e.source, e.type, e.currency,
                   sum(e.events)::bigint as events, sum(e.amount) as amount,
                   sum(e.voided_events)::bigint as voided_events,
                   sum(e.voided_amount) as voided_amount
            from (
                select s.day, s.source, s.type, s.currency, s.events, s.amount,
                       0 as voided_events, 0 as voided_amount
                from lifecycle.event_total s
                where s.day >= since and s.day < until
                union all
                select (v.occurred_at at time zone 'UTC')::date, v.source, v.type,
                       coalesce(v.currency, ''), 0, 0, 1, coalesce(v.amount, 0)
                from (select distinct w.event_id from lifecycle.voided w) w
                join lifecycle.event v on v.event_id = w.event_id
                where v.occurred_at >= since::timestamp at time zone 'UTC'
                  and v.occurred_at < until::timestamp at time zone 'UTC'
            ) e
            where of_source is null or e.source = of_source
            group by 1, 2, 3, 4
        ) f
        join lifecycle.event_type t on t.type = f.type
        limit 10001
    ) shown;
    if cardinality(rows) > 10000 then
        perform lifecycle.refuse('CL422', '?from',
                                 'more than 10000 rows: ask for fewer days, or for one source');
    end if;
    return (select to_json(answer)
            from (select of_source as source, since as "from", until as "to",
                         case when by_day then 'day' end as by,
                         coalesce(rows, '{}') as data) answer);
end
$$;
comment on function lifecycle.reconcile is
    'What is in the ledger of a window of UTC days, by source, type and currency (and day): events '
    'and amounts, voided ones too, and how much of it is voided';
