insert into lifecycle.metric values (
    'stage_population',
    'Customers in each stage',
    'Customers in the stage at the end of the period (measure population): all visits begun so '
    'far less all ended; and the visits begun (entries) and ended (exits) in the period',
    'customers', null, null,
    '{from,to,interval,timezone}', '{day,week,month,quarter,year}', 1, 'stage-entering events');

create function metric.stage_population(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select p.label, to_json(d), m.value, m.unit, null::numeric, null::numeric, m.value::bigint,
           p.complete, null::text, 0::bigint
    from metric.periods(question) p
    join metric.populations(question) c on c.since = p.since
    join lifecycle.stage s on s.stage = c.stage,
    lateral (values (1, 'population', c.population, 'customers'),
                    (2, 'entries', c.entries, 'visits'),
                    (3, 'exits', c.exits, 'visits')) m (place, measure, value, unit),
    lateral (select s.name as stage, m.measure) d
    order by p.since, s.stage, m.place
$$;
comment on function metric.stage_population is
    'Customers in each stage at the end of each period, and those who came and went in it';
