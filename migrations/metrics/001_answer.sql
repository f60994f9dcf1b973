-- From what a caller asks to what the caller is told: the question is resolved, the function of
-- the metric's name is asked, and its rows become JSON.

create function metric.local_day(given text, timezone text, pointer text)
returns date
language plpgsql stable
as $$
declare
    instant timestamptz;
    day date;
begin
    if given is null then
        return null;
    end if;
    begin
        if given ~ '^\d{4}-\d\d-\d\d$' then
            return given::date;
        elsif given ~* '^\d{4}-\d\d-\d\dt\d\d:\d\d:\d\d(\.\d{1,9})?(z|[+-]\d\d:\d\d)$' then
            instant := given::timestamptz;
            day := (instant at time zone timezone)::date;
        end if;
    exception
        when data_exception then
            day := null;
    end;
    if day is null then
        perform lifecycle.refuse('CL422', pointer,
                                 'not a day (2026-03-14) or a time with its offset');
    elsif day::timestamp at time zone timezone <> instant
        and instant at time zone timezone <> day::timestamp -- a midnight that comes twice
    then
        perform lifecycle.refuse('CL422', pointer, 'not a midnight in ' || timezone);
    end if;
    return day;
end
$$;
comment on function metric.local_day is
    'The day that a caller means: a local day, or the time at which one begins';

create function metric.first_day(zone text)
returns date
language sql stable
as $$
    select ((least(
        (select t.day from lifecycle.transition_total t group by t.day
         having sum(t.transitions) <> 0 order by t.day limit 1),
        (select t.day from lifecycle.purchase_total t group by t.day
         having sum(t.purchases) <> 0 order by t.day limit 1),
        (select t.day from lifecycle.revenue_total t group by t.day
         having sum(t.entries) <> 0 order by t.day limit 1),
        (select min(f.day)
         from unnest(lifecycle.all_measures()) m (measure),
              lateral (select t.day from lifecycle.measure_total t where t.measure = m.measure
                       group by t.day having sum(t.n) <> 0 or sum(t.amount) <> 0
                       order by t.day limit 1) f)
    )::timestamp at time zone lifecycle.business_zone()) at time zone zone)::date
$$;
comment on function metric.first_day is
    'The first day that any metric has something to tell of, in a zone; null if there is none';

create function metric.resolve(name text, since text, until text, "interval" text,
                               timezone text, currency text)
returns metric.question
language plpgsql stable
as $$
declare
    catalogued lifecycle.metric;
    question metric.question;
begin
    select * into catalogued from lifecycle.metric m where m.name = resolve.name;
    if not found then
        perform lifecycle.refuse('CL404', null, 'no such metric');
    end if;
    question.metric := name;
    question.timezone := coalesce(timezone, lifecycle.business_zone());
    if not exists (select from lifecycle.time_zone z where z.name = question.timezone) then
        perform lifecycle.refuse('CL422', '?timezone', 'unknown time zone');
    end if;
    if currency is not null
        and not exists (select from lifecycle.currency c where c.currency = resolve.currency)
    then
        perform lifecycle.refuse('CL422', '?currency', 'unknown currency');
    elsif 'currency' = any (catalogued.parameters) then
        question.currency := currency;
    end if;
    question.interval := coalesce(interval, metric.default_interval(catalogued.parameters));
    if question.interval is not null and question.interval <> all (catalogued.intervals) then
        perform lifecycle.refuse('CL422', '?interval', case
            when catalogued.intervals = '{}' then 'this metric takes no interval'
            else 'its intervals are ' || array_to_string(catalogued.intervals, ', ')
        end);
    end if;
    question.until := coalesce(metric.local_day(until, question.timezone, '?to'),
                               metric.today(question.timezone) + 1);
    question.since := metric.local_day(since, question.timezone, '?from');
    if question.since is null then
        question.since := least(metric.first_day(question.timezone), question.until - 1);
        question.since := coalesce(lifecycle.period_start(question.interval, question.since),
                                   question.since);
    end if;
    question.is_plain := question.timezone = lifecycle.business_zone();
    if question.since >= question.until then
        perform lifecycle.refuse('CL422', case when until is null then '?from' else '?to' end,
                                 'the window must end after it begins');
    elsif metric.is_too_long(question) then
        perform lifecycle.refuse('CL422', '?interval',
                                 'more than 1000 periods: ask for longer or fewer ones');
    end if;
    return question;
end
$$;
comment on function metric.resolve is
    'A question as it was meant, with the defaults filled in; refuses what cannot be asked';

create function metric.default_interval(parameters text[])
returns text
language sql immutable
as $$
    select split_part(p, '=', 2) from unnest(parameters) p where p like 'interval=%'
$$;
comment on function metric.default_interval is
    'The interval of a metric that needs one (its parameter is "interval=month"); else null';

create function metric.is_too_long(question metric.question)
returns boolean
language sql stable
as $$
    select count(*) > 1000
    from (select generate_series(question.since::timestamp, question.until - 1,
                                 lifecycle.period_length(question.interval))
          limit 1001) period
$$;
comment on function metric.is_too_long is 'Whether a window has more than 1000 periods';

-- The rows as they are shown: numbers without zeros at their ends, a reason only where there is
-- no value.

create function metric.shown_rows(answers metric.answer_row[])
returns json[]
language sql immutable
as $$
    select array(
        select case when a.value is null then to_json(undefined) else to_json(defined) end
        from unnest(answers) with ordinality a,
             lateral (select a.period, a.dimensions as "group",
                             trim_scale(round(a.value, 6)) as value, a.unit,
                             trim_scale(a.numerator) as numerator,
                             trim_scale(a.denominator) as denominator, a.n, a.complete) defined,
             lateral (select defined.*, a.reason) undefined
        order by a.ordinality)
$$;
comment on function metric.shown_rows is 'An answer''s rows as the API gives them';

create function metric.answer(name text, since text, until text, "interval" text,
                              timezone text, currency text)
returns json
language plpgsql stable
set jit = off
set work_mem = '32MB'
as $$
declare
    question constant metric.question :=
        metric.resolve(name, since, until, "interval", timezone, currency);
    answers metric.answer_row[];
    answer json;
begin
    execute format('select array_agg(a) from (select * from metric.%I($1) limit 100001) a',
                   question.metric)
    into answers
    using question;
    if cardinality(answers) > 100000 then
        perform lifecycle.refuse('CL422', '?interval',
                                 'more than 100000 rows: ask for longer or fewer periods');
    end if;
    select to_json(shown)
    into answer
    from (select m.name as metric, m.version, json_strip_nulls(to_json(used)) as parameters,
                 metric.shown_rows(answers) as data, warnings,
                 lifecycle.utc_text(now()) as computed_at
          from lifecycle.metric m,
               (select question.since as "from", question.until as "to", question.interval,
                       question.timezone, question.currency) used,
               (select coalesce(sum(a.missing_rate), 0) as missing_rate
                from unnest(answers) a) warnings
          where m.name = question.metric) shown;
    return answer;
end
$$;
comment on function metric.answer is
    'A metric''s answer, whole: the parameters used, the rows, warnings, and when computed';

create function metric.catalogue()
returns json
language sql stable
as $$
    with metrics as (
        select m.name, m.title, m.formula, m.unit, m.numerator, m.denominator,
               array(select split_part(p, '=', 1) from unnest(m.parameters) p) as parameters,
               m.intervals, metric.default_interval(m.parameters) as default_interval,
               m.version, m.source
        from lifecycle.metric m
    )
    select to_json(list)
    from (select array(select m from metrics m order by m.name) as data) list
$$;
comment on function metric.catalogue is 'Every metric: what it means, and how it can be asked';
