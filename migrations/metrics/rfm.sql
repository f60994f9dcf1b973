insert into lifecycle.metric values (
    'rfm',
    'Recency, frequency, money',
    'Of the customers with a purchase in the window: scores 1 to 5 by cume_dist (equal values '
    'get equal scores; 5 is best) of the latest purchase day, the number of purchase days and '
    'the amount in the window, and how many customers have each combination. For each currency '
    'by its purchases alone; with currency, by all purchases, converted by the rate of their '
    'day: those without a rate are left out. It is read from the purchases of each customer',
    'customers', 'customers with these scores', 'customers with a purchase in the window',
    '{from,to,timezone,currency,segment,group_by}', '{}', 1,
    'sell.order.placed, sell.order.cancelled', '{channel,campaign,attribute}', 'value');

create function metric.rfm_scores(question metric.question)
returns table (bucket smallint, customer_id bigint, cell text, currency text, recency integer,
               frequency integer, monetary integer, unrated bigint)
language plpgsql stable
set plan_cache_mode = force_custom_plan
set work_mem = '128MB' -- what is grouped are all customers with a purchase
as $$
begin
    return query
    with sold as materialized (
        select p.bucket, p.customer_id, c.cell, p.currency as held, l.day,
               sum(p.amount) as amount, count(*) as purchases
        from lifecycle.purchase p
        left join metric.population(question) c
          on not question.is_plain and c.bucket = p.bucket and c.customer_id = p.customer_id
        cross join lateral (
            select (p.occurred_at at time zone question.timezone)::date as day) l
        where (question.is_plain or c.customer_id is not null)
          and p.occurred_at >= (question.since - 1)::timestamp at time zone question.timezone
          and p.occurred_at < question.until::timestamp at time zone question.timezone
          and l.day >= question.since and l.day < question.until
        group by 1, 2, 3, 4, 5
    ), rates as materialized (
        select d.held, d.day, x.factor
        from (select distinct s.held, s.day from sold s) d
        left join lateral metric.exchange(d.held, question.currency, d.day) x on true
    ), customers as (
        select s.bucket, s.customer_id, s.cell, coalesce(question.currency, s.held) as currency,
               max(s.day) as latest,
               case when question.currency is null then count(*)
                    else count(distinct s.day) end as days,
               -- for its order only
               sum(s.amount * r.factor)::double precision as amount
        from sold s
        join rates r on r.held = s.held and r.day = s.day
        where r.factor is not null
        group by 1, 2, 3, 4
    )
    select c.bucket, c.customer_id, c.cell, c.currency,
           ceil(5 * cume_dist() over (partition by c.currency order by c.latest))::integer,
           ceil(5 * cume_dist() over (partition by c.currency order by c.days))::integer,
           ceil(5 * cume_dist() over (partition by c.currency order by c.amount))::integer, 0::bigint
    from customers c
    union all
    select null, null, s.cell, null, null, null, null, sum(s.purchases)::bigint
    from sold s
    join rates r on r.held = s.held and r.day = s.day
    where r.factor is null
    group by s.cell;
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
      and s.recency = (chosen ->> 'recency')::integer
      and s.frequency = (chosen ->> 'frequency')::integer
      and s.monetary = (chosen ->> 'monetary')::integer
$$;
comment on function metric.members_of_rfm is 'The customers with these scores';
