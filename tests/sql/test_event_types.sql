-- Custom event types: registered under a code of their own, changed under conditions, and their
-- entry fixed once they have moved someone.
\ir setup.sql
\ir verified.sql

create function pg_temp.put(named text, entry text, fields json default '[]',
                            if_match text default null, if_none_match text default null)
returns text
language sql
as $$
    select concat_ws(' ', case when is_new then 'new' else 'kept' end, document ->> 'entry')
    from lifecycle.put_event_type(named, 2::smallint, entry, fields, 'A demonstration',
                                  if_match, if_none_match)
$$;

create function pg_temp.code_of(named text)
returns smallint
language sql
as $$
    select t.type from lifecycle.event_type t where t.name = named
$$;

select pg_temp.is(lifecycle.list_event_types(), null, 'there are none at first');
select pg_temp.is(pg_temp.put('sell.demo.held', 'activity'), 'new activity', 'a new type');
select pg_temp.is(
    lifecycle.show_event_type('sell.demo.held')::text,
    '{"type":"sell.demo.held","stage":"sell","entry":"activity","scheduled":false,'
    '"subject_required":true,"custom":true,"description":"A demonstration","fields":[]}',
    'as it is shown');
select pg_temp.is((pg_temp.code_of('sell.demo.held') >= 10000)::text, 'true',
                  'its code is beyond the vocabulary''s');

-- Conditions.
select pg_temp.is(pg_temp.refusal($$select pg_temp.put('sell.demo.held', 'enter')$$), 'CL428',
                  'what is there is not changed unseen');
select pg_temp.is(
    pg_temp.refusal($$select pg_temp.put('sell.demo.held', 'enter', '[]', '"x"')$$),
    'CL412', 'nor where it is another state');
select pg_temp.is(
    pg_temp.refusal($$select pg_temp.put('sell.demo.held', 'enter', '[]', null, '*')$$),
    'CL412', 'nor as something new');
select pg_temp.is(
    pg_temp.put('sell.demo.held', 'enter', '[{"name":"a"}]',
                lifecycle.tag_of(lifecycle.show_event_type('sell.demo.held')::text)),
    'kept enter', 'its tag lets it be changed, entry and fields');
select pg_temp.is(lifecycle.show_event_type('sell.demo.held') ->> 'fields', '[{"name":"a"}]',
                  'and it is');

-- The vocabulary.
select pg_temp.is(
    pg_temp.refusal($$select pg_temp.put('sell.order.placed', 'activity', '[]', '*')$$),
    'CL409', 'the vocabulary stays');

-- Events.
select pg_temp.is(pg_temp.post('acme', 'sell.demo.held', '2026-03-01'), 'created',
                  'an event of it');
select pg_temp.is((select string_agg(entered_at::date::text, ' ')
                   from lifecycle.visit), '2026-03-01', 'moves its customer');
select pg_temp.is(
    pg_temp.refusal($$select pg_temp.put('sell.demo.held', 'advance', '[]', '*')$$), 'CL409',
    'then its entry stays');
select pg_temp.is(pg_temp.put('sell.demo.held', 'enter', '[]', '*'), 'kept enter',
                  'but its fields may change');
select pg_temp.is(pg_temp.differences(), 0, 'and verify finds no difference');

-- All of them.
select pg_temp.is(pg_temp.put('sell.call.made', 'activity'), 'new activity', 'another one');
select pg_temp.is((select string_agg(t ->> 'type', ' ')
                   from json_array_elements(('[' || lifecycle.list_event_types() || ']')::json) t),
                  'sell.call.made sell.demo.held', 'listed by name');
select pg_temp.is((select string_agg(concat_ws(' ', name, document ->> 'entry'), ', ' order by name)
                   from lifecycle.load_event_types()
                   where type = pg_temp.code_of(name)),
                  'sell.call.made activity, sell.demo.held enter', 'and loaded with their codes');

-- Codes are not used again, and there is an end of them.
delete from lifecycle.custom_type where type = pg_temp.code_of('sell.call.made');
delete from lifecycle.event_type where name = 'sell.call.made';
select pg_temp.is(pg_temp.put('sell.visit.made', 'activity'), 'new activity', 'a third one');
select pg_temp.is(pg_temp.code_of('sell.visit.made') - pg_temp.code_of('sell.demo.held'), 2,
                  'has a code that none had before');
select count(pg_temp.put('sell.demo.n' || n, 'activity')) from generate_series(1, 498) n \g /dev/null
select pg_temp.is(pg_temp.refusal($$select pg_temp.put('sell.demo.n499', 'activity')$$), 'CL409',
                  'there are 500 at most');
\ir teardown.sql
