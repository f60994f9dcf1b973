-- What is made of all facts that the files before have defined: the types that touch them, the
-- derivation of a batch's things, and what all their rows add up to.

create function lifecycle.define_all()
returns void
language plpgsql
as $define$
begin
    execute format($$
        create function lifecycle.fact_types()
        returns smallint[]
        language sql immutable
        as $body$select %L::smallint[]$body$
    $$, (select coalesce(array_agg(distinct t.type order by t.type), '{}')
         from lifecycle.fact f, unnest(f.types) t (type)));
    execute format($$
        create function lifecycle.derive_facts(setup lifecycle.setup, touched lifecycle.thing[])
        returns void
        language plpgsql
        set enable_hashjoin = off -- few things among many: by key
        set enable_mergejoin = off
        set jit = off
        as $body$
        declare
            types constant smallint[] := array(select distinct t.type from unnest(touched) t);
            is_whole constant boolean := array_position(types, null) is not null;
            balance lifecycle.balance;
            lost lifecycle.entry[];
            won lifecycle.entry[];
        begin
            %s
            if lost <> '{}' or won <> '{}' then
                perform lifecycle.count_entries(setup.writer, lost, won);
            end if;
        end
        $body$
    $$, (select coalesce(string_agg(format($$
            if is_whole or types && %2$L then
                balance := lifecycle.derive_%1$s(lifecycle.things_for(touched, %2$L, %3$L),
                                                 setup.zone);
                lost := lost || balance.lost;
                won := won || balance.won;
            end if;$$, f.name, f.types, f.scope), '' order by f.place), '')
         from lifecycle.fact f
         where f.scope is not null));
    execute format($$
        create function lifecycle.entries(zone text, measures text[])
        returns table (bucket smallint, customer_id bigint, day date, measure text, label text,
                       detail text, currency text, n bigint, amount numeric, value numeric)
        language sql stable
        as $body$
            %s
        $body$
    $$, (select coalesce(string_agg(format($$
            select %2$s, e.*
            from lifecycle.%1$I f
            cross join lateral lifecycle.entries_of(f, zone) e
            where measures && %3$L$$, f.name,
                case when exists (select
                                  from pg_attribute a
                                  where a.attrelid = format('lifecycle.%I', f.name)::regclass
                                    and a.attname = 'customer_id')
                     then 'f.bucket, f.customer_id'
                     else 'null::smallint, null::bigint'
                end, f.measures), ' union all ' order by f.place),
            'select null::smallint, null::bigint, (null::lifecycle.entry).* where false')
         from lifecycle.fact f
         where f.measures <> '{}'));
end
$define$;
comment on function lifecycle.define_all is
    'Makes fact_types, derive_facts and entries of the facts that were defined';

do $$
begin
    perform lifecycle.define_all();
end
$$;
comment on function lifecycle.fact_types is 'The codes of all events that touch a fact';
comment on function lifecycle.derive_facts is
    'Derives the facts that were touched, in their order';
comment on function lifecycle.entries is
    'What the facts add to the roll-ups, by customer, with the days of a zone; only those facts '
    'that have any of the measures are read';

create function lifecycle.all_measures()
returns text[]
language sql stable
as $$
    select array_agg(m) from lifecycle.fact f, unnest(f.measures) m
$$;
comment on function lifecycle.all_measures is 'Every measure that any fact has';

create function lifecycle.touched_things(
    is_new boolean[], event_ids uuid[], types smallint[], times timestamptz[], objects text[],
    targets uuid[], buckets smallint[], customers bigint[])
returns lifecycle.thing[]
language plpgsql stable
set enable_hashjoin = off -- few events among many: by key
set enable_mergejoin = off
set jit = off
as $$
declare
    has_targets constant boolean := array_remove(targets, null) <> '{}';
    is_new_alone constant boolean := not has_targets and not types && lifecycle.merge_types();
    things lifecycle.thing[];
begin
    things := array(
        select row(i.bucket, i.customer_id, i.object, i.event_id, i.type,
                   case when is_new_alone then i.occurred_at else '-infinity' end)
                   ::lifecycle.thing
        from unnest(is_new, event_ids, types, times, objects, buckets, customers)
             i (is_new, event_id, type, occurred_at, object, bucket, customer_id)
        where i.is_new and i.customer_id is not null and i.type = any(lifecycle.fact_types()));
    if has_targets then
        things := things || array(
            select row(coalesce(c.root_bucket, c.bucket), coalesce(c.root_id, c.customer_id),
                       e.object, e.event_id, e.type, '-infinity')::lifecycle.thing
            from unnest(is_new, targets) i (is_new, target)
            join lifecycle.event e on e.event_id = i.target
            join lifecycle.customer c on c.bucket = e.bucket and c.customer_id = e.customer_id
            where i.is_new and e.type = any(lifecycle.fact_types()));
    end if;
    return things;
end
$$;
comment on function lifecycle.touched_things is
    'What new events are about, and what those are about that they take back. Where merges are made '
    'or undone, what follows from new events may be there already: then their time is -infinity too';
