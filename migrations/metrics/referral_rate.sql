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
    with told as materialized (
        select metric.period_of(question, t.day) as since, t.cell, sum(t.n) as referrals
        from metric.sums(question, '{referral}') t
        group by 1, 2
    ), active as materialized (
        select a.since, a.cell, a.customers
        from metric.active_customers(question) a
    )
    select p.label, metric.grouped(question, p.cell, null), r.referrals / nullif(r.customers, 0),
           'ratio', r.referrals, r.customers, r.customers::bigint, p.complete,
           case when r.customers = 0 then 'empty_denominator' end, 0::bigint
    from metric.spans(question, array(select t.cell from told t
                                      union
                                      select a.cell from active a)) p
    left join told t on t.since = p.since and t.cell is not distinct from p.cell
    left join active a on a.since = p.since and a.cell is not distinct from p.cell,
    lateral (select coalesce(t.referrals, 0) as referrals,
                    coalesce(a.customers, 0) as customers) r
    order by p.since, p.cell nulls last
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
