-- What is made of all facts that the files before have defined: which of them an event touches, how
-- each is derived, and what all their rows add up to.

create function lifecycle.has_column(fact text, "column" text)
returns boolean
language sql stable
as $$
    select exists (select
                   from pg_attribute a
                   where a.attrelid = format('lifecycle.%I', fact)::regclass
                     and a.attname = "column")
$$;
comment on function lifecycle.has_column is 'Whether the table of a fact has this column';

create function lifecycle.define_all()
returns void
language plpgsql
as $define$
begin
    execute format($$
        create function lifecycle.facts_touched_by(of_type smallint)
        returns smallint[]
        language sql immutable
        as $body$select case of_type %s end$body$
    $$, (select string_agg(format('when %s then %L::smallint[]', x.type, x.places), ' '
                           order by x.type)
         from (select t.type, array_agg(f.place order by f.place) as places
               from lifecycle.fact f, unnest(f.types) t (type)
               group by t.type) x));
    execute format($$
        create function lifecycle.fact_types()
        returns smallint[]
        language sql immutable
        as $body$select %L::smallint[]$body$
    $$, (select array_agg(distinct t.type order by t.type)
         from lifecycle.fact f, unnest(f.types) t (type)));
    execute format($$
        create function lifecycle.touched_facts(
            is_new boolean[], event_ids uuid[], types smallint[], times timestamptz[],
            objects text[], targets uuid[], bodies text[], buckets smallint[],
            customers bigint[])
        returns lifecycle.fact_things[]
        language plpgsql stable
        set enable_hashjoin = off -- few events among many: by key
        set enable_mergejoin = off
        set jit = off
        as $body$
        declare
            has_targets constant boolean := array_remove(targets, null) <> '{}';
            is_new_alone constant boolean :=
                not has_targets and not types && lifecycle.merge_types();
        begin
            return array(
                select row(d.place, array_agg(row(d.bucket, d.customer_id, d.object, d.since)
                                              ::lifecycle.thing
                                              order by d.object nulls first))
                       ::lifecycle.fact_things
                from (select f.place, t.bucket, t.customer_id, o.object, min(t.since) as since
                      from (select i.bucket, i.customer_id, i.object, i.event_id, i.type, i.body,
                                   case when is_new_alone then i.at else '-infinity' end as since
                            from unnest(is_new, event_ids, types, times, objects, bodies, buckets,
                                        customers)
                                 i (is_new, event_id, type, at, object, body, bucket, customer_id)
                            where i.is_new and i.customer_id is not null
                            union all
                            select e.bucket, e.customer_id, e.object, e.event_id, e.type, null,
                                   '-infinity'
                            from lifecycle.events_taken_back(is_new, targets) e
                            where has_targets) t
                      cross join lateral unnest(lifecycle.facts_touched_by(t.type)) f (place)
                      cross join lateral (
                          select case
                              when f.place = any(%L) then t.object
                              when f.place = any(%L) then t.event_id::text
                          end as object) o
                      where t.since = '-infinity' or case f.place %s else true end
                      group by f.place, t.bucket, t.customer_id, o.object) d
                group by d.place
                order by d.place);
        end
        $body$
    $$, array(select f.place from lifecycle.fact f where f.scope = 'object'),
        array(select f.place from lifecycle.fact f where f.scope = 'event'),
        (select string_agg(format('when %s then (%s)', f.place, f.touching), ' ' order by f.place)
         from lifecycle.fact f
         where f.touching is not null));
    execute format($$
        create function lifecycle.derive_fact(of_place smallint, things lifecycle.thing[],
                                              zone text)
        returns lifecycle.balance
        language plpgsql
        as $body$
        begin
            case of_place
                %s
            end case;
        end
        $body$
    $$, (select string_agg(format('when %s then return lifecycle.derive_%s(things, zone);',
                                  f.place, f.name), ' ' order by f.place)
         from lifecycle.fact f
         where f.scope is not null));
    execute format($$
        create function lifecycle.entries(zone text, measures text[])
        returns table (bucket smallint, customer_id bigint, day date, measure text, label text,
                       detail text, currency text, n bigint, amount numeric, value numeric,
                       offering text)
        language sql stable
        as $body$
            %s
        $body$
    $$, (select coalesce(string_agg(format($$
            select %2$s, e.*, %4$s
            from lifecycle.%1$I f
            cross join lateral lifecycle.entries_of(f, zone) e
            where measures && %3$L$$, f.name,
                case when lifecycle.has_column(f.name, 'customer_id') then 'f.bucket, f.customer_id'
                     else 'null::smallint, null::bigint'
                end, f.measures,
                case when lifecycle.has_column(f.name, 'offering') then 'f.offering'
                     else 'null::text' end), ' union all ' order by f.place),
            'select null::smallint, null::bigint, (null::lifecycle.entry).*, null::text where false')
         from lifecycle.fact f
         where f.measures <> '{}'));
end
$define$;
comment on function lifecycle.define_all is
    'Makes fact_types, derive_facts and entries of the facts that were defined';

create function lifecycle.events_taken_back(is_new boolean[], targets uuid[])
returns table (bucket smallint, customer_id bigint, object text, event_id uuid, type smallint)
language plpgsql stable -- not inlined: few batches have any
as $$
begin
    return query
    select coalesce(c.root_bucket, c.bucket), coalesce(c.root_id, c.customer_id), e.object,
           e.event_id, e.type
    from unnest(is_new, targets) i (is_new, target)
    join lifecycle.event e on e.event_id = i.target
    join lifecycle.customer c on c.bucket = e.bucket and c.customer_id = e.customer_id
    where i.is_new;
end
$$;
comment on function lifecycle.events_taken_back is
    'The events that new ones take back, with their canonical customers';

do $$
begin
    perform lifecycle.define_all();
end
$$;
comment on function lifecycle.facts_touched_by is
    'The facts, by their places, that an event of this type may touch; null for none';
comment on function lifecycle.fact_types is 'The codes of all events that touch a fact';
comment on function lifecycle.touched_facts is
    'What the new events of a batch touch, and those that they take back, fact by fact. Where events '
    'are taken back, or merges made or undone, what follows from any may be there already: then all '
    'times are -infinity';
comment on function lifecycle.derive_fact is
    'Brings the fact at this place up to date; what that changes in the roll-ups';
comment on function lifecycle.entries is
    'What the facts add to the roll-ups, by customer, with the days of a zone, and the offering that '
    'each is about, where it knows; only those facts that have any of the measures are read';

create function lifecycle.derive_facts(setup lifecycle.setup, touched lifecycle.fact_things[],
                                       entries lifecycle.entry[] default null)
returns void
language plpgsql
set enable_hashjoin = off -- few things among many: by key
set enable_mergejoin = off
set jit = off
as $$
declare
    fact lifecycle.fact_things;
    balance lifecycle.balance;
    lost lifecycle.entry[];
    won lifecycle.entry[] := entries;
begin
    foreach fact in array touched loop
        balance := lifecycle.derive_fact(fact.place, fact.things, setup.zone);
        lost := lost || balance.lost;
        won := won || balance.won;
    end loop;
    if lost <> '{}' or won <> '{}' then
        perform lifecycle.count_entries(setup.writer, lost, won);
    end if;
end
$$;
comment on function lifecycle.derive_facts is
    'Derives the facts that were touched, in their order, and counts what that changes in the '
    'roll-ups, along with further entries';

create function lifecycle.all_facts(touched lifecycle.touch[])
returns lifecycle.fact_things[]
language plpgsql stable
as $$
declare
    things constant lifecycle.thing[] := lifecycle.all_things(touched);
begin
    return array(select row(f.place, things)::lifecycle.fact_things
                 from lifecycle.fact f
                 where f.scope is not null
                 order by f.place);
end
$$;
comment on function lifecycle.all_facts is 'All things of these customers, of every fact';

create function lifecycle.all_measures()
returns text[]
language sql stable
as $$
    select array_agg(m) from lifecycle.fact f, unnest(f.measures) m
$$;
comment on function lifecycle.all_measures is 'Every measure that any fact has';
