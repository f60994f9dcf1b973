-- How a fact is defined. A fact is a table lifecycle.<fact> whose rows are about things: its key is
-- (bucket, customer_id, object), where the object is that of the events (a case, an offer), an
-- event's id, or empty for a row that is about the customer as a whole. It takes
--
--   * fold_<fact>(touched lifecycle.thing[]): the rows of these things, by the ledger and by the
--     facts that were defined before. It reads all events of a thing, so that the order in which
--     they arrived cannot matter; events_of, events_of_customers and history_of give them. It is in
--     language sql, so that it becomes a part of the statement that calls it;
--   * entries_of(f lifecycle.<fact>, zone text), if the roll-ups count it: what a row adds;
--   * one call of define_fact, which makes derive_<fact> of these; if most events change nothing, it
--     says which may (touching).
--
-- Where a row follows from one event alone, <fact>_of(bucket, customer_id, event) takes the place
-- of the fold, and define_event_fact that of define_fact.
--
-- The ingest, voids, merges, verify and rebuild know a fact from then on (facts.sql).

create type lifecycle.thing as (
    bucket smallint, customer_id bigint, object text, since timestamptz);
comment on type lifecycle.thing is
    'What events touch: the object of a customer (null: all of the customer''s things), and the '
    'earliest time of the events (-infinity where one was taken back)';

create type lifecycle.fact_things as (place smallint, things lifecycle.thing[]);
comment on type lifecycle.fact_things is
    'The things of a fact, by its place, that are to be derived: each once, and customers as a '
    'whole first';

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
    select coalesce(array_agg(row(t.bucket, t.customer_id, null, '-infinity')::lifecycle.thing),
                    '{}')
    from (select distinct u.bucket, u.customer_id from unnest(touched) u) t
$$;
comment on function lifecycle.all_things is 'All things of these customers';

create function lifecycle.whole_things(things lifecycle.thing[])
returns lifecycle.thing[]
language plpgsql immutable
as $$
begin
    return array(
        select t
        from unnest(things) t
        where t.object is null
           or not exists (select
                          from unnest(things) w
                          where w.bucket = t.bucket and w.customer_id = t.customer_id
                            and w.object is null)
        order by t.object nulls first);
end
$$;
comment on function lifecycle.whole_things is
    'Things, and where all things of a customer are among them, none besides';

create function lifecycle.last_object()
returns text
language sql immutable
as $$
    select repeat(chr(1114111), 256)
$$;
comment on function lifecycle.last_object is 'No object sorts after this';

-- These are inlined into the folds, which are inlined in turn: a fold is one statement. The two that
-- know the types of the index event_object name them as it does, or it would not serve.

create function lifecycle.events_of(touched lifecycle.thing[], types smallint[])
returns table (bucket smallint, customer_id bigint, object text, event lifecycle.event)
language sql stable
as $$
    select t.bucket, t.customer_id, e.object, e.event
    from unnest(touched) t
    cross join lateral lifecycle.histories_of(t.bucket, t.customer_id) h
    cross join lateral (
        select x as event, x.object, x.event_id
        from lifecycle.event x
        where x.bucket = h.bucket and x.customer_id = h.customer_id
          and x.type in (301, 302, 303, 304, 305, 310, 401, 404, 405, 408, 409, 415, 416, 417, 418,
                         419, 420, 421, 422, 501, 502, 503, 504, 505, 509, 510, 511, 512, 513,
                         606, 607, 610)
          and x.type = any(types)
          and x.object between coalesce(t.object, '')
                           and coalesce(t.object, lifecycle.last_object())
        offset 0 -- by key for each thing
    ) e
    where (select true from lifecycle.voided w where w.event_id = e.event_id limit 1) is null
$$;
comment on function lifecycle.events_of is
    'The events in force of things, or of all things of a customer, joined customers'' histories '
    'included; the types must be among those of the index event_object';

create function lifecycle.events_of_customers(touched lifecycle.thing[], types smallint[])
returns table (bucket smallint, customer_id bigint, object text, event lifecycle.event)
language sql stable
as $$
    select t.bucket, t.customer_id, e.object, e.event
    from unnest(touched) t
    cross join lateral lifecycle.histories_of(t.bucket, t.customer_id) h
    cross join lateral (
        select x as event, x.object, x.event_id
        from lifecycle.event x
        where x.bucket = h.bucket and x.customer_id = h.customer_id
          and x.type in (301, 302, 303, 304, 305, 310, 401, 404, 405, 408, 409, 415, 416, 417, 418,
                         419, 420, 421, 422, 501, 502, 503, 504, 505, 509, 510, 511, 512, 513,
                         606, 607, 610)
          and x.type = any(types)
        offset 0 -- by key for each customer
    ) e
    where (select true from lifecycle.voided w where w.event_id = e.event_id limit 1) is null
$$;
comment on function lifecycle.events_of_customers is
    'The same of customers as a whole: events that name no thing are among them';

create function lifecycle.history_of(touched lifecycle.thing[], types smallint[])
returns table (bucket smallint, customer_id bigint, event lifecycle.event)
language sql stable
as $$
    select t.bucket, t.customer_id, e.event
    from unnest(touched) t
    cross join lateral lifecycle.histories_of(t.bucket, t.customer_id) h
    cross join lateral (
        select x as event, x.event_id
        from lifecycle.event x
        where x.bucket = h.bucket and x.customer_id = h.customer_id and x.type = any(types)
        offset 0 -- by key for each customer
    ) e
    where (select true from lifecycle.voided w where w.event_id = e.event_id limit 1) is null
$$;
comment on function lifecycle.history_of is
    'The events in force of customers as a whole, of any types: by walking through all of theirs';

create function lifecycle.events_named(touched lifecycle.thing[], types smallint[])
returns table (bucket smallint, customer_id bigint, event lifecycle.event)
language sql stable
as $$
    select t.bucket, t.customer_id, e.event
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
    select h.bucket, h.customer_id, h.event
    from lifecycle.history_of(array(select t from unnest(touched) t where t.object is null),
                              types) h
$$;
comment on function lifecycle.events_named is
    'The events in force that things name by their ids, or all of a customer''s of these types';

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

-- What define_fact makes; %1$I is the fact, %2$s its columns, %3$s those of the row on conflict, %4$s
-- and %5$s the entries of the rows before and after, %6$s the simple way. Each statement costs a batch
-- its start, so there are few.

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
    things lifecycle.thing[] := touched;
    stale lifecycle.%1$I[];
    fresh lifecycle.%1$I[];
    balance lifecycle.balance;
begin
    if things[1].object is null and things[cardinality(things)].object is not null then
        things := lifecycle.whole_things(things);
    end if;%6$s
    select array(
               select s.fact
               from unnest(things) t
               cross join lateral (
                   select f as fact
                   from lifecycle.%1$I f
                   where f.bucket = t.bucket and f.customer_id = t.customer_id
                     and f.object between coalesce(t.object, '')
                                      and coalesce(t.object, lifecycle.last_object())
                   offset 0 -- by key for each thing
               ) s),
           array(select f from lifecycle.fold_%1$s(things) f)
    into stale, fresh;
    if stale = fresh then
        return null;
    end if;
    if stale = '{}' then
        insert into lifecycle.%1$I
        select *
        from unnest(fresh);
    else
        delete from lifecycle.%1$I x
        using (select s.bucket, s.customer_id, s.object from unnest(stale) s
               except
               select f.bucket, f.customer_id, f.object from unnest(fresh) f) gone
        where x.bucket = gone.bucket and x.customer_id = gone.customer_id
          and x.object = gone.object;
        insert into lifecycle.%1$I as x
        select *
        from unnest(fresh)
        on conflict (bucket, customer_id, object) do update
        set (%2$s) = row(%3$s)
        where (x.*) is distinct from (excluded.*);
        balance.lost := %4$s;
    end if;
    balance.won := %5$s;
    return balance;
end
$$
$body$
$template$;
comment on function lifecycle.derivation_template is
    'The derivation of every fact: the rows that stand and those that the fold gives; what the '
    'roll-ups lose and win by the change (entries that stay are among both)';

create function lifecycle.simple_template()
returns text
language sql immutable
as $template$
    select $body$
    if things[1].since > '-infinity' then
        with come as (
            insert into lifecycle.%1$I as x
            select f.*
            from unnest(things) t
            cross join lateral (
                select e as event, e.event_id
                from lifecycle.event e
                where e.event_id = t.object::uuid
                limit 1 -- a probe by key
            ) e
            cross join lateral lifecycle.%1$s_of(t.bucket, t.customer_id, e.event) f
            where (select true from lifecycle.voided w where w.event_id = e.event_id limit 1)
                  is null
            returning x as fact
        )
        select %2$s
        into balance.won;
        return balance;
    end if;$body$
$template$;
comment on function lifecycle.simple_template is
    'The derivation of new events where each is a row: nothing stands, and nothing has to be read but '
    'the event. %1$I is the fact, %2$s its entries';

create function lifecycle.make_derivation(name text, has_entries boolean, simple_way text)
returns void
language plpgsql
as $$
declare
    entries constant text := case
        when has_entries then 'array(select e
                                     from unnest(%s) f
                                     cross join lateral lifecycle.entries_of(f, zone) e)'
        else 'null::lifecycle.entry[]'
    end;
    columns text;
begin
    select string_agg(quote_ident(attname), ', ' order by attnum)
    into columns
    from pg_attribute
    where attrelid = format('lifecycle.%I', name)::regclass and attnum > 0 and not attisdropped
      and attname not in ('bucket', 'customer_id', 'object');
    execute format(lifecycle.derivation_template(), name, columns,
                   'excluded.' || replace(columns, ', ', ', excluded.'),
                   format(entries, 'stale'), format(entries, 'fresh'), simple_way);
    execute format($folded$
        create function lifecycle.folded_%1$s(touched lifecycle.thing[])
        returns setof lifecycle.%1$I
        language plpgsql stable
        as $body$
        begin
            return query
            select * from lifecycle.fold_%1$s(touched);
        end
        $body$
    $folded$, name);
    execute format('comment on function lifecycle.folded_%s is %L', name,
                   'What fold_' || name || ' gives, with a plan that is kept');
    execute format('comment on function lifecycle.derive_%s is %L', name,
                   'Brings ' || name || ' up to date for these things; what that changes in the '
                   'roll-ups');
end
$$;
comment on function lifecycle.make_derivation is
    'Makes derive_<name> of the template, and folded_<name> for verify';

create function lifecycle.define_fact(name text, types smallint[], scope text,
                                      measures text[] default '{}', touching text default null)
returns void
language plpgsql
as $$
begin
    perform lifecycle.make_derivation(name, measures <> '{}', '');
    insert into lifecycle.fact
    select count(*) + 1, define_fact.name, define_fact.types, define_fact.scope,
           define_fact.measures, define_fact.touching
    from lifecycle.fact;
end
$$;
comment on function lifecycle.define_fact is
    'Makes derive_<name> and lets the ingest know of it; measures are those of its entries, none '
    'if it has no function entries_of. touching is the condition, in SQL, on which a new event t (its '
    'bucket, customer_id, object, event_id, type, since and body) may change a row; null if any may';

create function lifecycle.define_event_fact(name text, types smallint[],
                                            measures text[] default '{}')
returns void
language plpgsql
as $$
begin
    execute format($fold$
        create function lifecycle.fold_%1$s(touched lifecycle.thing[])
        returns setof lifecycle.%1$I
        language sql stable
        as $body$
            select f.*
            from lifecycle.events_named(touched, %2$L) e
            cross join lateral lifecycle.%1$s_of(e.bucket, e.customer_id, e.event) f
        $body$
    $fold$, name, types);
    execute format('comment on function lifecycle.fold_%s is %L', name,
                   'The rows of ' || name || ' that these events are, by the ledger');
    perform lifecycle.make_derivation(
        name, measures <> '{}',
        format(lifecycle.simple_template(), name,
               case when measures = '{}' then 'null'
                    else '(select array_agg(e)
                from come c
                cross join lateral lifecycle.entries_of(c.fact, zone) e)' end));
    insert into lifecycle.fact
    select count(*) + 1, define_event_fact.name, define_event_fact.types, 'event',
           define_event_fact.measures, null
    from lifecycle.fact;
end
$$;
comment on function lifecycle.define_event_fact is
    'Makes fold_<name> and derive_<name> of <name>_of, which gives the row that an event is, and lets '
    'the ingest know of it';

create function lifecycle.define_entries(name text, measures text[])
returns void
language sql
as $$
    insert into lifecycle.fact
    select count(*) + 1, define_entries.name, '{}', null, define_entries.measures, null
    from lifecycle.fact
$$;
comment on function lifecycle.define_entries is
    'A table whose rows add to the roll-ups by entries_of(row, zone), and whose derivation, by '
    'functions of its own, calls count_entries; without bucket and customer_id it is of no customer';
