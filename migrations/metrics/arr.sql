insert into lifecycle.metric values (
    'arr',
    'Annual recurring revenue',
    '12 times the MRR at the period''s end; n customers pay it',
    'minor', null, null,
    '{from,to,interval=month,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}',
    1, 'bill.subscription.*, bill.payment.failed, recovered and succeeded',
    '{channel,campaign,attribute,plan=label}', 'n');

create function metric.arr(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select r.label, metric.grouped(question, r.cell, to_json(d)), 12 * r."end", 'minor',
           null::numeric, null::numeric, r.payers::bigint, r.complete, null::text, r.missing_rate
    from metric.recurring(question) r,
         lateral (select r.currency) d
    order by r.since, r.cell, r.currency
$$;
comment on function metric.arr is 'ARR at the end of each period';

create function metric.members_of_arr(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select * from metric.payers_behind(question, chosen, question.until, question.since)
$$;
comment on function metric.members_of_arr is 'The customers who pay at the end of a period';
