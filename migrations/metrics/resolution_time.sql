insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'resolution_time',
    'Time to resolution',
    'Of the cases whose last close falls into the period, and that were not reopened since: the '
    'mean, the median and the 90th percentile (p90) of the time from their opening to it, '
    'percentiles to three digits; and the cases open at the period''s end (measure open)',
    'seconds', 'time to the last close, added up', 'cases resolved',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'support.case.opened, .closed, .reopened', '{channel,campaign,offering,attribute}');

create function metric.resolution_time(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select * from metric.times_of_cases(question, 'case_resolved', 'case_resolved', 'open')
$$;
comment on function metric.resolution_time is
    'How long it took to resolve the cases resolved in each period, and how many are open';
