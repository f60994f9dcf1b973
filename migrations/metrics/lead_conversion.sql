insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings, members)
values (
    'lead_conversion',
    'Lead conversion',
    'Of the customers whose first lead falls into the period, and who were not acquired before it: '
    'the share who have been acquired since (measure share), and of those the mean, the median and '
    'the 90th percentile of the time from the lead (percentiles to two digits). By channel: that '
    'of the lead',
    'ratio', 'leads who have been acquired since', 'leads',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'find.lead.created; what acquired stands on',
    '{channel=label,attribute}', 'n');

create function metric.lead_times(question metric.question)
returns table (since date, cell text, median numeric, p90 numeric)
language plpgsql stable -- keeps its plan
as $$
#variable_conflict use_column
begin
    if metric.takes_months(question) then
        return query
        select m.since, metric.won_by(question, m.label, null, null), m.median, m.p90
        from metric.percentiles_by_month(question, 'lead_converted',
                                         question.group_by is not null) m;
        return;
    end if;
    return query
    with spread as (
        select s.since, g.cell, s.value, sum(s.n) as n
        from metric.spread(question, 'lead_converted') s,
             lateral (select metric.won_by(question, s.label, null, s.cell) as cell) g
        group by 1, 2, 3
    ), ranked as (
        select s.since, s.cell, s.value,
               sum(s.n) over (partition by s.since, s.cell order by s.value) as so_far,
               sum(s.n) over (partition by s.since, s.cell) as whole
        from spread s
    )
    select r.since, r.cell, min(r.value) filter (where r.so_far >= 0.5 * r.whole),
           min(r.value) filter (where r.so_far >= 0.9 * r.whole)
    from ranked r
    group by 1, 2;
end
$$;
comment on function metric.lead_times is
    'The shortest time that at least half, and nine tenths, of the converted leads did not exceed';

create function metric.lead_conversion(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with found as materialized (
        select metric.period_of(question, t.day) as since, g.cell,
               coalesce(sum(t.n) filter (where t.measure = 'lead'), 0) as leads,
               coalesce(sum(t.n) filter (where t.measure = 'lead_converted'), 0) as converted,
               coalesce(sum(t.amount), 0) as seconds
        from metric.sums(question, '{lead,lead_converted}') t,
             lateral (select metric.won_by(question, t.label, null, t.cell) as cell) g
        group by 1, 2
        having sum(t.n) <> 0
    ), cells as (
        select distinct f.cell from found f
        union all
        select null where not exists (select from found)
    )
    select p.label, metric.grouped(question, c.cell, to_json(d)), m.value, m.unit, m.numerator,
           m.denominator, m.n::bigint, p.complete,
           case when m.value is null then 'empty_denominator' end, 0::bigint
    from metric.periods(question) p
    cross join cells c
    left join found f on f.since = p.since and f.cell is not distinct from c.cell
    left join metric.lead_times(question) t
           on t.since = p.since and t.cell is not distinct from c.cell,
    lateral (select coalesce(f.leads, 0) as leads, coalesce(f.converted, 0) as converted,
                    coalesce(f.seconds, 0) as seconds) l,
    lateral (values (1, 'share', l.converted / nullif(l.leads, 0), 'ratio', l.converted, l.leads,
                     l.leads),
                    (2, 'mean', l.seconds / nullif(l.converted, 0), 'seconds', l.seconds,
                     l.converted, l.converted),
                    (3, 'median', t.median, 'seconds', null, null, l.converted),
                    (4, 'p90', t.p90, 'seconds', null, null, l.converted))
        m (place, measure, value, unit, numerator, denominator, n),
    lateral (select m.measure) d
    order by p.since, c.cell nulls first, m.place
$$;
comment on function metric.lead_conversion is
    'How many of the leads of each period became customers, and how long that took';

create function metric.members_of_lead_conversion(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select a.bucket, a.customer_id
    from metric.population(question) p
    join lifecycle.acquisition a on a.bucket = p.bucket and a.customer_id = p.customer_id
    cross join lateral (select (a.lead_at at time zone question.timezone)::date as day) l
    where l.day >= question.since and l.day < question.until
      and l.day <= metric.today(question.timezone)
      and a.lead_at <= coalesce(a.acquired_at, a.lead_at)
      and (chosen ->> 'measure' = 'share' or a.acquired_at is not null)
      and (question.group_by is null
           or metric.won_by(question, a.lead_channel, null, p.cell)
              is not distinct from chosen ->> question.group_by)
$$;
comment on function metric.members_of_lead_conversion is
    'The leads of the window; for the measures of time, those who were acquired since';
