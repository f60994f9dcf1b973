-- What the other functions stand on: the business's time zone, times as text, and the refusal of
-- bad input. (Functions are made in the order of their files' names; plpgsql and sql bodies are
-- not checked until they run, so that order matters to types and views only.)

create function lifecycle.business_zone()
returns text
language sql stable
as $$
    select value from lifecycle.setting where name = 'timezone'
$$;
comment on function lifecycle.business_zone is
    'The IANA time zone in which the roll-ups'' days are cut';

create function lifecycle.utc_text(at timestamptz)
returns text
language sql immutable
as $$
    select case
        when at is null then null
        when date_trunc('second', at, 'UTC') = at
            then to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        else to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    end
$$;
comment on function lifecycle.utc_text is 'A time by RFC 3339 in UTC, microseconds only where there are some';

create function lifecycle.refuse(code text, pointer text, explanation text)
returns void
language plpgsql
as $$
begin
    raise exception using errcode = code, message = explanation, detail = coalesce(pointer, '');
end
$$;
comment on function lifecycle.refuse is
    'Refuses a caller''s input: SQLSTATE CL4xx becomes the HTTP status, pointer tells where';
