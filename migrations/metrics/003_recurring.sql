-- What the metrics of recurring revenue and of its customers stand on: MRR and the customers who
-- pay it, period by period. All of it is sums of entries of lifecycle.mrr (fact_4_mrr.sql).
--
-- MRR is a state: it is converted by the rate of a period's first day. The start of a period is the
-- end of the one before, by the rate of that one; what the other rate alone changes is fx_effect.
-- Each sum of a currency is rounded to minor units when it is converted, so that the movements of a
-- period add up, to the unit. What has no rate is left out, and counted where it first is.

create function metric.day_before(question metric.question, since date)
returns date
language sql stable
as $$
    select lifecycle.period_start(question.interval, since - 1)
$$;
comment on function metric.day_before is
    'The first day of the period before the one that starts on a day';

create function metric.recurring_sums(question metric.question, measures text[])
returns table (measure text, since date, cell text, label text, detail text, currency text,
               n numeric, amount numeric)
language plpgsql stable
set plan_cache_mode = force_custom_plan
as $$
declare
    ends constant date := least(question.until, metric.today(question.timezone) + 1);
    whole constant date := date_trunc('month', case when metric.is_monthly(question) then ends
                                                    else least(question.since, ends) end);
begin
    if question.is_plain then
        return query
        select w.measure, case when t.day >= question.since
                               then metric.period_of(question, t.day) end,
               null::text, t.label, t.detail, t.currency, sum(t.n), sum(t.amount)
        from unnest(measures) w (measure)
        cross join lateral (
            select *
            from lifecycle.measure_total x
            where x.measure = 'monthly:' || w.measure and x.day < whole
            union all
            select *
            from lifecycle.measure_total x
            where x.measure = w.measure and x.day >= whole and x.day < ends
        ) t
        group by 1, 2, 3, 4, 5, 6
        having sum(t.n) <> 0 or sum(t.amount) <> 0;
        return;
    end if;
    return query
    select e.measure, case when e.day >= question.since
                           then metric.period_of(question, e.day) end,
           p.cell, e.label, e.detail, e.currency, sum(e.n), sum(e.amount)
    from metric.population(question) p
    join lifecycle.mrr m using (bucket, customer_id)
    cross join lateral lifecycle.entries_of(m, question.timezone) e
    where e.measure = any(measures) and e.day < ends
    group by 1, 2, 3, 4, 5, 6
    having sum(e.n) <> 0 or sum(e.amount) <> 0;
end
$$;
comment on function metric.recurring_sums is
    'The sums of measures that are counted by month too, by the question''s periods up to today; '
    'since is null for all that was before the window. Whole months are read by month; what adds up '
    'to nothing is left out';

create function metric.to_whole_periods(question metric.question)
returns metric.question
language plpgsql stable
as $$
begin
    question.until := greatest(question.until, (select max(p.until)
                                                from metric.whole_periods(question) p));
    return question;
end
$$;
comment on function metric.to_whole_periods is
    'The same question, with a window that ends where the last period ends that begins in it';

-- Customers who pay ---------------------------------------------------------------------------

create function metric.payers(question metric.question)
returns table (since date, cell text, currency text, at_start numeric, at_end numeric)
language plpgsql stable
set plan_cache_mode = force_generic_plan -- of no table that grows
as $$
begin
    return query
    with change as materialized (
        select s.since, case when question.group_by = 'plan' then s.detail else s.cell end as cell,
               case when question.group_by = 'plan' then s.currency else s.detail end as held,
               sum(s.n) as n
        from metric.recurring_sums(question, array[case when question.group_by = 'plan'
                                                        then 'mrr_plan' else 'mrr_active' end]) s
        group by 1, 2, 3
    ), before as (
        select c.cell, c.held, coalesce(sum(c.n) filter (where c.since is null), 0) as n
        from change c
        group by 1, 2
    ), state as (
        select p.since, b.cell, b.held, b.n + sum(coalesce(c.n, 0)) over so_far as at_end,
               coalesce(c.n, 0) as added
        from before b
        cross join metric.periods(question) p
        left join change c
          on c.since = p.since and c.held = b.held and c.cell is not distinct from b.cell
        window so_far as (partition by b.cell, b.held order by p.since)
    ), rated as materialized (
        select p.since, h.held, bool_or(s.factor is not null) as at_start,
               bool_or(e.factor is not null) as at_end
        from metric.periods(question) p
        cross join (select distinct b.held from before b) h
        cross join lateral unnest(string_to_array(h.held, ' ')) c (currency)
        left join lateral metric.exchange(c.currency, question.currency,
                                          metric.day_before(question, p.since)) s on true
        left join lateral metric.exchange(c.currency, question.currency, p.since) e on true
        where question.currency is not null
        group by p.since, h.held
    )
    select s.since, s.cell, question.currency,
           sum(s.at_end - s.added) filter (where r.at_start),
           sum(s.at_end) filter (where r.at_end)
    from state s
    join rated r using (since, held)
    group by s.since, s.cell
    union all
    select s.since, s.cell, c.currency, sum(s.at_end - s.added), sum(s.at_end)
    from state s
    cross join lateral unnest(string_to_array(s.held, ' ')) c (currency)
    where question.currency is null
    group by s.since, s.cell, c.currency;
end
$$;
comment on function metric.payers is
    'The customers with MRR when each period starts and when it ends, in each currency, or in any '
    'that can be converted; by plan, where the question groups by it';

-- Money ---------------------------------------------------------------------------------------

create type metric.recurring_row as (
    since date, label text, complete boolean, cell text, currency text, start numeric,
    new numeric, expansion numeric, reactivation numeric, contraction numeric, churn numeric,
    fx_effect numeric, "end" numeric, payers_at_start numeric, payers numeric, moves numeric,
    missing_rate bigint);
comment on type metric.recurring_row is
    'The MRR of a period in a currency: from its start, by its movements, to its end';

create function metric.recurring(question metric.question)
returns setof metric.recurring_row
language plpgsql stable
set plan_cache_mode = force_generic_plan -- of no table that grows
as $$
declare
    is_by_plan constant boolean := question.group_by is not distinct from 'plan';
begin
    return query
    with told as materialized (
        select s.measure, s.since, case when is_by_plan then s.detail else s.cell end as cell,
               s.currency as held, s.label as kind, s.n, s.amount
        from metric.recurring_sums(question, case when is_by_plan then '{mrr_plan}'::text[]
                                                  else '{mrr,mrr_state}' end) s
    ), change as materialized ( -- before the window: since is null
        select t.since, t.cell, t.held, sum(t.amount) as amount, sum(t.n) as n
        from told t
        where t.measure <> 'mrr'
        group by 1, 2, 3
    ), moved as (
        select t.since, t.cell, t.held, sum(t.n) as moves,
               sum(t.amount) filter (where t.kind = 'new') as new,
               sum(t.amount) filter (where t.kind = 'expansion') as expansion,
               sum(t.amount) filter (where t.kind = 'reactivation') as reactivation,
               sum(t.amount) filter (where t.kind = 'contraction') as contraction,
               sum(t.amount) filter (where t.kind = 'churn') as churn
        from told t
        where t.measure <> 'mrr_state'
        group by 1, 2, 3
    ), kept as ( -- what there was or moved in the window
        select t.cell, t.held, coalesce(sum(t.amount) filter (where t.since is null), 0) as amount,
               coalesce(sum(t.n) filter (where t.since is null), 0) as n
        from told t
        where t.measure <> 'mrr' or t.since is not null
        group by 1, 2
        having bool_or(t.since is not null)
            or sum(t.amount) <> 0
    ), state as (
        select p.since, p.label, p.complete, k.cell, k.held,
               k.amount + sum(coalesce(c.amount, 0)) over so_far as money,
               coalesce(c.amount, 0) as added,
               k.n + sum(coalesce(c.n, 0)) over so_far as n, coalesce(c.n, 0) as n_added
        from kept k
        cross join metric.periods(question) p
        left join change c
          on c.since = p.since and c.held = k.held and c.cell is not distinct from k.cell
        window so_far as (partition by k.cell, k.held order by p.since)
    ), rate as materialized (
        select p.since, h.held, b.factor as before, f.factor
        from metric.periods(question) p
        cross join (select distinct k.held from kept k) h
        left join lateral metric.exchange(h.held, question.currency,
                                          metric.day_before(question, p.since)) b on true
        left join lateral metric.exchange(h.held, question.currency, p.since) f on true
    ), converted as (
        select s.since, s.label, s.complete, s.cell,
               coalesce(question.currency, s.held) as currency,
               coalesce(sum(round((s.money - s.added) * r.before)), 0) as start,
               coalesce(sum(round(m.new * r.factor)), 0) as new,
               coalesce(sum(round(m.expansion * r.factor)), 0) as expansion,
               coalesce(sum(round(m.reactivation * r.factor)), 0) as reactivation,
               coalesce(sum(round(m.contraction * r.factor)), 0) as contraction,
               coalesce(sum(round(m.churn * r.factor)), 0) as churn,
               coalesce(sum(round(s.money * r.factor)), 0) as "end",
               coalesce(sum(m.moves) filter (where r.factor is not null), 0) as moves,
               coalesce(sum(greatest(s.n, s.n - s.n_added)) filter (where r.factor is null), 0)
                   as unrated
        from state s
        join rate r using (since, held)
        left join moved m
          on m.since = s.since and m.held = s.held and m.cell is not distinct from s.cell
        group by s.since, s.label, s.complete, s.cell, coalesce(question.currency, s.held)
        union all
        select p.since, p.label, p.complete, null, question.currency, 0, 0, 0, 0, 0, 0, 0, 0, 0
        from metric.periods(question) p
        where not exists (select from kept)
    ), missed as (
        select u.since, max(u.unrated) over (order by u.since) as most
        from (select c.since, sum(c.unrated) as unrated from converted c group by c.since) u
    )
    select c.since, c.label, c.complete, c.cell, c.currency, c.start, c.new, c.expansion,
           c.reactivation, c.contraction, c.churn,
           c."end" - c.start - c.new - c.expansion - c.reactivation - c.contraction - c.churn,
           c."end", coalesce(p.at_start, 0), coalesce(p.at_end, 0), c.moves,
           case when row_number() over (partition by c.since order by c.cell, c.currency) = 1
                then m.most - coalesce((select max(b.most)
                                        from missed b
                                        where b.since < c.since), 0)
                else 0 end::bigint
    from converted c
    join missed m using (since)
    left join metric.payers(question) p
      on p.since = c.since and p.currency = c.currency and p.cell is not distinct from c.cell;
end
$$;
comment on function metric.recurring is
    'The MRR of each period and what it moved by, by currency or converted, in the cells of the '
    'question, or by plan. moves: the number of movements. missing_rate: the customers whose MRR in '
    'a currency is left out, beyond those who were so in an earlier period';

create function metric.retained(question metric.question, measure text)
returns table (since date, cell text, currency text, change numeric)
language sql stable
as $$
    select m.since, m.cell, coalesce(question.currency, m.held), sum(round(m.amount * r.factor))
    from (select metric.period_of(question, t.day) as since, t.cell, t.currency as held,
                 sum(t.amount) as amount
          from metric.sums(question, array[measure || ':' || question.interval]) t
          group by 1, 2, 3) m
    cross join lateral metric.exchange(m.held, question.currency,
                                       metric.day_before(question, m.since)) r
    group by 1, 2, 3
$$;
comment on function metric.retained is
    'How the MRR moved of those who had some when a period started, by the rate of its start: all '
    'that they pay (mrr_retained), or no more than each did then (mrr_kept)';

create function metric.retention_of_money(question metric.question, measure text)
returns setof metric.answer_row
language plpgsql stable
set plan_cache_mode = force_generic_plan -- of no table that grows
as $$
declare
    whole constant metric.question := metric.to_whole_periods(question);
begin
    return query
    select p.label, metric.grouped(question, r.cell, to_json(d)),
           k.kept / nullif(r.start, 0), 'ratio', k.kept, r.start, r.payers_at_start::bigint,
           p.complete, case when r.start = 0 then 'empty_denominator' end, r.missing_rate
    from metric.whole_periods(question) p
    join metric.recurring(whole) r using (since)
    left join metric.retained(whole, measure) m
      on m.since = r.since and m.currency = r.currency and m.cell is not distinct from r.cell,
    lateral (select r.start + coalesce(m.change, 0) as kept) k,
    lateral (select r.currency) d
    order by r.since, r.cell, r.currency;
end
$$;
comment on function metric.retention_of_money is
    'What became, in each period, of the MRR of those who had some at its start';

-- Customers behind a row ----------------------------------------------------------------------

create function metric.payers_behind(question metric.question, chosen json, day date, rated date)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select distinct c.bucket, c.customer_id
    from metric.chosen_population(question, chosen) c
    join lifecycle.mrr m using (bucket, customer_id)
    cross join lateral (
        select distinct on (v.currency, v.plan) v.currency, v.after
        from unnest(case when question.group_by = 'plan' then m.parts else m.movements end) v
        where (v.at at time zone question.timezone)::date
              < least(day, metric.today(question.timezone) + 1)
          and (question.group_by is distinct from 'plan' or v.plan = chosen ->> 'plan')
        order by v.currency, v.plan, v.at desc) v
    where v.after > 0
      and (v.currency = chosen ->> 'currency'
           or question.currency is not null
              and exists (select from metric.exchange(v.currency, question.currency, rated)))
$$;
comment on function metric.payers_behind is
    'The customers of a row''s currency and group who have MRR when a day begins; where money is '
    'converted, those whose MRR has a rate on a day';

create function metric.customers_at(question metric.question, chosen json, day date)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select c.bucket, c.customer_id
    from metric.chosen_population(question, chosen) c
    join lifecycle.mrr m using (bucket, customer_id)
    cross join lateral (
        select v.kind
        from unnest(m.movements) v
        where (v.at at time zone question.timezone)::date
              < least(day, metric.today(question.timezone) + 1)
        order by v.at desc
        limit 1) v
    where v.kind <> 'churn'
$$;
comment on function metric.customers_at is
    'The customers of a row''s group who have MRR when a day begins';

create function metric.lost_customers(question metric.question)
returns table (since date, label text, complete boolean, cell text, at_start numeric,
               lost numeric, voluntary numeric)
language plpgsql stable
set plan_cache_mode = force_generic_plan -- of no table that grows
as $$
declare
    whole constant metric.question := metric.to_whole_periods(question);
begin
    return query
    with change as materialized ( -- before the window: since is null
        select s.since, s.cell, sum(s.n) as n
        from metric.recurring_sums(whole, '{mrr_active}') s
        group by 1, 2
    ), cells as (
        select distinct c.cell from change c
        union
        select null where not exists (select from change)
    ), gone as (
        select metric.period_of(question, t.day) as since, t.cell, sum(t.n) as lost,
               sum(t.n) filter (where t.label = 'voluntary') as voluntary
        from metric.sums(whole, array['mrr_lost:' || question.interval]) t
        group by 1, 2
    )
    select p.since, p.label, p.complete, k.cell,
           coalesce((select sum(c.n)
                     from change c
                     where (c.since is null or c.since < p.since)
                       and c.cell is not distinct from k.cell), 0),
           coalesce(g.lost, 0), coalesce(g.voluntary, 0)
    from metric.whole_periods(question) p
    cross join cells k
    left join gone g on g.since = p.since and g.cell is not distinct from k.cell;
end
$$;
comment on function metric.lost_customers is
    'The customers with MRR at each period''s start, and how many of them have none at its end';

create function metric.lost_behind(question metric.question, chosen json, labels text[])
returns table (bucket smallint, customer_id bigint)
language plpgsql stable
as $$
declare
    whole constant metric.question := metric.to_whole_periods(question);
begin
    return query
    select c.bucket, c.customer_id
    from metric.chosen_population(question, chosen) c
    join lifecycle.mrr m using (bucket, customer_id)
    cross join lateral lifecycle.entries_of(m, question.timezone) e
    where e.measure = 'mrr_lost:' || question.interval and e.label = any(labels)
      and e.day >= question.since and e.day < whole.until
      and e.day <= metric.today(question.timezone)
    group by c.bucket, c.customer_id
    having sum(e.n) > 0;
end
$$;
comment on function metric.lost_behind is
    'The customers of a row''s group who were lost in a period, in one of these ways';
