-- Stage models: what is refused, versions, the golden fixture's customers by three stages, and
-- the way from one model to another, piece by piece.
\ir setup.sql
\ir verified.sql

create function pg_temp.is(got boolean, wanted boolean, name text)
returns text
language sql
as $$
    select pg_temp.is(got::text, wanted::text, name)
$$;

-- What is refused, and where.
create function pg_temp.faults(given text)
returns text
language sql
as $$
    select coalesce(string_agg(f.pointer || ' ' || f.detail, E'\n'), 'none')
    from lifecycle.model_faults(given::jsonb) f
$$;

select pg_temp.is(pg_temp.faults(m.given), m.wanted, m.name)
from (values
    ('{"stages": [{"name": "a",
                   "covers": ["find", "sell", "deliver", "bill", "support", "loyalty"]}],
       "opening": 0}', 'none', 'a model of one stage'),
    ('{"stages": [{"name": "a", "goal": null, "covers": ["loyalty", "find", "sell"]},
                  {"name": "b", "goal": "", "covers": []}, {"name": "c"},
                  {"name": "d", "covers": ["support", "bill", "deliver"]}],
       "opening": 4, "name": "x", "version": 1, "state": "ready", "activation": null,
       "created_at": "2025-01-01T00:00:00Z", "activated_at": null, "types": null}',
     '/stages/1/goal must be a text of 1 to 200 characters, or null',
     'what a model is shown with may be there'),
    ('{}', E'/stages must be an array of 1 to 9 stages\n'
     '/opening must be a whole number from 0 to 0, the number of stages', 'nothing at all'),
    ('{"stages": [], "opening": 0}', '/stages must be an array of 1 to 9 stages', 'no stage'),
    ('{"stages": {"name": "a"}, "opening": "1", "types": [], "opning": 1}',
     E'/opning unknown member; there are stages, opening and types\n'
     '/stages must be an array of 1 to 9 stages\n'
     '/opening must be a whole number from 0 to 0, the number of stages\n'
     '/types must be an object of event types', 'members of the wrong kind'),
    ('{"stages": [{"name": "a", "covers": ["find", "sell", "sell"]}, 7,
                  {"name": " b", "covers": ["bill", "hope", 3], "aim": "x"},
                  {"name": "a", "covers": "support"}], "opening": 1.5}',
     E'/stages/1 must be an object of name, goal and covers\n'
     '/stages/2/name must be a text of 1 to 64 characters\n'
     '/stages/2/aim unknown member; there are name, goal, covers\n'
     '/stages/2/covers/1 must be find, sell, deliver, bill, support or loyalty\n'
     '/stages/2/covers/2 must be find, sell, deliver, bill, support or loyalty\n'
     '/stages/3/covers must be an array of departments\n'
     '/stages/3/name a stage before it has the same name\n'
     '/stages/0/covers/2 the department is covered before\n'
     '/stages no stage covers deliver, support, loyalty\n'
     '/opening must be a whole number from 0 to 4, the number of stages', 'every fault is told'),
    ('{"stages": [{"name": "a",
                   "covers": ["find", "sell", "deliver", "bill", "support", "loyalty"]}],
       "opening": 2,
       "types": {"find.lead.created": {"entry": "advance", "stage": "b"},
                 "bill.refund.issued": {"entry": "exit", "stage": "a"},
                 "bill.invoice.issued": {"entry": "override"},
                 "sell.order.placed": "enter", "sell/order": {"entry": "enter"},
                 "stage.overridden": {"entry": "activity"},
                 "support.case.opened": {"entry": "enter", "at": "a"}}}',
     E'/opening must be a whole number from 0 to 1, the number of stages\n'
     '/types/sell~1order there is no event type of this name\n'
     '/types/stage.overridden is about the record itself and moves nobody by a rule\n'
     '/types/find.lead.created/stage must be the name of a stage of this model\n'
     '/types/sell.order.placed must be an object of entry and stage\n'
     '/types/bill.refund.issued/stage is for enter and advance only\n'
     '/types/bill.invoice.issued/entry must be enter, advance, exit or activity\n'
     '/types/support.case.opened/at unknown member; there are entry and stage',
     'rules that cannot be')) m (given, wanted, name);

-- Versions.
create function pg_temp.put(named text, given text, if_match text default '*')
returns text
language sql
as $$
    select concat_ws(' ', case when p.is_new then 'new' end, p.document ->> 'name',
                     p.document ->> 'version', p.document ->> 'state')
    from lifecycle.put_stage_model(named, given::jsonb, if_match, null) p
$$;
create function pg_temp.short()
returns text
language sql
as $$
    select '{"stages": [{"name": "before", "covers": ["sell", "find"]}, {"name": "trial"},
                        {"name": "after", "goal": "Stay",
                         "covers": ["deliver", "bill", "support", "loyalty"]}],
             "opening": 1,
             "types": {"sell.opportunity.opened": {"entry": "enter", "stage": "trial"},
                       "sell.demo.held": {"entry": "advance", "stage": "trial"},
                       "support.case.opened": {"entry": "enter"},
                       "loyalty.relationship.ended": {"entry": "activity"},
                       "bill.refund.issued": {"entry": "exit", "stage": null}}}'
$$;

select pg_temp.is(split_part(pg_temp.refusal(
                      $$select pg_temp.put('short', pg_temp.short(), null)$$), E'\t', 1),
                  'CL422 /types/sell.demo.held', 'a type that is not registered yet');
\o /dev/null
select lifecycle.put_event_type('sell.demo.held', 2::smallint, 'activity', '[]', null, null, null);
\o
select pg_temp.is(pg_temp.put('short', pg_temp.short(), null), 'new short 1 ready', 'a new model');
select pg_temp.is(pg_temp.put('short', pg_temp.short()), 'short 1 ready', 'the same again');
select pg_temp.is(pg_temp.put('short', lifecycle.show_stage_model('short', null)::text),
                  'short 1 ready', 'as it is shown');
select pg_temp.is(lifecycle.show_stage_model('short', 1)::jsonb - 'created_at' = '{
    "name": "short", "version": 1, "state": "ready", "opening": 1, "stages": [
        {"name": "before", "goal": null, "covers": ["find", "sell"]},
        {"name": "trial", "goal": null, "covers": []},
        {"name": "after", "goal": "Stay", "covers": ["deliver", "bill", "support", "loyalty"]}],
    "types": {"sell.opportunity.opened": {"entry": "enter", "stage": "trial"},
              "sell.demo.held": {"entry": "advance", "stage": "trial"},
              "support.case.opened": {"entry": "enter", "stage": "after"},
              "loyalty.relationship.ended": {"entry": "activity"},
              "bill.refund.issued": {"entry": "exit"}},
    "activated_at": null, "activation": null}', true, 'with all defaults filled in');
select pg_temp.is(pg_temp.refusal(format('select pg_temp.put(%L, %L, null)', 'short', '{}')),
                  'CL428', 'what is there is not changed unseen');
select pg_temp.is(pg_temp.refusal(format('select pg_temp.put(%L, %L, %L)', 'none', '{}', '*')),
                  'CL412', 'nothing is there to be changed');
select pg_temp.is(
    pg_temp.put('short', replace(pg_temp.short(), '"opening": 1', '"opening": 2')), 'short 2 ready',
    'other content is another version');
select pg_temp.is(lifecycle.show_stage_model('short', 1) ->> 'opening', '1', 'the first one stays');
select pg_temp.is(lifecycle.show_stage_model('short', 3)::text, null, 'there is no third one');
select pg_temp.is(pg_temp.put('lifecycle', lifecycle.show_stage_model('lifecycle', null)::text),
                  'lifecycle 1 active', 'the preset is as it would be put');
select pg_temp.is(
    pg_temp.put('three-stage', lifecycle.show_stage_model('three-stage', null)::text),
    'three-stage 1 ready', 'and so is the other one');
select pg_temp.is(
    (select string_agg(concat_ws(' ', m ->> 'name', m ->> 'version', m ->> 'state', m -> 'stages'),
                       ', ')
     from json_array_elements(lifecycle.list_stage_models() -> 'data') m),
    'lifecycle 1 active ["find","sell","deliver","bill","support","loyalty"], '
    'short 1 ready ["before","trial","after"], short 2 ready ["before","trial","after"], '
    'three-stage 1 ready ["acquisition","engagement","retention"]', 'all versions are listed');

-- The golden fixture's customers. What came before an activation is derived anew; what comes while
-- it is under way is derived by both models.
\o /dev/null
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
set local timezone = 'Europe/Berlin';
select pg_temp.post(subject, type, day::timestamptz)
from (values
    ('C1', 'find.lead.created', '2025-01-01'), ('C1', 'sell.opportunity.opened', '2025-01-11'),
    ('C1', 'deliver.fulfilment.started', '2025-01-21'),
    ('C1', 'bill.invoice.issued', '2025-01-31'),
    ('C1', 'support.case.opened', '2025-02-10'), ('C1', 'loyalty.program.joined', '2025-02-20'),
    ('C1', 'sell.opportunity.opened', '2025-03-02'),
    ('C2', 'find.lead.created', '2025-01-05'), ('C2', 'sell.opportunity.opened', '2025-01-15'),
    ('C3', 'find.lead.created', '2025-02-01'),
    ('C3', 'deliver.fulfilment.started', '2025-03-01'), ('C6', 'sell.demo.held', '2025-03-01'))
    e (subject, type, day);

-- Works until nothing is left, or for so many pieces; what became active.
create function pg_temp.work(most integer default 1000)
returns text
language plpgsql
as $$
declare
    piece record;
    told text := '-';
begin
    for number in 1..most loop
        select * into piece from lifecycle.work_on_models(1);
        told := coalesce(piece.activated, told);
        exit when not piece.has_more;
    end loop;
    return told;
end
$$;

-- Works until the history of a bucket has been derived: that of a subject.
create function pg_temp.work_beyond(subject text)
returns void
language plpgsql
as $$
begin
    while exists (select
                  from lifecycle.stage_model m
                  where m.state = 'deriving' and m.derived <= lifecycle.bucket_of(subject)) loop
        perform lifecycle.work_on_models(1);
    end loop;
end
$$;

create function pg_temp.measured(metric text, kept text[])
returns text
language sql
as $$
    select string_agg(pg_temp.told(a.period, a."group", a.value, a.reason, a.numerator,
                                   a.denominator, a.n), ', ' order by a.number)
    from pg_temp.answer(metric, '2025-01-01', '2025-07-01') a
    where a."group" ->> 'measure' = any (kept)
$$;

create function pg_temp.states()
returns text
language sql
as $$
    select string_agg(concat_ws(' ', m.name, m.version, m.state, m.derived), ', ' order by m.model)
    from lifecycle.stage_model m
$$;
create temp table before as
select pg_temp.measured('transitions', '{count,probability,dwell,still_in}') as transitions;
\o

select pg_temp.is(pg_temp.work(), '-', 'there is nothing to do at first');
select pg_temp.is((select is_under_way
                   from lifecycle.activate_stage_model('lifecycle', null)), false,
                  'what is active already');
select pg_temp.is(pg_temp.refusal($$select lifecycle.activate_stage_model('none', null)$$), 'CL404',
                  'no such model');
select pg_temp.is(pg_temp.refusal($$select lifecycle.activate_stage_model('short', 3)$$), 'CL404',
                  'no such version');
select pg_temp.is(pg_temp.refusal($$select lifecycle.cancel_activation('three-stage')$$), 'CL404',
                  'nothing to cancel');
select pg_temp.is(
    (select concat_ws(' ', document ->> 'state', document -> 'activation' ->> 'derived',
                      document -> 'activation' ->> 'buckets', is_under_way)
     from lifecycle.activate_stage_model('three-stage', null)), 'deriving 0 64 t',
    'an activation is under way');
select pg_temp.is(pg_temp.refusal($$select lifecycle.activate_stage_model('short', 1)$$), 'CL409',
                  'one at a time');
select pg_temp.is(pg_temp.refusal($$select lifecycle.activate_stage_model('three-stage', 1)$$),
                  'CL409', 'and it only once');
select pg_temp.is(pg_temp.differences(), 0, 'verify sees nothing amiss at the beginning');

\o /dev/null
select pg_temp.work_beyond('C4');
select pg_temp.post('C4', 'sell.opportunity.opened', '2025-01-25'::timestamptz, '{}', 'new');
select pg_temp.post('C2', 'find.lead.created', '2025-01-25'::timestamptz, '{}', 'again');
select pg_temp.work_beyond('C2');
select pg_temp.post('C2', 'support.case.opened', '2025-02-03'::timestamptz, '{}', 'case');
select pg_temp.post('C2', 'sell.opportunity.opened', '2025-02-04'::timestamptz, '{}', 'sold');
\o
select pg_temp.is(pg_temp.differences(), 0, 'nor with what comes meanwhile');
\o /dev/null
select pg_temp.post(null, 'event.voided', '2025-02-05'::timestamptz, '{"id": "new"}');
select pg_temp.post(null, 'event.voided', '2025-02-05'::timestamptz, '{"id": "case"}');
\o
select pg_temp.is(pg_temp.differences(), 0, 'nor with what is taken back');
select pg_temp.is((select count(*) from lifecycle.stage), 6, 'answers are those of six stages');
select pg_temp.is(pg_temp.measured('transitions', '{count}') like '%find sell advance count 3%',
                  true, 'with what came meanwhile');
select pg_temp.is(pg_temp.work(), 'three-stage, version 1', 'the model becomes the active one');
select pg_temp.is(pg_temp.states(),
    'lifecycle 1 retired 0, three-stage 1 active 64, short 1 ready 0, short 2 ready 0',
    'and nothing of the other one is left');
select pg_temp.is((select count(*) from lifecycle.model_visit where model <> 2)
                  + (select count(*) from lifecycle.model_transition_total where model <> 2), 0,
                  'neither visits nor totals');
\o /dev/null
select pg_temp.post('C2', 'loyalty.relationship.ended', '2025-02-14'::timestamptz, '{}', 'lost');
select pg_temp.post('C3', 'sell.opportunity.opened', '2025-02-11'::timestamptz, '{}', 'late');
\o
select pg_temp.is(pg_temp.measured('transitions', '{count}'),
    'none acquisition enter count 3 (3), acquisition none exit count 1 (1), '
    'acquisition engagement advance count 2 (2), engagement retention advance count 1 (1), '
    'retention acquisition loop count 1 (1)', 'the matrix of three stages');
select pg_temp.is(pg_temp.measured('transitions', '{still_in}'),
    'acquisition still_in 1 (1), engagement still_in 1 (1), retention still_in 0 (0)', 'still in');
select pg_temp.is(pg_temp.measured('time_in_stage', '{mean,open}'),
    'acquisition mean 2534400 7603200/3, acquisition open 1 (1), '
    'engagement mean 2592000 2592000/1, engagement open 1 (1), '
    'retention mean 864000 864000/1, retention open 0 (0)', 'time in three stages');
select pg_temp.is(
    (select string_agg(concat_ws(' ', v ->> 'stage', v ->> 'kind', v ->> 'cycle'), ', ')
     from lifecycle.list_visits('C1', 10, null), json_array_elements(page -> 'data') v),
    'acquisition enter 1, engagement advance 1, retention advance 1, acquisition loop 2',
    'the visits of C1: back from retention is another cycle');
select pg_temp.is(lifecycle.list_stages()::text,
    '{"model":"three-stage","version":1,"data":['
    '{"stage":"acquisition","position":1,"goal":"Win the customer","customers":1},'
    '{"stage":"engagement","position":2,"goal":"Deliver what was promised","customers":1},'
    '{"stage":"retention","position":3,"goal":"Be chosen again","customers":0}]}',
    'the stages now');
select pg_temp.is(pg_temp.differences(), 0, 'verify sees nothing amiss');

-- A correction by hand names a department: it leads to the stage that covers it.
\o /dev/null
select pg_temp.post('C3', 'stage.overridden', '2025-03-05'::timestamptz,
                    '{"stage": "support"}', 'corrected');
select pg_temp.post('C3', 'stage.overridden', '2025-03-06'::timestamptz,
                    '{"stage": "sell"}', 'corrected again');
\o
select pg_temp.is(
    (select string_agg(concat_ws(' ', v ->> 'stage', v ->> 'kind', v ->> 'entered_at'), ', ')
     from lifecycle.list_visits('C3', 10, null), json_array_elements(page -> 'data') v),
    'acquisition enter 2025-01-31T23:00:00Z, engagement advance 2025-02-28T23:00:00Z, '
    'acquisition loop 2025-03-05T23:00:00Z', 'overridden by department');

-- Rules of a model's own: a type that leads to another stage, one that enters where it would
-- advance, one that ends the relationship, and one that does not any more.
\o /dev/null
select lifecycle.activate_stage_model('short', 1);
select pg_temp.work();
select pg_temp.post('C3', 'bill.refund.issued', '2025-03-07'::timestamptz,
                    '{"refund_id": "r", "amount": 1, "currency": "EUR"}');
select pg_temp.post(null, 'find.spend.recorded', '2025-03-07'::timestamptz,
                    '{"amount": 5, "currency": "EUR", "period_start": "2025-02-01",
                      "period_end": "2025-02-28"}');
\o
select pg_temp.is(
    (select string_agg(concat_ws(' ', c.ref, s.name, v.kind, v.left_kind), ', '
                       order by c.ref, v.ordinal)
     from lifecycle.visit v
     join lifecycle.customer c using (bucket, customer_id)
     join lifecycle.stage s using (stage)),
    'C1 before enter advance, C1 trial advance advance, C1 after advance regress, '
    'C1 trial regress, C2 before enter advance, C2 trial advance loop, C2 before loop advance, '
    'C2 trial advance, C3 before enter advance, C3 trial advance advance, '
    'C3 after advance loop, C3 before loop exit, C6 trial enter', 'visits by rules of one''s own');
select pg_temp.is(pg_temp.differences(), 0, 'verify sees nothing amiss by them');

-- Cancelled in the midst of it, and begun again before all was taken away; then back to the first.
\o /dev/null
select lifecycle.activate_stage_model('lifecycle', 1);
select pg_temp.work(30);
\o
select pg_temp.is(lifecycle.cancel_activation('lifecycle') ->> 'state', 'retired', 'cancelled');
select pg_temp.is(pg_temp.differences(), 0, 'what remains is as it should be');
\o /dev/null
select pg_temp.work(30);
select lifecycle.activate_stage_model('lifecycle', 1);
select pg_temp.post('C5', 'find.lead.created', '2025-04-01'::timestamptz, '{}', 'newer');
select pg_temp.work();
select pg_temp.post(null, 'event.voided', '2025-05-05'::timestamptz, json_build_object('id', id))
from unnest(array['again', 'sold', 'lost', 'late', 'corrected', 'corrected again', 'newer']) id;
\o
select pg_temp.is(pg_temp.measured('transitions', '{count,probability,dwell,still_in}'),
                  (select transitions from before), 'back at the first model, all is as it was');
select pg_temp.is(pg_temp.differences(), 0, 'verify sees nothing amiss in the end');
\ir teardown.sql
