insert into lifecycle.metric values (
    'rfm',
    'Recency, frequency, money',
    'Of the customers with a purchase in the window: scores 1 to 5 by cume_dist (equal values '
    'get equal scores; 5 is best) of the latest purchase day, the number of purchase days and '
    'the amount in the window, and how many customers have each combination. For each currency '
    'by its purchases alone; with currency, by all purchases, converted by the rate of their '
    'day: those without a rate are left out',
    'customers', 'customers with these scores', 'customers with a purchase in the window',
    '{from,to,timezone,currency,segment,group_by}', '{}', 1,
    'sell.order.placed, sell.order.cancelled', '{channel,campaign,attribute}', 'value');

create function metric.rfm_scores(question metric.question)
returns table (bucket smallint, customer_id bigint, cell text, currency text, recency numeric,
               frequency numeric, monetary numeric, unrated bigint)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    with bought as materialized (
        select p.bucket, p.customer_id, c.cell, l.day, coalesce(question.currency, p.currency)
                   as currency, sum(p.amount * x.factor) as amount,
               count(*) filter (where x.factor is null) as unrated
        from lifecycle.purchase p
        left join metric.population(question) c
          on not question.is_plain and c.bucket = p.bucket and c.customer_id = p.customer_id
        cross join lateral (
            select (p.occurred_at at time zone question.timezone)::date as day) l
        left join lateral metric.exchange(p.currency, question.currency, l.day) x on true
        where (question.is_plain or c.customer_id is not null)
          and p.occurred_at >= (question.since - 1)::timestamp at time zone question.timezone
          and p.occurred_at < question.until::timestamp at time zone question.timezone
          and l.day >= question.since and l.day < question.until
        group by 1, 2, 3, 4, 5
    ), customers as (
        select b.bucket, b.customer_id, b.cell, b.currency, max(b.day) as latest,
               count(*) as days, sum(b.amount) as amount
        from bought b
        where b.amount is not null
        group by 1, 2, 3, 4
    )
    select c.bucket, c.customer_id, c.cell, c.currency,
           ceil(5 * cume_dist() over (partition by c.currency order by c.latest))::numeric,
           ceil(5 * cume_dist() over (partition by c.currency order by c.days))::numeric,
           ceil(5 * cume_dist() over (partition by c.currency order by c.amount))::numeric, 0::bigint
    from customers c
    union all
    select null, null, b.cell, null, null, null, null, sum(b.unrated)::bigint
    from bought b
    group by b.cell
    having sum(b.unrated) > 0;
end
$$;
comment on function metric.rfm_scores is
    'The scores of each customer with a purchase in the window, in each currency; and, by cell, in '
    'a row of no customer, the purchases without a rate';

create function metric.rfm(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with cells as materialized (
        select s.cell, s.currency, s.recency, s.frequency, s.monetary,
               count(s.customer_id) as customers, sum(s.unrated) as unrated
        from metric.rfm_scores(question) s
        group by 1, 2, 3, 4, 5
    ), rows as (
        select c.*, sum(c.customers) over (partition by c.cell, c.currency) as all_customers
        from cells c
        where c.customers > 0
    )
    select p.label, metric.grouped(question, r.cell, to_json(d)), n.customers, 'customers',
           n.customers, coalesce(r.all_customers, 0), n.customers, p.complete, null::text,
           case when row_number() over place = 1
                then (select coalesce(sum(c.unrated), 0) from cells c)::bigint
                else 0
           end
    from metric.periods(question) p
    left join rows r on true,
    lateral (select coalesce(r.customers, 0) as customers) n,
    lateral (select coalesce(r.currency, question.currency) as currency, r.recency,
                    r.frequency, r.monetary) d
    window place as (order by r.cell nulls last, r.currency, r.recency, r.frequency, r.monetary)
    order by r.cell nulls last, r.currency, r.recency, r.frequency, r.monetary
$$;
comment on function metric.rfm is
    'Customers by recency, frequency and money of their purchases in the window';

create function metric.members_of_rfm(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select s.bucket, s.customer_id
    from metric.rfm_scores(question) s
    where s.customer_id is not null
      and (question.group_by is null or s.cell is not distinct from chosen ->> question.group_by)
      and s.currency = chosen ->> 'currency'
      and s.recency = (chosen ->> 'recency')::numeric
      and s.frequency = (chosen ->> 'frequency')::numeric
      and s.monetary = (chosen ->> 'monetary')::numeric
$$;
comment on function metric.members_of_rfm is 'The customers with these scores';
