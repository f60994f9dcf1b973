insert into lifecycle.metric values (
    'lapsed',
    'Lapsed customers',
    'Customers whose latest purchase day lies inactivity_days or more back at the end of the '
    'period, or today, while it goes on (measure lapsed); the other customers who had purchased '
    'by then (active); and how often in the period a customer purchased who had lapsed '
    '(reactivated). inactivity_days is the setting; without it, the 90th percentile of the gaps '
    'between the purchase days of all repeat buyers, to this day. Null as long as nobody has '
    'come back and nothing is set',
    'customers', null, null,
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled', '{channel,campaign,attribute}', 'value');

create function metric.usual_gap()
returns integer
language sql stable
as $$
    select min(r.gap_days)
    from (select g.gap_days, sum(g.gaps) over (order by g.gap_days) as reached,
                 sum(g.gaps) over () as total
          from (select t.gap_days, sum(t.gaps) as gaps
                from lifecycle.gap_month_total t
                group by 1
                having sum(t.gaps) <> 0) g) r
    where 10 * r.reached >= 9 * r.total
$$;
comment on function metric.usual_gap is
    'The 90th percentile of the days between the purchases of all repeat buyers; null for nobody';

create function metric.inactivity_days()
returns integer
language sql stable
as $$
    select coalesce((select s.value::integer
                     from lifecycle.setting s
                     where s.name = 'inactivity_days'), metric.usual_gap())
$$;
comment on function metric.inactivity_days is
    'The days without a purchase after which a customer has lapsed, by the setting or by what is '
    'usual';

create function metric.latest_days(question metric.question)
returns table (known date, day date, cell text, customers numeric)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if question.is_plain and metric.is_monthly(question) then
        return query
        select metric.period_of(question, t.day), t.day, null::text, sum(t.buyers)
        from lifecycle.buyer_total t
        where t.day < question.until
        group by t.day
        union all
        select metric.period_of(question, t.month), t.opened, null, -t.gaps::numeric
        from lifecycle.gap_opening_total t
        where t.month < question.until;
    elsif question.is_plain then
        return query
        select metric.period_of(question, t.day), t.day, null::text, sum(t.buyers)
        from lifecycle.buyer_total t
        where t.day < question.until
        group by t.day
        union all
        select metric.period_of(question, t.day), t.day - t.gap_days, null, -t.gaps::numeric
        from lifecycle.gap_total t
        where t.day < question.until;
    else
        return query
        select metric.period_of(question, d.day), c.day, d.cell, c.sign
        from metric.purchase_days(question) d
        cross join lateral (values (d.day, 1::numeric), (d.previous, -1)) c (day, sign)
        where c.day is not null;
    end if;
end
$$;
comment on function metric.latest_days is
    'How many customers more, or fewer, have this day as their latest purchase day from a period '
    'on: those who purchased on it, less those who have purchased again';

create function metric.lapsed(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with inactivity as materialized (
        select metric.inactivity_days() as days
    ), lapses as materialized (
        select greatest(t.known, metric.period_of(question, t.day + i.days)) as since, t.cell,
               sum(t.customers) as customers
        from metric.latest_days(question) t, inactivity i
        where t.day + i.days < question.until
          and t.day + i.days <= metric.today(question.timezone)
        group by 1, 2
    ), returns as materialized (
        select g.since, g.cell, sum(g.gaps) as gaps
        from metric.gaps_by_period(question) g, inactivity i
        where g.gap_days > i.days
        group by 1, 2
    ), states as (
        select b.since, b.label, b.complete, b.cell, b.buyers,
               coalesce(sum(l.customers) over so_far, 0) as lapsed, coalesce(r.gaps, 0) as gaps
        from metric.buyers_so_far(question) b
        left join lapses l on l.since = b.since and l.cell is not distinct from b.cell
        left join returns r on r.since = b.since and r.cell is not distinct from b.cell
        window so_far as (partition by b.cell order by b.since)
    )
    select s.label, metric.grouped(question, s.cell, to_json(d)),
           case when i.days is not null then m.value end, m.unit, null::numeric, null::numeric,
           case when i.days is not null then m.value else s.buyers end::bigint, s.complete,
           case when i.days is null then 'empty_denominator' end, 0::bigint
    from states s
    cross join inactivity i,
    lateral (values (1, 'lapsed', s.lapsed, 'customers'),
                    (2, 'active', s.buyers - s.lapsed, 'customers'),
                    (3, 'reactivated', s.gaps, 'purchases')) m (place, measure, value, unit),
    lateral (select m.measure) d
    order by s.since, s.cell nulls last, m.place
$$;
comment on function metric.lapsed is
    'Customers who stay away longer than is usual, at the end of each period, and those who came '
    'back';

create function metric.members_of_lapsed(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language plpgsql stable
as $$
declare
    -- who purchased after this day has not lapsed
    latest constant date := least(question.until - 1, metric.today(question.timezone))
                            - metric.inactivity_days();
begin
    perform metric.refuse_uncounted(chosen ->> 'measure' = 'reactivated');
    return query
    select d.bucket, d.customer_id
    from metric.purchase_days(question) d
    join metric.chosen_population(question, chosen) p
      on p.bucket = d.bucket and p.customer_id = d.customer_id
    where latest is not null
    group by d.bucket, d.customer_id
    having (max(d.day) <= latest) = (chosen ->> 'measure' = 'lapsed');
end
$$;
comment on function metric.members_of_lapsed is
    'The customers who had lapsed at the end of a period, or of those with a purchase the others';
