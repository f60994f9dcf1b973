-- The roll-ups are written by many, each under a number of its own, and day by day. Who reads months
-- would read the more rows, the more writers and the more kinds of things there are. So the sweep
-- gathers: what was written of days gone by it moves to a writer of its own, where there is one row
-- of each, and adds it to summaries. Whatever is asked is answered from those and from what is not
-- yet gathered, so that the answer is the same before, meanwhile and after.

create view lifecycle.measure_part as
    select m.measure, m.month as day, m.label, m.detail, m.currency, m.n, m.amount
    from lifecycle.measure_month m
    union all
    select t.measure, t.day, t.label, t.detail, t.currency, t.n, t.amount
    from lifecycle.measure_total t
    where t.writer < 64;
comment on view lifecycle.measure_part is
    'What the facts add up to, by month: of what is gathered, day is the first one of the month';

create view lifecycle.event_part as
    select d.day, d.source, d.events, d.late, d.voids
    from lifecycle.event_day d
    union all
    select t.day, t.source, t.events, t.late,
           case when t.type = lifecycle.event_voided() then t.events else 0 end
    from lifecycle.event_total t
    where t.writer < 64;
comment on view lifecycle.event_part is 'Events by UTC day and source';

create function lifecycle.range_of(value numeric)
returns numeric
language sql immutable
as $$
    select case
        when value <= 0 then floor(value)
        else trunc(value, -floor(log(abs(value)::float8))::integer)
    end
$$;
comment on function lifecycle.range_of is
    'A number cut off to one significant digit, or below zero to a whole one: never less for a '
    'greater number';

create function lifecycle.range_end(bottom numeric)
returns numeric
language sql immutable
as $$
    select bottom + case when bottom <= 0 then 1
                        else power(10::numeric, floor(log(bottom::float8))::integer) end
$$;
comment on function lifecycle.range_end is
    'Where the range of numbers ends that lifecycle.range_of cuts off to this one';

create function lifecycle.summaries()
returns table (rollup text, summary text, moment text, summing text)
language sql immutable
as $$
    values
    ('measure_total', 'measure_month', 'day',
     'insert into lifecycle.measure_month as total
      select m.measure, date_trunc(''month'', m.day::timestamp)::date, m.label, m.detail,
             m.currency, sum(m.n), sum(m.amount)
      from moved m
      group by 1, 2, 3, 4, 5
      on conflict (measure, month, label, detail, currency) do update
      set n = total.n + excluded.n,
          amount = total.amount + excluded.amount'),
    ('model_transition_total', 'model_transition_month', 'day',
     'insert into lifecycle.model_transition_month as total
      select m.model, date_trunc(''month'', m.day::timestamp)::date, m.from_stage, m.to_stage,
             m.kind, sum(m.transitions), sum(m.dwell_seconds)
      from moved m
      group by 1, 2, 3, 4, 5
      on conflict (model, month, from_stage, to_stage, kind) do update
      set transitions = total.transitions + excluded.transitions,
          dwell_seconds = total.dwell_seconds + excluded.dwell_seconds'),
    ('event_total', 'event_day', 'day',
     'insert into lifecycle.event_day as total
      select m.day, m.source, sum(m.events), sum(m.late),
             coalesce(sum(m.events) filter (where m.type = lifecycle.event_voided()), 0)
      from moved m
      group by 1, 2
      on conflict (day, source) do update
      set events = total.events + excluded.events,
          late = total.late + excluded.late,
          voids = total.voids + excluded.voids'),
    ('spread_total', 'spread_range', 'month',
     'insert into lifecycle.spread_range as total
      select m.measure, m.month, m.label, lifecycle.range_of(m.value), sum(m.n)
      from moved m
      group by 1, 2, 3, 4
      on conflict (measure, month, label, bottom) do update
      set n = total.n + excluded.n')
$$;
comment on function lifecycle.summaries is
    'The roll-ups of which what is gathered is summed up further: where, by which column it is old '
    'enough, and how that which is being moved is added';

create function lifecycle.rollup_columns(rollup text, out keys text[], out sums text[])
language sql stable
as $$
    select array_agg(quote_ident(a.attname) order by a.attnum)
               filter (where a.attnum = any(i.indkey)),
           array_agg(quote_ident(a.attname) order by a.attnum)
               filter (where a.attnum <> all(i.indkey))
    from pg_attribute a
    join pg_index i on i.indrelid = a.attrelid and i.indisprimary
    where a.attrelid = format('lifecycle.%I', rollup)::regclass
      and a.attnum > 0 and not a.attisdropped and a.attname <> 'writer'
$$;
comment on function lifecycle.rollup_columns is
    'What a roll-up counts by, and what it adds up, beside its writer';

create function lifecycle.gather_total(rollup text, size integer)
returns bigint
language plpgsql
as $$
declare
    columns record;
    summary record;
    moved bigint;
begin
    select * into columns from lifecycle.rollup_columns(rollup);
    select * into summary from lifecycle.summaries() s where s.rollup = gather_total.rollup;
    -- What a writer is at is left to the next time, so that nobody waits for one who waits.
    execute format('
        with moved as (
            delete from lifecycle.%1$I t
            where t.ctid = any(array(
                select f.ctid
                from lifecycle.%1$I f
                where f.writer < 64 %2$s
                limit $1
                for update skip locked))
            returning t.*
        ),
        gathered as (
            insert into lifecycle.%1$I as total (writer, %3$s, %4$s)
            select 64, %3$s, %5$s
            from moved
            group by %3$s
            on conflict (%3$s, writer) do update
            set %6$s
        )%7$s
        select count(*) from moved',
        rollup, 'and f.' || summary.moment || ' < $2',
        array_to_string(columns.keys, ', '), array_to_string(columns.sums, ', '),
        (select string_agg(format('sum(%s)', s), ', ') from unnest(columns.sums) s),
        (select string_agg(format('%1$s = total.%1$s + excluded.%1$s', s), ', ')
         from unnest(columns.sums) s),
        ', summed as (' || summary.summing || ')')
    into moved
    using size, least(metric.today('UTC'), metric.today(lifecycle.business_zone()));
    return moved;
end
$$;
comment on function lifecycle.gather_total is
    'Gathers so many rows of a roll-up at the most; how many they were. Of those with a summary, '
    'rows of days gone by, of which little more is written';

create function lifecycle.gather(size integer)
returns bigint
language plpgsql
as $$
begin
    perform pg_advisory_xact_lock_shared(2, 0); -- while nobody derives anew
    return (select max(lifecycle.gather_total(r, size)) from lifecycle.rollups() r);
end
$$;
comment on function lifecycle.gather is
    'Gathers what there is in the roll-ups, so many rows of each; how many they were of the one that '
    'had most';

create function lifecycle.forget_summary(of_rollup text)
returns void
language plpgsql
as $$
declare
    of_summary text;
begin
    for of_summary in
        select s.summary from lifecycle.summaries() s where s.rollup = of_rollup
    loop
        execute format('delete from lifecycle.%I', of_summary);
    end loop;
end
$$;
comment on function lifecycle.forget_summary is
    'Empties the summary of a roll-up that is filled anew, of which nothing is gathered then';
