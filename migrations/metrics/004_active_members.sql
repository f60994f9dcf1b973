-- The customers behind metric.active_customers.

create function metric.active_members(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    with bought as materialized (
        select distinct d.bucket, d.customer_id
        from metric.chosen_population(question, chosen) c
        join metric.purchase_days(question) d using (bucket, customer_id)
        where d.day >= question.since
    ), paying as materialized (
        select p.bucket, p.customer_id
        from metric.customers_at(question, chosen, question.until) p
    ), larger as (
        select (select count(*) from paying) > (select count(*) from bought) as is_paying
    )
    select b.bucket, b.customer_id
    from bought b
    cross join larger l
    where not l.is_paying
    union all
    select p.bucket, p.customer_id
    from paying p
    cross join larger l
    where l.is_paying
$$;
comment on function metric.active_members is
    'The active customers of a period and group: those who purchased in it, or those who have MRR at '
    'its end, whichever are more';
