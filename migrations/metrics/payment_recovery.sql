insert into lifecycle.metric values (
    'payment_recovery',
    'Recovered payments',
    'Of the payments that failed in the period, the share made good within dunning_days: by a '
    'bill.payment.recovered that names them, or by the customer''s next payment',
    'ratio', 'failed payments made good in time', 'payments that failed',
    '{from,to,interval=month,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'bill.payment.failed, recovered and succeeded', '{channel,campaign,attribute}', null);

create function metric.payment_recovery(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with patience as (
        select (extract(epoch from lifecycle.dunning_time()) / 86400)::integer as days
    ), counted as materialized (
        select metric.period_of(question, t.day) as since, t.cell,
               sum(t.n) filter (where t.measure = 'payment_failed') as failed,
               sum(t.n) filter (where case t.measure when 'payment_recovered'
                                           then t.label::integer <= p.days end) as recovered
        from metric.sums(question, '{payment_failed,payment_recovered}') t
        cross join patience p
        group by 1, 2
    ), cells as (
        select distinct cell from counted
        union
        select null where not exists (select from counted)
    )
    select p.label, metric.grouped(question, c.cell, null),
           case when w.elapsed then n.recovered / nullif(n.failed, 0) end, 'ratio', n.recovered,
           n.failed, n.failed::bigint, w.elapsed,
           case when not w.elapsed then 'window_not_elapsed'
                when n.failed = 0 then 'empty_denominator' end, 0::bigint
    from metric.periods(question) p
    cross join cells c
    left join counted k on k.since = p.since and k.cell is not distinct from c.cell,
    lateral (select coalesce(k.failed, 0) as failed, coalesce(k.recovered, 0) as recovered) n,
    lateral (select p.until + d.days <= metric.today(question.timezone) as elapsed
             from patience d) w
    order by p.since, c.cell
$$;
comment on function metric.payment_recovery is 'The share of failed payments made good in time';
