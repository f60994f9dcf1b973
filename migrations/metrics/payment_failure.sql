insert into lifecycle.metric values (
    'payment_failure',
    'Failed payments',
    'Of the payments tried in the period, failed or not, the share that failed (measure failed), '
    'and by each reason, which add up to it',
    'ratio', 'payments that failed', 'payments tried',
    '{from,to,interval=month,timezone,segment,group_by}', '{day,week,month,quarter,year}', 1,
    'bill.payment.failed, bill.payment.succeeded', '{channel,campaign,attribute}', null);

create function metric.payments_by_day(question metric.question)
returns table (day date, cell text, payments bigint)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
begin
    if question.is_plain then
        return query
        select t.day, null::text, t.payments
        from lifecycle.revenue_total t
        where t.day >= question.since and t.day < question.until;
        return;
    end if;
    return query
    select d.day, p.cell, count(*)
    from metric.population(question) p
    join lifecycle.revenue r using (bucket, customer_id)
    cross join lateral (select (r.occurred_at at time zone question.timezone)::date as day) d
    where r.amount >= 0 and d.day >= question.since and d.day < question.until
    group by 1, 2;
end
$$;
comment on function metric.payments_by_day is 'Payments that did not fail, by day';

create function metric.payment_failure(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    with failed as materialized (
        select metric.period_of(question, t.day) as since, t.cell, t.label as reason, sum(t.n) as n
        from metric.sums(question, '{payment_failed}') t
        group by 1, 2, 3
    ), paid as materialized (
        select metric.period_of(question, t.day) as since, t.cell, sum(t.payments) as n
        from metric.payments_by_day(question) t
        group by 1, 2
    ), cells as (
        select cell from failed
        union
        select cell from paid
        union
        select null where not exists (select from failed) and not exists (select from paid)
    ), tried as (
        select p.since, p.label, p.complete, c.cell, coalesce(f.n, 0) as failed,
               coalesce(f.n, 0) + coalesce(s.n, 0) as payments
        from metric.periods(question) p
        cross join cells c
        left join (select since, cell, sum(n) as n from failed group by 1, 2) f
          on f.since = p.since and f.cell is not distinct from c.cell
        left join paid s on s.since = p.since and s.cell is not distinct from c.cell
    )
    select t.label, metric.grouped(question, t.cell, to_json(d)),
           v.failed / nullif(t.payments, 0), 'ratio', v.failed, t.payments, t.payments::bigint,
           t.complete, case when t.payments = 0 then 'empty_denominator' end, 0::bigint
    from tried t
    cross join unnest('{failed,card_expired,insufficient_funds,declined,technical,other}'::text[])
        with ordinality m (measure, place)
    left join failed f
      on f.since = t.since and f.cell is not distinct from t.cell and f.reason = m.measure,
    lateral (select case m.place when 1 then t.failed else coalesce(f.n, 0) end as failed) v,
    lateral (select m.measure) d
    order by t.since, t.cell, m.place
$$;
comment on function metric.payment_failure is 'The share of payments that failed, and why';
