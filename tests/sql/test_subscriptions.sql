-- What a subscription's events make of it, state by state; failed payments; and the MRR of both.
\ir setup.sql
\ir verified.sql
\o /dev/null
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
set local timezone = 'Europe/Berlin';

-- The events of a case, posted in any order: what, day, data.
create temp table happening (subject text, place serial, what text, at timestamptz, data jsonb);
create function pg_temp.happen(subject text, what text, at timestamptz, data jsonb default '{}')
returns void
language sql
as $$
    insert into happening (subject, what, at, data)
    values (subject, what, at,
            case when what ~ '^subscription' then jsonb_build_object('subscription_id', 's')
                 when what ~ 'recovered|succeeded|failed' then
                     jsonb_build_object('payment_id', 'p', 'amount', 9900, 'currency', 'EUR',
                                        'reason', 'declined')
                 else '{}' end || data)
$$;
create function pg_temp.start(subject text, at timestamptz, data jsonb default '{}')
returns void
language sql
as $$
    select pg_temp.happen(subject, 'subscription.started', at,
                          '{"plan": "p", "amount": 9900, "currency": "EUR",
                            "interval": "month"}' || data)
$$;
create function pg_temp.post_all()
returns bigint
language sql
as $$
    select pg_temp.record(array_agg(json_build_object(
               'id', place::text, 'subject', subject, 'type', 'bill.' || what, 'time', at,
               'data', data) order by random()))
    from happening
$$;

-- The states of a customer's subscriptions, in a few words; and the movements.
create function pg_temp.states(subject text)
returns text
language sql
as $$
    select string_agg(concat_ws(' ', to_char(s.since, 'MM-DD'), s.status, s.mrr,
                                case when s.plan <> 'p' then s.plan end, s.reason,
                                case when s.voluntary then 'voluntary'
                                     when not s.voluntary then 'involuntary' end), ', '
                      order by s.object, s.since)
    from lifecycle.identifier i
    join lifecycle.subscription_states s using (bucket, customer_id)
    where i.identifier = subject
$$;
create function pg_temp.movements(subject text)
returns text
language sql
as $$
    select string_agg(concat_ws(' ', to_char(v.at, 'MM-DD'), v.kind, v.before || '>' || v.after,
                                case when v.currency <> 'EUR' then v.currency end,
                                case when not v.voluntary then 'involuntary' end), ', '
                      order by v.at, v.currency)
    from lifecycle.identifier i
    join lifecycle.mrr_movements v using (bucket, customer_id)
    where i.identifier = subject
$$;

select pg_temp.start('units', '2025-01-01', '{"amount": 50000, "quantity": 4,
                                              "interval": "year"}');
select pg_temp.start('quarter', '2025-01-01', '{"amount": 10000, "interval": "quarter"}');
select pg_temp.start('half', '2025-01-01', '{"amount": 60000, "interval_count": 6}');
select pg_temp.happen('half', 'subscription.changed', '2025-03-01', '{"interval": "year"}');
select pg_temp.start('week', '2025-01-01', '{"amount": 300, "interval": "week"}');
select pg_temp.start('day', '2025-01-01', '{"amount": 100, "interval": "day"}');
select pg_temp.start('discount', '2025-01-01', '{"amount": 9900, "discount": 1900}');
select pg_temp.happen('discount', 'subscription.changed', '2025-02-01', '{"quantity": 2}');
select pg_temp.happen('discount', 'subscription.changed', '2025-03-01',
                      '{"kind": "discount", "amount": 7000, "currency": "EUR"}');
select pg_temp.start('trial', '2025-01-01', '{"trial_end": "2025-01-15"}');
select pg_temp.start('free', '2025-01-01', '{"amount": 0}');
select pg_temp.happen('free', 'subscription.changed', '2025-02-01',
                      '{"plan": "paid", "amount": 100, "currency": "EUR"}');
select pg_temp.start('pause', '2025-01-01');
select pg_temp.happen('pause', 'subscription.paused', '2025-02-01', '{"until": "2025-03-01"}');
select pg_temp.happen('pause', 'subscription.paused', '2025-04-01', '{"until": "2025-06-01"}');
select pg_temp.happen('pause', 'subscription.resumed', '2025-05-01');
select pg_temp.happen('pause', 'subscription.paused', '2025-05-10');
select pg_temp.start('scheduled', '2025-01-01');
select pg_temp.happen('scheduled', 'subscription.changed', '2025-01-10',
                      '{"plan": "q", "effective_at": "2025-04-01"}');
select pg_temp.happen('scheduled', 'subscription.changed', '2025-02-10',
                      '{"plan": "r", "effective_at": "2025-03-01T00:00:00+01:00"}');
select pg_temp.start('cancel', '2025-01-01', '{"contract_end": "2025-02-01"}');
select pg_temp.happen('cancel', 'subscription.cancel_requested', '2025-01-10',
                      '{"effective_at": "2025-04-01", "reason": "too dear"}');
select pg_temp.start('keep', '2025-01-01');
select pg_temp.happen('keep', 'subscription.cancel_requested', '2025-01-10',
                      '{"effective_at": "2025-04-01"}');
select pg_temp.happen('keep', 'subscription.uncancelled', '2025-01-20');
select pg_temp.start('later', '2025-01-01');
select pg_temp.happen('later', 'subscription.cancel_requested', '2025-01-10',
                      '{"effective_at": "2025-03-01"}');
select pg_temp.happen('later', 'subscription.cancel_requested', '2025-01-20',
                      '{"effective_at": "2025-04-01", "voluntary": false}');
select pg_temp.start('again', '2025-01-01');
select pg_temp.happen('again', 'subscription.ended', '2025-02-01', '{"reason": "expired"}');
select pg_temp.happen('again', 'subscription.ended', '2025-02-05', '{"reason": "fraud"}');
select pg_temp.start('again', '2025-03-01', '{"amount": 5000}');
select pg_temp.happen('again', 'subscription.ended', '2025-04-01',
                      '{"reason": "seller", "voluntary": true}');
select pg_temp.happen('headless', 'subscription.changed', '2025-01-01', '{"plan": "q"}');

select pg_temp.start('late payer', '2025-01-01');
select pg_temp.happen('late payer', 'payment.failed', '2025-02-01');
select pg_temp.happen('late payer', 'payment.failed', '2025-02-10', '{"payment_id": "p2"}');
select pg_temp.happen('late payer', 'payment.succeeded', '2025-03-01', '{"payment_id": "p3"}');
select pg_temp.start('payer in time', '2025-01-01');
select pg_temp.happen('payer in time', 'payment.failed', '2025-02-01');
select pg_temp.happen('payer in time', 'payment.recovered', '2025-02-16',
                      '{"payment_id": "p4", "failed_payment_id": "p"}');
select pg_temp.start('debtor', '2025-01-01');
select pg_temp.happen('debtor', 'payment.failed', '2025-03-20');
select pg_temp.happen('debtor', 'subscription.ended', '2025-05-01', '{"reason": "customer"}');
select pg_temp.start('debtor', '2025-06-01', '{"subscription_id": "t"}');
select pg_temp.start('two currencies', '2025-01-01');
select pg_temp.start('two currencies', '2025-02-01',
                     '{"subscription_id": "t", "amount": 5000, "currency": "USD"}');
select pg_temp.happen('two currencies', 'subscription.ended', '2025-03-01',
                      '{"reason": "fraud"}');
select pg_temp.happen('two currencies', 'subscription.ended', '2025-04-01',
                      '{"subscription_id": "t", "reason": "customer"}');
select pg_temp.post_all();
\o

select pg_temp.is(pg_temp.states(subject), states, subject)
from (values
    ('units', '01-01 active 16667'),
    ('quarter', '01-01 active 3333'),
    ('half', '01-01 active 10000, 03-01 active 5000'),
    ('week', '01-01 active 1300'),
    ('day', '01-01 active 3042'),
    ('discount', '01-01 active 8000, 02-01 active 16000, 03-01 active 14000'),
    ('trial', '01-01 trial 0, 01-15 active 9900'),
    ('free', '01-01 active 0, 02-01 active 100 paid'),
    ('pause', '01-01 active 9900, 02-01 paused 0, 03-01 active 9900, 04-01 paused 0, '
              || '05-01 active 9900, 05-10 paused 0'),
    ('scheduled', '01-01 active 9900, 03-01 active 9900 r, 04-01 active 9900 q'),
    ('cancel', '01-01 active 9900, 04-01 ended 0 too dear voluntary'),
    ('keep', '01-01 active 9900'),
    ('later', '01-01 active 9900, 04-01 ended 0 customer involuntary'),
    ('again', '01-01 active 9900, 02-01 ended 0 expired voluntary, 03-01 active 5000, '
              || '04-01 ended 0 seller voluntary'),
    ('headless', null)) s (subject, states);
select pg_temp.is(
    (select string_agg(concat_ws(' ', i.identifier, to_char(s.contract_end, 'MM-DD'),
                                 to_char(s.cancel_asked_at, 'MM-DD')), ', ' order by i.identifier)
     from lifecycle.subscription s
     join lifecycle.identifier i using (bucket, customer_id)
     where s.contract_end is not null or s.cancel_asked_at is not null),
    'cancel 02-01 01-10, later 01-20', 'contracts, and whose end was asked for');

select pg_temp.is(pg_temp.movements(subject), movements, subject)
from (values
    ('trial', '01-15 new 0>9900'),
    ('pause', '01-01 new 0>9900, 02-01 churn 9900>0, 03-01 reactivation 0>9900, '
              || '04-01 churn 9900>0, 05-01 reactivation 0>9900, 05-10 churn 9900>0'),
    ('scheduled', '01-01 new 0>9900'),
    ('again', '01-01 new 0>9900, 02-01 churn 9900>0, 03-01 reactivation 0>5000, '
              || '04-01 churn 5000>0'),
    ('late payer', '01-01 new 0>9900, 02-16 churn 9900>0 involuntary, '
                   || '03-01 reactivation 0>9900'),
    ('payer in time', '01-01 new 0>9900'),
    ('debtor', '01-01 new 0>9900, 04-04 churn 9900>0 involuntary, 06-01 reactivation 0>9900'),
    ('two currencies', '01-01 new 0>9900, 02-01 expansion 0>5000 USD, 03-01 contraction 9900>0, '
                       || '04-01 churn 5000>0 USD')) s (subject, movements);
select pg_temp.is(
    (select string_agg(concat_ws(' ', i.identifier, to_char(f.failed_at, 'MM-DD'),
                                 to_char(f.recovered_at, 'MM-DD')), ', '
                       order by i.identifier, f.failed_at)
     from lifecycle.payment_failure f
     join lifecycle.identifier i using (bucket, customer_id)),
    'debtor 03-20, late payer 02-01 03-01, late payer 02-10 03-01, payer in time 02-01 02-16',
    'failed payments, and when they were made good');

-- What comes late, is taken back, or is set otherwise.
\o /dev/null
select pg_temp.post('late payer', 'bill.payment.succeeded', '2025-02-15',
                    '{"payment_id": "p5", "amount": 1, "currency": "EUR"}', 'saviour');
\o
select pg_temp.is(pg_temp.movements('late payer'), '01-01 new 0>9900',
    'a payment that comes late makes good what failed before it');
\o /dev/null
select pg_temp.post('late payer', 'event.voided', '2025-07-01', '{"id": "saviour"}');
\o
select pg_temp.is(pg_temp.movements('late payer'),
    '01-01 new 0>9900, 02-16 churn 9900>0 involuntary, 03-01 reactivation 0>9900',
    'unless it is taken back');
\o /dev/null
select lifecycle.change_settings('{"dunning_days": 40}', '*', null);
\o
select pg_temp.is(pg_temp.movements('late payer'), '01-01 new 0>9900',
    'with more patience nobody is lost');
\o /dev/null
select lifecycle.change_cut('dunning_days', '16');
\o
select pg_temp.is(pg_temp.movements('late payer'),
    '01-01 new 0>9900, 02-17 churn 9900>0 involuntary, 03-01 reactivation 0>9900',
    'with a day more, by the command, a day later');
select pg_temp.is(pg_temp.refusal($$select lifecycle.change_cut('dunning_days', 'x')$$),
    E'CL422 /dunning_days\tmust be a whole number from 0 to 365', 'which must be a number');
\o /dev/null
select lifecycle.change_settings('{"dunning_days": null, "timezone": "America/New_York"}', '*',
                                 null);
\o
select pg_temp.is(
    (select string_agg(to_char(v.at at time zone 'UTC', 'MM-DD HH24:MI'), ', ' order by v.at)
     from lifecycle.mrr_movements v
     join lifecycle.identifier i using (bucket, customer_id)
     where i.identifier in ('trial', 'late payer')),
    '12-31 23:00, 01-15 05:00, 02-15 23:00, 02-28 23:00',
    'a date is a midnight in the zone of the business');

select pg_temp.is(pg_temp.spoilt_parts(), '-', 'all of it is what the ledger says');
select pg_temp.is(pg_temp.found_and_mended(spoil), expected || ', then -', 'spoilt: ' || spoil)
from (values
    ('delete from lifecycle.payment_failure', 'measure_total mrr payment_failure'),
    ('update lifecycle.payment_failure set amount = amount + 1', 'measure_total payment_failure'),
    ('update lifecycle.subscription set contract_end = now()', 'subscription'),
    ('update lifecycle.mrr set parts = parts[1:1]', 'measure_total mrr'),
    ('delete from lifecycle.measure_total where measure = ''monthly:mrr''', 'measure_total'))
    s (spoil, expected);
\ir teardown.sql
