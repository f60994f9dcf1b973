-- How long customers stay who pay again and again, and what they are worth by the formula.

create function metric.trailing_churn(question metric.question)
returns table (since date, lost numeric, begun numeric, is_early boolean)
language plpgsql stable -- keeps its plan
as $$
#variable_conflict use_column
begin
    return query
    with change as materialized (
        select date_trunc('month', t.day::timestamp) as month,
               sum(t.n) filter (where t.measure = 'mrr_active') as customers,
               sum(t.n) filter (where t.measure = 'mrr_lost:month') as lost
        from metric.sums_so_far(question, '{mrr_active,mrr_lost:month}') t
        group by 1
        having coalesce(sum(t.n) filter (where t.measure = 'mrr_active'), 0) <> 0
            or coalesce(sum(t.n) filter (where t.measure = 'mrr_lost:month'), 0) <> 0
    ), months as (
        select m.month, row_number() over (order by m.month) - 1 as age,
               coalesce(c.lost, 0) as lost,
               coalesce(sum(c.customers) over (order by m.month rows between unbounded preceding
                                               and 1 preceding), 0) as begun
        from generate_series((select min(c.month) from change c), question.until,
                             interval '1 month') m (month)
        left join change c on c.month = m.month
    ), last_six as (
        select m.month, m.age, sum(m.lost) over six as lost, sum(m.begun) over six as begun
        from months m
        window six as (order by m.month rows between 6 preceding and 1 preceding)
    )
    select p.since, coalesce(t.lost, 0), coalesce(t.begun, 0), coalesce(t.age, 0) < 6
    from metric.periods(question) p
    left join last_six t
           on t.month = date_trunc('month', least(p.until, metric.today(question.timezone))
                                            ::timestamp);
end
$$;
comment on function metric.trailing_churn is
    'In the last six whole months up to the end of each period: the customers with MRR at the '
    'start of each month, added up, and those of them who were gone at its end; early: it is not '
    'six months since the first';

create function metric.customer_values(question metric.question)
returns table (since date, label text, complete boolean, currency text, payers numeric,
               margin_per_payer numeric, churn numeric, value numeric, is_early boolean,
               unrated numeric)
language plpgsql stable -- keeps its plan
as $$
#variable_conflict use_column
begin
    return query
    select r.since, r.label, r.complete, r.currency, r.payers, m.per_payer, c.churn,
           case when not t.is_early then m.per_payer / nullif(c.churn, 0) end,
           t.is_early, r.missing_rate::numeric
    from metric.recurring(question) r
    join metric.trailing_churn(question) t on t.since = r.since,
    lateral (select r."end" * metric.margin() / nullif(r.payers, 0) as per_payer) m,
    lateral (select t.lost / nullif(t.begun, 0) as churn) c;
end
$$;
comment on function metric.customer_values is
    'The value of a customer who pays again and again, by the formula: MRR per customer x margin, by '
    'the mean monthly churn of the last six months';
