-- Stage models: which types move a customer where.

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
    where r.entry <> 'activity';
    update lifecycle.stage_model m
    set (moving, stages, entries) = (
        select coalesce(array_agg(r.type order by r.type), '{}'),
               coalesce(array_agg(r.stage order by r.type), '{}'),
               coalesce(array_agg(r.entry order by r.type), '{}')
        from lifecycle.rule r
        where r.model = m.model);
end
$$;
comment on function lifecycle.refresh_rules is
    'Fills the rules of all models from their definitions and the vocabulary: after either changed';

do $$
begin
    perform lifecycle.refresh_rules();
end
$$;
