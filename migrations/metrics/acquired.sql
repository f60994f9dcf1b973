insert into lifecycle.metric (name, title, formula, unit, numerator, denominator, parameters,
                              intervals, version, source, groupings, members)
values (
    'acquired',
    'Customers acquired',
    'Customers whose first paid unit falls into the period: their earliest purchase, payment or '
    'subscription with money. By channel or campaign: that of their last lead or touch up to then',
    'customers', null, null,
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'sell.order.placed, bill.payment.succeeded, bill.subscription.*; find.lead.created, '
    'find.touch.recorded',
    '{channel=label,campaign=detail,attribute}', 'value');

create function metric.acquired(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with won as materialized (
        select * from metric.acquired_customers(question)
    ), cells as (
        select distinct w.cell from won w
        union all
        select null where not exists (select from won)
    )
    select p.label, metric.grouped(question, c.cell, null), coalesce(w.customers, 0), 'customers',
           null::numeric, null::numeric, coalesce(w.customers, 0)::bigint, p.complete, null::text,
           0::bigint
    from metric.periods(question) p
    cross join cells c
    left join won w on w.since = p.since and w.cell is not distinct from c.cell
    order by p.since, c.cell nulls first
$$;
comment on function metric.acquired is 'Customers acquired in each period';

create function metric.members_of_acquired(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select a.bucket, a.customer_id
    from metric.population(question) p
    join lifecycle.acquisition a on a.bucket = p.bucket and a.customer_id = p.customer_id
    cross join lateral (
        select (a.acquired_at at time zone question.timezone)::date as day) l
    where l.day >= question.since and l.day < question.until
      and l.day <= metric.today(question.timezone)
      and (question.group_by is null
           or metric.won_by(question, a.channel, a.campaign, p.cell)
              is not distinct from chosen ->> question.group_by)
$$;
comment on function metric.members_of_acquired is 'The customers acquired in the window';
