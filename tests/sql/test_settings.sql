-- Settings and exchange rates: what they may be, what a change of them does.
\ir setup.sql
\ir verified.sql

select pg_temp.is(lifecycle.show_settings()::text,
    '{"timezone":"UTC","week_start":"monday","reporting_currency":null,"margin":1,'
    || '"dunning_days":15,"inactivity_days":null,"revenue_basis":"payments",'
    || '"signal_days":90,"case_surge_cases":3,"case_surge_days":30,"sentiment_fall":0.3,'
    || '"erased_subjects":"refuse",'
    || '"group_attributes":[]}',
    'the settings at first');
select pg_temp.is((select bool_and(k.name is not null)::text
                   from lifecycle.setting s
                   left join lifecycle.setting_kinds() k using (name)), 'true',
                  'no setting is stored that is not known');

create function pg_temp.changed(patch text)
returns text
language sql
as $$
    select lifecycle.change_settings(patch::json, '*', null)::text
$$;

select pg_temp.is(
    pg_temp.changed('{"margin":0.350,"dunning_days":3e1,"reporting_currency":"EUR"}'),
    '{"timezone":"UTC","week_start":"monday","reporting_currency":"EUR","margin":0.35,'
    || '"dunning_days":30,"inactivity_days":null,"revenue_basis":"payments",'
    || '"signal_days":90,"case_surge_cases":3,"case_surge_days":30,"sentiment_fall":0.3,'
    || '"erased_subjects":"refuse",'
    || '"group_attributes":[]}',
    'members are changed, the others stay');
select pg_temp.is(pg_temp.changed('{}'), lifecycle.show_settings()::text, 'no member, no change');
select pg_temp.is(
    pg_temp.changed('{"margin":null,"dunning_days":null,"reporting_currency":null}'),
    '{"timezone":"UTC","week_start":"monday","reporting_currency":null,"margin":1,'
    || '"dunning_days":15,"inactivity_days":null,"revenue_basis":"payments",'
    || '"signal_days":90,"case_surge_cases":3,"case_surge_days":30,"sentiment_fall":0.3,'
    || '"erased_subjects":"refuse",'
    || '"group_attributes":[]}',
    'null makes a setting what it was at first');

select pg_temp.is(
    pg_temp.refusal(format('select lifecycle.change_settings(%L, %L, null)', p.patch, '*')),
    p.wanted, 'refused: ' || p.patch)
from (values
    ('{"timezone":"Mars/Olympus"}', E'CL422 /timezone\tmust be the name of an IANA time zone'),
    ('{"timezone":1}', E'CL422 /timezone\tmust be the name of an IANA time zone'),
    ('{"week_start":"friday"}', E'CL422 /week_start\tmust be monday or saturday or sunday'),
    ('{"reporting_currency":"eur"}',
     E'CL422 /reporting_currency\tmust be a currency code of ISO 4217'),
    ('{"reporting_currency":{}}',
     E'CL422 /reporting_currency\tmust be a currency code of ISO 4217'),
    ('{"margin":1.0001}', E'CL422 /margin\tmust be a number from 0 to 1'),
    ('{"margin":"0.5"}', E'CL422 /margin\tmust be a number from 0 to 1'),
    ('{"margin":-1e-9}', E'CL422 /margin\tmust be a number from 0 to 1'),
    ('{"dunning_days":1.5,"inactivity_days":0}',
     E'CL422 /dunning_days\tmust be a whole number from 0 to 365\n'
     || E'/inactivity_days\tmust be a whole number from 1 to 3650'),
    ('{"revenue_basis":"hope"}', E'CL422 /revenue_basis\tmust be payments or invoices or orders'),
    ('{"group_attributes":["a","a"]}',
     E'CL422 /group_attributes\tmust be an array of at most 20 different names, each a text of 1 to '
     || '64 characters'),
    ('{"group_attributes":"a"}',
     E'CL422 /group_attributes\tmust be an array of at most 20 different names, each a text of 1 to '
     || '64 characters'),
    ('{"a/b":null}', E'CL422 /a~1b\tunknown setting; there are timezone, week_start, '
     || 'reporting_currency, margin, dunning_days, inactivity_days, revenue_basis, signal_days, '
     || 'case_surge_cases, case_surge_days, sentiment_fall, '
     || 'erased_subjects, group_attributes')
    ) p (patch, wanted);
select pg_temp.is(pg_temp.changed('{"group_attributes":["size","it''s \"b\""]}')::json
                      ->> 'group_attributes', '["size", "it''s \"b\""]', 'a list of names');
select pg_temp.is(array_to_string(lifecycle.group_attributes(), '|'), 'size|it''s "b"',
                  'the attributes to group by');
select pg_temp.is(pg_temp.changed('{"group_attributes":null}')::json ->> 'group_attributes', '[]',
                  'none, as at first');
select pg_temp.is(
    pg_temp.refusal($$select lifecycle.change_settings('{"margin":7}', '"stale"', null)$$),
    'CL412', 'the condition comes before the content');
select pg_temp.is(
    (select lifecycle.change_settings('{"margin":0.5}', lifecycle.tag_of(show::text), null)
            ->> 'margin'
     from lifecycle.show_settings() show), '0.5', 'the tag of the state is that of its bytes');

-- Another time zone: 23:30 in UTC is the next day in Berlin, and everything follows.
\o /dev/null
select pg_temp.post('C' || n, 'find.lead.created', '2025-01-31T23:30Z'),
       pg_temp.order_placed('C' || n, '2025-02-01T23:30Z', 100, 'EUR', 1),
       pg_temp.post('C' || n, 'bill.payment.succeeded', '2025-02-02T23:30Z',
                    '{"payment_id": "1", "amount": 100, "currency": "EUR"}')
from generate_series(1, 3) n;
select pg_temp.post(null, 'sell.cost.recorded', '2025-02-03T23:30Z',
                    '{"amount": 100, "currency": "EUR"}');
\o

create function pg_temp.days()
returns text
language sql
as $$
    select concat_ws(' ',
        (select string_agg(distinct day::text, ',') from lifecycle.transition_total
         where transitions <> 0),
        (select string_agg(distinct day::text, ',') from lifecycle.purchase_day),
        (select string_agg(distinct day::text, ',') from lifecycle.revenue_total
         where entries <> 0),
        (select string_agg(distinct first_day::text, ',') from lifecycle.spend))
$$;
select pg_temp.is(pg_temp.days(), '2025-01-31,2025-02-01,2025-02-02 2025-02-01 2025-02-02 2025-02-03',
                  'days of UTC');
select pg_temp.is(pg_temp.changed('{"timezone":"Europe/Berlin"}')::json ->> 'timezone',
                  'Europe/Berlin', 'another time zone');
select pg_temp.is(pg_temp.days(), '2025-02-01,2025-02-02,2025-02-03 2025-02-02 2025-02-03 2025-02-04',
                  'days of Berlin');
select pg_temp.is(pg_temp.differences(), 0, 'verify finds no difference');
select pg_temp.is(pg_temp.refusal('select lifecycle.recut_days(9)'), 'CL409',
                  'too long a history is refused');
select pg_temp.is(pg_temp.refusal('select lifecycle.recut_days(null)'), 'no refusal',
                  'unless any length is allowed');
select pg_temp.is(pg_temp.changed('{"timezone":null}')::json ->> 'timezone', 'UTC',
                  'and back again');
select pg_temp.is(pg_temp.days(), '2025-01-31,2025-02-01,2025-02-02 2025-02-01 2025-02-02 2025-02-03',
                  'days of UTC again');

-- Revenue by invoices: derived when the setting says so, and gone when it does not.
do $$
begin
    perform pg_temp.post('I', 'bill.invoice.issued', '2025-01-05T00:00Z',
        '{"invoice_id": "i1", "amount": 11900, "tax": 1900, "currency": "EUR"}');
    perform pg_temp.post('I', 'bill.invoice.issued', '2025-01-06T00:00Z',
        '{"invoice_id": "i2", "amount": 5000, "discount": 500, "currency": "EUR"}');
    perform pg_temp.post('I', 'bill.invoice.written_off', '2025-03-06T00:00Z',
        '{"invoice_id": "i2"}');
    perform pg_temp.post('I', 'bill.payment.succeeded', '2025-02-01T00:00Z',
        '{"payment_id": "y1", "amount": 11900, "currency": "EUR"}');
end
$$;
create temp view invoiced as
    select string_agg(concat_ws(' ', r.occurred_at::date, r.amount), ', ' order by r.occurred_at)
               as told
    from lifecycle.counted_revenue r
    where r.amount <> 100; -- other payments of this test
select pg_temp.is((select told from invoiced), '2025-02-01 11900', 'what was paid');
select pg_temp.is(pg_temp.changed('{"revenue_basis":"invoices"}')::json ->> 'revenue_basis',
                  'invoices', 'revenue is counted by invoices');
select pg_temp.is((select told from invoiced), '2025-01-05 10000, 2025-01-06 4500, 2025-03-06 -4500',
                  'what was invoiced, less tax and discount, and written off');
select pg_temp.post('I', 'bill.invoice.voided', '2025-02-05T00:00Z', '{"invoice_id": "i1"}') \g /dev/null
select pg_temp.is((select told from invoiced),
                  '2025-01-05 10000, 2025-01-06 4500, 2025-02-05 -10000, 2025-03-06 -4500',
                  'what is voided from then on');
select pg_temp.is(pg_temp.changed('{"revenue_basis":"payments"}')::json ->> 'revenue_basis',
                  'payments', 'and by payments again');
select pg_temp.is((select count(*) from lifecycle.invoice)
                  + (select sum(abs(t.n)) from (select sum(n) as n from lifecycle.measure_total
                     where measure like 'invoice%' group by day) t)::bigint, 0, 'of which nothing is left');
\ir teardown.sql
