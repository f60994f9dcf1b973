-- Persons: histories of everything that can happen, in which some are erased. Nothing that is counted
-- changes, what stands still follows from the ledger, and what told who they were is nowhere any
-- more. psql -v histories=1000 -v first=1 for more of them.
\ir setup.sql
\ir verified.sql
\ir traces.sql
\o /dev/null
\if :{?histories}
\else
    \set histories 6
\endif
\if :{?first}
\else
    \set first 1
\endif
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
insert into lifecycle.rate values
    ('USD', 'EUR', '2024-01-01', 0.90), ('USD', 'EUR', '2025-01-01', 0.80);

\ir histories.sql
insert into kind values
    (3, 'find.lead.created', '"channel": "word_of_mouth", "referrer": "c#"'),
    (2, 'loyalty.referral.made', '"referral_id": "f#", "referred": "c#"');

create temp table asked as
select m.name, case when 'month' = any(m.intervals) then 'month' end as "interval", c.currency,
       c.grouping
from lifecycle.metric m
cross join (values ('', ''), ('EUR', ''), ('', 'channel')) c (currency, grouping)
where (c.currency = '' or 'currency' = any(m.parameters))
  and (c.grouping = '' or c.grouping = any(m.groupings));

create function pg_temp.answers()
returns jsonb
language sql
as $$
    select jsonb_object_agg(concat_ws(' ', a.name, a.currency, a.grouping),
                            metric.answer(a.name, '2024-11-01', '2025-07-01', a.interval, null,
                                          nullif(a.currency, ''), null, nullif(a.grouping, ''),
                                          null) -> 'data')
    from asked a
$$;

-- A history in which the names of customers, events and things, and what is noted, tell whose they
-- are.
create function pg_temp.personal(events json[])
returns json[]
language sql
as $$
    select array_agg(json_build_object(
               'id', e.event ->> 'id' || '-of-' || o.whose,
               'time', e.event -> 'time', 'type', e.event -> 'type',
               'subject', 'the ' || (e.event ->> 'subject'),
               'data', case e.event ->> 'type'
                   when 'event.voided' then (
                       select jsonb_build_object('source', 'test', 'id', v.event ->> 'id' || '-of-'
                                                    || coalesce(v.event ->> 'subject', 'nobody'))
                       from unnest(events) v (event)
                       where v.event ->> 'id' = e.event #>> '{data,id}')
                   else regexp_replace(regexp_replace(
                            e.event ->> 'data', '"(referrer|referred|into)" *: *"c', '"\1":"the c', 'g'),
                            '_id": "(..)"', '_id": "\1-of-' || o.whose || '"', 'g')
                        ::jsonb || jsonb_build_object(
                            'note', 'written of-' || o.whose,
                            'actor', jsonb_build_object('name', 'of-' || o.whose))
               end) order by e.place)
    from unnest(events) with ordinality e (event, place)
    cross join lateral (select coalesce(e.event ->> 'subject', 'nobody') as whose) o
$$;

-- All facts, as they stand.
create function pg_temp.standing()
returns jsonb
language plpgsql
as $$
declare
    fact text;
    rows text;
    facts jsonb := '{}';
begin
    for fact in select f.fact from lifecycle.facts() f loop
        execute format('select string_agg(f::text, E''\n'' order by f::text) from lifecycle.%I f', fact)
        into rows;
        facts := facts || jsonb_build_object(fact, md5(rows));
    end loop;
    return facts;
end
$$;

-- Posts a history and erases two persons: what is wrong then.
create function pg_temp.fault_of(history integer)
returns text
language plpgsql
as $$
declare
    events json[];
    before jsonb;
    stood jsonb;
    names text[];
    wrong text;
begin
    perform setseed(history / 100000.0);
    update lifecycle.setting
    set value = (array['payments', 'invoices', 'orders'])[1 + history % 3]
    where name = 'revenue_basis';
    events := pg_temp.personal(pg_temp.random_history(20 + (history * 37) % 160,
                                                      2 + history % 5));
    for start in 1 .. cardinality(events) by 7 loop
        perform pg_temp.record(events[start : start + 6]);
    end loop;
    before := pg_temp.answers();
    for number in 1 .. 2 loop
        names := array(select i.identifier
                       from lifecycle.find_customer('the c' || number) f
                       join lifecycle.histories_of(f.bucket, f.customer_id) h on true
                       join lifecycle.identifier i
                         on i.bucket = h.bucket and i.customer_id = h.customer_id);
        continue when names = '{}';
        perform lifecycle.erase_person('the c' || number, gen_random_uuid());
        wrong := concat_ws('; ', wrong, pg_temp.traces(
            '(of-|the )(' || replace(array_to_string(names, '|'), 'the ', '') || ')($|[^0-9])'));
    end loop;
    wrong := concat_ws('; ', wrong, nullif(pg_temp.spoilt_parts(), '-'), (
        select 'other answers: ' || string_agg(a.key, ', ')
        from jsonb_each(pg_temp.answers()) a
        where a.value is distinct from before -> a.key
        having count(*) > 0));
    stood := pg_temp.standing();
    perform pg_temp.rebuild();
    wrong := concat_ws('; ', wrong, nullif(pg_temp.spoilt_parts(), '-'), (
        select 'rebuilt otherwise: ' || string_agg(f.key, ', ')
        from jsonb_each_text(pg_temp.standing()) f
        where f.value is distinct from stood ->> f.key
        having count(*) > 0));
    if exists (select from lifecycle.erasure e
               where e.digest <> lifecycle.digest_of_erased(e.erasure_id)) then
        wrong := concat_ws('; ', wrong, 'another digest');
    end if;
    raise exception using errcode = 'TEST1', message = coalesce(wrong, '');
exception
    when sqlstate 'TEST1' then return sqlerrm;
end
$$;
\o
select pg_temp.is(pg_temp.fault_of(h), '', 'history ' || h)
from generate_series(:first, :first + :histories - 1) h;
\ir teardown.sql
