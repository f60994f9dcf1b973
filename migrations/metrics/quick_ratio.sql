insert into lifecycle.metric values (
    'quick_ratio',
    'Quick ratio',
    'MRR won in the period, by new customers, expansion and reactivation, by MRR lost, by churn and '
    'contraction; n movements',
    'ratio', 'MRR won', 'MRR lost',
    '{from,to,interval=month,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}',
    1, 'bill.subscription.*, bill.payment.failed, recovered and succeeded',
    '{channel,campaign,attribute}', null);

create function metric.quick_ratio(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select r.label, metric.grouped(question, r.cell, to_json(d)), m.won / nullif(m.lost, 0),
           'ratio', m.won, m.lost, r.moves::bigint, r.complete,
           case when m.lost = 0 then 'empty_denominator' end, r.missing_rate
    from metric.recurring(question) r,
         lateral (select r.new + r.expansion + r.reactivation as won,
                         -(r.churn + r.contraction) as lost) m,
         lateral (select r.currency) d
    order by r.since, r.cell, r.currency
$$;
comment on function metric.quick_ratio is 'MRR won by MRR lost';
