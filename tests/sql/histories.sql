-- Random histories of everything that can happen, for the tests to post.

-- In the data, # stands for a small number, $ for an amount, @ for a currency, ~ for a time.
create temp table kind (weight integer, type text, data text);
insert into kind values
    (3, 'find.touch.recorded', '"channel": "mail", "campaign": "c#"'),
    (3, 'find.lead.created', '"channel": "ad", "campaign": "c#"'),
    (2, 'find.lead.created', '"channel": "email"'),
    (3, 'sell.opportunity.opened', '"opportunity_id": "p#"'),
    (8, 'sell.order.placed', '"order_id": "o#", "amount": $, "currency": "@", "units": 2'),
    (1, 'sell.order.placed', '"order_id": "o#", "amount": 0, "currency": "@", "units": 1'),
    (3, 'sell.order.placed', '"order_id": "o#", "amount": $, "currency": "@", "units": 3,
                              "items": [{"offering": "tea", "units": 1, "amount": 1000},
                                        {"offering": "mug#", "units": 2}]'),
    (2, 'sell.order.cancelled', '"order_id": "o#", "reason": "late"'),
    (2, 'sell.cost.recorded', '"amount": $, "currency": "@"'),
    (3, 'deliver.fulfilment.started', '"order_id": "o#", "promised_at": "~"'),
    (1, 'deliver.shipment.sent', '"order_id": "o#", "shipment_id": "h#", "promised_at": "~"'),
    (3, 'deliver.fulfilment.completed', '"order_id": "o#", "delivered_at": "~"'),
    (1, 'deliver.fulfilment.failed', '"order_id": "o#", "reason": "lost"'),
    (1, 'deliver.return.received', '"order_id": "o#", "units": 1, "reason": "broken"'),
    (2, 'deliver.usage.recorded', '"feature": "f#", "quantity": 3'),
    (2, 'bill.invoice.issued', '"invoice_id": "i#", "amount": $, "currency": "@"'),
    (6, 'bill.payment.succeeded',
     '"payment_id": "y#", "amount": $, "currency": "@", "invoice_id": "i#"'),
    (3, 'bill.payment.failed', '"payment_id": "y#", "amount": $, "currency": "@",
                                "reason": "declined"'),
    (1, 'bill.payment.recovered', '"payment_id": "y#"'),
    (2, 'bill.refund.issued', '"refund_id": "r#", "amount": $, "currency": "@",
                               "invoice_id": "i#"'),
    (6, 'bill.subscription.started', '"subscription_id": "s#", "plan": "basic", "amount": $,
                                      "currency": "@", "interval": "month"'),
    (2, 'bill.subscription.started', '"subscription_id": "s#", "plan": "year", "amount": $,
                                      "currency": "@", "interval": "year", "quantity": 3,
                                      "trial_end": "~"'),
    (4, 'bill.subscription.changed', '"subscription_id": "s#", "amount": $, "currency": "@"'),
    (1, 'bill.subscription.changed', '"subscription_id": "s#", "quantity": 2,
                                      "effective_at": "~"'),
    (1, 'bill.subscription.renewed', '"subscription_id": "s#"'),
    (1, 'bill.subscription.paused', '"subscription_id": "s#"'),
    (1, 'bill.subscription.resumed', '"subscription_id": "s#"'),
    (1, 'bill.subscription.cancel_requested', '"subscription_id": "s#", "effective_at": "~"'),
    (1, 'bill.subscription.uncancelled', '"subscription_id": "s#"'),
    (3, 'bill.subscription.ended', '"subscription_id": "s#", "reason": "customer"'),
    (1, 'bill.subscription.ended', '"subscription_id": "s#", "reason": "non_payment"'),
    (4, 'support.case.opened', '"case_id": "k#", "category": "fault", "channel": "phone"'),
    (4, 'support.case.replied', '"case_id": "k#", "by": "staff"'),
    (2, 'support.case.replied', '"case_id": "k#", "by": "customer", "sentiment": -0.5'),
    (1, 'support.case.reopened', '"case_id": "k#"'),
    (3, 'support.case.closed', '"case_id": "k#", "resolution": "solved",
                                "cost": {"amount": $, "currency": "@"}'),
    (3, 'support.survey.answered', '"survey_id": "v#", "kind": "nps", "score": 9,
                                    "scale_max": 10'),
    (2, 'support.survey.answered', '"survey_id": "v#", "kind": "csat", "score": 3,
                                    "scale_max": 5'),
    (1, 'support.risk.flagged', '"kind": "manual"'),
    (2, 'support.offer.made', '"offer_id": "x#", "kind": "winback"'),
    (1, 'support.offer.accepted', '"offer_id": "x#", "kind": "winback"'),
    (1, 'support.offer.declined', '"offer_id": "x#", "kind": "upsell"'),
    (1, 'support.cost.recorded', '"amount": $, "currency": "@"'),
    (1, 'loyalty.program.joined', '"program": "gold"'),
    (1, 'loyalty.referral.made', '"referral_id": "f#", "channel": "mail"'),
    (1, 'loyalty.referral.converted', '"referral_id": "f#"'),
    (1, 'loyalty.winback.succeeded', '"offer_id": "x#"'),
    (1, 'loyalty.relationship.ended', '"reason": "moved"'),
    (1, 'customer.attributes_changed', '"attributes": {"country": "c#"}');

create function pg_temp.random_time()
returns timestamptz
language sql
as $$
    select case when random() < 0.4
                then date_trunc('day', t, 'Europe/Berlin') -- so that many are equal
                else date_trunc('second', t) end
    from (select '2024-11-20T12:00Z'::timestamptz + random() * interval '190 days' as t) r
$$;

create function pg_temp.filled(data text)
returns json
language plpgsql
as $$
begin
    while position('#' in data) > 0 loop
        data := regexp_replace(data, '#', (1 + floor(3 * random()))::text);
    end loop;
    data := replace(data, '$', (1 + floor(20 * random()))::integer * 1000 || '');
    data := replace(data, '@', case when random() < 0.7 then 'EUR' else 'USD' end);
    data := replace(data, '~', to_char(pg_temp.random_time(), 'YYYY-MM-DD"T"HH24:MI:SSOF'));
    return '{' || data || '}';
end
$$;

-- All names in a history begin with its own, so that several can stand side by side.
create function pg_temp.random_history(size integer, customers integer, name text default '')
returns json[]
language sql
as $$
    select array_agg(json_build_object(
        'id', name || 'e' || n, 'time', pg_temp.random_time(), 'type', e.type,
        'subject', case when e.type not in ('event.voided', 'find.spend.recorded')
                        then name || 'c' || 1 + floor(customers * random()) end,
        'data', case e.type
            when 'event.voided' then
                json_build_object('source', 'test',
                                  'id', name || 'e' || 1 + floor(size * random()))
            when 'customer.merged' then
                json_build_object('into', name || 'c' || 1 + floor(customers * random()))
            when 'customer.unmerged' then
                json_build_object('into', name || 'c' || 1 + floor(customers * random()))
            when 'find.spend.recorded' then
                json_build_object('amount', floor(5000 * random()), 'currency', 'EUR',
                                  'purpose', 'acquisition', 'channel', 'ad',
                                  'period_start', '2025-01-0' || 1 + floor(9 * random()),
                                  'period_end', '2025-02-1' || floor(9 * random()))
            else pg_temp.filled(e.data)
        end))
    from generate_series(1, size) n,
         lateral (select case when chance < 0.04 then 'event.voided'
                              when chance < 0.055 then 'customer.merged'
                              when chance < 0.065 then 'customer.unmerged'
                              when chance < 0.085 then 'find.spend.recorded'
                              else k.type end as type, k.data
                  from (select random() + 0 * n as chance,
                               random() * (select sum(weight) from kind) + 0 * n as at) c,
                       lateral (select type, data
                                from (select type, data,
                                             sum(weight) over (order by type, data) as reached
                                      from kind) ranked
                                where reached >= c.at
                                order by reached
                                limit 1) k) e
$$;

-- How many customers a metric names behind a row. Of a row that counts something else, it refuses to
-- tell: null.
create function pg_temp.members_of(question metric.question, period text, dimensions json)
returns bigint
language plpgsql
as $$
declare
    counted bigint;
begin
    execute format('select count(*) from metric.%I($1, $2)', 'members_of_' || question.metric)
    into counted
    using metric.narrowed(question, period), dimensions;
    return counted;
exception
    when sqlstate 'CL422' then
        return null;
end
$$;

-- The figure of a row that says how many customers are behind it; null where there is none.
create function pg_temp.counted_in(r metric.answer_row, members text)
returns numeric
language sql
as $$
    select case members when 'value' then case when r.unit = 'customers' then r.value end
                        when 'numerator' then r.numerator
                        when 'denominator' then r.denominator
                        else r.n end
$$;
