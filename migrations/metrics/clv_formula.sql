insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source)
values (
    'clv_formula',
    'Customer value by the formula',
    'MRR per customer at the period''s end x margin (setting), by churn: of those with MRR at the '
    'start of each of the last six whole months, the share who were gone at its end. It needs six '
    'months since the first MRR; without churn there is no value',
    'minor', 'MRR per customer x margin', 'monthly churn',
    '{from,to,interval=month,timezone,currency,segment}', '{month,quarter,year}', 1,
    'bill.subscription.*, bill.payment.failed, recovered and succeeded');

create function metric.clv_formula(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select v.label, to_json(d), v.value, 'minor', v.margin_per_payer, v.churn,
           v.payers::bigint, v.complete and not v.is_early,
           case when v.value is not null then null
                when v.is_early then 'window_not_elapsed'
                else 'empty_denominator' end,
           v.unrated::bigint
    from metric.customer_values(question) v,
         lateral (select v.currency) d
    order by v.since, v.currency
$$;
comment on function metric.clv_formula is
    'What a customer who pays again and again is worth, as of the end of each period';
