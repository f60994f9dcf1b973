insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings)
values (
    'cac',
    'Cost of acquiring a customer',
    'Acquisition spend of the period (find.spend.recorded with that purpose, spread by day over '
    'its period, and sell.cost.recorded) by the customers acquired in it. By channel or campaign, '
    'spend and customers without one are a row of their own, so that the rows add up to the whole. '
    'lag_days: spend counts for the customers acquired so many days later. A row for each '
    'currency, or with currency converted by the rate of the day',
    'minor', 'acquisition spend', 'customers acquired',
    '{from,to,interval,timezone,currency,group_by,lag_days=0}', '{day,week,month,quarter,year}', 1,
    'find.spend.recorded, sell.cost.recorded; what acquired stands on',
    '{channel=label,campaign=detail}');

create function metric.cac(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select a.label, metric.grouped(question, a.cell, to_json(d)),
           a.spend / nullif(a.customers, 0), 'minor', a.spend, a.customers, a.n::bigint,
           a.complete, case when a.customers = 0 then 'no_new_customers' end,
           a.unrated::bigint
    from metric.acquisition_costs(question) a,
         lateral (select a.currency) d
    order by a.since, a.cell nulls first, a.currency
$$;
comment on function metric.cac is 'What it cost to acquire a customer, in each period';
