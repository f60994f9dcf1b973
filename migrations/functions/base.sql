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

-- The types that the functions name, by the vocabulary's codes, which never change.

create function lifecycle.order_placed() returns smallint
language sql immutable as $$ select 207::smallint $$;
create function lifecycle.order_cancelled() returns smallint
language sql immutable as $$ select 208::smallint $$;
create function lifecycle.payment_succeeded() returns smallint
language sql immutable as $$ select 407::smallint $$;
create function lifecycle.revenue_types() returns smallint[]
language sql immutable as $$ select '{407,410,413}'::smallint[] $$;
create function lifecycle.support_cost() returns smallint
language sql immutable as $$ select 514::smallint $$;
create function lifecycle.spend_recorded() returns smallint
language sql immutable as $$ select 107::smallint $$;
create function lifecycle.spend_types() returns smallint[]
language sql immutable as $$ select '{107,211}'::smallint[] $$;
create function lifecycle.customer_identified() returns smallint
language sql immutable as $$ select 701::smallint $$;
create function lifecycle.attributes_changed() returns smallint
language sql immutable as $$ select 702::smallint $$;
create function lifecycle.attribute_types() returns smallint[]
language sql immutable as $$ select '{701,702}'::smallint[] $$;
create function lifecycle.customer_merged() returns smallint
language sql immutable as $$ select 703::smallint $$;
create function lifecycle.customer_unmerged() returns smallint
language sql immutable as $$ select 704::smallint $$;
create function lifecycle.merge_types() returns smallint[]
language sql immutable as $$ select '{703,704}'::smallint[] $$;
create function lifecycle.event_voided() returns smallint
language sql immutable as $$ select 721::smallint $$;
comment on function lifecycle.order_placed is 'The code of sell.order.placed';
comment on function lifecycle.order_cancelled is 'The code of sell.order.cancelled';
comment on function lifecycle.payment_succeeded is 'The code of bill.payment.succeeded';
comment on function lifecycle.revenue_types is
    'The codes of bill.payment.succeeded, bill.refund.issued and bill.chargeback.lost';
comment on function lifecycle.support_cost is 'The code of support.cost.recorded';
comment on function lifecycle.spend_recorded is 'The code of find.spend.recorded';
comment on function lifecycle.spend_types is
    'The codes of find.spend.recorded and sell.cost.recorded';
comment on function lifecycle.customer_identified is 'The code of customer.identified';
comment on function lifecycle.attributes_changed is 'The code of customer.attributes_changed';
comment on function lifecycle.attribute_types is
    'The codes of customer.identified and customer.attributes_changed';
comment on function lifecycle.customer_merged is 'The code of customer.merged';
comment on function lifecycle.customer_unmerged is 'The code of customer.unmerged';
comment on function lifecycle.merge_types is
    'The codes of customer.merged and customer.unmerged';
comment on function lifecycle.event_voided is 'The code of event.voided';

create type lifecycle.touch as (bucket smallint, customer_id bigint, since timestamptz);
comment on type lifecycle.touch is
    'A customer, and the time from which what is derived from its events has to be derived anew';

create type lifecycle.touched as (
    visits lifecycle.touch[], purchases lifecycle.touch[], revenue lifecycle.touch[],
    costs lifecycle.touch[], attributes lifecycle.touch[]);
comment on type lifecycle.touched is
    'What a batch of events touched, by what is derived from it';

create type lifecycle.day_touch as (
    bucket smallint, customer_id bigint, first_day date, last_day date);
comment on type lifecycle.day_touch is
    'A customer, and the first and the last day of the business''s time zone on which purchases '
    'were added or taken away';

create type lifecycle.stay as (
    sign integer, stage smallint, entered_day date, left_day date, seconds numeric);
comment on type lifecycle.stay is
    'A visit that has ended: 1 to count it, -1 to take it back; days of the business''s time zone';

create type lifecycle.move as (
    event_id uuid, from_stage smallint, to_stage smallint, kind text);
comment on type lifecycle.move is
    'A transition of the active model, and the event that caused it; the stages as in '
    'lifecycle.transition';

create type lifecycle.setup as (
    zone text, model smallint, opening smallint, moving smallint[], stages smallint[],
    entries text[], deriving smallint, writer smallint);
comment on type lifecycle.setup is
    'What the derivation needs to know: the business''s time zone; the active model, how many of '
    'its first stages open a cycle, the types that move customers, with stage and entry of each; '
    'the model that is being derived (or null); the writer''s number';

create function lifecycle.setup_now()
returns lifecycle.setup
language plpgsql
as $$
declare
    setup lifecycle.setup;
begin
    select (select s.value from lifecycle.setting s where s.name = 'timezone'), m.model, m.opening,
           m.moving, m.stages, m.entries,
           (select d.model from lifecycle.stage_model d where d.state = 'deriving'),
           lifecycle.writer_number()
    into setup
    from lifecycle.stage_model m
    where m.state = 'active';
    return setup;
end
$$;
comment on function lifecycle.setup_now is 'The setup for this transaction, with a writer number';

create function lifecycle.bucket_of(subject text)
returns smallint
language sql stable -- as convert_to is: otherwise it would not be inlined
as $$
    select (get_byte(sha256(convert_to(subject, 'UTF8')), 0) & 63)::smallint
$$;
comment on function lifecycle.bucket_of is
    'The bucket of a customer that this subject creates; the same for ever, on every server';

create function lifecycle.histories_of(of_bucket smallint, of_customer bigint)
returns table (bucket smallint, customer_id bigint)
language sql stable
as $$
    select c.bucket, c.customer_id
    from lifecycle.customer c
    where c.bucket = of_bucket and c.customer_id = of_customer and c.root_id is null
    union all
    select c.bucket, c.customer_id
    from lifecycle.customer c
    where c.root_bucket = of_bucket and c.root_id = of_customer
$$;
comment on function lifecycle.histories_of is
    'The customers whose events make up the history of this one: none, if it was merged into '
    'another';

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
