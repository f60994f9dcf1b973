-- Changing stage models: a new version of what was found valid.

create function lifecycle.definition_of(given jsonb)
returns jsonb
language sql stable
as $$
    with stages as materialized (
        select s.place, s.item -> 'name' as name, nullif(s.item -> 'goal', 'null') as goal,
               (select coalesce(jsonb_agg(d.name order by d.department), '[]')
                from lifecycle.items_of(s.item -> 'covers') c
                join lifecycle.department d on to_jsonb(d.name) = c.item) as covers
        from lifecycle.items_of(given -> 'stages') s
    ),
    rules as (
        select m.name, m.value ->> 'entry' as entry,
               coalesce(nullif(m.value -> 'stage', 'null'), s.name) as stage
        from lifecycle.members_of(given -> 'types') m
        join lifecycle.event_type t on t.name = m.name
        join lifecycle.department d on d.department = t.stage
        join stages s on s.covers ? d.name
    )
    select jsonb_build_object(
        'stages', (select jsonb_agg(jsonb_build_object('name', s.name, 'goal', s.goal,
                                                       'covers', s.covers) order by s.place)
                   from stages s),
        'opening', (given ->> 'opening')::numeric::integer,
        'types', (select coalesce(jsonb_object_agg(
                             r.name,
                             case when r.entry in ('enter', 'advance')
                                  then jsonb_build_object('entry', r.entry, 'stage', r.stage)
                                  else jsonb_build_object('entry', r.entry) end), '{}')
                  from rules r))
$$;
comment on function lifecycle.definition_of is
    'What a valid stage model says, in one form, with all defaults filled in: a type that enters '
    'or advances leads to the stage that covers its department, if no other one is named';

create function lifecycle.store_stage_model(named text, next_version integer, definition jsonb)
returns void
language plpgsql
as $$
declare
    number constant integer := (select count(*) from lifecycle.stage_model);
    new_model smallint;
begin
    if number >= 500 then
        perform lifecycle.refuse('CL409', null, '500 versions of models are all that there can be');
    end if;
    insert into lifecycle.stage_model (model, name, version, state, definition, opening)
    select max(m.model) + 1, named, next_version, 'ready', store_stage_model.definition,
           (store_stage_model.definition ->> 'opening')::smallint
    from lifecycle.stage_model m
    returning model into new_model;
    insert into lifecycle.model_stage (model, stage, name, goal, covers)
    select new_model, s.place + 1, s.item ->> 'name', s.item ->> 'goal',
           array(select d.department
                 from lifecycle.department d
                 where s.item -> 'covers' ? d.name
                 order by d.department)
    from lifecycle.items_of(store_stage_model.definition -> 'stages') s;
end
$$;
comment on function lifecycle.store_stage_model is 'Adds a version of a stage model';

create function lifecycle.put_stage_model(wanted text, given jsonb, if_match text,
                                          if_none_match text)
returns table (document json, is_new boolean)
language plpgsql
as $$
declare
    latest lifecycle.stage_model;
    definition jsonb;
begin
    lock table lifecycle.stage_model in share row exclusive mode;
    select *
    into latest
    from lifecycle.stage_model m
    where m.name = wanted
    order by m.version desc
    limit 1;
    perform lifecycle.require_match(
        if_match, if_none_match,
        lifecycle.tag_of(lifecycle.show_stage_model(wanted, null)::text));
    perform lifecycle.refuse_all(array(select f from lifecycle.model_faults(given) f));
    definition := lifecycle.definition_of(given);
    if definition is distinct from latest.definition then
        perform lifecycle.store_stage_model(wanted, coalesce(latest.version, 0) + 1, definition);
        perform lifecycle.audit('stage_model.put', wanted, 'version ' || latest.version,
                                'version ' || coalesce(latest.version, 0) + 1);
    end if;
    return query
    select lifecycle.show_stage_model(wanted, null), latest.model is null;
end
$$;
comment on function lifecycle.put_stage_model is
    'Makes a model, or, under the caller''s conditions, a new version of it if it says something '
    'else; the latest version then, and whether the model is new';
