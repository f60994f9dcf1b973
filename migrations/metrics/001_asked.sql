-- From what a caller asks to a question: which parameters a metric takes, what they may be, and
-- what they are where they are not given. What is asked is a JSON object of texts, by the names of
-- the query parameters.

-- Parameters ----------------------------------------------------------------------------------

create function metric.parameter_kinds()
returns table (name text, kind text, choices text[], minimum integer, maximum integer)
language sql immutable
as $$
    values
    ('lag_days', 'whole number', null::text[], 0, 366),
    ('steps', 'list', null, 2, 8),
    ('window_days', 'whole number', null, 1, 3650),
    ('refund_basis', 'choice', '{refund,invoice}', null, null)
$$;
comment on function metric.parameter_kinds is
    'The parameters that single metrics have of their own, each an attribute of metric.question: '
    'what they may be; of a list, how many';

create function metric.parameter_names(catalogued lifecycle.metric)
returns text[]
language sql immutable
as $$
    select array(select split_part(p, '=', 1) from unnest(catalogued.parameters) p)
$$;
comment on function metric.parameter_names is 'The parameters that a metric takes';

create function metric.default_of(catalogued lifecycle.metric, parameter text)
returns text
language sql immutable
as $$
    select substr(p, length(parameter) + 2)
    from unnest(catalogued.parameters) p
    where starts_with(p, parameter || '=')
$$;
comment on function metric.default_of is
    'What a parameter of a metric is where it is not given ("interval=month"); null for nothing';

create function metric.groupings_of(catalogued lifecycle.metric)
returns table (name text, place bigint)
language sql immutable
as $$
    select case n.name when 'attribute' then 'attribute:<name>' else n.name end, g.place
    from unnest(catalogued.groupings) with ordinality g (text, place),
         lateral (select split_part(g.text, '=', 1) as name) n
$$;
comment on function metric.groupings_of is 'What a metric can be grouped by, in words';

create function metric.grouping_of(catalogued lifecycle.metric, group_by text)
returns text
language sql immutable
as $$
    select g
    from unnest(catalogued.groupings) g
    where split_part(g, '=', 1) = case when group_by like 'attribute:_%' then 'attribute'
                                       else nullif(group_by, 'attribute') end
$$;
comment on function metric.grouping_of is
    'The grouping of the catalogue that group_by means; null if the metric has none such';

create function metric.takes(catalogued lifecycle.metric, parameter text, given text)
returns boolean
language sql immutable
as $$
    select case parameter
        when 'compare_to' then true
        when 'interval' then given = any (catalogued.intervals)
        when 'group_by' then metric.grouping_of(catalogued, given) is not null
        else parameter = any (metric.parameter_names(catalogued))
    end
$$;
comment on function metric.takes is 'Whether a metric can be asked with a parameter as it is given';

create function metric.taken_words(catalogued lifecycle.metric, parameter text)
returns text
language sql immutable
as $$
    select case
        when parameter = 'interval' and catalogued.intervals = '{}'
            then 'this metric takes no interval'
        when parameter = 'interval'
            then 'its intervals are ' || array_to_string(catalogued.intervals, ', ')
        when parameter = 'group_by' and catalogued.groupings = '{}'
            then 'this metric is not grouped'
        when parameter = 'group_by'
            then 'it is grouped by ' || (
                select string_agg(g.name, ', ' order by g.place)
                from metric.groupings_of(catalogued) g)
        else 'this metric takes '
             || array_to_string(metric.parameter_names(catalogued) || 'compare_to'::text, ', ')
    end
$$;
comment on function metric.taken_words is
    'What to tell a caller who gave a parameter that the metric does not take';

create function metric.refuse_untaken(names text[], asked jsonb)
returns void
language plpgsql stable
as $$
begin
    perform lifecycle.refuse_all(array(
        select row('?' || a.key, case
                   when cardinality(names) > 1 then 'none of these metrics takes this'
                   else (select metric.taken_words(m, a.key)
                         from lifecycle.metric m where m.name = names[1])
               end)::lifecycle.fault
        from jsonb_each_text(asked) a
        where not exists (select from lifecycle.metric m
                          where m.name = any (names) and metric.takes(m, a.key, a.value))
        order by a.key));
end
$$;
comment on function metric.refuse_untaken is
    'Refuses parameters that none of the metrics takes which are asked together: what one of them '
    'does not take and another does is left out for the one';

-- Windows -------------------------------------------------------------------------------------

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

create function metric.with_window(question metric.question, since text, until text)
returns metric.question
language plpgsql stable
as $$
begin
    question.until := coalesce(metric.local_day(until, question.timezone, '?to'),
                               metric.today(question.timezone) + 1);
    question.since := metric.local_day(since, question.timezone, '?from');
    if question.since is null then
        question.since := least(metric.first_day(question.timezone), question.until - 1);
        question.since := coalesce(lifecycle.period_start(question.interval, question.since),
                                   question.since);
    end if;
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
comment on function metric.with_window is
    'A question with its window: by default up to today, from the first day that there is';

-- Questions -----------------------------------------------------------------------------------

create function metric.option_fault(kind text, choices text[], minimum integer, maximum integer,
                                    given text)
returns text
language sql immutable
as $$
    select case kind
        when 'whole number' then case
            when given ~ '^\d{1,6}$' and given::integer between minimum and maximum then null
            else format('must be a whole number from %s to %s', minimum, maximum)
        end
        when 'choice' then case
            when given = any (choices) then null
            else 'must be ' || array_to_string(choices, ' or ')
        end
        when 'list' then case
            when cardinality(regexp_split_to_array(given, '[,|]')) between minimum and maximum
                 and '' <> all (regexp_split_to_array(given, '[,|]')) then null
            else format('must be %s to %s names, with commas between them', minimum, maximum)
        end
    end
$$;
comment on function metric.option_fault is
    'What is wrong with a parameter by its kind; null for nothing';

create function metric.options_of(catalogued lifecycle.metric, asked jsonb)
returns jsonb
language sql stable
as $$
    select coalesce(jsonb_object_agg(k.name, case k.kind
               when 'list' then to_jsonb(regexp_split_to_array(v.value, '[,|]'))
               else to_jsonb(v.value)
           end), '{}')
    from metric.parameter_kinds() k,
         lateral (select coalesce(asked ->> k.name,
                                  metric.default_of(catalogued, k.name)) as value) v
    where k.name = any (metric.parameter_names(catalogued)) and v.value is not null
$$;
comment on function metric.options_of is
    'What a metric''s own parameters are, by their attributes of metric.question';

create function metric.asked_faults(asked jsonb)
returns lifecycle.fault[]
language sql stable
as $$
    select array(
        select row('?' || f.name, f.detail)::lifecycle.fault
        from (select 'timezone' as name, 'unknown time zone' as detail
              where asked ? 'timezone'
                and not exists (select from lifecycle.time_zone z
                                where z.name = asked ->> 'timezone')
              union all
              select 'currency', 'unknown currency'
              where asked ? 'currency'
                and not exists (select from lifecycle.currency c
                                where c.currency = asked ->> 'currency')
              union all
              select 'compare_to', 'must be previous'
              where asked ->> 'compare_to' <> 'previous'
              union all
              select 'group_by', 'the setting group_attributes does not name this attribute'
              where asked ->> 'group_by' like 'attribute:%'
                and substr(asked ->> 'group_by', length('attribute:') + 1)
                    <> all (lifecycle.group_attributes())
              union all
              select k.name, metric.option_fault(k.kind, k.choices, k.minimum, k.maximum,
                                                 asked ->> k.name)
              from metric.parameter_kinds() k
              where asked ? k.name) f
        where f.detail is not null)
$$;
comment on function metric.asked_faults is
    'What is wrong with single parameters, whatever metric they are for';

create function metric.resolve(name text, asked jsonb)
returns metric.question
language plpgsql stable
as $$
declare
    catalogued lifecycle.metric;
    question metric.question;
    taken jsonb;
begin
    select * into strict catalogued from lifecycle.metric m where m.name = resolve.name;
    select coalesce(jsonb_object_agg(a.key, a.value), '{}')
    into taken
    from jsonb_each_text(asked) a
    where metric.takes(catalogued, a.key, a.value);
    perform lifecycle.refuse_all(metric.asked_faults(taken));
    if taken ? 'segment' then
        perform lifecycle.check_segment(taken ->> 'segment', '?segment');
    end if;
    question := jsonb_populate_record(question, metric.options_of(catalogued, taken));
    question.metric := name;
    question.timezone := coalesce(taken ->> 'timezone', lifecycle.business_zone());
    question.currency := taken ->> 'currency';
    question.segment := taken ->> 'segment';
    question.group_by := taken ->> 'group_by';
    question.interval := lifecycle.unit_of(
        coalesce(taken ->> 'interval', metric.default_of(catalogued, 'interval')));
    question.is_plain := question.timezone = lifecycle.business_zone()
        and question.segment is null
        and coalesce(metric.grouping_of(catalogued, question.group_by) like '%=%', true);
    return metric.with_window(question, taken ->> 'from', taken ->> 'to');
end
$$;
comment on function metric.resolve is
    'A question as it was meant, with the defaults filled in, of what the metric takes; refuses '
    'what cannot be asked';
