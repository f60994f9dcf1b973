-- From events to answers to surveys (metrics.md, section 7).

create function lifecycle.survey_answered() returns smallint
language sql immutable as $$ select 507::smallint $$;
comment on function lifecycle.survey_answered is 'The code of support.survey.answered';

create function lifecycle.survey_of(of_bucket smallint, of_customer bigint, e lifecycle.event)
returns setof lifecycle.survey
language sql stable
as $$
    select of_bucket, of_customer, e.event_id::text, e.occurred_at, e.object, d.data ->> 'kind',
           (d.data ->> 'score')::numeric, (d.data ->> 'scale_max')::numeric, d.data ->> 'case_id'
    from (select e.body -> 'data' as data) d
$$;
comment on function lifecycle.survey_of is 'The answer to a survey that an event is';

create function lifecycle.opinion(kind text, score numeric, scale_max numeric)
returns text
language sql immutable
as $$
    select case
        when score < 0 or score > scale_max or scale_max <= 0 then null
        when kind = 'csat' and score > 0.6 * scale_max then 'satisfied'
        when kind = 'csat' then 'not satisfied'
        when kind = 'ces' then trim_scale(scale_max)::text
        when scale_max <> 10 then null
        when score >= 9 then 'promoter'
        when score <= 6 then 'detractor'
        else 'passive'
    end
$$;
comment on function lifecycle.opinion is
    'What an answer says: csat: satisfied in the upper two fifths of the scale, 4 and 5 of 5; nps: '
    'promoter from 9, detractor up to 6, on the scale of 0 to 10 alone; ces: the scale''s top. Null: '
    'a score that its scale does not have';

create function lifecycle.entries_of(f lifecycle.survey, zone text)
returns setof lifecycle.entry
language sql immutable
as $$
    select (f.at at time zone zone)::date, f.kind, o.opinion, '', '', 1::bigint, f.score,
           null::numeric
    from (select lifecycle.opinion(f.kind, f.score, f.scale_max) as opinion) o
    where o.opinion is not null
$$;
comment on function lifecycle.entries_of(lifecycle.survey, text) is
    'An answer counts on its day, under its kind and the opinion that it gives; the amount is the '
    'score';

select lifecycle.define_event_fact('survey', array[lifecycle.survey_answered()],
                                   '{csat,nps,ces}');
