insert into lifecycle.metric values (
    'lifespan',
    'Life span',
    'Days from the first to the latest purchase day, as of the end of the period: the mean of '
    'all customers who had purchased (measure mean_all), and of those who had on at least two '
    'days (mean_repeat)',
    'days', 'days from first to latest purchase, added up', 'customers who had purchased',
    '{from,to,interval,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'sell.order.placed, sell.order.cancelled', '{channel,campaign,attribute}', 'denominator');

create function metric.lifespan(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select b.label, metric.grouped(question, b.cell, to_json(d)),
           b.gap_days / nullif(m.customers, 0), 'days', b.gap_days, m.customers,
           m.customers::bigint, b.complete,
           case when m.customers = 0 then 'empty_denominator' end, 0::bigint
    from metric.buyers_so_far(question) b,
         lateral (values (1, 'mean_all', b.buyers), (2, 'mean_repeat', b.repeaters))
             m (place, measure, customers),
         lateral (select m.measure) d
    order by b.since, b.cell nulls last, m.place
$$;
comment on function metric.lifespan is
    'Mean days from a customer''s first to latest purchase, as of the end of each period';

create function metric.members_of_lifespan(question metric.question, chosen json)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select d.bucket, d.customer_id
    from metric.purchase_days(question) d
    join metric.chosen_population(question, chosen) p
      on p.bucket = d.bucket and p.customer_id = d.customer_id
    where case chosen ->> 'measure' when 'mean_all' then d.previous is null
                                    else d.previous = d.first end
$$;
comment on function metric.members_of_lifespan is
    'The customers who had purchased by the end of a period, or of them those who came back';
