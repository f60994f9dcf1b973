insert into lifecycle.metric values (
    'mrr',
    'Monthly recurring revenue',
    'What the subscriptions in force at the period''s end come to in a month: price less discount, '
    'times quantity, by the months of its interval; nothing while on trial, paused, or past due for '
    'more than dunning_days. A row for each currency, or with currency converted by the rate of the '
    'period''s first day; n customers pay it',
    'minor', null, null,
    '{from,to,interval=month,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}',
    1, 'bill.subscription.*, bill.payment.failed, recovered and succeeded',
    '{channel,campaign,attribute,plan=label}', 'n');

create function metric.mrr(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select r.label, metric.grouped(question, r.cell, to_json(d)), r."end", 'minor',
           null::numeric, null::numeric, r.payers::bigint, r.complete, null::text, r.missing_rate
    from metric.recurring(question) r,
         lateral (select r.currency) d
    order by r.since, r.cell, r.currency
$$;
comment on function metric.mrr is 'MRR at the end of each period';

create function metric.members_of_mrr(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select * from metric.payers_behind(question, chosen, question.until, question.since)
$$;
comment on function metric.members_of_mrr is 'The customers who pay at the end of a period';
