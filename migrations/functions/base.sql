-- What the other functions stand on: the business's time zone, times as text, the refusal of
-- bad input, types and locks. (Files are applied in the order of their names, functions first.)

create function lifecycle.business_zone()
returns text
language plpgsql stable -- keeps its plan; a function in sql is planned again at every call
as $$
begin
    return (select s.value from lifecycle.setting s where s.name = 'timezone');
end
$$;
comment on function lifecycle.business_zone is
    'The IANA time zone in which the roll-ups'' days are cut';

create function lifecycle.utc_text(at timestamptz)
returns text
language sql stable -- as to_char is: otherwise it would not be inlined
as $$
    select case
        when at is null then null
        when date_trunc('second', at, 'UTC') = at
            then to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        else to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    end
$$;
comment on function lifecycle.utc_text is
    'A time by RFC 3339 in UTC, microseconds only where there are some';

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

create type lifecycle.touch as (bucket smallint, customer_id bigint, since timestamptz);
comment on type lifecycle.touch is
    'A customer, and the time from which what is derived from its events has to be derived anew';

create type lifecycle.touched as (
    visits lifecycle.touch[], purchases lifecycle.touch[], revenue lifecycle.touch[]);
comment on type lifecycle.touched is
    'What a batch of events touched, by what is derived from it';

create type lifecycle.day_touch as (bucket smallint, customer_id bigint, day date);
comment on type lifecycle.day_touch is 'The same, from a day of the business''s time zone on';

create function lifecycle.bucket_of(subject text)
returns smallint
language plpgsql immutable
as $$
begin
    return get_byte(sha256(convert_to(subject, 'UTF8')), 0) & 63;
end
$$;
comment on function lifecycle.bucket_of is
    'The bucket of a customer that this subject creates; the same for ever, on every server';

-- Advisory locks of class 1 number the transactions that write roll-ups; the one of class 2
-- keeps an event.voided apart from the writers that may be storing its target.

create function lifecycle.writer_number()
returns smallint
language plpgsql
as $$
begin
    for number in 0..63 loop
        if pg_try_advisory_xact_lock(1, number) then
            return number;
        end if;
    end loop;
    perform pg_advisory_xact_lock(1, 63);
    return 63;
end
$$;
comment on function lifecycle.writer_number is
    'A number that no other transaction has now, the lowest that is free, kept to its end';
