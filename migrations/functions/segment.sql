-- What a segment's condition is made of, as tables: the fields that it may name, what they are
-- read from, and the comparisons that each kind of field takes.
--
-- A condition becomes SQL of the texts in these tables and of nothing else. What a caller wrote
-- never gets into it: the whole condition is parameter $1, and each name and value is read from
-- there by its path, which is made of the words and, or, not and of numbers.

create function lifecycle.segment_sources()
returns table (source text, is_single boolean, relation text)
language sql immutable
as $$
    values
    ('attributes', true, 'lifecycle.customer_attributes'),
    ('stage', true,
     '(select v.bucket, v.customer_id, s.name as stage
       from lifecycle.visit v
       join lifecycle.stage s on s.stage = v.stage
       where v.left_at is null)'),
    ('visits', false,
     '(select v.bucket, v.customer_id, s.name as stage,
              extract(epoch from coalesce(v.left_at, now()) - v.entered_at) as seconds
       from lifecycle.visit v
       join lifecycle.stage s on s.stage = v.stage)'),
    ('purchases', false, 'lifecycle.purchase'),
    ('days', false, 'lifecycle.purchase_day'),
    ('revenue', false, 'lifecycle.counted_revenue'),
    ('costs', false, 'lifecycle.cost'),
    ('mrr', false,
     '(select m.bucket, m.customer_id, m.currency, m.after - m.before as change
       from lifecycle.mrr_movements m)'),
    ('cases', false, 'lifecycle.support_case'),
    ('acquisition', true,
     '(select a.bucket, a.customer_id, a.channel, a.campaign,
              (a.acquired_at at time zone b.zone)::date as acquired_at
       from lifecycle.acquisition a
       cross join lifecycle.business_day b)'),
    ('status', true, 'lifecycle.customer_status')
$$;
comment on function lifecycle.segment_sources is
    'What fields are read from: relations of bucket and customer_id; is_single: with one row a '
    'customer, others are added up';

create function lifecycle.segment_fields()
returns table (field text, kind text, labelled text, source text, expression text,
               otherwise text, meaning text)
language sql immutable
as $$
    values
    ('attributes.', 'attribute', null, 'attributes', 'x.attributes -> {label}', null,
     'what the business knows of the customer, by the attribute''s name'),
    ('stage', 'stage', null, 'stage', 'x.stage', null, 'the stage that the customer is in now'),
    ('status', 'status', null, 'status', 'x.status', null,
     'prospect, active, at_risk, lapsed, churned or ended'),
    ('acquired_at', 'day', null, 'acquisition', 'x.acquired_at', null,
     'the day on which the customer paid or ordered first'),
    ('channel', 'text', null, 'acquisition', 'x.channel', null,
     'the channel that the customer came through'),
    ('campaign', 'text', null, 'acquisition', 'x.campaign', null,
     'the campaign that the customer came through'),
    ('time_in_stage', 'number', 'stage', 'visits',
     'sum(x.seconds) filter (where x.stage = {label})', '0',
     'seconds in a stage, of all visits, up to now'),
    ('visits', 'number', 'stage', 'visits', 'count(*) filter (where x.stage = {label})', '0',
     'how often the customer was in a stage'),
    ('recency', 'number', null, 'days', '$2 - max(x.day)', null, 'days since the latest purchase'),
    ('frequency', 'number', null, 'days', 'count(*)', '0', 'days with purchases'),
    ('life_span', 'number', null, 'days', 'max(x.day) - min(x.day)', null,
     'days from the first purchase to the latest'),
    ('first_purchase', 'day', null, 'days', 'min(x.day)', null, 'the day of the first purchase'),
    ('last_purchase', 'day', null, 'days', 'max(x.day)', null, 'the day of the latest purchase'),
    ('gap_mean', 'number', null, 'days', 'avg(x.day - x.previous)', null,
     'days between two days with purchases, their mean'),
    ('gap_median', 'number', null, 'days',
     'percentile_disc(0.5) within group (order by x.day - x.previous)', null,
     'days between two days with purchases, their median'),
    ('purchases', 'number', null, 'purchases', 'count(*)', '0', 'orders placed and not cancelled'),
    ('quantity', 'number', null, 'purchases', 'sum(x.units)', '0', 'units purchased'),
    ('amount', 'money', 'currency', 'purchases',
     'sum(x.amount) filter (where x.currency = {label})', null, 'what the purchases came to'),
    ('revenue', 'money', 'currency', 'revenue',
     'sum(x.amount) filter (where x.currency = {label})', null,
     'what was received, less what was given back'),
    ('cost', 'money', 'currency', 'costs',
     'sum(x.amount) filter (where x.currency = {label})', null, 'what it cost to serve'),
    ('mrr', 'money', 'currency', 'mrr', 'sum(x.change) filter (where x.currency = {label})', null,
     'what comes in each month from subscriptions'),
    ('cases', 'number', null, 'cases', 'count(*)', '0', 'cases of support')
$$;
comment on function lifecycle.segment_fields is
    'The fields of conditions: a kind; what else names one (labelled: by its currency, by a '
    'stage); the expression over a row x of the source, or over all rows of a customer, $2 being '
    'today; what a customer without rows has (null: nothing, so that no comparison is met)';

create function lifecycle.segment_kinds()
returns table (kind text, json_type text, sql_type text, operators text[], expected text)
language sql immutable
as $$
    select k.kind, k.json_type, k.sql_type, string_to_array(k.operators, ' '), k.expected
    from (values
        ('text', 'string', 'text collate "C"', '= <> < <= > >= in between exists',
         'must be a text of at most 256 characters'),
        ('stage', 'string', 'text', '= <> in exists', 'must be the name of a stage'),
        ('status', 'string', 'text', '= <> in exists',
         'must be prospect, active, at_risk, lapsed, churned or ended'),
        ('number', 'number', 'numeric', '= <> < <= > >= in between exists', 'must be a number'),
        ('money', 'number', 'numeric', '= <> < <= > >= in between exists',
         'must be a whole number, in minor units of the currency'),
        ('day', 'string', 'date', '= <> < <= > >= in between within exists',
         'must be a date, as 2026-03-14'),
        ('flag', 'boolean', 'boolean', '= <> in exists', 'must be true or false'),
        ('attribute', null, null, '= <> < <= > >= in between exists',
         'must be a text of at most 256 characters, a number, true or false'))
        k (kind, json_type, sql_type, operators, expected)
$$;
comment on function lifecycle.segment_kinds is
    'The kinds of fields: what a value is in JSON and in SQL, and the operators that a field '
    'takes. An attribute is of the kind of the value that it is compared with';

create function lifecycle.segment_operators()
returns table (operator text, form text)
language sql immutable
as $$
    values
    ('=', '{field} = {value}'), ('<>', '{field} <> {value}'), ('<', '{field} < {value}'),
    ('<=', '{field} <= {value}'), ('>', '{field} > {value}'), ('>=', '{field} >= {value}'),
    ('in', '{field} in (select i::{type} from jsonb_array_elements_text({list}) i)'),
    ('between', '{field} between {first} and {second}'),
    ('within', '{field} > $2 - {days} and {field} <= $2'),
    ('exists', '({field} is not null) = {flag}')
$$;
comment on function lifecycle.segment_operators is
    'What the operators are in SQL; within: of so many days, the last of which is today';
