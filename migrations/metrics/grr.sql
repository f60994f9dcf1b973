insert into lifecycle.metric values (
    'grr',
    'Gross revenue retention',
    'Of the n customers with MRR at the period''s start: what they pay at its end, but no more than '
    'each paid then, by what they paid then: never above 1. Who churns pays nothing, even if '
    'reactivated later in the period. By the exchange rate of the start. Periods are whole, and are '
    'those that begin in the window',
    'ratio', 'their MRR at the end, at most that of the start', 'MRR at the start',
    '{from,to,interval=month,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}',
    1, 'bill.subscription.*, bill.payment.failed, recovered and succeeded',
    '{channel,campaign,attribute}', 'n');

create function metric.grr(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select * from metric.retention_of_money(question, 'mrr_kept')
$$;
comment on function metric.grr is 'The share of MRR that customers kept';

create function metric.members_of_grr(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select * from metric.payers_behind(question, chosen, question.since,
                                       metric.day_before(question, question.since))
$$;
comment on function metric.members_of_grr is 'The customers with MRR when a period starts';
