-- Stage models: what they say, which types move a customer where, and how they are changed. A
-- version never changes; other content is another version. How one becomes the active one is told
-- in models_activation.sql.

create function lifecycle.refresh_rules()
returns void
language plpgsql
as $$
begin
    lock table lifecycle.rule in exclusive mode;
    delete from lifecycle.rule;
    insert into lifecycle.rule (model, type, stage, entry)
    select m.model, t.type, s.stage, r.entry
    from lifecycle.stage_model m
    cross join lifecycle.event_type t
    cross join lateral (
        select m.definition -> 'types' -> t.name as own) o
    cross join lateral (
        select coalesce(o.own ->> 'entry', t.entry) as entry) r
    left join lifecycle.model_stage s
      on s.model = m.model
     and case when o.own ->> 'stage' is not null then s.name = o.own ->> 'stage'
              else t.stage = any(s.covers) end
    where m.state in ('active', 'deriving') and r.entry <> 'activity';
    update lifecycle.stage_model m
    set (moving, stages, entries) = (
        select coalesce(array_agg(r.type order by r.type), '{}'),
               coalesce(array_agg(r.stage order by r.type), '{}'),
               coalesce(array_agg(r.entry order by r.type), '{}')
        from lifecycle.rule r
        where r.model = m.model)
    where m.state in ('active', 'deriving') or m.moving <> '{}';
end
$$;
comment on function lifecycle.refresh_rules is
    'Fills the rules of the models that are active or on their way to it, from their definitions '
    'and the vocabulary: after either changed';

do $$
begin
    perform lifecycle.refresh_rules();
end
$$;

-- Shown ------------------------------------------------------------------------------------------

create function lifecycle.list_stage_models()
returns json
language sql stable
as $$
    with models as (
        select m.name, m.version, m.state,
               array(select s.name
                     from lifecycle.model_stage s
                     where s.model = m.model
                     order by s.stage) as stages,
               lifecycle.utc_text(m.created_at) as created_at,
               lifecycle.utc_text(m.activated_at) as activated_at
        from lifecycle.stage_model m
    )
    select to_json(list)
    from (select array(select m from models m order by m.name, m.version) as data) list
$$;
comment on function lifecycle.list_stage_models is
    'All versions of all stage models, with the names of their stages';

create function lifecycle.show_stage_model(wanted text, wanted_version integer)
returns json
language plpgsql stable
as $$
begin
    return (
        select to_json(shown)
        from lifecycle.stage_model m
        cross join lateral (
            select array_agg(to_json(t) order by s.stage) as list
            from lifecycle.model_stage s
            cross join lateral (
                select s.name, s.goal, array(select d.name
                                             from lifecycle.department d
                                             where d.department = any(s.covers)
                                             order by d.department) as covers) t
            where s.model = m.model) stages
        cross join lateral (
            select m.derived, 64 as buckets, lifecycle.utc_text(m.started_at) as started_at,
                   lifecycle.utc_text(m.failed_at) as failed_at) activation
        cross join lateral (
            select m.name, m.version, m.state, stages.list as stages, m.opening,
                   m.definition -> 'types' as types,
                   lifecycle.utc_text(m.created_at) as created_at,
                   lifecycle.utc_text(m.activated_at) as activated_at,
                   case when m.state = 'deriving' then to_json(activation) end
                       as activation) shown
        where m.name = wanted and m.version = coalesce(wanted_version, m.version)
        order by m.version desc
        limit 1);
end
$$;
comment on function lifecycle.show_stage_model is
    'A version of a stage model, or its latest one; null if there is none';

-- Checked ----------------------------------------------------------------------------------------

create function lifecycle.items_of(list jsonb)
returns table (item jsonb, place bigint)
language sql immutable
as $$
    select i.value, i.ordinality - 1
    from jsonb_array_elements(case when jsonb_typeof(list) = 'array' then list else '[]' end)
         with ordinality i
$$;
comment on function lifecycle.items_of is
    'The items of a list and their places, from 0; none of what is no list';

create function lifecycle.members_of(object jsonb)
returns table (name text, value jsonb)
language sql immutable
as $$
    select m.key, m.value
    from jsonb_each(case when jsonb_typeof(object) = 'object' then object else '{}' end) m
    where m.value <> 'null'
$$;
comment on function lifecycle.members_of is
    'The members of an object that are not null; none of what is no object';

create function lifecycle.is_title(value jsonb, most integer)
returns boolean
language sql immutable
as $$
    select coalesce(jsonb_typeof(value) = 'string' and length(t.text) between 1 and most
                    and t.text = btrim(t.text) and t.text !~ '[[:cntrl:]]', false)
    from (select value #>> '{}' as text) t
$$;
comment on function lifecycle.is_title is
    'Whether a value is a text of so many characters, printable and without spaces around it';

create function lifecycle.stage_faults(pointer text, stage jsonb)
returns setof lifecycle.fault
language plpgsql stable
as $$
begin
    if jsonb_typeof(stage) <> 'object' then
        return query select pointer, 'must be an object of name, goal and covers';
        return;
    end if;
    return query
    select pointer || c.member, c.detail
    from (values
        ('/name', 'must be a text of 1 to 64 characters', lifecycle.is_title(stage -> 'name', 64)),
        ('/goal', 'must be a text of 1 to 200 characters, or null',
         coalesce(stage -> 'goal' = 'null', true) or lifecycle.is_title(stage -> 'goal', 200)),
        ('/covers', 'must be an array of departments',
         coalesce(jsonb_typeof(stage -> 'covers') in ('array', 'null'), true))
    ) c (member, detail, is_right)
    where not c.is_right
    union all
    select pointer || lifecycle.pointer_to(m.name), 'unknown member; there are name, goal, covers'
    from lifecycle.members_of(stage) m
    where m.name <> all ('{name,goal,covers}')
    union all
    select format('%s/covers/%s', pointer, c.place),
           'must be find, sell, deliver, bill, support or loyalty'
    from lifecycle.items_of(stage -> 'covers') c
    where not exists (select
                      from lifecycle.department d
                      where to_jsonb(d.name) = c.item);
end
$$;
comment on function lifecycle.stage_faults is 'What is wrong with a stage of a model by itself';

create function lifecycle.stages_faults(stages jsonb)
returns setof lifecycle.fault
language plpgsql stable
as $$
begin
    if jsonb_typeof(stages) is distinct from 'array'
        or jsonb_array_length(stages) not between 1 and 9
    then
        return query select '/stages', 'must be an array of 1 to 9 stages';
        return;
    end if;
    return query
    with covers as (
        select s.place as stage, c.place, c.item as department,
               row_number() over (partition by c.item order by s.place, c.place) as occurrence
        from lifecycle.items_of(stages) s
        cross join lateral lifecycle.items_of(s.item -> 'covers') c
    ),
    names as (
        select s.place as stage,
               row_number() over (partition by s.item -> 'name' order by s.place) as occurrence
        from lifecycle.items_of(stages) s
        where jsonb_typeof(s.item -> 'name') = 'string'
    )
    select f.pointer, f.detail
    from lifecycle.items_of(stages) s
    cross join lateral lifecycle.stage_faults('/stages/' || s.place, s.item) f
    union all
    select format('/stages/%s/name', n.stage), 'a stage before it has the same name'
    from names n
    where n.occurrence > 1
    union all
    select format('/stages/%s/covers/%s', c.stage, c.place), 'the department is covered before'
    from covers c
    where c.occurrence > 1
    union all
    select '/stages', 'no stage covers ' || string_agg(d.name, ', ' order by d.department)
    from lifecycle.department d
    where not exists (select
                      from covers c
                      where c.department = to_jsonb(d.name))
    having count(*) > 0;
end
$$;
comment on function lifecycle.stages_faults is 'What is wrong with the stages of a model';

create function lifecycle.rule_faults(type_name text, rule jsonb, stages jsonb)
returns setof lifecycle.fault
language plpgsql stable
as $$
declare
    pointer constant text := '/types' || lifecycle.pointer_to(type_name);
    type constant lifecycle.event_type :=
        (select t from lifecycle.event_type t where t.name = type_name);
    entry constant text := rule ->> 'entry';
    leads_to constant jsonb := nullif(rule -> 'stage', 'null');
begin
    return query
    select pointer || c.member, c.detail
    from (values
        ('', 'there is no event type of this name', type.type is null),
        ('', 'is about the record itself and moves nobody by a rule',
         type.type is not null and type.stage is null),
        ('', 'must be an object of entry and stage', jsonb_typeof(rule) <> 'object'),
        ('/entry', 'must be enter, advance, exit or activity',
         jsonb_typeof(rule) = 'object'
         and not coalesce(entry in ('enter', 'advance', 'exit', 'activity'), false)),
        ('/stage', 'must be the name of a stage of this model',
         leads_to is not null and not exists (select
                                              from lifecycle.items_of(stages) s
                                              where s.item -> 'name' = leads_to)),
        ('/stage', 'is for enter and advance only',
         leads_to is not null and entry in ('exit', 'activity'))
    ) c (member, detail, is_fault)
    where c.is_fault
    union all
    select pointer || lifecycle.pointer_to(m.name), 'unknown member; there are entry and stage'
    from lifecycle.members_of(rule) m
    where m.name <> all ('{entry,stage}');
end
$$;
comment on function lifecycle.rule_faults is
    'What is wrong with what a model says about an event type';

create function lifecycle.model_faults(given jsonb)
returns setof lifecycle.fault
language plpgsql stable
as $$
declare
    opening constant jsonb := given -> 'opening';
    most constant bigint := (select count(*) from lifecycle.items_of(given -> 'stages'));
begin
    return query
    select lifecycle.pointer_to(m.name), 'unknown member; there are stages, opening and types'
    from lifecycle.members_of(given) m
    where m.name <> all ('{stages,opening,types,name,version,state,created_at,activated_at,
                           activation}');
    return query
    select *
    from lifecycle.stages_faults(given -> 'stages');
    if not coalesce(case when jsonb_typeof(opening) = 'number'
                         then opening::numeric in (select generate_series(0, most)) end, false) then
        return query
        select '/opening',
               format('must be a whole number from 0 to %s, the number of stages', most);
    end if;
    if jsonb_typeof(given -> 'types') not in ('object', 'null') then
        return query select '/types', 'must be an object of event types';
    end if;
    return query
    select f.pointer, f.detail
    from lifecycle.members_of(given -> 'types') m
    cross join lateral lifecycle.rule_faults(m.name, m.value, given -> 'stages') f;
end
$$;
comment on function lifecycle.model_faults is
    'What is wrong with a stage model that a caller gave; the members that it is shown with '
    'beside its definition may be there';
