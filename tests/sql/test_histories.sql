-- Random histories of everything that can happen, each posted twice: in two orders and splits. The
-- answers to every metric are the same to the byte, what stands is what follows from the ledger,
-- and what is true of every history holds. psql -v histories=1000 -v first=1 for more of them.
\ir setup.sql
\o /dev/null
\if :{?histories}
\else
    \set histories 12
\endif
\if :{?first}
\else
    \set first 1
\endif
select set_config('test.histories', :'histories', true), set_config('test.first', :'first', true);
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
insert into lifecycle.rate values
    ('USD', 'EUR', '2024-01-01', 0.90), ('USD', 'EUR', '2025-01-01', 0.80),
    ('USD', 'EUR', '2025-03-01', 0.95);

-- In the data, # stands for a small number, $ for an amount, @ for a currency, ~ for a time.
create temp table kind (weight integer, type text, data text);
insert into kind values
    (3, 'find.touch.recorded', '"channel": "mail", "campaign": "c#"'),
    (3, 'find.lead.created', '"channel": "ad", "campaign": "c#"'),
    (2, 'find.lead.created', '"channel": "email"'),
    (3, 'sell.opportunity.opened', '"opportunity_id": "p#"'),
    (8, 'sell.order.placed', '"order_id": "o#", "amount": $, "currency": "@", "units": 2'),
    (1, 'sell.order.placed', '"order_id": "o#", "amount": 0, "currency": "@", "units": 1'),
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

create function pg_temp.random_history(size integer, customers integer)
returns json[]
language sql
as $$
    select array_agg(json_build_object(
        'id', 'e' || n, 'time', pg_temp.random_time(), 'type', e.type,
        'subject', case when e.type not in ('event.voided', 'find.spend.recorded')
                        then 'c' || 1 + floor(customers * random()) end,
        'data', case e.type
            when 'event.voided' then
                json_build_object('source', 'test', 'id', 'e' || 1 + floor(size * random()))
            when 'customer.merged' then
                json_build_object('into', 'c' || 1 + floor(customers * random()))
            when 'customer.unmerged' then
                json_build_object('into', 'c' || 1 + floor(customers * random()))
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

create temp table asked as
select m.name, case when 'month' = any(m.intervals) then 'month' end as "interval", c.currency
from lifecycle.metric m,
     (values (''), ('EUR')) c (currency)
where c.currency = '' or 'currency' = any(m.parameters);

-- Posts a history in an order of its own, and takes it back: the answers, and what is wrong.
create function pg_temp.replay(events json[], seed double precision, out answers jsonb,
                               out faults text)
language plpgsql
as $$
declare
    start integer := 1;
    size integer;
begin
    perform setseed(seed);
    events := array(select e from unnest(events) e order by random());
    while start <= cardinality(events) loop
        size := 1 + floor(9 * random());
        perform pg_temp.record(events[start : start + size - 1]);
        start := start + size;
    end loop;
    select jsonb_object_agg(a.name || ' ' || a.currency,
                            metric.answer(a.name, '2024-11-01', '2025-07-01', a.interval, null,
                                          nullif(a.currency, ''), null, null, null) -> 'data')
    into answers
    from asked a;
    select string_agg(v.part || ' ' || v.differences, ', ')
    into faults
    from (select * from lifecycle.verify_totals()
          union all
          select v.*
          from (select distinct bucket from lifecycle.customer) b,
               lifecycle.verify_bucket(b.bucket) v) v
    where v.differences <> 0;
    faults := nullif(concat_ws('; ', faults, (select string_agg(w.wrong, ', ')
                                              from pg_temp.wrong(answers) w)), '');
    raise exception using errcode = 'TEST1';
exception
    when sqlstate 'TEST1' then null;
end
$$;

-- The rows of an answer, by its key in the answers.
create function pg_temp.rows_of(answers jsonb, metric text, currency text default '')
returns table (period text, measure text, dimensions jsonb, value numeric, numerator numeric,
               denominator numeric)
language sql
as $$
    select r.period, r."group" ->> 'measure', r."group", r.value, r.numerator, r.denominator
    from jsonb_to_recordset(answers -> (metric || ' ' || currency))
         r (period text, "group" jsonb, value numeric, numerator numeric, denominator numeric)
$$;

-- What must be true of every history, and is not.
create function pg_temp.wrong(answers jsonb)
returns table (wrong text)
language sql
as $$
    select 'visits that overlap or leave a gap'
    where exists (
        select
        from (select v.*, lead(v.entered_at) over life as next, lead(v.kind) over life as next_kind
              from lifecycle.visit v
              window life as (partition by v.bucket, v.customer_id order by v.ordinal)) v
        where v.left_at < v.entered_at
           or v.left_at is null and v.next is not null
           or v.next < v.left_at
           or v.next > v.left_at and v.next_kind <> 'return')
    union all
    select 'MRR of ' || m.period
    from pg_temp.rows_of(answers, 'mrr_movements', 'EUR') m
    group by m.period
    having abs(sum(m.value) filter (where m.measure <> 'end')
               - sum(m.value) filter (where m.measure = 'end')) > 0.001
    union all
    select 'the start of ' || m.period
    from (select r.period, r.value, lag(e.value) over (order by r.period) as before
          from pg_temp.rows_of(answers, 'mrr_movements', 'EUR') r
          join pg_temp.rows_of(answers, 'mrr_movements', 'EUR') e
            on e.period = r.period and e.measure = 'end'
          where r.measure = 'start') m
    where abs(m.value - m.before) > 0.001
    union all
    select 'GRR ' || g.value || ', NRR ' || n.value || ' of ' || g.period
    from pg_temp.rows_of(answers, 'grr', 'EUR') g
    join pg_temp.rows_of(answers, 'nrr', 'EUR') n on n.period = g.period
    where not g.value between 0 and 1 or g.value > n.value + 0.000001
    union all
    select 'churn and retention of ' || c.period
    from pg_temp.rows_of(answers, 'churn') c
    join pg_temp.rows_of(answers, 'retention') r on r.period = c.period
    where c.measure = 'churn' and abs(c.value + r.value - 1) > 0.000001
    union all
    select 'voluntary and involuntary churn of ' || c.period
    from pg_temp.rows_of(answers, 'churn') c
    group by c.period
    having abs(sum(c.numerator) filter (where c.measure = 'churn')
               - sum(c.numerator) filter (where c.measure <> 'churn')) > 0
    union all
    select 'the first cell of cohort ' || (c.dimensions ->> 'cohort')
    from pg_temp.rows_of(answers, 'cohort_retention') c
    where (c.dimensions ->> 'k')::integer = 0 and c.value <> 1
    union all
    select 'the buyers of ' || l.period
    from pg_temp.rows_of(answers, 'lifecycle') l
    group by l.period
    having sum(l.value) filter (where l.measure = 'active')
           <> sum(l.value) filter (where l.measure in ('new', 'returning', 'resurrected'))
$$;

create function pg_temp.fault_of(history integer)
returns text
language plpgsql
as $$
declare
    events json[];
    one record;
    other record;
begin
    update lifecycle.setting
    set value = (array['payments', 'invoices', 'orders'])[1 + history % 3]
    where name = 'revenue_basis';
    perform setseed(history / 100000.0);
    events := pg_temp.random_history(20 + (history * 37) % 160, 1 + history % 5);
    one := pg_temp.replay(events, history / 100000.0);
    other := pg_temp.replay(events, -history / 100000.0);
    return concat_ws('; ', one.faults, other.faults,
        (select 'another order, other answers: ' || string_agg(a.key, ', ')
         from jsonb_each(one.answers) a
         where a.value is distinct from other.answers -> a.key
         having count(*) > 0));
end
$$;
\o
select format('1..%s', :'histories');
select pg_temp.is(pg_temp.fault_of(h), '', 'history ' || h)
from generate_series(:first, :first + :histories - 1) h;
rollback;
