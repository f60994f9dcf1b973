-- What the metrics of finding and of money share: sums of the facts as money, and the settings that
-- they are told by.

create function metric.won_by(question metric.question, label text, detail text, cell text)
returns text
language sql immutable
as $$
    select nullif(case question.group_by when 'channel' then label
                                         when 'campaign' then detail
                                         else cell end, '')
$$;
comment on function metric.won_by is
    'The group of a sum whose label is a channel, and its detail a campaign; null for none';

create function metric.money_by_day(question metric.question, measures text[])
returns table (day date, measure text, label text, detail text, cell text, currency text,
               n numeric, amount numeric, unrated numeric)
language plpgsql stable -- keeps its plan
as $$
#variable_conflict use_column
begin
    return query
    with told as materialized (
        select t.day, t.measure, t.label, t.detail, t.cell, t.currency, sum(t.n) as n,
               sum(t.amount) as amount
        from metric.sums(question, measures) t
        group by 1, 2, 3, 4, 5, 6
        having sum(t.n) <> 0 or sum(t.amount) <> 0
    ), rates as materialized (
        select d.day, d.currency, x.factor
        from (select distinct t.day, t.currency from told t) d
        left join lateral metric.exchange(d.currency, question.currency, d.day) x on true
    )
    select t.day, t.measure, t.label, t.detail, t.cell, coalesce(question.currency, t.currency),
           case when r.factor is not null then t.n else 0 end,
           coalesce(t.amount * r.factor, 0),
           case when r.factor is null then greatest(t.n, 1) else 0 end
    from told t
    join rates r on r.day = t.day and r.currency = t.currency;
end
$$;
comment on function metric.money_by_day is
    'What facts with money add up to, by day, in the currency that is asked for by the rate of the '
    'day; unrated: how many have no rate, and are left out';

create function metric.margin()
returns numeric
language sql stable
as $$
    select coalesce((select s.value::numeric from lifecycle.setting s where s.name = 'margin'), 1)
$$;
comment on function metric.margin is
    'The part of revenue that remains after the cost of what was sold, by the setting';

create function metric.spend(question metric.question, purpose text)
returns table (since date, cell text, currency text, amount numeric, n numeric, unrated numeric)
language plpgsql stable -- keeps its plan
as $$
#variable_conflict use_column
begin
    return query
    select metric.period_of(question, t.day + q.lag),
           metric.won_by(question, t.label, t.detail, null), t.currency, sum(t.amount),
           sum(t.n), sum(t.unrated)
    from (select coalesce(question.lag_days, 0) as lag) q
    cross join lateral metric.money_by_day(
        metric.of_window(question, question.since - q.lag, question.until - q.lag),
        array['spend:' || purpose]) t
    group by 1, 2, 3;
end
$$;
comment on function metric.spend is
    'What was spent for a purpose, by the period that it counts in (lag_days later), by channel or '
    'campaign if the question is grouped so';

create function metric.acquired_customers(question metric.question)
returns table (since date, cell text, customers numeric)
language plpgsql stable -- keeps its plan
as $$
#variable_conflict use_column
begin
    return query
    select metric.period_of(question, t.day),
           metric.won_by(question, t.label, t.detail, t.cell), sum(t.n)
    from metric.sums(question, '{acquired}') t
    group by 1, 2
    having sum(t.n) <> 0;
end
$$;
comment on function metric.acquired_customers is 'Customers acquired in each period, by group';

create function metric.acquisition_costs(question metric.question)
returns table (since date, label text, complete boolean, cell text, currency text,
               spend numeric, customers numeric, n numeric, unrated numeric)
language plpgsql stable -- keeps its plan
as $$
#variable_conflict use_column
begin
    return query
    with spent as materialized (
        select * from metric.spend(question, 'acquisition')
    ), won as materialized (
        select * from metric.acquired_customers(question)
    ), cells as (
        select null::text as cell
        union
        select s.cell from spent s where question.group_by is not null
        union
        select w.cell from won w where question.group_by is not null
    ), currencies as (
        select s.currency from spent s
        union
        select question.currency
        where question.currency is not null or not exists (select from spent)
    )
    select p.since, p.label, p.complete, g.cell, c.currency, coalesce(s.amount, 0),
           coalesce(w.customers, 0), coalesce(w.customers, 0), coalesce(s.unrated, 0)
    from metric.periods(question) p
    cross join cells g
    cross join currencies c
    left join spent s on s.since = p.since and s.cell is not distinct from g.cell
                     and s.currency is not distinct from c.currency
    left join won w on w.since = p.since and w.cell is not distinct from g.cell;
end
$$;
comment on function metric.acquisition_costs is
    'Acquisition spend and the customers acquired, in each period, by group and currency';
