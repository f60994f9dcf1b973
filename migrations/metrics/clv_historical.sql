insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings, members)
values (
    'clv_historical',
    'Customer value so far',
    'From the beginning to the end of the period: revenue x margin (setting), less the cost to '
    'serve (costs in deliver, bill and support) and the cost of acquisition (acquisition spend), by '
    'all customers acquired so far (measure mean), and as sums: total, gross_margin, '
    'cost_to_serve, acquisition_cost. By channel or campaign, spend is that of the group; by an '
    'attribute, it is in the row of those without one, so that the rows add up to the whole; of a '
    'segment none is counted, and a warning says so. A row for each currency, or with currency '
    'converted by the rate of the day',
    'minor', 'revenue x margin - cost to serve - cost of acquisition, so far',
    'customers acquired so far',
    '{from,to,interval,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'what revenue stands on; any event with data.cost, support.cost.recorded; '
    'find.spend.recorded, sell.cost.recorded; what acquired stands on',
    '{channel,campaign,attribute}', 'n');

create function metric.clv_historical(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with acquired as materialized (
        select t.day, metric.won_by(question, t.label, t.detail, t.cell) as cell,
               sum(t.n) as customers
        from metric.sums_so_far(question, '{acquired}') t
        group by 1, 2
    )
    select b.label, metric.grouped(question, b.cell, to_json(d)), m.value, 'minor', m.numerator,
           m.denominator, c.customers::bigint, b.complete,
           case when m.value is null then 'empty_denominator' end,
           case when m.place = 1 then b.unrated else 0 end::bigint
    from metric.balances(question, true, array(select distinct a.cell from acquired a)) b,
    lateral (select coalesce(sum(a.customers), 0) as customers
             from acquired a
             where a.day < b.until and a.cell is not distinct from b.cell) c,
    lateral (select b.revenue * metric.margin() as margin, b.serving + b.support as serving) g,
    lateral (select g.margin - g.serving - b.acquisition as total) t,
    lateral (values (1, 'mean', t.total / nullif(c.customers, 0), t.total, c.customers),
                    (2, 'total', t.total, null, null),
                    (3, 'gross_margin', g.margin, null, null),
                    (4, 'cost_to_serve', g.serving, null, null),
                    (5, 'acquisition_cost', b.acquisition, null, null))
        m (place, measure, value, numerator, denominator),
    lateral (select b.currency, m.measure) d
    order by b.since, b.cell nulls first, b.currency, m.place
$$;
comment on function metric.clv_historical is
    'What customers have been worth up to the end of each period';

create function metric.members_of_clv_historical(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select a.bucket, a.customer_id
    from metric.chosen_population(question, chosen) p
    join lifecycle.acquisition a on a.bucket = p.bucket and a.customer_id = p.customer_id
    where (a.acquired_at at time zone question.timezone)::date
          < least(question.until, metric.today(question.timezone) + 1)
$$;
comment on function metric.members_of_clv_historical is
    'The customers acquired up to the end of the window';
