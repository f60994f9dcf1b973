insert into lifecycle.metric values (
    'gross_mrr_churn',
    'Gross MRR churn',
    'MRR lost in the period, by churn and contraction, by the MRR at its start; n customers paid it',
    'ratio', 'MRR lost by churn and contraction', 'MRR at the start',
    '{from,to,interval=month,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}',
    1, 'bill.subscription.*, bill.payment.failed, recovered and succeeded',
    '{channel,campaign,attribute}', 'n');

create function metric.gross_mrr_churn(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select r.label, metric.grouped(question, r.cell, to_json(d)),
           l.lost / nullif(r.start, 0), 'ratio', l.lost, r.start, r.payers_at_start::bigint,
           r.complete, case when r.start = 0 then 'empty_denominator' end, r.missing_rate
    from metric.recurring(question) r,
         lateral (select -(r.churn + r.contraction) as lost) l,
         lateral (select r.currency) d
    order by r.since, r.cell, r.currency
$$;
comment on function metric.gross_mrr_churn is 'The share of MRR that was lost';

create function metric.members_of_gross_mrr_churn(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select * from metric.payers_behind(question, chosen, question.since,
                                       metric.day_before(question, question.since))
$$;
comment on function metric.members_of_gross_mrr_churn is
    'The customers with MRR when a period starts';
