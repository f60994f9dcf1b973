-- What every metric has in common: the question that it is asked, the rows that it answers with,
-- and the calendar that both are cut by. (metrics.md, section 1)

create type metric.question as (
    metric   text,
    since    date,     -- the window's first local day
    until    date,     -- the local day after its last
    interval text,     -- day, week, month, quarter, year; null: the whole window is one period
    timezone text,
    currency text      -- convert to this one; null: a row per currency
);

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
