insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings, members)
values (
    'contact_rate',
    'Contact rate',
    'Cases opened in the period, per active customer: one who purchased in the period or, where '
    'those are more, has MRR at its end',
    'ratio', 'cases opened', 'active customers',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'support.case.opened; what mrr and purchases stand on',
    '{channel,campaign,attribute}', 'denominator');

create function metric.contact_rate(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select * from metric.per_active_customer(question, 'case_opened')
$$;
comment on function metric.contact_rate is
    'Cases opened in each period against the customers active in it';

create function metric.members_of_contact_rate(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select m.bucket, m.customer_id
    from metric.active_members(question, chosen) m
$$;
comment on function metric.members_of_contact_rate is 'The customers active in a period';
