-- The golden fixture's spend, acquisitions and refund in Berlin, worked by hand; and what customers
-- cost and are worth.
\ir setup.sql
\ir verified.sql
\o /dev/null
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
set local timezone = 'Europe/Berlin';

create function pg_temp.asked(name text, asked jsonb)
returns text
language sql
as $$
    select string_agg(pg_temp.told(a.period, a."group", a.value, a.reason, a.numerator,
                                   a.denominator, a.n), ', ' order by a.number)
    from (select row_number() over () as number, r.*
          from json_to_recordset(metric.answer(name, asked) -> 'data')
               r (period text, "group" json, value numeric, numerator numeric,
                  denominator numeric, n bigint, complete boolean, reason text)) a
$$;
create function pg_temp.subscribed(subject text, subscription text, type text, day text,
                                   amount integer default null, "interval" text default 'month')
returns text
language sql
as $$
    select pg_temp.post(subject, 'bill.subscription.' || type, day::timestamptz,
                        json_strip_nulls(json_build_object(
        'subscription_id', subscription, 'plan', 'plan', 'amount', amount,
        'currency', case when amount is not null
                         then case subject when 'C6' then 'USD' else 'EUR' end end,
        'interval', case when amount is not null then "interval" end,
        'reason', case when type = 'ended'
                       then case subject when 'C4' then 'customer' else 'non_payment' end end)))
$$;

select pg_temp.subscribed('C1', 's1', 'started', '2025-02-01', 10000);
select pg_temp.subscribed('C1', 's1', 'changed', '2025-04-01', 15000);
select pg_temp.subscribed('C1', 's1', 'changed', '2025-06-01', 12000);
select pg_temp.subscribed('C4', 's4', 'started', '2025-01-01', 120000, 'year');
select pg_temp.subscribed('C4', 's4', 'ended', '2025-05-01');
select pg_temp.subscribed('C4', 's4b', 'started', '2025-06-01', 8000);
select pg_temp.subscribed('C5', 's5', 'started', '2025-01-01', 3000);
select pg_temp.subscribed('C5', 's5b', 'started', '2025-01-01', 2000);
select pg_temp.subscribed('C5', 's5b', 'ended', '2025-03-01');
select pg_temp.subscribed('C5', 's5', 'ended', '2025-04-01');
select pg_temp.subscribed('C6', 's6', 'started', '2025-01-01', 11000);
insert into lifecycle.rate
values ('USD', 'EUR', '2025-01-01', 0.9), ('USD', 'EUR', '2025-04-01', 0.8);

select pg_temp.post(null, 'find.spend.recorded', last::timestamptz, json_build_object(
    'amount', amount, 'currency', 'EUR', 'purpose', 'acquisition', 'channel', channel,
    'period_start', first, 'period_end', last))
from (values (60000, 'ad', '2025-01-01', '2025-01-31'), (30000, 'email', '2025-01-01', '2025-01-31'),
             (50000, 'ad', '2025-02-01', '2025-02-28')) s (amount, channel, first, last);
select pg_temp.post('C4', 'sell.cost.recorded', '2025-03-05'::timestamptz,
                    '{"amount": 20000, "currency": "EUR"}');
select pg_temp.post('C4', 'find.lead.created', '2024-12-30'::timestamptz, '{"channel": "email"}');
select pg_temp.post('C1', 'find.touch.recorded', '2025-02-01'::timestamptz,
                    '{"channel": "ad", "campaign": "spring"}');
select pg_temp.post('C4', 'bill.invoice.issued', '2025-01-01'::timestamptz,
                    '{"invoice_id": "i4", "amount": 120000, "currency": "EUR"}');
select pg_temp.post('C4', 'bill.payment.succeeded', '2025-01-01'::timestamptz,
    '{"payment_id": "p4", "amount": 120000, "currency": "EUR", "invoice_id": "i4"}');
select pg_temp.post('C4', 'bill.refund.issued', '2025-05-10'::timestamptz,
    '{"refund_id": "r4", "amount": 5000, "currency": "EUR", "invoice_id": "i4"}');
select pg_temp.post('C5', 'support.cost.recorded', '2025-01-10'::timestamptz,
                    '{"amount": 900, "currency": "EUR"}');
select pg_temp.post('C5', 'deliver.fulfilment.started', '2025-01-11'::timestamptz,
                    '{"order_id": "x", "cost": {"amount": 600, "currency": "EUR"}}');
select pg_temp.post(null, 'find.spend.recorded', '2025-01-31'::timestamptz,
    '{"amount": 2100, "currency": "EUR", "purpose": "retention", "period_start": "2025-01-01",
      "period_end": "2025-01-31"}');
\o

select pg_temp.is(pg_temp.asked('cac',
        '{"from": "2025-01-01", "to": "2025-04-01", "interval": "month"}'),
    '2025-01 EUR 30000 90000/3, 2025-02 EUR 50000 50000/1, '
    '2025-03 EUR no_new_customers 20000/0', 'the cost of acquiring a customer, by month');
select pg_temp.is(pg_temp.asked('cac', '{"from": "2025-01-01", "to": "2025-04-01"}'),
    'EUR 40000 160000/4', 'and of the quarter');
select pg_temp.is(pg_temp.asked('cac',
        '{"from": "2025-01-01", "to": "2025-04-01", "group_by": "channel"}'),
    'none EUR 10000 20000/2, ad EUR 110000 110000/1, email EUR 30000 30000/1',
    'by channel: what has none is a row of its own');
select pg_temp.is(pg_temp.asked('cac',
        '{"from": "2025-01-01", "to": "2025-04-01", "group_by": "campaign"}'),
    'none EUR 53333.333333 160000/3, spring EUR 0 0/1', 'by campaign');
select pg_temp.is(pg_temp.asked('cac',
        '{"from": "2025-02-01", "to": "2025-05-01", "lag_days": "31"}'),
    'EUR 160000 160000/1', 'spend that counts for those who were acquired a month later');
select pg_temp.is(pg_temp.asked('acquired',
        '{"from": "2025-01-01", "to": "2025-04-01", "interval": "month"}'),
    '2025-01 3 (3), 2025-02 1 (1), 2025-03 0 (0)', 'customers acquired');
select pg_temp.is(pg_temp.asked('acquired',
        '{"from": "2025-01-01", "to": "2025-04-01", "group_by": "channel"}'),
    'none 2 (2), ad 1 (1), email 1 (1)', 'by channel');
select pg_temp.is(pg_temp.asked('refunds',
        '{"from": "2025-01-01", "to": "2025-07-01", "interval": "quarter"}'),
    '2025-Q1 EUR amount 0 (0), 2025-Q1 EUR count 0 (0), 2025-Q1 EUR share 0 0/120000, '
    '2025-Q2 EUR amount 5000 (1), 2025-Q2 EUR count 1 (1), '
    '2025-Q2 EUR share empty_denominator 5000/0', 'refunds on their own date');
select pg_temp.is(pg_temp.asked('clv_formula',
        '{"from": "2025-05-01", "to": "2025-07-01", "currency": "EUR"}'),
    '2025-05 EUR window_not_elapsed 11900/0.14285714285714285714, '
    '2025-06 EUR 76800 9600/0.125',
    'value by the formula: 96 by an eighth, when six months have passed');
select pg_temp.is(pg_temp.asked('cac_payback',
        '{"from": "2025-01-01", "to": "2025-04-01", "currency": "EUR"}'),
    '2025-01 EUR 3.614458 30000/8300, 2025-02 EUR 5.730659 50000/8725, '
    '2025-03 EUR no_new_customers (0)', 'months until that is paid back');
select pg_temp.is(pg_temp.asked('ltv_cac',
        '{"from": "2025-06-01", "to": "2025-07-01", "currency": "EUR"}'),
    '2025-06 EUR no_new_customers (0)', 'nobody new, nothing to compare');
select pg_temp.is(pg_temp.asked('ltv_cac',
        '{"from": "2025-06-01", "to": "2025-07-01", "currency": "EUR", "lag_days": "120"}'),
    '2025-06 EUR no_new_customers (0)', 'whatever was spent before');
select pg_temp.is(pg_temp.asked('clv_historical',
        '{"from": "2025-01-01", "to": "2025-07-01", "interval": "quarter", "currency": "EUR"}'),
    '2025-Q1 EUR mean -10375 -41500/4, 2025-Q1 EUR total -41500 (4), '
    '2025-Q1 EUR gross_margin 120000 (4), 2025-Q1 EUR cost_to_serve 1500 (4), '
    '2025-Q1 EUR acquisition_cost 160000 (4), 2025-Q2 EUR mean -11625 -46500/4, '
    '2025-Q2 EUR total -46500 (4), 2025-Q2 EUR gross_margin 115000 (4), '
    '2025-Q2 EUR cost_to_serve 1500 (4), 2025-Q2 EUR acquisition_cost 160000 (4)',
    'value so far, with the refund');
select pg_temp.is(pg_temp.asked('cost_to_serve',
        '{"from": "2025-01-01", "to": "2025-03-01", "currency": "EUR"}'),
    '2025-01 EUR 500 1500/3, 2025-02 EUR 0 0/4', 'cost to serve those with MRR');
select pg_temp.is(pg_temp.asked('acquisition_retention_cost',
        '{"from": "2025-01-01", "to": "2025-03-01", "currency": "EUR"}'),
    '2025-01 EUR acquisition 30000 90000/3, 2025-01 EUR retention 1000 3000/3, '
    '2025-01 EUR ratio 30 30000/1000, 2025-02 EUR acquisition 50000 50000/1, '
    '2025-02 EUR retention 0 0/4, 2025-02 EUR ratio empty_denominator 50000/0',
    'winning against keeping: spend for retention, and support');
select pg_temp.is(pg_temp.asked('profit_per_customer',
        '{"from": "2025-01-01", "to": "2025-03-01", "currency": "EUR"}'),
    '2025-01 EUR 8800 26400/3, 2025-02 EUR -12500 -50000/4', 'what remains');
select pg_temp.is(pg_temp.asked('profit_per_customer',
        '{"from": "2025-01-01", "to": "2025-02-01", "currency": "EUR", "group_by": "channel"}'),
    '2025-01 none EUR -1800 -3600/2, 2025-01 ad EUR empty_denominator -60000/0, '
    '2025-01 email EUR 90000 90000/1',
    'by channel: C4 paid 1200 and email cost 300; what C5 cost and was spent to keep is in neither');
select pg_temp.is(pg_temp.asked('clv_historical',
        '{"from": "2025-01-01", "to": "2025-02-01", "currency": "EUR", "group_by": "campaign"}'),
    'none EUR mean 9500 28500/3, none EUR total 28500 (3), none EUR gross_margin 120000 (3), '
    'none EUR cost_to_serve 1500 (3), none EUR acquisition_cost 90000 (3)',
    'value so far by campaign: C1 comes in February');
\o /dev/null
select lifecycle.put_segment('mailed', '{"where": {"field": "channel", "=": "email"}}', null, '*');
\o
select pg_temp.is(pg_temp.asked('clv_historical',
        '{"from": "2025-01-01", "to": "2025-07-01", "currency": "EUR", "segment": "mailed"}'),
    'EUR mean 115000 115000/1, EUR total 115000 (1), EUR gross_margin 115000 (1), '
    'EUR cost_to_serve 0 (1), EUR acquisition_cost 0 (1)', 'C4''s value: the money without the spend');
select pg_temp.is(
    (select metric.answer(m, '{"segment": "mailed"}') -> 'warnings' ->> 'spend'),
    case when m <> 'cost_to_serve'
         then 'spend belongs to no customer: none of it is counted for a segment' end,
    'a warning of spend that is not there: ' || m)
from unnest('{clv_historical,profit_per_customer,cost_to_serve}'::text[]) m;
select pg_temp.is(
    (select string_agg(concat_ws(' ', "group" ->> 'stage', "group" ->> 'measure',
                                 coalesce(value::text, reason),
                                 numerator || '/' || denominator), ', ' order by number)
     from pg_temp.answer('stage_cost', '2025-01-01', '2025-02-01', null, null, 'EUR')
     where "group" ->> 'stage' in ('deliver', 'support')),
    'deliver cost 600, deliver per_visit empty_denominator 600/0, '
    'deliver per_customer 200 600/3, '
    'support cost 900, support per_visit empty_denominator 900/0, '
    'support per_customer 300 900/3', 'what the stages cost');
\o /dev/null
select pg_temp.post('C5', 'customer.merged', '2025-06-30'::timestamptz, '{"into": "C1"}');
\o
select pg_temp.is(pg_temp.asked('cac',
        '{"from": "2025-01-01", "to": "2025-04-01", "interval": "month"}'),
    '2025-01 EUR 30000 90000/3, 2025-02 EUR no_new_customers 50000/0, '
    '2025-03 EUR no_new_customers 20000/0', 'merged into a customer of January');
\o /dev/null
select pg_temp.post('C5', 'customer.unmerged', '2025-06-30T01:00Z'::timestamptz, '{"into": "C1"}');
\o
select pg_temp.is(pg_temp.asked('cac',
        '{"from": "2025-01-01", "to": "2025-04-01", "interval": "month"}'),
    '2025-01 EUR 30000 90000/3, 2025-02 EUR 50000 50000/1, '
    '2025-03 EUR no_new_customers 20000/0', 'and taken apart again');
select pg_temp.is(pg_temp.differences(), 0, 'verify finds no difference');
\ir teardown.sql
