-- What every metric has in common beside the question (functions/question.sql): its calendar, and
-- exchange rates.

-- A question's periods, with none left out: the spine of every answer.

create function metric.periods(question metric.question)
returns table (since date, until date, label text, complete boolean)
language sql stable
as $$
    select question.since, question.until, null::text,
           question.until <= metric.today(question.timezone)
    where question.interval is null
    union all
    select greatest(p.start, question.since), least(p.next, question.until),
           lifecycle.period_label(question.interval, p.start),
           least(p.next, question.until) <= metric.today(question.timezone)
    from (select s::date as start,
                 (s + lifecycle.period_length(question.interval))::date as next
          from generate_series(
                   lifecycle.period_start(question.interval, question.since)::timestamp,
                   question.until - 1,
                   lifecycle.period_length(question.interval)) s
          where question.interval is not null) p
$$;
comment on function metric.periods is
    'The periods of a window, which may cut the first and last; complete: its end has passed';

create function metric.period_of(question metric.question, day date)
returns date
language sql immutable
as $$
    select greatest(lifecycle.period_start(question.interval, day), question.since)
$$;
comment on function metric.period_of is
    'Where the period starts, as metric.periods has it, that a day of the window falls in';

create function metric.whole_periods(question metric.question)
returns table (number bigint, since date, until date, label text, complete boolean)
language sql stable
as $$
    select row_number() over (order by p.since), p.since, p.next,
           lifecycle.period_label(question.interval, p.since),
           p.next <= metric.today(question.timezone)
    from (select s.since, (s.since + lifecycle.period_length(question.interval))::date as next
          from metric.periods(question) s
          where s.since = lifecycle.period_start(question.interval, s.since)) p
$$;
comment on function metric.whole_periods is
    'The periods that begin in a window, numbered, and whole even where the window ends before';

-- Exchange rates.

create function metric.exchange(held text, wanted text, day date)
returns table (factor numeric)
language sql stable
as $$
    select 1::numeric
    where wanted is null or held = wanted
    union all
    select x.factor
    from (select r.rate * power(10::numeric, b.digits - c.digits) as factor
          from lifecycle.rate r
          join lifecycle.currency c on c.currency = r.currency
          join lifecycle.currency b on b.currency = r.base
          where r.currency = held and r.base = wanted and r.valid_from <= day
          order by r.valid_from desc
          limit 1) x
    where x.factor is not null
$$;
comment on function metric.exchange is
    'What a minor unit of the currency held is worth in minor units of the one wanted, on a '
    'day; no row if there is no rate';
