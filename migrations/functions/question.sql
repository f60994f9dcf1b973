-- The question that every metric is asked, the rows that it answers with, and what it is answered
-- from: the roll-ups that the facts add up to, or the facts themselves where the roll-ups cannot tell.

create type metric.question as (
    metric   text,
    since    date,     -- the window's first local day
    until    date,     -- the local day after its last
    interval text,     -- a unit (functions/calendar.sql); null: the whole window is one period
    timezone text,
    currency text,     -- convert to this one; null: a row per currency
    segment  text,     -- of these customers only; null: of all
    group_by text,     -- a row for each value of this; null: not grouped
    is_plain boolean,  -- the roll-ups can answer it: all customers, in the business's time zone, and
                       -- not grouped by what customers are
    lag_days integer,  -- of cac: the days from the spend to the customers whom it wins
    steps    text[],   -- of funnel: the steps, in their order
    window_days integer, -- of funnel: the days within which all steps must follow the first
    refund_basis text  -- of revenue: refund, or invoice: a refund counts when its invoice was issued
);
comment on type metric.question is 'What a metric is asked, with every default filled in';

create type metric.answer_row as (
    period       text,     -- the short form of the period's local start; null: the whole window
    dimensions   json,     -- null, or the row's dimensions and measure: {"stage": "sell"}
    value        numeric,
    unit         text,     -- ratio, customers, purchases, minor, seconds, days, …
    numerator    numeric,
    denominator  numeric,
    n            bigint,   -- how many things the value stands on
    complete     boolean,  -- false while the period goes on
    reason       text,     -- why value is null
    missing_rate bigint    -- entries left out for want of an exchange rate
);
comment on type metric.answer_row is
    'A row that a metric answers with; entries left out are counted in one row of each period';

create function metric.today(timezone text)
returns date
language sql stable
as $$
    select (now() at time zone timezone)::date
$$;
comment on function metric.today is 'The local day that it is now in a zone';

create function metric.population(question metric.question)
returns table (bucket smallint, customer_id bigint, cell text)
language plpgsql stable rows 100000
set jit = off
as $$
declare
    attribute constant text := substring(question.group_by from '^attribute:(.*)$');
begin
    return query execute concat_ws(' ',
        'select c.bucket, c.customer_id,',
        case when question.group_by in ('channel', 'campaign') then 'g.' || question.group_by
             when attribute is not null then 'g.attributes ->> $2'
             else 'null' end,
        'from',
        case when question.segment is null then 'lifecycle.customer c'
             else 'lifecycle.segment_members($1) c' end,
        case when question.group_by in ('channel', 'campaign')
                 then 'left join lifecycle.acquisition g using (bucket, customer_id)'
             when attribute is not null
                 then 'left join lifecycle.customer_attributes g using (bucket, customer_id)' end,
        case when question.segment is null then 'where c.root_id is null' end)
    using question.segment, attribute;
end
$$;
comment on function metric.population is
    'The customers whom a question is about: those in its segment, or all; and for one that groups '
    'by what customers are (channel, campaign, an attribute), the group that each belongs to';

create function metric.is_monthly(question metric.question)
returns boolean
language sql stable
as $$
    select coalesce(question.interval in ('month', 'quarter', 'year'), true)
       and question.since = date_trunc('month', question.since::timestamp)
       and (question.until = date_trunc('month', question.until::timestamp)
            or question.until > metric.today(question.timezone))
$$;
comment on function metric.is_monthly is 'Whether all periods of a question are whole months';

create function metric.takes_months(question metric.question)
returns boolean
language sql stable
as $$
    select question.is_plain and question.currency is null and metric.is_monthly(question)
$$;
comment on function metric.takes_months is
    'Whether a question can be answered from sums of months: exchange rates are those of days';

create function metric.sums(question metric.question, measures text[])
returns table (day date, measure text, label text, detail text, currency text, cell text,
               n bigint, amount numeric)
language sql stable
as $$
    select t.day, t.measure, t.label, t.detail, t.currency, null::text, t.n, t.amount
    from lifecycle.measure_part t
    where metric.takes_months(question) and t.measure = any(measures)
      and t.day >= question.since and t.day < question.until
      and t.day <= metric.today(question.timezone)
    union all
    select t.day, t.measure, t.label, t.detail, t.currency, null::text, t.n, t.amount
    from lifecycle.measure_total t
    where question.is_plain and not metric.takes_months(question) and t.measure = any(measures)
      and t.day >= question.since and t.day < question.until
      and t.day <= metric.today(question.timezone)
    union all
    select e.day, e.measure, e.label, e.detail, e.currency,
           case when question.group_by = 'offering' then e.offering else p.cell end, e.n, e.amount
    from metric.population(question) p
    join lifecycle.entries(question.timezone, measures) e
      on e.bucket = p.bucket and e.customer_id = p.customer_id
    where not question.is_plain and e.measure = any(measures)
      and e.day >= question.since and e.day < question.until
      and e.day <= metric.today(question.timezone)
    union all
    select e.day, e.measure, e.label, e.detail, e.currency, null, e.n, e.amount
    from lifecycle.entries(question.timezone, measures) e
    where not question.is_plain and question.segment is null and e.customer_id is null
      and e.measure = any(measures)
      and e.day >= question.since and e.day < question.until
      and e.day <= metric.today(question.timezone)
$$;
comment on function metric.sums is
    'What the facts add up to within the window, up to today, by day, or where the question takes '
    'months, by month, the day being its first; cell is the group of a question that groups by what '
    'customers are, or by the offering that the facts are about. A day may have several rows: only their sum has a meaning. What belongs to no '
    'customer is left out of a segment';

create function metric.sums_so_far(question metric.question, measures text[])
returns table (day date, measure text, label text, detail text, currency text, cell text,
               n bigint, amount numeric)
language plpgsql stable
as $$
begin
    question.since := '-infinity';
    return query select * from metric.sums(question, measures);
end
$$;
comment on function metric.sums_so_far is
    'The same from the beginning of time, for what is the sum of all that was';

create function metric.spread(question metric.question, wanted text)
returns table (since date, label text, cell text, value numeric, n bigint)
language sql stable
as $$
    select greatest(coalesce(lifecycle.period_start(question.interval, t.month), question.since),
                    question.since),
           t.label, null::text, t.value, sum(t.n)::bigint
    from lifecycle.spread_total t
    where question.is_plain and metric.is_monthly(question) and t.measure = wanted
      and t.month >= question.since and t.month < question.until
    group by 1, 2, 4
    having sum(t.n) <> 0
    union all
    select greatest(coalesce(lifecycle.period_start(question.interval, e.day), question.since),
                    question.since),
           e.label, case when question.group_by = 'offering' then e.offering else p.cell end,
           lifecycle.rounded(e.value), count(*)
    from lifecycle.entries(question.timezone, array[wanted]) e
    join metric.population(question) p
      on p.bucket = e.bucket and p.customer_id = e.customer_id
    where not (question.is_plain and metric.is_monthly(question))
      and e.measure = wanted and e.value is not null
      and e.day >= question.since and e.day < question.until
      and e.day <= metric.today(question.timezone)
    group by 1, 2, 3, 4
$$;
comment on function metric.spread is
    'How the values of a measure are spread in each period, rounded to three significant digits';
