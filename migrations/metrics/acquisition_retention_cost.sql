insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source)
values (
    'acquisition_retention_cost',
    'Cost of acquiring against cost of keeping',
    'Measure acquisition: acquisition spend by the customers acquired. Measure retention: retention '
    'spend and the costs of support, by active customer (who purchased in the period, or has MRR '
    'at its end, whichever are more). Measure ratio: the one by the other. A row for each '
    'currency, or with currency converted by the rate of the day',
    'minor', 'spend, and for retention the costs of support',
    'customers acquired, or active; for the ratio the cost of retention',
    '{from,to,interval=month,timezone,currency}', '{day,week,month,quarter,year}', 1,
    'find.spend.recorded, sell.cost.recorded, support.cost.recorded, any support event with '
    'data.cost; what acquired stands on; sell.order.placed, bill.subscription.*');

create function metric.acquisition_retention_cost(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select b.label, to_json(d), m.value, m.unit, m.numerator, m.denominator, m.n::bigint,
           b.complete,
           case when m.value is not null then null
                when m.place <> 2 and l.acquired = 0 then 'no_new_customers'
                else 'empty_denominator' end,
           case when m.place = 1 then b.unrated else 0 end::bigint
    from metric.balances(question, false) b
    left join metric.acquired_customers(question) w on w.since = b.since
    left join metric.active_customers(question) a on a.since = b.since,
    lateral (select coalesce(w.customers, 0) as acquired, coalesce(a.customers, 0) as active,
                    b.acquisition / nullif(w.customers, 0) as winning,
                    (b.retention + b.support) / nullif(a.customers, 0) as keeping) l,
    lateral (values (1, 'acquisition', l.winning, 'minor', b.acquisition, l.acquired, l.acquired),
                    (2, 'retention', l.keeping, 'minor', b.retention + b.support, l.active,
                     l.active),
                    (3, 'ratio', l.winning / nullif(l.keeping, 0), 'ratio', l.winning, l.keeping,
                     l.active))
        m (place, measure, value, unit, numerator, denominator, n),
    lateral (select b.currency, m.measure) d
    order by b.since, b.currency, m.place
$$;
comment on function metric.acquisition_retention_cost is
    'What it cost to win a customer and to keep one, in each period';
