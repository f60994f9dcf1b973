insert into lifecycle.metric values (
    'rfm',
    'Recency, frequency, money',
    'Of the customers with a purchase in the window: scores 1 to 5 by cume_dist (equal values '
    'get equal scores; 5 is best) of the latest purchase day, the number of purchase days and '
    'the amount in the window, and how many customers have each combination. For each currency '
    'by its purchases alone; with currency, by all purchases, converted by the rate of their '
    'day: those without a rate are left out',
    'customers', 'customers with these scores', 'customers with a purchase in the window',
    '{from,to,timezone,currency}', '{}', 1, 'sell.order.placed, sell.order.cancelled');

create function metric.rfm(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with bought as materialized (
        select p.bucket, p.customer_id, l.day, p.amount * x.factor as amount,
               coalesce(question.currency, p.currency) as currency
        from lifecycle.purchase p
        cross join lateral (
            select (p.occurred_at at time zone question.timezone)::date as day) l
        left join lateral metric.exchange(p.currency, question.currency, l.day) x on true
        where p.occurred_at >= (question.since - 1)::timestamp at time zone question.timezone
          and p.occurred_at < question.until::timestamp at time zone question.timezone
          and l.day >= question.since and l.day < question.until
    ), customers as (
        select b.currency, max(b.day) as latest, count(distinct b.day) as days,
               sum(b.amount) as amount
        from bought b
        where b.amount is not null
        group by b.bucket, b.customer_id, b.currency
    ), shares as (
        select c.currency,
               cume_dist() over (partition by c.currency order by c.latest) as recency,
               cume_dist() over (partition by c.currency order by c.days) as frequency,
               cume_dist() over (partition by c.currency order by c.amount) as monetary
        from customers c
    ), cells as (
        select s.currency, ceil(5 * s.recency) as recency, ceil(5 * s.frequency) as frequency,
               ceil(5 * s.monetary) as monetary, count(*) as customers,
               sum(count(*)) over (partition by s.currency) as all_customers
        from shares s
        group by 1, 2, 3, 4
    )
    select p.label, to_json(d), n.customers, 'customers', n.customers,
           coalesce(c.all_customers, 0), n.customers, p.complete, null::text,
           case when row_number() over place = 1
                then (select count(*) from bought where amount is null)
                else 0
           end
    from metric.periods(question) p
    left join cells c on true,
    lateral (select coalesce(c.customers, 0) as customers) n,
    lateral (select coalesce(c.currency, question.currency) as currency, c.recency,
                    c.frequency, c.monetary) d
    window place as (order by c.currency, c.recency, c.frequency, c.monetary)
    order by c.currency, c.recency, c.frequency, c.monetary
$$;
comment on function metric.rfm is
    'Customers by recency, frequency and money of their purchases in the window';
