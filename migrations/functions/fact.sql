-- How a fact is defined. A fact is a table lifecycle.<fact> whose rows are about things: its key is
-- (bucket, customer_id, object), where the object is that of the events (a case, an offer), an
-- event's id, or empty for a row that is about the customer as a whole. It takes
--
--   * fold_<fact>(touched lifecycle.thing[]): the rows of these things, by the ledger and by the
--     facts that were defined before. It reads all events of a thing, so that the order in which
--     they arrived cannot matter; events_of and events_named give them;
--   * entries_of(f lifecycle.<fact>, zone text), if the roll-ups count it: what a row adds;
--   * touched_<fact>(touched lifecycle.thing[]), if most events change nothing: those that may;
--   * one call of define_fact, which makes derive_<fact> of these.
--
-- The ingest, voids, merges, verify and rebuild know a fact from then on (facts.sql).

create type lifecycle.thing as (
    bucket smallint, customer_id bigint, object text, event_id uuid, type smallint,
    since timestamptz);
comment on type lifecycle.thing is
    'What an event touches: the object of a customer (null: all of the customer''s things); the '
    'event, its type and its time (-infinity where it was taken back)';

create type lifecycle.entry as (
    day date, measure text, label text, detail text, currency text, n bigint, amount numeric,
    value numeric);
comment on type lifecycle.entry is
    'What a row of a fact adds to the roll-ups: n and amount to measure_total, and value, if it has '
    'one, to spread_total; label, detail and currency are empty for none';

create function lifecycle.rounded(value numeric)
returns numeric
language sql immutable
as $$
    select case
        when value = 0 then 0
        else trim_scale(round(value, 2 - floor(log(abs(value)::float8))::integer))
    end
$$;
comment on function lifecycle.rounded is 'A number to three significant digits';

create function lifecycle.all_things(touched lifecycle.touch[])
returns lifecycle.thing[]
language sql immutable
as $$
    select coalesce(array_agg(row(t.bucket, t.customer_id, null, null, null,
                                  '-infinity')::lifecycle.thing), '{}')
    from unnest(touched) t
$$;
comment on function lifecycle.all_things is 'All things of these customers';

create function lifecycle.things_for(touched lifecycle.thing[], types smallint[], scope text)
returns lifecycle.thing[]
language plpgsql immutable
as $$
begin
    return array(
        select row(t.bucket, t.customer_id,
                   case scope when 'object' then t.object when 'event' then t.event_id::text end,
                   t.event_id, t.type, t.since)::lifecycle.thing
        from unnest(touched) t
        where t.type is null or t.type = any(types));
end
$$;
comment on function lifecycle.things_for is
    'Of what was touched: what a fact with these types is about';

create function lifecycle.distinct_things(touched lifecycle.thing[])
returns lifecycle.thing[]
language plpgsql immutable
as $$
begin
    if cardinality(touched) < 2 then
        return touched;
    end if;
    return array(
        select row(d.bucket, d.customer_id, d.object, null, null, d.since)::lifecycle.thing
        from (select t.bucket, t.customer_id, t.object, min(t.since) as since,
                     bool_or(t.object is null)
                         over (partition by t.bucket, t.customer_id) as is_whole
              from unnest(touched) t
              group by t.bucket, t.customer_id, t.object) d
        where d.object is null or not d.is_whole
        order by d.object nulls first);
end
$$;
comment on function lifecycle.distinct_things is
    'Each thing once; where all things of a customer are touched, none besides. Those come first';

create function lifecycle.events_of(touched lifecycle.thing[], types smallint[])
returns table (bucket smallint, customer_id bigint, object text, event lifecycle.event)
language plpgsql stable
as $$
begin
    if touched[cardinality(touched)].object is not null then -- customers as a whole come first
        return query
        select t.bucket, t.customer_id, e.object, e.event
        from unnest(touched) t
        cross join lateral lifecycle.histories_of(t.bucket, t.customer_id) h
        cross join lateral (
            select x as event, x.object, x.event_id
            from lifecycle.event x
            where x.bucket = h.bucket and x.customer_id = h.customer_id
              and x.type in (301, 302, 303, 304, 305, 310, 401, 404, 405, 408, 409, 415, 416, 417,
                             418, 419, 420, 421, 422, 501, 502, 503, 504, 505, 509, 510, 511, 512,
                             513, 606, 607, 610) -- as the index event_object says
              and x.type = any(types) and x.object = t.object
            offset 0 -- by key for each thing
        ) e
        where t.object is not null
          and (select true from lifecycle.voided w where w.event_id = e.event_id limit 1) is null;
    end if;
    if touched[1].object is null then
        return query
        select t.bucket, t.customer_id, e.object, e.event
        from unnest(touched) t
        cross join lateral lifecycle.histories_of(t.bucket, t.customer_id) h
        cross join lateral (
            select x as event, x.object, x.event_id
            from lifecycle.event x
            where x.bucket = h.bucket and x.customer_id = h.customer_id
              and x.type in (301, 302, 303, 304, 305, 310, 401, 404, 405, 408, 409, 415, 416, 417,
                             418, 419, 420, 421, 422, 501, 502, 503, 504, 505, 509, 510, 511, 512,
                             513, 606, 607, 610)
              and x.type = any(types)
            offset 0 -- by key for each customer
        ) e
        where t.object is null
          and (select true from lifecycle.voided w where w.event_id = e.event_id limit 1) is null;
    end if;
end
$$;
comment on function lifecycle.events_of is
    'The events in force of things, or of all things of a customer, joined customers'' histories '
    'included; the types must be among those of the index event_object';

create function lifecycle.events_named(touched lifecycle.thing[], types smallint[])
returns table (bucket smallint, customer_id bigint, object text, event lifecycle.event)
language plpgsql stable
as $$
begin
    return query
    select t.bucket, t.customer_id, e.event_id::text, e.event
    from unnest(touched) t
    cross join lateral (
        select x as event, x.event_id, x.bucket, x.customer_id, x.type
        from lifecycle.event x
        where x.event_id = t.object::uuid
        limit 1 -- a probe by key
    ) e
    where t.object is not null and e.type = any(types)
      and (select true
           from lifecycle.histories_of(t.bucket, t.customer_id) h
           where h.bucket = e.bucket and h.customer_id = e.customer_id
           limit 1)
      and (select true from lifecycle.voided w where w.event_id = e.event_id limit 1) is null
    union all
    select t.bucket, t.customer_id, e.event_id::text, e.event
    from unnest(touched) t
    cross join lateral lifecycle.histories_of(t.bucket, t.customer_id) h
    cross join lateral (
        select x as event, x.event_id
        from lifecycle.event x
        where x.bucket = h.bucket and x.customer_id = h.customer_id and x.type = any(types)
        offset 0 -- by key for each customer
    ) e
    where t.object is null
      and (select true from lifecycle.voided w where w.event_id = e.event_id limit 1) is null;
end
$$;
comment on function lifecycle.events_named is
    'The events in force that things name by their ids, or all of a customer''s of these types; '
    'object is the event''s id';

create function lifecycle.count_entries(writer_number smallint, lost lifecycle.entry[],
                                        won lifecycle.entry[])
returns void
language plpgsql
as $$
begin
    with change as materialized (
        select -1 as sign, e.*
        from unnest(lost) e
        union all
        select 1, e.*
        from unnest(won) e
    ),
    spread as (
        insert into lifecycle.spread_total as total
        select writer_number, date_trunc('month', c.day::timestamp)::date, c.measure, c.label,
               lifecycle.rounded(c.value), sum(c.sign)
        from change c
        where c.value is not null
        group by 2, 3, 4, 5
        having sum(c.sign) <> 0
        on conflict (measure, month, label, value, writer) do update
        set n = total.n + excluded.n
    )
    insert into lifecycle.measure_total as total
    select writer_number, c.day, c.measure, c.label, c.detail, c.currency, sum(c.sign * c.n),
           sum(c.sign * c.amount)
    from change c
    group by c.day, c.measure, c.label, c.detail, c.currency
    having sum(c.sign * c.n) <> 0 or sum(c.sign * c.amount) <> 0
    on conflict (measure, day, label, detail, currency, writer) do update
    set n = total.n + excluded.n,
        amount = total.amount + excluded.amount;
end
$$;
comment on function lifecycle.count_entries is
    'Takes entries away from the roll-ups, and adds others; null for none. n and amount of an entry '
    'are never null';

create type lifecycle.balance as (lost lifecycle.entry[], won lifecycle.entry[]);
comment on type lifecycle.balance is 'What the roll-ups have to lose, and what they win';

-- What define_fact makes; %1$I is the fact, %2$s what leaves out things that cannot matter, %3$s its
-- columns, %4$s those of the row on conflict, %5$s and %6$s the entries of the rows before and after,
-- %7$s which things may have a row already.

create function lifecycle.derivation_template()
returns text
language sql immutable
as $template$
    select $body$
create function lifecycle.derive_%1$s(touched lifecycle.thing[], zone text)
returns lifecycle.balance
language plpgsql
as $$
declare
    things constant lifecycle.thing[] := lifecycle.distinct_things(%2$s);
    stale lifecycle.%1$I[];
    fresh lifecycle.%1$I[];
    balance lifecycle.balance;
begin
    if things = '{}' then
        return null;
    end if;
    stale := array(
        select s.fact
        from unnest(things) t
        cross join lateral (
            select f as fact
            from lifecycle.%1$I f
            where f.bucket = t.bucket and f.customer_id = t.customer_id and f.object = t.object
            offset 0 -- by key for each thing
        ) s
        where t.object is not null and %7$s
        union all
        select s.fact
        from unnest(things) t
        cross join lateral (
            select f as fact
            from lifecycle.%1$I f
            where f.bucket = t.bucket and f.customer_id = t.customer_id
            offset 0 -- by key for each customer
        ) s
        where t.object is null);
    fresh := array(select f from lifecycle.fold_%1$s(things) f);
    if stale <> '{}' then
        delete from lifecycle.%1$I x
        using (select s.bucket, s.customer_id, s.object from unnest(stale) s
               except
               select f.bucket, f.customer_id, f.object from unnest(fresh) f) gone
        where x.bucket = gone.bucket and x.customer_id = gone.customer_id
          and x.object = gone.object;
        balance.lost := %5$s;
    end if;
    if fresh <> '{}' then
        insert into lifecycle.%1$I as x
        select *
        from unnest(fresh)
        on conflict (bucket, customer_id, object) do update
        set (%3$s) = row(%4$s)
        where (x.*) is distinct from (excluded.*);
        balance.won := %6$s;
    end if;
    return balance;
end
$$
$body$
$template$;
comment on function lifecycle.derivation_template is
    'The derivation of every fact: the rows that stand and those that the fold gives; what the '
    'roll-ups lose and win by the change (entries that stay are among both)';

create function lifecycle.define_fact(name text, types smallint[], scope text,
                                      measures text[] default '{}')
returns void
language plpgsql
as $$
declare
    columns text;
    filter text := 'touched';
    entries text := 'array(select e
                              from unnest(%s) f
                              cross join lateral lifecycle.entries_of(f, zone) e)';
begin
    if to_regproc('lifecycle.touched_' || name) is not null then
        filter := format('lifecycle.touched_%s(touched)', name);
    end if;
    if measures = '{}' then
        entries := 'null::lifecycle.entry[]';
    end if;
    select string_agg(quote_ident(attname), ', ' order by attnum)
    into columns
    from pg_attribute
    where attrelid = format('lifecycle.%I', name)::regclass and attnum > 0 and not attisdropped
      and attname not in ('bucket', 'customer_id', 'object');
    execute format(lifecycle.derivation_template(), name, filter, columns,
                   'excluded.' || replace(columns, ', ', ', excluded.'),
                   format(entries, 'stale'), format(entries, 'fresh'),
                   case scope when 'event' then 't.since = ''-infinity'' -- not new' else 'true'
                   end);
    execute format('comment on function lifecycle.derive_%s is %L', name,
                   'Brings ' || name || ' up to date for these things; what that changes in the '
                   'roll-ups');
    insert into lifecycle.fact
    select count(*) + 1, define_fact.name, define_fact.types, define_fact.scope,
           define_fact.measures
    from lifecycle.fact;
end
$$;
comment on function lifecycle.define_fact is
    'Makes derive_<name> and lets the ingest know of it; measures are those of its entries, none '
    'if it has no function entries_of';

create function lifecycle.define_entries(name text, measures text[])
returns void
language sql
as $$
    insert into lifecycle.fact
    select count(*) + 1, define_entries.name, '{}', null, define_entries.measures
    from lifecycle.fact
$$;
comment on function lifecycle.define_entries is
    'A table whose rows add to the roll-ups by entries_of(row, zone), and whose derivation, by '
    'functions of its own, calls count_entries; without bucket and customer_id it is of no customer';
