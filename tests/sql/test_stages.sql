-- How customers pass through the stages: time with open visits as censored, kinds of moves, the
-- weakest stage; worked by hand, then what must hold over random histories.
\ir setup.sql
\ir verified.sql
\o /dev/null
create function pg_temp.asked(name text, asked jsonb)
returns table (number bigint, period text, "group" json, value numeric, unit text,
               numerator numeric, denominator numeric, n bigint, complete boolean, reason text)
language sql
as $$
    select row_number() over (), r.*
    from json_to_recordset(metric.answer(name, asked) -> 'data')
         r (period text, "group" json, value numeric, unit text, numerator numeric,
            denominator numeric, n bigint, complete boolean, reason text)
$$;

create function pg_temp.figures(name text, asked jsonb, kept text[] default null)
returns text
language sql
as $$
    select string_agg(pg_temp.told(a.period, a."group", a.value, a.reason, a.numerator,
                                   a.denominator, a.n), ', ' order by a.number)
    from pg_temp.asked(name, asked) a
    where kept is null or a."group" ->> 'measure' = any (kept)
$$;

select pg_temp.post(customer, type, at::timestamptz)
from (values
    ('A', 'find.lead.created', '2024-01-01Z'), ('A', 'sell.opportunity.opened', '2024-01-03Z'),
    ('B', 'find.lead.created', '2024-01-01Z'), ('B', 'sell.opportunity.opened', '2024-01-05Z'),
    ('C', 'find.lead.created', '2024-01-01Z'), ('C', 'deliver.fulfilment.started', '2024-01-07Z'),
    ('D', 'find.lead.created', '2024-01-25Z'), ('E', 'find.lead.created', '2024-01-29Z'),
    ('A', 'find.lead.created', '2024-02-03Z'), ('D', 'sell.opportunity.opened', '2024-03-25Z'))
    e (customer, type, at);
\o

-- Find: two, four and six days; D is open after seven days, E after three. At two days 5 are at
-- risk, at four 3, at six 2: 4/5, 8/15, 4/15.
select pg_temp.is(
    pg_temp.figures('time_in_stage', '{"from": "2024-01-01", "to": "2024-02-01"}',
                 '{median,survival_median,closed,open}'),
    'find median 345600 (3), find survival_median 518400 (5), find closed 3 (3), '
    'find open 2 (2), sell median empty_denominator (0), '
    'sell survival_median window_not_elapsed (2), sell closed 0 (0), sell open 2 (2), '
    'deliver median empty_denominator (0), deliver survival_median window_not_elapsed (1), '
    'deliver closed 0 (0), deliver open 1 (1), '
    || string_agg(format('%1$s median empty_denominator (0), '
                         '%1$s survival_median empty_denominator (0), %1$s closed 0 (0), '
                         '%1$s open 0 (0)', s.name), ', ' order by s.stage),
    'closed visits alone are biased short: 4 days, not 6')
from lifecycle.stage s
where s.stage > 3;
select pg_temp.is(
    (select string_agg(concat_ws(' ', a.period, a.value, a.n), ', ' order by a.number)
     from pg_temp.asked('time_in_stage', '{"from": "2024-01-01", "to": "2024-04-01",
                                           "interval": "month"}') a
     where a."group" ->> 'stage' = 'find' and a."group" ->> 'measure' = 'survival_median'),
    '2024-01 518400 5, 2024-02 1, 2024-03 0', 'visits are followed beyond their month');
select pg_temp.is(
    pg_temp.figures('transitions', '{"from": "2024-01-01", "to": "2024-04-01", "interval": "month"}',
                 '{throughput,skips,regressions,loops}'),
    '2024-01 throughput 8 (8), 2024-01 skips 1 (1), 2024-01 regressions 0 (0), '
    '2024-01 loops 0 (0), 2024-02 throughput 1 (1), 2024-02 skips 0 (0), '
    '2024-02 regressions 1 (1), 2024-02 loops 0 (0), 2024-03 throughput 1 (1), '
    '2024-03 skips 0 (0), 2024-03 regressions 0 (0), 2024-03 loops 0 (0)',
    'moves that leave the usual order are counted apart');

-- From July to October every visit to find takes a day and leads to sell; in November two of four
-- end in nothing, after three days.
\o /dev/null
select pg_temp.post(customer, 'find.lead.created', month + interval '1 day')
from generate_series('2024-07-01Z'::timestamptz, '2024-11-01Z', interval '1 month') month,
     lateral (select 'w' || n || month as customer from generate_series(1, 4) n) c;
select pg_temp.post('w' || n || month,
                    case when n > 2 and month = '2024-11-01Z' then 'loyalty.relationship.ended'
                         else 'sell.opportunity.opened' end,
                    month + interval '1 day'
                    + case when month = '2024-11-01Z' then interval '3 days'
                           else interval '1 day' end)
from generate_series('2024-07-01Z'::timestamptz, '2024-11-01Z', interval '1 month') month,
     generate_series(1, 4) n;
\o
select pg_temp.is(
    pg_temp.figures('weakest_stage', '{"from": "2024-09-01", "to": "2024-12-01"}'),
    '2024-09 find conversion 0 1/1, 2024-09 find time -0.951613 86400/1785600, '
    '2024-10 find conversion 0 1/1, 2024-10 find time 0 86400/86400, '
    '2024-11 find conversion 0.5 0.5/1, 2024-11 find time 2 259200/86400',
    'the stage worst against its own mean; in September that has the 60 days of D in it');
select pg_temp.is(
    (select string_agg(a.reason, ' ')
     from pg_temp.asked('weakest_stage', '{"from": "2020-01-01", "to": "2020-02-01"}') a),
    'empty_denominator empty_denominator', 'no stage is weak where nothing happened');

-- Random histories, some of them late, some taken back.
\o /dev/null
select setseed(0.23);
select pg_temp.post('r' || floor(30 * random()),
                    (array['find.lead.created', 'sell.opportunity.opened',
                           'deliver.fulfilment.started', 'bill.invoice.issued',
                           'support.case.opened', 'loyalty.program.joined',
                           'loyalty.relationship.ended'])[ceil(7 * random())],
                    '2023-01-01Z'::timestamptz + random() * interval '500 days', '{}', 'n' || n)
from generate_series(1, 300) n;
select pg_temp.post('r1', 'event.voided', '2024-07-01Z',
                    json_build_object('source', 'test', 'id', 'n' || 7 * n))
from generate_series(1, 20) n;
\o
select pg_temp.is(
    (select string_agg(s.name, ', ')
     from lifecycle.stage s
     cross join lateral (
         select coalesce(sum(a.value) filter (where a."group" ->> 'measure' = 'count'
                                                and a."group" ->> 'from' = s.name), 0) as left,
                coalesce(sum(a.value) filter (where a."group" ->> 'measure' = 'still_in'
                                                and a."group" ->> 'from' = s.name), 0) as still
         from pg_temp.asked('transitions', '{"from": "2023-01-01", "to": "2025-01-01"}') a) t
     where t.left + t.still <> (select count(*) from lifecycle.visit v where v.stage = s.stage)),
    null, 'transitions out of a stage and those still in add up to its visits');
select pg_temp.is(
    (select count(*)
     from (select v.*, lead(v.entered_at) over (partition by v.bucket, v.customer_id
                                                order by v.ordinal) as next
           from lifecycle.visit v) v
     where v.left_at < v.entered_at or v.next < v.left_at or v.left_at is null and v.next is not null
        or v.left_kind <> 'exit' and v.next is distinct from v.left_at), 0,
    'visits of a customer never overlap, and leave no gap but after an exit');
select pg_temp.is(
    (select string_agg(m.name || ' ' || i.name, ', ')
     from lifecycle.metric m, unnest(m.intervals) i (name)
     where m.name in ('stage_population', 'transitions', 'time_in_stage', 'weakest_stage')
       and pg_temp.figures(m.name, jsonb_build_object('from', '2023-02-01', 'to', '2024-06-01',
                                                   'interval', i.name))
           is distinct from
           pg_temp.figures(m.name, jsonb_build_object('from', '2023-02-01', 'to', '2024-06-01',
                                                   'interval', i.name, 'timezone', 'Etc/UTC'))),
    null, 'every metric says the same from the visits as from the roll-ups');

-- The median by Kaplan and Meier of all visits, from its definition: product by product.
create function pg_temp.survival_median(of_stage smallint, ending timestamptz)
returns numeric
language plpgsql
as $$
declare
    still numeric := 1;
    at record;
begin
    for at in
        select v.age, count(*) filter (where v.has_ended) as ended,
               sum(count(*)) over (order by v.age desc) as at_risk
        from (select x.left_at < ending as has_ended,
                     extract(epoch from case when x.left_at < ending
                                             then x.left_at - x.entered_at
                                             else ending - date_trunc('day', x.entered_at, 'UTC')
                                        end) as age
              from lifecycle.visit x
              where x.stage = of_stage and x.entered_at < ending) v
        group by v.age
        order by v.age
    loop
        still := still * (1 - at.ended / at.at_risk);
        if still <= 0.5 then
            return at.age;
        end if;
    end loop;
    return null;
end
$$;
select pg_temp.is(
    (select string_agg(concat_ws(' ', s.name, e.median, r.value), ', ')
     from lifecycle.stage s
     cross join pg_temp.survival_median(s.stage, '2024-04-01Z') e (median)
     left join pg_temp.asked('time_in_stage', '{"from": "2023-01-01", "to": "2024-04-01"}') r
       on r."group" ->> 'stage' = s.name and r."group" ->> 'measure' = 'survival_median'
     where e.median is null <> (r.value is null)
        or abs(r.value - e.median) > 0.11 * e.median), null,
    'the median by Kaplan and Meier is that of its definition, within a bin');
select pg_temp.is(pg_temp.differences(), 0, 'what is derived is what it must be');
\ir teardown.sql
