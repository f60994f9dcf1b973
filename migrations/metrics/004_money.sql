-- What the metrics of money share: what came in and what went out, of the customers in question.
-- Spend belongs to no customer. It counts for the channel or campaign that it was for, and where
-- customers are grouped otherwise, for the group of those who are in none; a segment has none.

create function metric.cash(question metric.question, from_the_start boolean)
returns table (since date, cell text, currency text, part text, amount numeric, n numeric,
               unrated numeric)
language plpgsql stable -- keeps its plan
as $$
#variable_conflict use_column
begin
    return query
    with w as (
        select metric.of_window(question, case when from_the_start then '-infinity'
                                               else question.since end, question.until) as asked
    ), told as materialized (
        select t.day, t.cell, t.part, t.currency, sum(t.amount) as amount, sum(t.n) as n
        from (select r.day, r.cell, 'revenue' as part, r.currency,
                     r.received + r.returned as amount, r.entries as n
              from w
              cross join lateral metric.revenue_by_day(w.asked) r
              union all
              select s.day, s.cell,
                     case when s.label in ('deliver', 'bill') then 'serving'
                          when s.label = 'support' then 'support'
                          else 'other' end, s.currency, s.amount, s.n
              from w
              cross join lateral metric.sums(w.asked, '{cost}') s
              union all
              select s.day, metric.won_by(question, s.label, s.detail, s.cell),
                     substr(s.measure, length('spend:') + 1), s.currency, s.amount, s.n
              from w
              cross join lateral metric.sums(w.asked, '{spend:acquisition,spend:retention}') s) t
        group by 1, 2, 3, 4
        having sum(t.amount) <> 0 or sum(t.n) <> 0
    ), rates as materialized (
        select d.day, d.currency, x.factor
        from (select distinct t.day, t.currency from told t) d
        left join lateral metric.exchange(d.currency, question.currency, d.day) x on true
    )
    select case when t.day >= question.since then metric.period_of(question, t.day)
                else '-infinity' end,
           t.cell, coalesce(question.currency, t.currency), t.part,
           coalesce(sum(t.amount * r.factor), 0),
           coalesce(sum(t.n) filter (where r.factor is not null), 0),
           coalesce(sum(greatest(t.n, 1)) filter (where r.factor is null), 0)
    from told t
    join rates r on r.day = t.day and r.currency = t.currency
    group by 1, 2, 3, 4;
end
$$;
comment on function metric.cash is
    'Money by period (all before the window is of -infinity), group and part: revenue; costs by '
    'department: serving (deliver and bill), support, other; spend for acquisition and retention';

create function metric.balances(question metric.question, from_the_start boolean,
                                others text[] default '{}')
returns table (since date, until date, label text, complete boolean, cell text, currency text,
               revenue numeric, serving numeric, support numeric, other numeric,
               acquisition numeric, retention numeric, n numeric, unrated numeric)
language plpgsql stable -- keeps its plan
as $$
#variable_conflict use_column
begin
    return query
    with cash as materialized (
        select * from metric.cash(question, from_the_start)
    ), cells as (
        select c.cell from cash c
        union
        select o from unnest(others) o
        union
        select null where question.group_by is null
    ), currencies as (
        select c.currency from cash c
        union
        select question.currency
        where question.currency is not null or not exists (select from cash)
    )
    select p.since, p.until, p.label, p.complete, g.cell, k.currency,
           coalesce(sum(c.amount) filter (where c.part = 'revenue'), 0),
           coalesce(sum(c.amount) filter (where c.part = 'serving'), 0),
           coalesce(sum(c.amount) filter (where c.part = 'support'), 0),
           coalesce(sum(c.amount) filter (where c.part = 'other'), 0),
           coalesce(sum(c.amount) filter (where c.part = 'acquisition'), 0),
           coalesce(sum(c.amount) filter (where c.part = 'retention'), 0),
           coalesce(sum(c.n), 0), coalesce(sum(c.unrated), 0)
    from metric.periods(question) p
    cross join cells g
    cross join currencies k
    left join cash c on c.cell is not distinct from g.cell
                    and c.currency is not distinct from k.currency
                    and case when from_the_start then c.since <= p.since
                             else c.since = p.since end
    group by p.since, p.until, p.label, p.complete, g.cell, k.currency;
end
$$;
comment on function metric.balances is
    'What came in and what went out in each period, by group (those that have money, and others) '
    'and currency; or from the start up to its end';
