-- The funnel: steps in their order, within a time of the first; who dropped out, and who may come.
\ir setup.sql
\o /dev/null
select pg_temp.post(subject, type, at::timestamptz)
from (values
    ('A', 'find.lead.created', '2025-01-01'), ('A', 'sell.opportunity.opened', '2025-01-03'),
    ('A', 'deliver.fulfilment.started', '2025-01-07'),
    ('B', 'find.lead.created', '2025-01-02'), ('B', 'sell.opportunity.opened', '2025-01-05'),
    ('C', 'find.lead.created', '2025-01-02'),
    -- the first sell came before the first step, the second too late
    ('D', 'sell.opportunity.opened', '2025-01-02'), ('D', 'find.lead.created', '2025-02-02'),
    ('D', 'sell.opportunity.opened', '2025-06-02')) e (subject, type, at);
select pg_temp.post('E', 'find.lead.created', now() - interval '3 days');
select pg_temp.order_placed('A', '2025-01-04', 100, 'EUR', 1);
select pg_temp.post('F', 'sell.opportunity.opened', '2025-01-09');
select pg_temp.post('F', 'customer.merged', '2025-01-10', '{"into": "C"}');

create function pg_temp.steps(asked jsonb)
returns text
language sql
as $$
    select string_agg(concat_ws(' ', r.period, r."group" ->> 'step', r."group" ->> 'measure',
                                coalesce(r.value::text, r.reason),
                                case when not r.complete then '…' end), ', ')
    from json_to_recordset(metric.answer('funnel', asked) -> 'data')
         r (period text, "group" json, value numeric, complete boolean, reason text)
$$;
\o

select pg_temp.is(pg_temp.steps('{"from": "2025-01-01", "to": "2025-03-01", "interval": "month",
                                  "steps": "find,sell,deliver"}'),
    '2025-01 find count 3, 2025-01 sell count 3, 2025-01 sell conversion 1, '
    '2025-01 sell overall 1, 2025-01 sell median 259200, 2025-01 sell p90 604800, '
    '2025-01 sell dropped 0, 2025-01 sell still_open 0, 2025-01 deliver count 1, '
    '2025-01 deliver conversion 0.333333, 2025-01 deliver overall 0.333333, '
    '2025-01 deliver median 345600, 2025-01 deliver p90 345600, 2025-01 deliver dropped 2, '
    '2025-01 deliver still_open 0, 2025-02 find count 1, 2025-02 sell count 0, '
    '2025-02 sell conversion 0, 2025-02 sell overall 0, 2025-02 sell median empty_denominator, '
    '2025-02 sell p90 empty_denominator, 2025-02 sell dropped 1, 2025-02 sell still_open 0, '
    '2025-02 deliver count 0, 2025-02 deliver conversion empty_denominator, '
    '2025-02 deliver overall 0, 2025-02 deliver median empty_denominator, '
    '2025-02 deliver p90 empty_denominator, 2025-02 deliver dropped 0, '
    '2025-02 deliver still_open 0', 'by the month of the first step');
select pg_temp.is(pg_temp.steps('{"steps": "find.lead.created,sell,sell.order.placed",
                                  "window_days": "200"}'),
    'find.lead.created count 5 …, sell count 4 …, sell conversion 0.8 …, sell overall 0.8 …, '
    'sell median 259200 …, sell p90 10368000 …, sell dropped 0 …, sell still_open 1 …, '
    'sell.order.placed count 1 …, sell.order.placed conversion 0.25 …, '
    'sell.order.placed overall 0.2 …, sell.order.placed median 86400 …, '
    'sell.order.placed p90 86400 …, sell.order.placed dropped 3 …, '
    'sell.order.placed still_open 0 …', 'types of events, and more time');
select pg_temp.is(
    (select count(distinct r."group" ->> 'step')
     from json_to_recordset(metric.answer('funnel', '{}') -> 'data') r ("group" json)), 6,
    'all stages, if no steps are named');
select pg_temp.is(pg_temp.refusal($$select metric.answer('funnel', '{"steps": "find,none"}')$$),
    'CL422 ?steps', 'what is no step');
select pg_temp.is(
    (select string_agg(concat_ws(' ', r."group" ->> 'step', r."group" ->> 'measure', r.n, m.n), ', ')
     from metric.resolve('funnel', '{"steps": "find,sell,deliver"}') q,
          json_to_recordset(metric.answer('funnel', '{"steps": "find,sell,deliver"}') -> 'data')
          r ("group" json, n bigint),
          lateral (select count(distinct x.customer_id) as n
                   from metric.members_of_funnel(q, r."group") x) m
     where r.n <> m.n), null, 'the members of every row are as many as it says');
\ir teardown.sql
