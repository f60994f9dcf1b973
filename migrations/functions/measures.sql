-- What can be measured of a customer; views/measured.sql measures it.

create function lifecycle.measure_kinds()
returns table (place integer, name text, title text, unit text, labelled text, relation text,
               otherwise numeric, grows boolean, reason text)
language sql immutable
as $$
    values
    (1, 'recency', 'Days since the latest purchase day', 'days', null, 'measured_days',
     null::numeric, true, 'no_purchases'),
    (2, 'frequency', 'Purchase days', 'days', null, 'measured_days', 0, false, null),
    (3, 'purchases', 'Orders placed and not cancelled', 'purchases', null,
     'measured_purchases', 0, false, null),
    (4, 'quantity', 'Units purchased', 'units', null, 'measured_purchases', 0, false, null),
    (5, 'amount', 'Money of purchases', 'minor', 'currency', 'measured_amounts', null, false,
     'no_purchases'),
    (6, 'revenue', 'Revenue, by the setting revenue_basis', 'minor', 'currency',
     'measured_revenue', null, false, 'no_revenue'),
    (7, 'gaps', 'Days between consecutive purchase days', 'days', 'measure', 'measured_gaps',
     null, false, 'empty_denominator'),
    (9, 'life_span', 'Days from the first to the latest purchase day', 'days', null,
     'measured_days', null, false, 'no_purchases'),
    (10, 'cost', 'What the customer cost', 'minor', 'currency', 'measured_costs', null, false,
     'no_cost'),
    (11, 'mrr', 'Monthly recurring revenue', 'minor', 'currency', 'measured_mrr', null, false,
     'no_subscription'),
    (12, 'cases', 'Cases of support', 'cases', null, 'measured_cases', 0, false, null),
    (21, 'time_in_stage', 'Time in the stage, up to now', 'seconds', 'stage',
     'measured_stages', 0, false, null),
    (22, 'visits', 'Visits to the stage', 'visits', 'stage', 'measured_stages', 0, false, null)
$$;
comment on function lifecycle.measure_kinds is
    'What can be measured of a customer: what its labels are (a currency, a stage, or another '
    'measure), the view that has it, what customers without a row have (null: nothing, for the '
    'reason told), and whether every value grows by one a day';
