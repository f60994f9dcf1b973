-- Random histories of everything that can happen. Many stand side by side, each with customers of
-- its own, who all have the attribute "history": so one load, posted in two orders and splits, tells
-- of all of them, and one question, grouped by the attribute, of each. Both times the answers to
-- every metric are the same to the byte, what stands is what follows from the ledger, and what is
-- true of every history holds. A history's seed is its number; run.sh says how to try more of them.
\ir setup.sql
\ir verified.sql
\o /dev/null
\if :{?histories}
\else
    \set histories 200
\endif
\if :{?first}
\else
    \set first 1
\endif
\if :{?load}
\else
    \set load 100
\endif
select set_config('test.load', :'load', true),
       set_config('test.end', (:first + :histories)::text, true);
set local jit = off; -- as metric.answer has it
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
insert into lifecycle.setting values ('group_attributes', '["history"]');
insert into lifecycle.rate values
    ('USD', 'EUR', '2024-01-01', 0.90), ('USD', 'EUR', '2025-01-01', 0.80),
    ('USD', 'EUR', '2025-03-01', 0.95);

\ir histories.sql

create temp table asked as
select m.name, m.members, g.group_by, c.currency,
       jsonb_strip_nulls(jsonb_build_object(
           'from', '2024-11-01', 'to', '2025-07-01', 'currency', c.currency,
           'group_by', g.group_by,
           'interval', case when 'month' = any (m.intervals) then 'month' end)) as question
from lifecycle.metric m
cross join (values (null), ('EUR')) c (currency)
cross join (values (null), ('attribute:history')) g (group_by)
where (c.currency is null or 'currency' = any (m.parameters))
  and (g.group_by is null or c.currency is null and metric.grouping_of(m, g.group_by) is not null
       or m.name = any ('{mrr_movements,grr,nrr}'));

-- The histories from one on, as one.
create function pg_temp.side_by_side(first integer)
returns json[]
language plpgsql
as $$
declare
    events json[];
    customers integer;
begin
    for history in first..least(first + current_setting('test.load')::integer,
                                current_setting('test.end')::integer) - 1 loop
        perform setseed(history / 1000000.0);
        customers := 1 + history % 5;
        events := events
            || pg_temp.random_history(20 + (history * 37) % 50, customers, 'h' || history)
            || array(select json_build_object(
                         'id', format('h%s %s', history, n), 'time', '2024-11-01T00:00Z',
                         'type', 'customer.attributes_changed',
                         'subject', format('h%sc%s', history, n),
                         'data', json_build_object('attributes', json_build_object(
                             'history', to_char(history, 'FM000000'))))
                     from generate_series(1, customers) n);
    end loop;
    return events;
end
$$;

-- The rows of all answers.
create temp table told (
    metric text, currency text, is_grouped boolean, history text, period text, dimensions jsonb,
    measure text, value numeric, unit text, numerator numeric, denominator numeric, n bigint);
create function pg_temp.tell(of asked, rows metric.answer_row[])
returns void
language sql
as $$
    insert into told
    select of.name, coalesce(of.currency, ''), of.group_by is not null,
           r.dimensions ->> 'attribute:history', r.period,
           coalesce(r.dimensions::jsonb - 'attribute:history', '{}'), r.dimensions ->> 'measure',
           r.value, r.unit, r.numerator, r.denominator, r.n
    from unnest(rows) r
$$;

-- As many members behind a row as it says, of one by chance.
create function pg_temp.wrong_members(of asked, rows metric.answer_row[])
returns text
language sql
as $$
    select concat_ws(' ', 'members of', of.name, of.question, x.period, x.dimensions, m.counted,
                     'of', x.figure)
    from (select r.period, r.dimensions, pg_temp.counted_in(r, of.members) as figure
          from unnest(rows) r
          where of.members is not null
          order by random()
          limit 1) x
    cross join lateral (
        select pg_temp.members_of(metric.resolve(of.name, of.question), x.period, x.dimensions)
            as counted) m
    where m.counted <> x.figure
$$;

-- As a database does by itself, once what it holds stays.
create function pg_temp.analyze_facts()
returns void
language plpgsql
as $$
declare
    relation regclass;
begin
    for relation in select oid from pg_class
                    where relnamespace = 'lifecycle'::regnamespace and relkind = 'r' loop
        execute format('analyze %s', relation);
    end loop;
end
$$;

-- Posts events in an order and by batches of its own, and takes them back: a digest of each answer,
-- and what is wrong.
create function pg_temp.replay(events json[], seed double precision, out digests jsonb,
                               out faults text)
language plpgsql
as $$
declare
    start integer := 1;
    size integer;
    question asked;
    rows metric.answer_row[];
begin
    perform setseed(seed);
    events := array(select e from unnest(events) e order by random());
    while start <= cardinality(events) loop
        size := 1 + floor(100 * random() ^ 3);
        perform pg_temp.record(events[start : start + size - 1]);
        start := start + size;
    end loop;
    perform pg_temp.analyze_facts();
    digests := '{}';
    for question in select * from asked loop
        rows := metric.rows_of(metric.resolve(question.name, question.question));
        digests := digests || jsonb_build_object(
            question.name || ' ' || question.question,
            md5(array_to_json(metric.shown_rows(rows, null))::text));
        perform pg_temp.tell(question, rows);
        faults := concat_ws('; ', faults, nullif(pg_temp.wrong_members(question, rows), ''));
    end loop;
    analyze told;
    faults := concat_ws('; ', faults, (select string_agg(w.wrong, '; ') from pg_temp.wrong() w));
    raise exception using errcode = 'TEST1';
exception
    when sqlstate 'TEST1' then null;
end
$$;

-- What of a row adds up over groups: what is counted, and what a ratio is a part of. (A denominator
-- does not, where a group without a row has one too.)
create function pg_temp.figures(t told)
returns table (part text, figure numeric)
language sql
as $$
    select 'value', t.value
    where t.unit in ('customers', 'visits', 'transitions', 'purchases', 'units')
    union all
    select 'numerator', t.numerator
    where t.unit <> 'customers' and t.numerator is not null
$$;

-- Groups add up to the whole: but for scores and for means of means, which are told within a group.
create function pg_temp.wrong_sums()
returns table (wrong text)
language sql
as $$
    select concat_ws(' ', 'groups of', w.metric, w.period, w.dimensions, w.part, g.figure, 'of',
                     w.figure)
    from (select t.metric, t.period, t.dimensions, f.part, sum(f.figure) as figure
          from told t
          cross join lateral pg_temp.figures(t) f
          where not t.is_grouped and t.currency = '' and t.metric not in ('rfm', 'weakest_stage')
          group by 1, 2, 3, 4) w
    join (select distinct t.metric from told t where t.is_grouped) asked using (metric)
    left join (select t.metric, t.period, t.dimensions, f.part, sum(f.figure) as figure
               from told t
               cross join lateral pg_temp.figures(t) f
               where t.is_grouped and t.currency = ''
               group by 1, 2, 3, 4) g
      on g.metric = w.metric and g.period is not distinct from w.period
     and g.dimensions is not distinct from w.dimensions and g.part = w.part
    where w.figure <> coalesce(g.figure, 0)
$$;

-- What must be true of every history, and is not.
create function pg_temp.wrong()
returns table (wrong text)
language sql
as $$
    select concat_ws(' ', v.part, v.differences)
    from pg_temp.verified() v
    where v.differences <> 0
    union all
    select 'visits of ' || min(c.ref) || ' overlap or leave a gap'
    from (select v.*, lead(v.entered_at) over life as next, lead(v.kind) over life as next_kind
          from lifecycle.visit v
          window life as (partition by v.bucket, v.customer_id order by v.ordinal)) v
    join lifecycle.customer c on c.bucket = v.bucket and c.customer_id = v.customer_id
    where v.left_at < v.entered_at
       or v.left_at is null and v.next is not null
       or v.next < v.left_at
       or v.next > v.left_at and v.next_kind <> 'return'
    having count(*) > 0
    union all
    select concat_ws(' ', 'visits to', s.stage, s.period, s.history)
    from (select t.history, t.period, x.stage, sum(x.still_in) as still_in,
                 sum(sum(x.moved)) over (partition by t.is_grouped, t.history, x.stage
                                         order by t.period) as moved
          from told t
          cross join lateral (
              select t.dimensions ->> 'from', -t.value, 0 where t.measure = 'count'
              union all
              select t.dimensions ->> 'to', t.value, 0 where t.measure = 'count'
              union all
              select t.dimensions ->> 'from', 0, t.value where t.measure = 'still_in')
              x (stage, moved, still_in)
          where t.metric = 'transitions' and x.stage is not null
          group by t.is_grouped, t.history, t.period, x.stage) s
    where s.moved <> s.still_in
    union all
    select concat_ws(' ', 'MRR', m.period, m.history)
    from told m
    where m.metric = 'mrr_movements' and m.currency = 'EUR'
    group by m.is_grouped, m.history, m.period
    having abs(sum(m.value) filter (where m.measure <> 'end')
               - sum(m.value) filter (where m.measure = 'end')) > 0.001
    union all
    select concat_ws(' ', 'MRR at the start of', m.period, m.history)
    from (select e.history, e.measure, e.period, e.value,
                 lag(e.value) over (partition by e.is_grouped, e.history, e.measure
                                    order by e.period) as before,
                 sum(e.value) filter (where e.measure = 'start')
                     over (partition by e.is_grouped, e.history, e.period) as start
          from told e
          where e.metric = 'mrr_movements' and e.currency = 'EUR'
            and e.measure in ('start', 'end')) m
    where m.measure = 'end' and abs(m.start - m.before) > 0.001
    union all
    select concat_ws(' ', 'GRR', g.value, 'NRR', n.value, g.period, g.history)
    from told g
    join told n
      on n.metric = 'nrr' and n.period = g.period and n.is_grouped = g.is_grouped
     and n.history is not distinct from g.history and n.currency = g.currency
     and n.dimensions = g.dimensions
    where g.metric = 'grr' and (not g.value between 0 and 1 or g.value > n.value + 0.000001)
    union all
    select concat_ws(' ', 'churn and retention', c.period, c.history)
    from told c
    join told r
      on r.metric = 'retention' and r.period = c.period and r.is_grouped = c.is_grouped
     and r.history is not distinct from c.history
    where c.metric = 'churn' and c.measure = 'churn' and abs(c.value + r.value - 1) > 0.000001
    union all
    select concat_ws(' ', 'voluntary and involuntary churn', c.period, c.history)
    from told c
    where c.metric = 'churn'
    group by c.is_grouped, c.history, c.period
    having sum(c.numerator) filter (where c.measure = 'churn')
           <> sum(c.numerator) filter (where c.measure <> 'churn')
    union all
    select concat_ws(' ', 'the first cell of cohort', c.dimensions ->> 'cohort', c.history)
    from told c
    where c.metric = 'cohort_retention' and c.dimensions ->> 'k' = '0' and c.value <> 1
    union all
    select concat_ws(' ', 'buyers', l.period, l.history)
    from told l
    where l.metric = 'lifecycle'
    group by l.is_grouped, l.history, l.period
    having sum(l.value) filter (where l.measure = 'active')
           <> sum(l.value) filter (where l.measure in ('new', 'returning', 'resurrected'))
    union all
    select * from pg_temp.wrong_sums()
$$;

create function pg_temp.fault_of(first integer)
returns text
language plpgsql
as $$
declare
    events constant json[] := pg_temp.side_by_side(first);
    one record;
    other record;
begin
    update lifecycle.setting
    set value = (array['payments', 'invoices', 'orders'])
                    [1 + first / current_setting('test.load')::integer % 3]
    where name = 'revenue_basis';
    one := pg_temp.replay(events, first / 1000000.0);
    other := pg_temp.replay(events, -first / 1000000.0);
    return left(concat_ws('; ', nullif(one.faults, ''), nullif(other.faults, ''),
        (select 'another order, other answers: ' || string_agg(d.key, ', ')
         from jsonb_each(one.digests) d
         where d.value is distinct from other.digests -> d.key
         having count(*) > 0)), 4000);
end
$$;
\o
select format('1..%s', ceil(:histories / :load::numeric));
select pg_temp.is(pg_temp.fault_of(h), '', format('histories from %s on', h))
from generate_series(:first, :first + :histories - 1, :load) h;
rollback;
