-- The customers behind a row of an answer, by the function metric.members_of_<name> of each metric
-- that counts customers.

create function metric.narrowed(question metric.question, period text)
returns metric.question
language plpgsql stable
as $$
begin
    if question.interval is not null then
        select p.since, p.until
        into question.since, question.until
        from metric.periods(question) p
        where p.label = period;
    end if;
    return question;
end
$$;
comment on function metric.narrowed is 'A question about a single one of its periods';

create function metric.row_at(answers metric.answer_row[], period text, chosen json)
returns metric.answer_row
language plpgsql stable
as $$
declare
    found_row metric.answer_row;
begin
    if not exists (select from unnest(answers) a where a.period is not distinct from row_at.period)
    then
        perform lifecycle.refuse('CL422', '?period', case
            when period is null then 'say which of the periods, as the rows have them'
            else 'the answer has no row of this period'
        end);
    end if;
    select a.*
    into found_row
    from unnest(answers) a
    where a.period is not distinct from row_at.period
      and a.dimensions::jsonb is not distinct from chosen::jsonb
    limit 1;
    if not found then
        perform lifecycle.refuse('CL422', '?group', 'no row of the period has just this group');
    end if;
    return found_row;
end
$$;
comment on function metric.row_at is 'The row of an answer that has this period and these dimensions';

create function metric.members_page(question metric.question, chosen json, after text[],
                                    size integer, out n bigint, out rows json[], out keys text[])
language plpgsql stable
set jit = off
set work_mem = '32MB'
as $$
begin
    execute format($page$
        with members as materialized (
            select distinct m.bucket, m.customer_id
            from metric.%I($1, $2) m
        ), chosen as (
            select m.bucket, m.customer_id
            from members m
            where (m.bucket, m.customer_id) > ($3, $4)
              and not lifecycle.is_erased(m.bucket, m.customer_id)
            order by m.bucket, m.customer_id
            limit $5 + 1
        )
        select (select count(*) from members),
               array_agg(to_json(shown) order by c.bucket, c.customer_id),
               array_agg(concat_ws(' ', c.bucket, c.customer_id)
                         order by c.bucket, c.customer_id)
        from chosen
        join lifecycle.customer c using (bucket, customer_id)
        left join lateral lifecycle.stage_now(bucket, customer_id) now on true,
        lateral (select c.ref as customer, lifecycle.utc_text(c.created_at) as created_at,
                        lifecycle.kept_status(bucket, customer_id) as status,
                        now.stage, now.cycle, now.entered_at) shown
        $page$, 'members_of_' || question.metric)
    into n, rows, keys
    using question, chosen, after[1]::smallint, after[2]::bigint, size;
end
$$;
comment on function metric.members_page is
    'How many customers are behind a row, and a page of them, one more than it holds: those who were '
    'erased are counted and not listed';

create function metric.list_members(name text, asked jsonb, period text, chosen json, size integer,
                                    cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
as $$
declare
    list constant text[] := array['members', name, asked::text, period, chosen::jsonb::text];
    after constant text[] := coalesce(lifecycle.read_cursor(list, cursor), '{-1,0}');
    counts boolean;
    question metric.question;
    shown json[];
    members record;
begin
    select m.members is not null into counts from lifecycle.metric m where m.name = list_members.name;
    if counts is null then
        perform lifecycle.refuse('CL404', null, 'no such metric');
    elsif not counts then
        perform lifecycle.refuse('CL422', null, 'this metric does not count customers');
    end if;
    perform metric.refuse_untaken(array[name], asked);
    question := metric.resolve(name, asked);
    shown := metric.shown_rows(
        array[metric.row_at(metric.rows_of(question), period, chosen)], null);
    select m.* into members
    from metric.members_page(metric.narrowed(question, period), chosen, after, size) m;
    return query
    select to_json(p), w.next_cursor
    from lifecycle.write_page(list, size, members.rows, members.keys) w,
         lateral (select name as metric, metric.used(question, null) as parameters,
                         shown[1] as row, members.n, w.page -> 'data' as data,
                         w.page -> 'next_cursor' as next_cursor,
                         w.page -> 'has_more' as has_more) p;
end
$$;
comment on function metric.list_members is
    'The customers behind the row of an answer that has this period and group, with their number';
