-- From a question to what the caller is told: the function of the metric's name is asked, and its
-- rows become JSON, beside those of the window before where the caller wants them compared.

create function metric.rows_of(question metric.question)
returns metric.answer_row[]
language plpgsql stable
as $$
declare
    answers metric.answer_row[];
begin
    execute format('select array_agg(a) from (select * from metric.%I($1) limit 100001) a',
                   question.metric)
    into answers
    using question;
    if cardinality(answers) > 100000 then
        perform lifecycle.refuse('CL422', '?interval',
                                 'more than 100000 rows: ask for longer or fewer periods');
    end if;
    return answers;
end
$$;
comment on function metric.rows_of is 'What a metric answers to a question, in its order';

-- The window before ---------------------------------------------------------------------------

create function metric.window_length(question metric.question)
returns interval
language sql stable
as $$
    select case
        when question.interval is not null then
            (select count(*) from metric.periods(question))
            * lifecycle.period_length(question.interval)
        when extract(day from question.since) = 1 and extract(day from question.until) = 1 then
            age(question.until, question.since)
        else make_interval(days => question.until - question.since)
    end
$$;
comment on function metric.window_length is
    'How far the window before lies back: by so many periods where there are some, by months '
    'where it is of whole ones, else by days';

create function metric.question_before(question metric.question)
returns metric.question
language plpgsql stable
as $$
declare
    length constant interval := metric.window_length(question);
begin
    question.until := greatest((question.until - length)::date,
                               (question.since - length)::date + 1);
    question.since := (question.since - length)::date;
    return question;
end
$$;
comment on function metric.question_before is
    'The same question of the window just before, which has as many periods, cut alike';

create function metric.places_of(question metric.question, answers metric.answer_row[])
returns table (place text, value numeric)
language sql stable
as $$
    with labels as materialized (
        select p.label, row_number() over (order by p.since) as number
        from metric.periods(question) p
    )
    select concat_ws(' ', l.number, case
               when a.dimensions ->> 'cohort' is null then a.dimensions::jsonb
               else a.dimensions::jsonb || jsonb_build_object('cohort', c.number)
           end), trim_scale(round(a.value, 6))
    from unnest(answers) with ordinality a
    left join labels l on l.label = a.period
    left join labels c on c.label = a.dimensions ->> 'cohort'
    order by a.ordinality
$$;
comment on function metric.places_of is
    'Where each row of an answer stands: the numbers of its period and cohort, and its dimensions; '
    'and its value';

create function metric.values_before(question metric.question, answers metric.answer_row[])
returns json[]
language plpgsql stable
as $$
declare
    before constant metric.question := metric.question_before(question);
begin
    return array(
        select case when b.place is not null then to_json(compared) end
        from metric.places_of(question, answers) with ordinality a (place, value, ordinality)
        left join (select distinct on (p.place) p.place, p.value
                   from metric.places_of(before, metric.rows_of(before)) p
                   order by p.place, p.value) b on b.place = a.place,
        lateral (select b.value, a.value - b.value as change,
                        trim_scale(round((a.value - b.value) / nullif(abs(b.value), 0), 6))
                            as ratio) compared
        order by a.ordinality);
end
$$;
comment on function metric.values_before is
    'For each row of an answer, the value of the same row of the window before, the change since '
    'then, and its ratio to what was; null where there was no such row';

-- Answers -------------------------------------------------------------------------------------

-- Numbers without zeros at their ends, a reason only where there is no value.

create function metric.shown_rows(answers metric.answer_row[], before json[])
returns json[]
language sql immutable
as $$
    select array(
        select case
            when a.value is null and before is null then to_json(undefined)
            when before is null then to_json(defined)
            when a.value is null then to_json(compared_undefined)
            else to_json(compared)
        end
        from unnest(answers) with ordinality a,
             lateral (select a.period, a.dimensions as "group",
                             trim_scale(round(a.value, 6)) as value, a.unit,
                             trim_scale(a.numerator) as numerator,
                             trim_scale(a.denominator) as denominator, a.n, a.complete) defined,
             lateral (select defined.*, a.reason) undefined,
             lateral (select defined.*, before[a.ordinality] as previous) compared,
             lateral (select undefined.*, before[a.ordinality] as previous) compared_undefined
        order by a.ordinality)
$$;
comment on function metric.shown_rows is
    'An answer''s rows as the API gives them, each beside what it was before, if that is asked';

create function metric.used(question metric.question, compare_to text)
returns json
language sql stable
as $$
    select json_strip_nulls(to_json(u))
    from (select question.since as "from", question.until as "to",
                 regexp_replace(question.interval, '^week.*', 'week') as "interval",
                 question.timezone, question.currency, question.segment, question.group_by,
                 question.lag_days, question.steps, question.window_days, question.refund_basis,
                 compare_to,
                 (select json_build_object('from', b.since, 'to', b.until)
                  from metric.question_before(question) b
                  where compare_to is not null) as previous) u
$$;
comment on function metric.used is
    'The parameters that a question was answered with, and the window that it was compared with';

create function metric.warnings(question metric.question, answers metric.answer_row[])
returns json
language sql stable
as $$
    select json_strip_nulls(to_json(w))
    from (select (select coalesce(sum(a.missing_rate), 0) from unnest(answers) a) as missing_rate,
                 (select coalesce(sum(t.late), 0)
                  from lifecycle.event_part t
                  where t.late <> 0 and t.day >= question.since and t.day < question.until)
                     as late_events,
                 lifecycle.segment_warning(question.segment) as segment,
                 (select 'spend belongs to no customer: none of it is counted for a segment'
                  from lifecycle.metric m
                  where m.name = question.metric and question.segment is not null
                    and m.source like '%find.spend.recorded%') as spend) w
$$;
comment on function metric.warnings is
    'What may make an answer other than it seems: entries without a rate, events of the window (by '
    'UTC day) that were recorded more than a day after they happened, what there is to say about '
    'the segment, and that it has no spend';

create function metric.answer_one(name text, asked jsonb)
returns json
language plpgsql stable
as $$
declare
    question constant metric.question := metric.resolve(name, asked);
    answers constant metric.answer_row[] := metric.rows_of(question);
begin
    return (select to_json(shown)
            from lifecycle.metric m,
                 lateral (select m.name as metric, m.version,
                                 metric.used(question, asked ->> 'compare_to') as parameters,
                                 metric.shown_rows(answers, case
                                     when asked ? 'compare_to'
                                     then metric.values_before(question, answers)
                                 end) as data,
                                 metric.warnings(question, answers) as warnings,
                                 lifecycle.utc_text(now()) as computed_at) shown
            where m.name = question.metric);
end
$$;
comment on function metric.answer_one is
    'A metric''s answer: the parameters used, the rows, warnings, and when computed';

create function metric.answer_all(names text[], asked jsonb)
returns json[]
language plpgsql stable
set jit = off
set work_mem = '32MB'
as $$
declare
    answers json[];
begin
    perform metric.refuse_untaken(names, asked);
    for number in 1..cardinality(names) loop
        answers[number] := metric.answer_one(names[number], asked);
    end loop;
    return answers;
end
$$;
comment on function metric.answer_all is
    'The answers of several metrics to one question, as of one moment';

create function metric.answer(name text, asked jsonb)
returns json
language plpgsql stable
as $$
begin
    if not exists (select from lifecycle.metric m where m.name = answer.name) then
        perform lifecycle.refuse('CL404', null, 'no such metric');
    end if;
    return (metric.answer_all(array[name], asked))[1];
end
$$;
comment on function metric.answer(text, jsonb) is 'A metric''s answer to what a caller asks';

create function metric.answers(names text[], asked jsonb)
returns json
language plpgsql stable
as $$
begin
    perform lifecycle.refuse_all(array(
        select row('?names', 'there is no metric called ' || n.name)::lifecycle.fault
        from unnest(names) with ordinality n (name, number)
        where not exists (select from lifecycle.metric m where m.name = n.name)
        order by n.number));
    return (select to_json(list) from (select metric.answer_all(names, asked) as data) list);
end
$$;
comment on function metric.answers is
    'Several metrics'' answers to what a caller asks, in the order of their names';

create function metric.answers_csv(names text[], asked jsonb)
returns text
language sql stable
as $$
    select lifecycle.csv_of(
               array(select case when cardinality(names) > 1 then to_json(named) else r.item end
                     from json_array_elements(metric.answers(names, asked) -> 'data')
                              with ordinality a (answer, place),
                          json_array_elements(a.answer -> 'data') with ordinality r (item, place),
                          lateral (select a.answer ->> 'metric' as metric, t.*
                                   from json_to_record(r.item)
                                       t (period text, "group" json, value numeric, unit text,
                                          numerator numeric, denominator numeric, n bigint,
                                          complete boolean, reason text, previous json)) named
                     order by a.place, r.place),
               case when cardinality(names) > 1 then '{metric}' else '{}' end::text[]
               || '{period,*,value,unit,numerator,denominator,n,complete,reason}'::text[]
               || case when asked ? 'compare_to'
                       then '{previous_value,previous_change,previous_ratio}' else '{}'
                  end::text[])
$$;
comment on function metric.answers_csv is
    'The rows of one or several metrics'' answers as a table';

create function metric.answer_csv(name text, asked jsonb)
returns text
language plpgsql stable
as $$
begin
    if not exists (select from lifecycle.metric m where m.name = answer_csv.name) then
        perform lifecycle.refuse('CL404', null, 'no such metric');
    end if;
    return metric.answers_csv(array[name], asked);
end
$$;
comment on function metric.answer_csv is 'The rows of a metric''s answer as a table';

create function metric.answer(name text, since text, until text, "interval" text, timezone text,
                              currency text, segment text default null,
                              group_by text default null, compare_to text default null)
returns json
language sql stable
as $$
    select metric.answer(name, jsonb_strip_nulls(jsonb_build_object(
        'from', since, 'to', until, 'interval', "interval", 'timezone', timezone,
        'currency', currency, 'segment', segment, 'group_by', group_by,
        'compare_to', compare_to)))
$$;
comment on function metric.answer(text, text, text, text, text, text, text, text, text) is
    'A metric''s answer, for those who ask in SQL';

create function metric.catalogue()
returns json
language sql stable
as $$
    with metrics as (
        select m.name, m.title, m.formula, m.unit, m.numerator, m.denominator,
               metric.parameter_names(m) || 'compare_to'::text as parameters,
               array(select g.name from metric.groupings_of(m) g order by g.place) as groupings,
               m.members, m.intervals, metric.default_of(m, 'interval') as default_interval,
               m.version, m.source
        from lifecycle.metric m
    )
    select to_json(list)
    from (select array(select m from metrics m order by m.name) as data) list
$$;
comment on function metric.catalogue is 'Every metric: what it means, and how it can be asked';
