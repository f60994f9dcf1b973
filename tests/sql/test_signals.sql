-- Signals and statuses, worked by hand from histories that end today.
\ir setup.sql
\o /dev/null
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
set local timezone = 'Europe/Berlin';

create function pg_temp.happened(subject text, type text, days integer, data json default '{}')
returns text
language sql
as $$
    select pg_temp.post(subject, type, (current_date - days)::timestamptz, data,
                        concat_ws(' ', subject, type, days))
$$;
create function pg_temp.purchased(subject text, days integer[])
returns bigint
language sql
as $$
    select count(pg_temp.happened(subject, 'sell.order.placed', d, json_build_object(
        'order_id', subject || d, 'amount', 100, 'currency', 'EUR', 'units', 1)))
    from unnest(days) d
$$;
-- A customer's signals: kind, for how many days, value, threshold, and the events.
create function pg_temp.signals(subject text)
returns text
language sql
as $$
    select string_agg(concat_ws(' ', s ->> 'kind', current_date - (s ->> 'since')::timestamptz::date,
                                s ->> 'value', s ->> 'threshold',
                                (select string_agg(format('[%s]', e.id), ' ' order by v.ordinality)
                                 from json_array_elements_text(s -> 'evidence')
                                      with ordinality v
                                 join lifecycle.event e on e.event_id = v.value::uuid)),
                      ', ' order by s ->> 'kind')
    from pg_temp.walk(format('lifecycle.list_signals(null, %L, $1, $2)', subject), 2) s
$$;
create function pg_temp.statuses()
returns text
language sql
as $$
    select string_agg(concat_ws(' ', c.ref, t.status), ', ' order by c.ref)
    from lifecycle.customer_status t
    join lifecycle.customer c using (bucket, customer_id)
$$;

-- rhythm: gaps of 10, 10, 10, 12, silent for 20. seldom: gaps of 60 and 70, silent for 50. once:
-- silent for 30. long: silent for 400. Everyone's gaps: 10 10 10 12 60 70, of which the sixth is
-- the first that nine in ten do not exceed.
select pg_temp.purchased('rhythm', '{62,52,42,32,20}'), pg_temp.purchased('seldom', '{180,120,50}'),
       pg_temp.purchased('once', '{30}'), pg_temp.purchased('long', '{400}');
select pg_temp.happened('lead', 'find.lead.created', 5);
select pg_temp.happened('fresh', 'bill.payment.succeeded', 5,
                        '{"payment_id": "p", "amount": 5, "currency": "EUR"}');
\o
select pg_temp.is(lifecycle.sweep('0')::text, 'true', 'a sweep');
select pg_temp.is(usual_gap, 70, 'everyone''s gap') from lifecycle.sweep;
select pg_temp.is(pg_temp.signals('rhythm'),
    'overdue 7 20 12 [rhythm sell.order.placed 20]',
    'silent for longer than nine in ten gaps of its own: since the 13th day');
select pg_temp.is(pg_temp.signals('seldom'), null, 'fewer than four gaps: by those of everyone');
select pg_temp.is(pg_temp.signals('long'), null, 'what is long ago is no early sign');
select pg_temp.is(pg_temp.statuses(),
    'fresh active, lead prospect, long lapsed, once active, rhythm at_risk, seldom active',
    'statuses of those without a contract');

\o /dev/null
insert into lifecycle.setting values ('inactivity_days', '30');
\o
select pg_temp.is(pg_temp.statuses(),
    'fresh active, lead prospect, long lapsed, once lapsed, rhythm at_risk, seldom lapsed',
    'with inactivity_days of 30');

-- Payments, contracts ----------------------------------------------------------------------------
\o /dev/null
select pg_temp.happened(s.subject, 'bill.subscription.started', 200, json_build_object(
    'subscription_id', s.subject, 'plan', 'basic', 'amount', 1000, 'currency', 'EUR',
    'interval', 'month'))
from unnest(array['steady', 'failing', 'unpaid', 'gone', 'back', 'leaving', 'mixed']) s (subject);
select pg_temp.happened(s.subject, 'bill.payment.succeeded', 199,
                        '{"payment_id": "first", "amount": 1000, "currency": "EUR"}')
from unnest(array['steady', 'failing', 'unpaid', 'gone', 'back', 'leaving', 'mixed']) s (subject);
select pg_temp.happened(subject, 'bill.payment.failed', days, json_build_object(
    'payment_id', subject || days, 'amount', 1000, 'currency', 'EUR', 'reason', 'declined'))
from (values ('steady', 40), ('failing', 9), ('failing', 3), ('unpaid', 20)) f (subject, days);
select pg_temp.happened('steady', 'bill.payment.succeeded', 38,
                        '{"payment_id": "s", "amount": 1000, "currency": "EUR"}');
select pg_temp.happened(subject, 'bill.subscription.ended', 10, json_build_object(
    'subscription_id', subject, 'reason', 'customer'))
from unnest(array['gone', 'back', 'mixed']) subject;
select pg_temp.purchased('back', '{3}'), pg_temp.purchased('mixed', '{100}');
select pg_temp.happened('leaving', 'bill.subscription.cancel_requested', 2,
    json_build_object('subscription_id', 'leaving', 'effective_at', current_date + 20));
\o
select pg_temp.is(pg_temp.signals('failing'),
    'payment_failing 9 2 [failing bill.payment.failed 3] [failing bill.payment.failed 9]',
    'payments that failed since, the latest first');
select pg_temp.is(pg_temp.signals('steady'), null, 'one that was made good is none');
select pg_temp.is(pg_temp.signals('leaving'),
    'cancellation_asked 2 1 [leaving bill.subscription.cancel_requested 2]',
    'the end was asked for');
select pg_temp.is((select string_agg(concat_ws(' ', ref, lifecycle.status_of(bucket, customer_id)),
                                     ', ' order by ref)
                   from lifecycle.customer
                   where ref in ('steady', 'failing', 'unpaid', 'gone', 'back', 'leaving',
                                 'mixed')),
    'back active, failing at_risk, gone churned, leaving at_risk, mixed churned, steady active, '
    'unpaid churned', 'statuses of those with a contract, as of now');
\o /dev/null
select pg_temp.happened('leaving', 'bill.subscription.uncancelled', 1,
                        '{"subscription_id": "leaving"}');
select pg_temp.happened('gone', 'loyalty.relationship.ended', 1, '{"reason": "moved"}');
\o
select pg_temp.is(pg_temp.signals('leaving'), null, 'what was taken back is over');
select pg_temp.is(lifecycle.show_customer('gone') ->> 'status', 'ended', 'the relationship ended');

-- Support ----------------------------------------------------------------------------------------
\o /dev/null
select pg_temp.happened('surge', 'support.case.opened', days, json_build_object('case_id', days))
from unnest(array[60, 25, 8, 4]) days;
select pg_temp.happened('calm', 'support.case.opened', days, json_build_object('case_id', days))
from unnest(array[60, 8, 4]) days;
select pg_temp.happened('surge', 'support.case.replied', days, json_build_object(
    'case_id', 60, 'by', 'customer', 'sentiment', sentiment))
from (values (50, 0.6), (40, 0.5), (30, 0.4), (7, 0.2), (6, 0.1), (5, 0.0))
     r (days, sentiment);
select pg_temp.happened('nps', 'support.survey.answered', days, json_build_object(
    'survey_id', 's', 'kind', 'nps', 'score', score, 'scale_max', 10))
from (values (40, 9), (6, 3)) a (days, score);
select pg_temp.happened('kept', 'deliver.fulfilment.started', 9, json_build_object(
    'order_id', 'k', 'promised_at', current_date - 4));
select pg_temp.happened('kept', 'deliver.fulfilment.completed', 5, '{"order_id": "k"}');
select pg_temp.happened('late', 'deliver.fulfilment.started', 9, json_build_object(
    'order_id', 'l', 'promised_at', current_date - 4));
select pg_temp.happened('late', 'deliver.fulfilment.completed', 2, '{"order_id": "l"}');
select pg_temp.happened('late', 'deliver.fulfilment.started', 8, json_build_object(
    'order_id', 'm', 'promised_at', current_date - 6));
select pg_temp.happened('risk', 'support.risk.flagged', 5, '{"kind": "usage_drop", "score": 0.7}');
\o
select pg_temp.is(pg_temp.signals('surge'),
    'case_surge 4 3 3 [surge support.case.opened 4] [surge support.case.opened 8] '
    '[surge support.case.opened 25], '
    'falling_sentiment 5 0.1 0.5 [surge support.case.replied 5] [surge support.case.replied 6] '
    '[surge support.case.replied 7]', 'three cases in 30 days, and sentiments of 0.1 after 0.5');
select pg_temp.is(pg_temp.signals('calm'), null, 'two cases are no surge');
select pg_temp.is(pg_temp.signals('nps'), 'detractor 6 3 6 [nps support.survey.answered 6]',
                  'the latest answer counts');
select pg_temp.is(pg_temp.signals('late'),
    'late_delivery 5 2 [late deliver.fulfilment.started 9] [late deliver.fulfilment.completed 2] '
    '[late deliver.fulfilment.started 8]', 'delivered late, and not at all');
select pg_temp.is(pg_temp.signals('kept'), null, 'a promise that was kept');
select pg_temp.is(pg_temp.signals('risk'), 'risk_flagged 5 0.7 [risk support.risk.flagged 5]',
                  'a flag');
\o /dev/null
insert into lifecycle.setting values ('case_surge_cases', '4'), ('sentiment_fall', '0.5');
\o
select pg_temp.is(pg_temp.signals('surge'), null, 'thresholds are settings');

-- The list ---------------------------------------------------------------------------------------
\o /dev/null
delete from lifecycle.setting where name in ('case_surge_cases', 'sentiment_fall');
update lifecycle.sweep set ended_at = null;
select lifecycle.sweep('0');
\o
select pg_temp.is(count(*), 0, 'what the sweep keeps is what is so now')
from (select * from lifecycle.signal_now) n
full join lifecycle.signal s using (bucket, customer_id, kind)
where (n.since, n.evidence, n.value, n.threshold)
      is distinct from (s.since, s.evidence, s.value, s.threshold);
select pg_temp.is((select string_agg(distinct w.told, ' / ')
                   from generate_series(1, 9) size,
                        lateral (select count(*) || ' ' || bool_and(is_sorted) as told
                                 from (select (s ->> 'since') <= coalesce(lag(s ->> 'since')
                                                  over (order by n), s ->> 'since') as is_sorted
                                       from pg_temp.walk(
                                           'lifecycle.list_signals(null, null, $1, $2)', size)
                                           with ordinality l (s, n)) x) w),
    (select count(*) || ' true' from lifecycle.signal), 'all of them, the latest first');
select pg_temp.is(pg_temp.walked('lifecycle.list_signals(''late_delivery'', null, $1, $2)',
                                 '{customer}'), 'late', 'of one kind');
select pg_temp.is(pg_temp.refusal($$select lifecycle.list_signals('doubt', null, 10, null)$$),
                  'CL422 ?kind', 'an unknown kind');
select pg_temp.is(pg_temp.signals('nobody'), null, 'nobody has none');

-- Subscriptions ----------------------------------------------------------------------------------
\o /dev/null
select pg_temp.happened('steady', 'bill.subscription.started', 100, json_build_object(
    'subscription_id', 'extra', 'plan', 'storage', 'amount', 200, 'currency', 'EUR',
    'interval', 'month', 'quantity', 3));
select pg_temp.happened('steady', 'bill.subscription.ended', 50,
                        '{"subscription_id": "extra", "reason": "customer"}');
\o
select pg_temp.is(pg_temp.walked('lifecycle.list_subscriptions(''steady'', $1, $2)',
                                 '{subscription_id,status,plan,mrr}'),
    'extra ended storage 0, steady active basic 1000', 'a customer''s subscriptions');
select pg_temp.is((select string_agg(t ->> 'status', ' ')
                   from lifecycle.list_subscriptions('steady', 1, null) l,
                        json_array_elements(l.page -> 'data' -> 0 -> 'states') t),
    'active ended', 'and their states');
select pg_temp.is((select page::text from lifecycle.list_subscriptions('nobody', 1, null)), null,
                  'nobody is nobody');
\ir teardown.sql
