-- What every test has at hand: a vocabulary, where the database brings none; events to post;
-- and assertions that print TAP.
begin;

-- The server whose database this is may have swept it already: as if it had not. Nor does it from
-- here on, because who sweeps holds this lock.
select pg_advisory_xact_lock(2, 2) \g /dev/null
update lifecycle.sweep
set swept_at = null, ended_at = null, day = null, step = 0, seen_below = null, setup = null,
    usual_gap = null;
delete from lifecycle.peer_measure;
delete from lifecycle.signal;

insert into lifecycle.department (department, name)
select s.*
from (values (1, 'find'), (2, 'sell'), (3, 'deliver'), (4, 'bill'), (5, 'support'),
             (6, 'loyalty')) s
where not exists (select from lifecycle.department);
insert into lifecycle.event_type (type, name, stage, entry)
select t.*
from (values
    (101, 'find.touch.recorded', 1, 'activity'), (102, 'find.lead.created', 1, 'enter'),
    (107, 'find.spend.recorded', 1, 'activity'),
    (201, 'sell.opportunity.opened', 2, 'enter'), (207, 'sell.order.placed', 2, 'enter'),
    (208, 'sell.order.cancelled', 2, 'activity'), (211, 'sell.cost.recorded', 2, 'activity'),
    (301, 'deliver.fulfilment.started', 3, 'advance'),
    (401, 'bill.invoice.issued', 4, 'advance'), (407, 'bill.payment.succeeded', 4, 'advance'),
    (410, 'bill.refund.issued', 4, 'activity'), (413, 'bill.chargeback.lost', 4, 'activity'),
    (501, 'support.case.opened', 5, 'advance'), (514, 'support.cost.recorded', 5, 'activity'),
    (601, 'loyalty.program.joined', 6, 'enter'), (611, 'loyalty.relationship.ended', 6, 'exit'),
    (701, 'customer.identified', null, 'activity'),
    (702, 'customer.attributes_changed', null, 'activity'),
    (703, 'customer.merged', null, 'activity'), (704, 'customer.unmerged', null, 'activity'),
    (711, 'stage.overridden', null, 'override'), (721, 'event.voided', null, 'activity')) t
where not exists (select from lifecycle.event_type);
do $$
begin
    perform lifecycle.refresh_rules();
end
$$;
insert into lifecycle.currency (currency, digits)
select c.*
from (values ('EUR', 2), ('USD', 2), ('JPY', 0), ('KWD', 3)) c
where not exists (select from lifecycle.currency);

create temp sequence test_number;

create function pg_temp.is(got text, wanted text, name text)
returns text
language sql
as $$
    select case
        when got is not distinct from wanted
            then format('ok %s - %s', nextval('test_number'), name)
        else format(E'not ok %s - %s\n# got:    %s\n# wanted: %s', nextval('test_number'), name,
                    coalesce(got, 'null'), coalesce(wanted, 'null'))
    end
$$;

create function pg_temp.is(got bigint, wanted bigint, name text)
returns text
language sql
as $$
    select pg_temp.is(got::text, wanted::text, name)
$$;

-- The SQLSTATE and the pointer with which a statement is refused.
create function pg_temp.refusal(statement text)
returns text
language plpgsql
as $$
declare
    pointer text;
begin
    execute statement;
    return 'no refusal';
exception
    when others then
        get stacked diagnostics pointer = pg_exception_detail;
        return concat_ws(' ', sqlstate, nullif(pointer, ''));
end
$$;

-- What an event is about, as the vocabulary has it: of the ids in its data, the first one here.
create function pg_temp.object_of(type text, data json)
returns text
language sql
as $$
    select coalesce(case when type ~ '^(sell.order|deliver)' then data ->> 'order_id' end,
                    data ->> 'refund_id', data ->> 'payment_id', data ->> 'invoice_id',
                    data ->> 'subscription_id', data ->> 'referral_id', data ->> 'offer_id',
                    data ->> 'survey_id', data ->> 'case_id', data ->> 'quote_id',
                    data ->> 'trial_id', data ->> 'opportunity_id', data ->> 'order_id',
                    data ->> 'into')
$$;

-- Posts events as one batch: objects of id, subject, type, time and data. An event's id here is the
-- MD5 of its name, which is enough to tell events apart. The number of those that were new.
create function pg_temp.record(events json[])
returns bigint
language sql
as $$
    select count(*)
    from (select array_agg(md5(e.id)::uuid order by e.place) as event_ids,
                 array_agg('test'::text) as sources,
                 array_agg(e.id order by e.place) as ids,
                 array_agg(e.subject order by e.place) as subjects,
                 array_agg(t.type order by e.place) as types,
                 array_agg(e.time order by e.place) as times,
                 array_agg(e.data ->> 'sequence' order by e.place) as sequences,
                 array_agg((e.data ->> 'amount')::bigint order by e.place) as amounts,
                 array_agg(e.data ->> 'currency' order by e.place) as currencies,
                 array_agg((e.data ->> 'units')::bigint order by e.place) as units,
                 array_agg(pg_temp.object_of(e.type, e.data) order by e.place) as objects,
                 array_agg(d.department order by e.place) as stages,
                 array_agg(case when e.type = 'event.voided' then md5(e.data ->> 'id')::uuid end
                           order by e.place) as targets,
                 array_agg(e.data -> 'cost' is not null order by e.place) as costs,
                 array_agg(json_build_object('source', 'test', 'id', e.id, 'subject', e.subject,
                                             'type', e.type, 'time', e.time, 'data', e.data)::text
                           order by e.place) as bodies
          from (select x.place, x.event ->> 'id' as id, x.event ->> 'subject' as subject,
                       x.event ->> 'type' as type, (x.event ->> 'time')::timestamptz as time,
                       coalesce(x.event -> 'data', '{}') as data
                from unnest(events) with ordinality x (event, place)) e
          join lifecycle.event_type t on t.name = e.type
          left join lifecycle.department d on d.name = e.data ->> 'stage') b,
         lateral lifecycle.record_events(
             b.event_ids, b.sources, b.ids, b.subjects, b.types, b.times, b.sequences, b.amounts,
             b.currencies, b.units, b.objects, b.stages, b.targets, b.costs, b.bodies) r
    where r.outcome = 'created'
$$;

create function pg_temp.post(subject text, type text, at timestamptz, data json default '{}',
                             name text default null)
returns text
language sql
as $$
    select case when pg_temp.record(array[json_build_object(
                         'id', coalesce(name, concat_ws(' ', subject, type, at, data)),
                         'subject', subject, 'type', type, 'time', at, 'data', data)]) = 1
                then 'created' else 'kept' end
$$;

create function pg_temp.order_placed(subject text, at timestamptz, amount bigint, currency text,
                                     units bigint)
returns text
language sql
as $$
    select pg_temp.post(subject, 'sell.order.placed', at, json_build_object(
        'order_id', concat_ws('/', subject, at, amount), 'amount', amount,
        'currency', currency, 'units', units))
$$;

create function pg_temp.answer(name text, since text, until text, "interval" text default null,
                               timezone text default null, currency text default null)
returns table (number bigint, period text, "group" json, value numeric, numerator numeric,
               denominator numeric, n bigint, complete boolean, reason text)
language sql
as $$
    select row_number() over (), r.*
    from json_to_recordset(
             metric.answer(name, since, until, "interval", timezone, currency) -> 'data')
         r (period text, "group" json, value numeric, numerator numeric, denominator numeric,
            n bigint, complete boolean, reason text)
$$;

-- A row of an answer in a few words: period, group, value (or why there is none), and what the
-- value stands on: numerator/denominator, or (n).
create function pg_temp.told(period text, "group" json, value numeric, reason text,
                             numerator numeric, denominator numeric, n bigint)
returns text
language sql
as $$
    select concat_ws(' ', period,
                     (select string_agg(coalesce(g.value, 'none'), ' ')
                      from json_each_text("group") g),
                     coalesce(value::text, reason),
                     coalesce(numerator || '/' || denominator, '(' || n || ')'))
$$;

create function pg_temp.told(name text, since text, until text, "interval" text default null,
                             timezone text default null, currency text default null)
returns text
language sql
as $$
    select string_agg(pg_temp.told(a.period, a."group", a.value, a.reason, a.numerator,
                                   a.denominator, a.n), ', ' order by a.number)
    from pg_temp.answer(name, since, until, "interval", timezone, currency) a
$$;

-- All rows of a list, page by page; the SQL takes the limit as $1 and the cursor as $2.
create function pg_temp.walk(list text, size integer)
returns setof json
language plpgsql
as $$
declare
    page json;
    cursor text;
begin
    loop
        execute format('select page, next_cursor from %s', list) into page, cursor
        using size, cursor;
        return query select * from json_array_elements(page -> 'data');
        if (page ->> 'has_more')::boolean is distinct from (cursor is not null)
            or page ->> 'next_cursor' is distinct from cursor
        then
            raise 'a page that contradicts itself: %', page;
        end if;
        exit when cursor is null;
    end loop;
end
$$;

-- The rows of a list in a few words, if they are the same by pages of any size.
create function pg_temp.walked(list text, fields text[])
returns text
language sql
as $$
    select string_agg(distinct w.told, ' / ')
    from generate_series(1, 6) size,
         lateral (select string_agg(told, ', ') as told
                  from pg_temp.walk(list, size) row,
                       lateral (select string_agg(row ->> field, ' ') as told
                                from unnest(fields) field) t) w
$$;
