insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'referral_conversion',
    'Conversion of referrals',
    'Of the referrals that customers made in the period, the share that has converted since',
    'ratio', 'referrals that converted', 'referrals made',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'loyalty.referral.made, .converted', '{channel,campaign,attribute}');

create function metric.referral_conversion(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with told as materialized (
        select metric.period_of(question, t.day) as since, t.cell, sum(t.n) as made,
               sum(t.n) filter (where t.label = 'converted') as converted
        from metric.sums(question, '{referral}') t
        group by 1, 2
    )
    select p.label, metric.grouped(question, p.cell, null), r.converted / nullif(r.made, 0),
           'ratio', r.converted, r.made, r.made::bigint, p.complete,
           case when r.made = 0 then 'empty_denominator' end, 0::bigint
    from metric.spans(question, array(select t.cell from told t)) p
    left join told t on t.since = p.since and t.cell is not distinct from p.cell,
    lateral (select coalesce(t.converted, 0) as converted, coalesce(t.made, 0) as made) r
    order by p.since, p.cell nulls last
$$;
comment on function metric.referral_conversion is
    'The share of the referrals made in each period that became customers';
