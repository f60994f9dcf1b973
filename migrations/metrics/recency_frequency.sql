insert into lifecycle.metric values (
    'recency_frequency',
    'Recency and frequency',
    'How many customers had, at the end of the window (today, if that is earlier), their latest '
    'purchase day so many days back (recency) and purchases on so many days (frequency; 10 '
    'stands for ten and more), counted over their whole history: every cell of the grid is a row. '
    'At a time that is not the end of a month, or now, it is read from the purchase days of each '
    'customer',
    'customers', 'customers in the cell', 'customers who had purchased',
    '{from,to,timezone,segment,group_by}', '{}', 1,
    'sell.order.placed, sell.order.cancelled', '{channel,campaign,attribute}', 'value');

create function metric.recency_bands()
returns table (band text, place integer, least_days integer, most_days integer)
language sql immutable
as $$
    values ('0-30', 1, 0, 30), ('31-60', 2, 31, 60), ('61-90', 3, 61, 90),
           ('91-180', 4, 91, 180), ('181-365', 5, 181, 365), ('366-', 6, 366, null::integer)
$$;
comment on function metric.recency_bands is
    'How long ago a purchase was, in words, and from which number of days to which';

create function metric.last_purchases(question metric.question)
returns table (bucket smallint, customer_id bigint, cell text, band text, frequency bigint)
language plpgsql stable
set plan_cache_mode = force_custom_plan
set work_mem = '128MB' -- what is grouped are all customers with a purchase
as $$
declare
    ending constant date := least(question.until - 1, metric.today(question.timezone));
begin
    return query
    with latest as (
        select d.bucket, d.customer_id, null::text as cell, max(d.day) as day, count(*) as days
        from lifecycle.purchase_day d
        where question.is_plain and d.day <= ending
        group by 1, 2
        union all
        select d.bucket, d.customer_id, d.cell, max(d.day), count(*)
        from metric.purchase_days(question) d
        where not question.is_plain and d.day <= ending
        group by 1, 2, 3
    )
    select l.bucket, l.customer_id, l.cell, b.band, least(l.days, 10)
    from latest l
    join metric.recency_bands() b
      on ending - l.day between b.least_days and coalesce(b.most_days, 2147483647);
end
$$;
comment on function metric.last_purchases is
    'How long ago and how often each customer had purchased at the end of the window';

create function metric.recency_cells(question metric.question)
returns table (cell text, band text, frequency bigint, customers numeric)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
declare
    ending constant date := least(question.until - 1, metric.today(question.timezone));
begin
    if not (question.is_plain and (question.until > metric.today(question.timezone)
                                   or extract(day from question.until) = 1)) then
        return query
        select l.cell, l.band, l.frequency, count(*)::numeric
        from metric.last_purchases(question) l
        group by 1, 2, 3;
        return;
    end if;
    return query
    select null::text, b.band, x.frequency::bigint, sum(x.customers)
    from (select t.day, sum(t.buyers) as whole,
                 array[sum(t.first), sum(t.second), sum(t.third), sum(t.fourth), sum(t.fifth),
                       sum(t.sixth), sum(t.seventh), sum(t.eighth), sum(t.ninth)] as parts
          from lifecycle.buyer_total t
          where t.day <= ending
          group by 1
          union all
          select t.opened, -sum(t.gaps),
                 array[-sum(t.of_first), -sum(t.of_second), -sum(t.of_third), -sum(t.of_fourth),
                       -sum(t.of_fifth), -sum(t.of_sixth), -sum(t.of_seventh),
                       -sum(t.of_eighth), -sum(t.of_ninth)]
          from lifecycle.gap_opening_total t
          where t.month <= ending
          group by 1) d
    join metric.recency_bands() b
      on ending - d.day between b.least_days and coalesce(b.most_days, 2147483647),
    lateral (select p.frequency, p.customers
             from unnest(d.parts) with ordinality p (customers, frequency)
             union all
             select 10, d.whole - (select sum(p) from unnest(d.parts) p)) x
    group by 2, 3
    having sum(x.customers) <> 0;
end
$$;
comment on function metric.recency_cells is
    'How many customers had purchased so long ago, and so often, at the end of the window: those '
    'who purchased on a day, less those who have purchased again since';

create function metric.recency_frequency(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with counted as materialized (
        select * from metric.recency_cells(question)
    ), cells as (
        select c.cell, sum(c.customers) as buyers
        from counted c
        group by 1
        union all
        select null, 0 where not exists (select from counted)
    )
    select p.label, metric.grouped(question, g.cell, to_json(d)), n.customers, 'customers',
           n.customers, g.buyers, n.customers::bigint, p.complete, null::text, 0::bigint
    from metric.periods(question) p
    cross join cells g
    cross join metric.recency_bands() b
    cross join generate_series(1, 10) f (frequency)
    left join counted c on c.cell is not distinct from g.cell and c.band = b.band
                       and c.frequency = f.frequency,
    lateral (select coalesce(c.customers, 0) as customers) n,
    lateral (select b.band as recency, f.frequency) d
    order by g.cell nulls last, b.place, f.frequency
$$;
comment on function metric.recency_frequency is
    'Customers by how long ago and how often they had purchased at the end of the window';

create function metric.members_of_recency_frequency(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select l.bucket, l.customer_id
    from metric.last_purchases(question) l
    where l.band = chosen ->> 'recency' and l.frequency = (chosen ->> 'frequency')::bigint
      and (question.group_by is null or l.cell is not distinct from chosen ->> question.group_by)
$$;
comment on function metric.members_of_recency_frequency is
    'The customers of a cell of recency and frequency';
