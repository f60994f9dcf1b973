insert into lifecycle.metric values (
    'stage_population',
    'Customers in each stage',
    'Customers in the stage at the end of the period (measure population): all visits begun so '
    'far less all ended; and the visits begun (entries) and ended (exits) in the period, the '
    'throughput of the stage',
    'customers', null, null,
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'stage-entering events', '{channel,campaign,attribute,stage=stage}', 'value');

create function metric.stage_population(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select p.label, metric.grouped(question, c.cell, to_json(d)), m.value, m.unit, null::numeric,
           null::numeric, m.value::bigint, p.complete, null::text, 0::bigint
    from metric.periods(question) p
    join metric.populations(question) c on c.since = p.since
    join lifecycle.stage s on s.stage = c.stage,
    lateral (values (1, 'population', c.population, 'customers'),
                    (2, 'entries', c.entries, 'visits'),
                    (3, 'exits', c.exits, 'visits')) m (place, measure, value, unit),
    lateral (select s.name as stage, m.measure) d
    order by p.since, c.cell nulls last, s.stage, m.place
$$;
comment on function metric.stage_population is
    'Customers in each stage at the end of each period, and those who came and went in it';

create function metric.members_of_stage_population(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language plpgsql stable
as $$
declare
    ending constant timestamptz := question.until::timestamp at time zone question.timezone;
begin
    perform metric.refuse_uncounted(chosen ->> 'measure' <> 'population');
    return query
    select p.bucket, p.customer_id
    from metric.chosen_population(question, chosen) p
    join lifecycle.visit v on v.bucket = p.bucket and v.customer_id = p.customer_id
    join lifecycle.stage s on s.stage = v.stage
    where s.name = chosen ->> 'stage' and v.entered_at < ending
      and (v.left_at is null or v.left_at >= ending);
end
$$;
comment on function metric.members_of_stage_population is
    'The customers in a stage at the end of a period';
