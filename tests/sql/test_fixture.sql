-- The golden fixture as a whole: six customers in Berlin, worked by hand, replayed in a hundred
-- random orders and splits, every third event twice: the roll-ups come out the same each time, and
-- in every tenth replay all answers do, and verify finds nothing. Then with a merge, with the merge
-- taken back, and without a rate. (Where the fixture does not tell, customers came by no channel.)
\ir setup.sql
\ir verified.sql
\o /dev/null
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
set local timezone = 'Europe/Berlin';
insert into lifecycle.rate values
    ('USD', 'EUR', '2025-01-01', 0.90), ('USD', 'EUR', '2025-04-01', 0.80);

create temp table happened (place integer generated always as identity, id text, subject text,
                            type text, day date, data json);
insert into happened (subject, type, day, data) values
    ('C1', 'find.lead.created', '2025-01-01', '{"channel": "ad"}'),
    ('C1', 'sell.opportunity.opened', '2025-01-11', '{"opportunity_id": "p1"}'),
    ('C1', 'deliver.fulfilment.started', '2025-01-21', '{"order_id": "f1"}'),
    ('C1', 'bill.invoice.issued', '2025-01-31',
     '{"invoice_id": "i1", "amount": 10000, "currency": "EUR"}'),
    ('C1', 'support.case.opened', '2025-02-10', '{"case_id": "s1"}'),
    ('C1', 'loyalty.program.joined', '2025-02-20', '{"program": "gold"}'),
    ('C1', 'sell.opportunity.opened', '2025-03-02', '{"opportunity_id": "p2"}'),
    ('C2', 'find.lead.created', '2025-01-05', '{"channel": "email"}'),
    ('C2', 'sell.opportunity.opened', '2025-01-15', '{"opportunity_id": "p3"}'),
    ('C2', 'find.lead.created', '2025-01-25', '{"channel": "ad"}'),
    ('C2', 'sell.opportunity.opened', '2025-02-04', '{"opportunity_id": "p4"}'),
    ('C2', 'loyalty.relationship.ended', '2025-02-14', '{"reason": "moved"}'),
    ('C3', 'find.lead.created', '2025-02-01', '{"channel": "ad"}'),
    ('C3', 'deliver.fulfilment.started', '2025-03-01', '{"order_id": "f3"}'),
    ('C3', 'sell.opportunity.opened', '2025-02-11', '{"opportunity_id": "p5"}'),

    ('C1', 'bill.subscription.started', '2025-02-01',
     '{"subscription_id": "1", "plan": "basic", "amount": 10000, "currency": "EUR",
       "interval": "month"}'),
    ('C1', 'bill.subscription.changed', '2025-04-01',
     '{"subscription_id": "1", "amount": 15000, "currency": "EUR"}'),
    ('C1', 'bill.subscription.changed', '2025-06-01',
     '{"subscription_id": "1", "amount": 12000, "currency": "EUR"}'),
    ('C4', 'bill.subscription.started', '2025-01-01',
     '{"subscription_id": "4", "plan": "yearly", "amount": 120000, "currency": "EUR",
       "interval": "year"}'),
    ('C4', 'bill.subscription.ended', '2025-05-01',
     '{"subscription_id": "4", "reason": "customer", "voluntary": true}'),
    ('C4', 'bill.subscription.started', '2025-06-01',
     '{"subscription_id": "4b", "plan": "basic", "amount": 8000, "currency": "EUR",
       "interval": "month"}'),
    ('C5', 'bill.subscription.started', '2025-01-01',
     '{"subscription_id": "5", "plan": "basic", "amount": 3000, "currency": "EUR",
       "interval": "month"}'),
    ('C5', 'bill.subscription.started', '2025-01-01',
     '{"subscription_id": "5b", "plan": "extra", "amount": 2000, "currency": "EUR",
       "interval": "month"}'),
    ('C5', 'bill.subscription.ended', '2025-03-01',
     '{"subscription_id": "5b", "reason": "customer", "voluntary": true}'),
    ('C5', 'bill.subscription.ended', '2025-04-01',
     '{"subscription_id": "5", "reason": "non_payment"}'),
    ('C6', 'bill.subscription.started', '2025-01-01',
     '{"subscription_id": "6", "plan": "basic", "amount": 11000, "currency": "USD",
       "interval": "month"}'),

    (null, 'find.spend.recorded', '2025-01-31',
     '{"amount": 60000, "currency": "EUR", "purpose": "acquisition", "channel": "ad",
       "period_start": "2025-01-01", "period_end": "2025-01-31"}'),
    (null, 'find.spend.recorded', '2025-01-31',
     '{"amount": 30000, "currency": "EUR", "purpose": "acquisition", "channel": "email",
       "period_start": "2025-01-01", "period_end": "2025-01-31"}'),
    (null, 'find.spend.recorded', '2025-02-28',
     '{"amount": 50000, "currency": "EUR", "purpose": "acquisition",
       "period_start": "2025-02-01", "period_end": "2025-02-28"}'),
    (null, 'find.spend.recorded', '2025-03-31',
     '{"amount": 20000, "currency": "EUR", "purpose": "acquisition",
       "period_start": "2025-03-01", "period_end": "2025-03-31"}'),
    ('C4', 'bill.invoice.issued', '2025-01-01',
     '{"invoice_id": "i4", "amount": 120000, "currency": "EUR"}'),
    ('C4', 'bill.payment.succeeded', '2025-01-02',
     '{"payment_id": "y4", "amount": 120000, "currency": "EUR", "invoice_id": "i4"}'),
    ('C4', 'bill.refund.issued', '2025-05-10',
     '{"refund_id": "r4", "amount": 5000, "currency": "EUR", "invoice_id": "i4"}');
update happened set id = concat_ws(' ', subject, type, day, place);

create temp table asked (question text primary key, metric text, since text, until text,
                         "interval" text, currency text, more jsonb);
insert into asked
select name, metric, '2025-01-01', '2025-07-01', nullif("interval", ''), nullif(currency, ''), more
from (values
    ('transitions', 'transitions', '', '', '{}'::jsonb),
    ('population', 'stage_population', '', '', '{}'), ('time', 'time_in_stage', '', '', '{}'),
    ('movements', 'mrr_movements', 'month', 'EUR', '{}'), ('mrr', 'mrr', 'month', '', '{}'),
    ('nrr', 'nrr', 'month', 'EUR', '{}'), ('grr', 'grr', 'month', 'EUR', '{}'),
    ('net churn', 'net_mrr_churn', 'month', 'EUR', '{}'),
    ('quick ratio', 'quick_ratio', 'month', 'EUR', '{}'),
    ('churn', 'churn', 'month', '', '{}'), ('retention', 'retention', 'month', '', '{}'),
    ('cac', 'cac', 'month', 'EUR', '{}'), ('cac of the quarter', 'cac', 'quarter', 'EUR', '{}'),
    ('cac by channel', 'cac', 'quarter', 'EUR', '{"group_by": "channel"}'),
    ('acquired', 'acquired', 'month', '', '{}'), ('revenue', 'revenue', 'month', 'EUR', '{}'),
    ('revenue by invoice', 'revenue', 'month', 'EUR', '{"refund_basis": "invoice"}'))
    q (name, metric, "interval", currency, more);

create function pg_temp.told_all()
returns jsonb
language sql
as $$
    select jsonb_object_agg(q.question, t.told)
    from asked q,
         lateral (select metric.answer(q.metric, jsonb_strip_nulls(q.more || jsonb_build_object(
                             'from', q.since, 'to', q.until, 'interval', q.interval,
                             'currency', q.currency))) as answer) x,
         lateral (select concat_ws(', ', string_agg(
                                       pg_temp.told(a.period, a."group", a.value, a.reason,
                                                    a.numerator, a.denominator, a.n), ', '
                                       order by a.number),
                                   'missing ' || nullif(x.answer #>> '{warnings,missing_rate}', '0'))
                             as told
                  from (select row_number() over () as number, r.*
                        from json_to_recordset(x.answer -> 'data')
                             r (period text, "group" json, value numeric, numerator numeric,
                                denominator numeric, n bigint, complete boolean,
                                reason text)) a) t
$$;

-- What a roll-up adds up to, without its zeros.
create function pg_temp.rollup(name text)
returns text
language plpgsql
as $$
declare
    keys text;
    sums text;
    told text;
begin
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where a.is_key),
           string_agg(format('sum(%I)', a.attname), ', ' order by a.attnum)
               filter (where not a.is_key)
    into keys, sums
    from (select attname, attnum, attnum = any(i.indkey) as is_key
          from pg_attribute
          join pg_index i on i.indrelid = attrelid and i.indisprimary
          where attrelid = format('lifecycle.%I', name)::regclass
            and attnum > 0 and not attisdropped and attname <> 'writer') a;
    execute format('select string_agg(r::text, $1 order by r)
                    from (select %1$s, %2$s from lifecycle.%3$I group by %1$s
                          having (%2$s) is distinct from (%4$s)) r',
                   keys, sums, name, regexp_replace(sums, 'sum\([^)]*\)', '0', 'g'))
    into told
    using E'\n';
    return told;
end
$$;

-- Posts the fixture in an order of its own, with events besides, and takes all of it back. The
-- answers, if they are wanted; what verify finds, if it finds anything; and the roll-ups' digest.
create function pg_temp.replay(seed double precision, besides json[] default '{}',
                               is_asked boolean default true)
returns jsonb
language plpgsql
as $$
declare
    events json[];
    answers jsonb := '{}';
    faults text;
    digest text;
    start integer := 1;
    size integer;
begin
    perform setseed(seed);
    select array_agg(e.event order by e.turn)
    into events
    from (select h.event, random() as turn
          from (select json_build_object('id', id, 'subject', subject, 'type', type,
                                         'time', day::timestamptz, 'data', data) as event,
                       case when place % 3 = 0 then 2 else 1 end as times
                from happened) h,
               generate_series(1, h.times)
          union all
          select b, random() from unnest(besides) b) e;
    while start <= cardinality(events) loop
        size := 1 + floor(7 * random());
        perform pg_temp.record(events[start : start + size - 1]);
        start := start + size;
    end loop;
    select md5(string_agg(pg_temp.rollup(r), E'\n' order by r))
    into digest
    from lifecycle.rollups() r;
    if is_asked then
        answers := pg_temp.told_all();
        select string_agg(v.part || ' ' || v.differences, ', ')
        into faults
        from pg_temp.verified() v
        where v.differences <> 0;
    end if;
    raise exception using errcode = 'TEST1';
exception
    when sqlstate 'TEST1' then
        return answers || jsonb_strip_nulls(jsonb_build_object('faults', faults, 'digest', digest));
end
$$;

create temp table replayed as
select n, pg_temp.replay(n / 1000.0, '{}', n % 10 = 0) as answers
from generate_series(0, 99) n;
create temp view told as select answers from replayed where n = 0;

-- What a question was answered with, of some measures or groups only.
create function pg_temp.told(question text, kept text)
returns text
language sql
as $$
    select string_agg(t.row, ', ' order by t.place)
    from told, regexp_split_to_table(answers ->> question, ', ') with ordinality t (row, place)
    where t.row ~ kept
$$;
\o

select pg_temp.is((select count(distinct answers ->> 'digest') from replayed), 1,
                  'a hundred orders and splits, the same roll-ups');
select pg_temp.is((select count(distinct answers - 'digest') from replayed where n % 10 = 0), 1,
                  'and the same answers');
select pg_temp.is((select answers ->> 'faults' from told), null, 'verify finds nothing');

select pg_temp.is(pg_temp.told('transitions', 'count'),
    'none find enter count 3 (3), none bill enter count 3 (3), find sell advance count 4 (4), '
    'sell none exit count 1 (1), sell find regress count 1 (1), sell deliver advance count 2 (2), '
    'deliver bill advance count 1 (1), bill support advance count 1 (1), '
    'support loyalty advance count 1 (1), loyalty sell loop count 1 (1)', 'the matrix');
select pg_temp.is(pg_temp.told('transitions', '^(sell|deliver) still_in|^sell deliver .*probability'),
    'sell deliver advance probability 0.5 2/4, sell still_in 1 (1), deliver still_in 1 (1)',
    'still in, and p(sell -> deliver)');
select pg_temp.is(pg_temp.told('time', '^(find|sell) (mean|open)'),
    'find mean 864000 3456000/4, find open 0 (0), sell mean 1036800 4147200/4, sell open 1 (1)',
    'find 10.0 days, sell 12.0');
select pg_temp.is(pg_temp.told('movements', '(start|end) '),
    '2025-01 EUR start 0 (0), 2025-01 EUR end 24900 (3), 2025-02 EUR start 24900 (3), '
    '2025-02 EUR end 34900 (4), 2025-03 EUR start 34900 (4), 2025-03 EUR end 32900 (4), '
    '2025-04 EUR start 32900 (4), 2025-04 EUR end 33800 (3), 2025-05 EUR start 33800 (3), '
    '2025-05 EUR end 23800 (2), 2025-06 EUR start 23800 (2), 2025-06 EUR end 28800 (3)',
    'MRR from month to month');
select pg_temp.is(pg_temp.told('movements', '(new|expansion|reactivation|contraction|churn|fx_effect) -?[1-9]'),
    '2025-01 EUR new 24900 (3), 2025-02 EUR new 10000 (1), 2025-03 EUR contraction -2000 (1), '
    '2025-04 EUR expansion 5000 (2), 2025-04 EUR churn -3000 (2), 2025-04 EUR fx_effect -1100 (2), '
    '2025-05 EUR churn -10000 (1), 2025-06 EUR reactivation 8000 (2), '
    '2025-06 EUR contraction -3000 (2)', 'and what moved it');
select pg_temp.is(pg_temp.told('nrr', ''),
    '2025-01 EUR empty_denominator 0/0, 2025-02 EUR 1 24900/24900, '
    '2025-03 EUR 0.942693 32900/34900, 2025-04 EUR 1.06079 34900/32900, '
    '2025-05 EUR 0.704142 23800/33800, 2025-06 EUR 0.87395 20800/23800', 'NRR');
select pg_temp.is(pg_temp.told('grr', '2025-0[46]'),
    '2025-04 EUR 0.908815 29900/32900, 2025-06 EUR 0.87395 20800/23800', 'GRR');
select pg_temp.is(pg_temp.told('net churn', '2025-0[1246]'),
    '2025-01 EUR empty_denominator 0/0, 2025-02 EUR 0 0/24900, '
    '2025-04 EUR -0.06079 -2000/32900, 2025-06 EUR -0.210084 -5000/23800', 'net churn');
select pg_temp.is(pg_temp.told('quick ratio', ''),
    '2025-01 EUR empty_denominator 24900/0, 2025-02 EUR empty_denominator 10000/0, '
    '2025-03 EUR 0 0/2000, 2025-04 EUR 1.666667 5000/3000, 2025-05 EUR 0 0/10000, '
    '2025-06 EUR 2.666667 8000/3000', 'the quick ratio');
select pg_temp.is(pg_temp.told('churn', ' churn|2025-0[45]'),
    '2025-01 churn empty_denominator 0/0, 2025-02 churn 0 0/3, 2025-03 churn 0 0/4, '
    '2025-04 churn 0.25 1/4, 2025-04 voluntary 0 0/4, 2025-04 involuntary 0.25 1/4, '
    '2025-05 churn 0.333333 1/3, 2025-05 voluntary 0.333333 1/3, 2025-05 involuntary 0 0/3, '
    '2025-06 churn 0 0/2', 'customers who left');
select pg_temp.is(pg_temp.told('mrr', ''),
    '2025-01 EUR 15000 (2), 2025-01 USD 11000 (1), 2025-02 EUR 25000 (3), 2025-02 USD 11000 (1), '
    '2025-03 EUR 23000 (3), 2025-03 USD 11000 (1), 2025-04 EUR 25000 (2), 2025-04 USD 11000 (1), '
    '2025-05 EUR 15000 (1), 2025-05 USD 11000 (1), 2025-06 EUR 20000 (2), 2025-06 USD 11000 (1)',
    'without a currency, two series');
select pg_temp.is(pg_temp.told('cac', '2025-0[123]') || ', ' || pg_temp.told('cac of the quarter', 'Q1'),
    '2025-01 EUR 30000 90000/3, 2025-02 EUR 50000 50000/1, '
    '2025-03 EUR no_new_customers 20000/0, 2025-Q1 EUR 40000 160000/4', 'CAC');
select pg_temp.is(pg_temp.told('cac by channel', 'Q1'),
    '2025-Q1 none EUR 23333.333333 70000/3, 2025-Q1 ad EUR 60000 60000/1, '
    '2025-Q1 email EUR no_new_customers 30000/0', 'its rows add up');
select pg_temp.is(pg_temp.told('revenue', '2025-0[15] EUR revenue'),
    '2025-01 EUR revenue 120000 (1), 2025-05 EUR revenue -5000 (1)', 'a refund on its own date');
select pg_temp.is(pg_temp.told('revenue by invoice', '2025-0[15] EUR revenue'),
    '2025-01 EUR revenue 115000 (2), 2025-05 EUR revenue 0 (0)', 'and on that of its invoice');

-- C5 is merged into C1; then not.
\o /dev/null
create temp table joined as
select pg_temp.replay(0.5, array[m.merge]) as merged,
       pg_temp.replay(0.6, array[m.merge, m.part]) as parted
from (select json_build_object('id', 'merge', 'subject', 'C5', 'type', 'customer.merged',
                               'time', '2025-06-20T00:00Z', 'data', '{"into": "C1"}'::json)
                 as merge,
             json_build_object('id', 'part', 'subject', 'C5', 'type', 'customer.unmerged',
                               'time', '2025-06-21T00:00Z', 'data', '{"into": "C1"}'::json)
                 as part) m;
create or replace temp view told as select merged as answers from joined;
\o
select pg_temp.is(pg_temp.told('movements', '2025-04 EUR (start|expansion|churn)'),
    '2025-04 EUR start 32900 (3), 2025-04 EUR expansion 2000 (1), 2025-04 EUR churn 0 (1)',
    'merged: an expansion of 20');
select pg_temp.is(pg_temp.told('churn', '2025-04 churn'), '2025-04 churn 0 0/3', 'nobody left');
select pg_temp.is(pg_temp.told('cac', '2025-0[12]'),
    '2025-01 EUR 30000 90000/3, 2025-02 EUR no_new_customers 50000/0', 'C1 was won in January');
select pg_temp.is((select answers ->> 'faults' from told), null, 'verify finds nothing');
select pg_temp.is((select count(*) from joined j,
                       jsonb_each(j.parted) p,
                          replayed r
                   where r.n = 0 and p.key not in ('digest', 'population')
                     and p.value is distinct from r.answers -> p.key), 0,
                  'parted: every number is back');

-- The rate of April is deleted through the API: C6 leaves the total from April on.
\o /dev/null
select lifecycle.change_rates('{"data": [{"currency": "USD", "base": "EUR",
                                          "valid_from": "2025-04-01", "rate": null}]}', '*', null);
create temp table unrated as select pg_temp.replay(0.7) as answers;
create or replace temp view told as select answers from unrated;
\o
select pg_temp.is(pg_temp.told('movements', '2025-0[345] EUR end|missing'),
    '2025-03 EUR end 32900 (4), 2025-04 EUR end 25000 (2), 2025-05 EUR end 15000 (1), missing 1',
    'C6 leaves the total, and is counted as missing');
select '1..' || currval('test_number');
rollback;
