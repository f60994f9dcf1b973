insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'first_response',
    'Time to the first response',
    'Of the cases first answered in the period (by a reply of the staff that is not internal): the '
    'mean, the median and the 90th percentile (p90) of the time since they were opened, percentiles '
    'to three digits; and the cases that wait at the period''s end, neither answered nor closed '
    '(measure waiting)',
    'seconds', 'time to the first response, added up', 'cases first answered',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'support.case.opened, .replied, .closed', '{channel,campaign,offering,attribute}');

create function metric.first_response(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select * from metric.times_of_cases(question, 'case_answered', 'case_attended', 'waiting')
$$;
comment on function metric.first_response is
    'How long it took to answer the cases answered in each period, and how many wait';
