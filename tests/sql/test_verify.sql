-- verify finds what is wrong, wherever it is, and rebuild mends it: each fact and each roll-up is
-- spoilt once.
\ir setup.sql
\ir verified.sql
\o /dev/null

select pg_temp.post('A', 'find.lead.created', '2025-01-01T00:00Z');
select pg_temp.order_placed('A', at::timestamptz, 100, 'EUR', 1)
from unnest(array['2025-01-02T00:00Z', '2025-01-05T00:00Z', '2025-02-01T00:00Z']) at;
select pg_temp.post('A', 'sell.order.placed', '2025-02-01T00:00Z',
                    '{"order_id": "x", "amount": 100, "currency": "EUR", "units": 1,
                      "items": [{"offering": "tea", "units": 1, "amount": 90}]}');
select pg_temp.post('A', 'bill.payment.succeeded', '2025-02-02T00:00Z',
                    '{"payment_id": "p", "amount": 300, "currency": "EUR"}');
select pg_temp.post('A', 'bill.refund.issued', '2025-02-02T12:00Z',
                    '{"refund_id": "r", "amount": 30, "currency": "EUR"}');
select pg_temp.post('A', 'sell.order.cancelled', '2025-02-03T00:00Z', '{"order_id": "none"}');
select pg_temp.post('A', 'support.case.opened', '2025-02-04T00:00Z', '{}', 'case');
select pg_temp.post('A', 'support.cost.recorded', '2025-02-04T12:00Z',
                    '{"amount": 5, "currency": "EUR"}');
select pg_temp.post(null, 'find.spend.recorded', '2025-02-04T13:00Z',
                    '{"amount": 5, "currency": "EUR", "purpose": "retention",
                      "period_start": "2025-02-01", "period_end": "2025-02-28"}', 'spend');
select pg_temp.post('A', 'customer.attributes_changed', '2025-02-04T14:00Z',
                    '{"attributes": {"size": "large"}}');
select pg_temp.post('B', 'customer.merged', '2025-02-04T15:00Z', '{"into": "A"}');
select pg_temp.post('A', 'event.voided', '2025-02-05T00:00Z', '{"id": "case"}');
\o

select pg_temp.is(pg_temp.spoilt_parts(), '-', 'what the ingest wrote is what the ledger says');
select pg_temp.is(pg_temp.found_and_mended(spoil), expected || ', then -', name)
from (values
    ('update lifecycle.model_visit set cycle = 2 where ordinal = 2', 'model_visit', 'a visit'),
    ('delete from lifecycle.purchase where occurred_at < ''2025-01-03''',
     'acquisition cohort_amount_total purchase purchase_day purchase_total',
     'a purchase that is missing'),
    ('update lifecycle.revenue set amount = amount + 1', 'revenue revenue_total', 'revenue'),
    ('update lifecycle.purchase_day set previous = previous - 1 where previous is not null',
     'buyer_total gap_month_total gap_opening_total gap_total purchase_day', 'purchase days'),
    ('delete from lifecycle.cancelled_order', 'cancelled_order', 'a cancellation'),
    ('update lifecycle.customer set parent_bucket = null, parent_id = null, root_bucket = null,
             root_id = null, is_joined = false', 'merge', 'a merge'),
    ('update lifecycle.identifier set root_id = null, root_bucket = null', 'merge',
     'the canonical customer of a name'),
    ('delete from lifecycle.voided', 'model_visit voided', 'a voided event'),
    ('update lifecycle.model_transition_total set dwell_seconds = dwell_seconds + 1',
     'model_transition_total', 'transitions'),
    ('update lifecycle.model_dwell_total set seconds = seconds + 1', 'model_dwell_total',
     'how long visits lasted'),
    ('update lifecycle.model_departure_total set visits = visits + 1', 'model_departure_total',
     'when the visits began that ended'),
    ('delete from lifecycle.gap_month_total', 'gap_month_total', 'gaps by month'),
    ('delete from lifecycle.gap_opening_total', 'gap_opening_total', 'gaps by their beginning'),
    ('update lifecycle.cohort_amount_total set amount = amount + 1', 'cohort_amount_total',
     'the money of cohorts'),
    ('update lifecycle.event_total set events = events + 1', 'event_total', 'counts of events'),
    ('update lifecycle.basket set units = ''{2}''', 'basket', 'what is in an order'),
    ('delete from lifecycle.cost', 'cost measure_total', 'a cost'),
    ('update lifecycle.spend set amount = amount + 1', 'measure_total spend', 'spend'),
    ('update lifecycle.acquisition set channel = ''ad''', 'acquisition measure_total',
     'how a customer was won'),
    ('update lifecycle.refund set invoiced_at = occurred_at - interval ''1 year''',
     'measure_total refund', 'the invoice of a refund'),
    ('update lifecycle.event_total set late = late + 1', 'event_total', 'events that came late'),
    ('delete from lifecycle.customer_attributes', 'customer_attributes', 'attributes'),
    ('delete from lifecycle.purchase_total', 'purchase_total', 'sums of purchases'),
    ('update lifecycle.revenue_total set returned = -1', 'revenue_total', 'sums of revenue'),
    ('update lifecycle.buyer_total set second = second + 1', 'buyer_total', 'buyers'),
    ('update lifecycle.gap_total set gaps = gaps + 1', 'gap_total', 'gaps'),
    ('update lifecycle.cohort_total set stayed = stayed + 1', 'cohort_total', 'cohorts'))
    s (spoil, expected, name);
\ir teardown.sql
