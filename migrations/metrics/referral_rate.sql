insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings, members)
values (
    'referral_rate',
    'Referral rate',
    'Referrals made in the period, per active customer: one who purchased in the period or, where '
    'those are more, has MRR at its end',
    'ratio', 'referrals made', 'active customers',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'loyalty.referral.made; what mrr and purchases stand on',
    '{channel,campaign,attribute}', 'denominator');

create function metric.referral_rate(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select * from metric.per_active_customer(question, 'referral')
$$;
comment on function metric.referral_rate is
    'Referrals made in each period against the customers active in it';

create function metric.members_of_referral_rate(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select m.bucket, m.customer_id
    from metric.active_members(question, chosen) m
$$;
comment on function metric.members_of_referral_rate is 'The customers active in a period';
