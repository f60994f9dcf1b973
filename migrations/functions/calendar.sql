-- The calendar: periods of a day, week, month, quarter or year, named by their unit. All of it is
-- over local days; which day a time falls on is decided where the zone is known.
--
-- Weeks begin on a Monday (ISO 8601), or where the setting week_start says so on the Saturday or
-- Sunday before it. Such weeks are units of their own: so the functions here need no setting, and
-- are as cheap as the planner can make them.

create function lifecycle.week_unit()
returns text
language plpgsql stable -- keeps its plan
as $$
begin
    return coalesce((select 'week_of_' || s.value
                     from lifecycle.setting s
                     where s.name = 'week_start' and s.value <> 'monday'), 'week');
end
$$;
comment on function lifecycle.week_unit is 'The unit of the business''s weeks, by its settings';

create function lifecycle.units()
returns text[]
language sql stable
as $$
    select array['day', lifecycle.week_unit(), 'month', 'quarter', 'year']
$$;
comment on function lifecycle.units is 'The units of the business''s periods';

create function lifecycle.all_units()
returns text[]
language sql immutable
as $$
    select '{day,week,week_of_saturday,week_of_sunday,month,quarter,year}'::text[]
$$;
comment on function lifecycle.all_units is 'All units that there can be';

create function lifecycle.unit_of("interval" text)
returns text
language sql stable
as $$
    select case "interval" when 'week' then lifecycle.week_unit() else "interval" end
$$;
comment on function lifecycle.unit_of is
    'The unit that a caller means: of a week, the one that is the business''s';

create function lifecycle.week_shift(unit text)
returns integer
language sql immutable
as $$
    select case unit when 'week_of_sunday' then 1 when 'week_of_saturday' then 2 else 0 end
$$;
comment on function lifecycle.week_shift is 'The days of a week that are before its Monday';

create function lifecycle.period_start(unit text, day date)
returns date
language sql immutable
as $$
    select case
        when unit like 'week%' then
            date_trunc('week', (day + lifecycle.week_shift(unit))::timestamp)::date
            - lifecycle.week_shift(unit)
        else date_trunc(unit, day::timestamp)::date
    end
$$;
comment on function lifecycle.period_start is 'The first day of the period that a day falls in';

create function lifecycle.period_length(unit text)
returns interval
language sql immutable
as $$
    select case
        when unit = 'quarter' then interval '3 months'
        when unit like 'week%' then interval '7 days'
        else ('1 ' || unit)::interval
    end
$$;
comment on function lifecycle.period_length is
    'From the start of a period to the start of the next';

create function lifecycle.period_label(unit text, start date)
returns text
language sql immutable
as $$
    select case
        when unit like 'week%' then to_char(start + lifecycle.week_shift(unit), 'IYYY-"W"IW')
        else to_char(start, case unit
                                when 'year' then 'YYYY'
                                when 'quarter' then 'YYYY-"Q"Q'
                                when 'month' then 'YYYY-MM'
                                when 'day' then 'YYYY-MM-DD'
                            end)
    end
$$;
comment on function lifecycle.period_label is
    'A period''s short form: 2026, 2026-Q1, 2026-03, 2026-W10, 2026-03-14; null for no unit. A week '
    'has the number of the ISO week that its Monday begins, so of most of its days';
