-- The calendar: periods of a day, week (ISO 8601), month, quarter or year, named by their unit.
-- All of it is over local days; which day a time falls on is decided where the zone is known.

create function lifecycle.period_start(unit text, day date)
returns date
language sql immutable
as $$
    select date_trunc(unit, day::timestamp)::date
$$;
comment on function lifecycle.period_start is 'The first day of the period that a day falls in';

create function lifecycle.period_length(unit text)
returns interval
language sql immutable
as $$
    select case unit when 'quarter' then interval '3 months' else ('1 ' || unit)::interval end
$$;
comment on function lifecycle.period_length is
    'From the start of a period to the start of the next';

create function lifecycle.period_label(unit text, start date)
returns text
language sql immutable
as $$
    select to_char(start, case unit
                              when 'year' then 'YYYY'
                              when 'quarter' then 'YYYY-"Q"Q'
                              when 'month' then 'YYYY-MM'
                              when 'week' then 'IYYY-"W"IW'
                              when 'day' then 'YYYY-MM-DD'
                          end)
$$;
comment on function lifecycle.period_label is
    'A period''s short form: 2026, 2026-Q1, 2026-03, 2026-W10, 2026-03-14; null for no unit';
