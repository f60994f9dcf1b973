-- Random histories of everything that can happen, each posted twice: in two orders and splits. The
-- answers to every metric are the same to the byte, what stands is what follows from the ledger,
-- and what is true of every history holds. psql -v histories=1000 -v first=1 for more of them.
\ir setup.sql
\o /dev/null
\if :{?histories}
\else
    \set histories 12
\endif
\if :{?first}
\else
    \set first 1
\endif
select set_config('test.histories', :'histories', true), set_config('test.first', :'first', true);
update lifecycle.setting set value = 'Europe/Berlin' where name = 'timezone';
insert into lifecycle.rate values
    ('USD', 'EUR', '2024-01-01', 0.90), ('USD', 'EUR', '2025-01-01', 0.80),
    ('USD', 'EUR', '2025-03-01', 0.95);

\ir histories.sql

create temp table asked as
select m.name, case when 'month' = any(m.intervals) then 'month' end as "interval", c.currency
from lifecycle.metric m,
     (values (''), ('EUR')) c (currency)
where c.currency = '' or 'currency' = any(m.parameters);

-- Posts a history in an order of its own, and takes it back: the answers, and what is wrong.
create function pg_temp.replay(events json[], seed double precision, out answers jsonb,
                               out faults text)
language plpgsql
as $$
declare
    start integer := 1;
    size integer;
begin
    perform setseed(seed);
    events := array(select e from unnest(events) e order by random());
    while start <= cardinality(events) loop
        size := 1 + floor(9 * random());
        perform pg_temp.record(events[start : start + size - 1]);
        start := start + size;
    end loop;
    select jsonb_object_agg(a.name || ' ' || a.currency,
                            metric.answer(a.name, '2024-11-01', '2025-07-01', a.interval, null,
                                          nullif(a.currency, ''), null, null, null) -> 'data')
    into answers
    from asked a;
    select string_agg(v.part || ' ' || v.differences, ', ')
    into faults
    from (select * from lifecycle.verify_totals()
          union all
          select v.*
          from (select distinct bucket from lifecycle.customer) b,
               lifecycle.verify_bucket(b.bucket) v) v
    where v.differences <> 0;
    faults := nullif(concat_ws('; ', faults, (select string_agg(w.wrong, ', ')
                                              from pg_temp.wrong(answers) w)), '');
    raise exception using errcode = 'TEST1';
exception
    when sqlstate 'TEST1' then null;
end
$$;

-- The rows of an answer, by its key in the answers.
create function pg_temp.rows_of(answers jsonb, metric text, currency text default '')
returns table (period text, measure text, dimensions jsonb, value numeric, numerator numeric,
               denominator numeric)
language sql
as $$
    select r.period, r."group" ->> 'measure', r."group", r.value, r.numerator, r.denominator
    from jsonb_to_recordset(answers -> (metric || ' ' || currency))
         r (period text, "group" jsonb, value numeric, numerator numeric, denominator numeric)
$$;

-- What must be true of every history, and is not.
create function pg_temp.wrong(answers jsonb)
returns table (wrong text)
language sql
as $$
    select 'visits that overlap or leave a gap'
    where exists (
        select
        from (select v.*, lead(v.entered_at) over life as next, lead(v.kind) over life as next_kind
              from lifecycle.visit v
              window life as (partition by v.bucket, v.customer_id order by v.ordinal)) v
        where v.left_at < v.entered_at
           or v.left_at is null and v.next is not null
           or v.next < v.left_at
           or v.next > v.left_at and v.next_kind <> 'return')
    union all
    select 'MRR of ' || m.period
    from pg_temp.rows_of(answers, 'mrr_movements', 'EUR') m
    group by m.period
    having abs(sum(m.value) filter (where m.measure <> 'end')
               - sum(m.value) filter (where m.measure = 'end')) > 0.001
    union all
    select 'the start of ' || m.period
    from (select r.period, r.value, lag(e.value) over (order by r.period) as before
          from pg_temp.rows_of(answers, 'mrr_movements', 'EUR') r
          join pg_temp.rows_of(answers, 'mrr_movements', 'EUR') e
            on e.period = r.period and e.measure = 'end'
          where r.measure = 'start') m
    where abs(m.value - m.before) > 0.001
    union all
    select 'GRR ' || g.value || ', NRR ' || n.value || ' of ' || g.period
    from pg_temp.rows_of(answers, 'grr', 'EUR') g
    join pg_temp.rows_of(answers, 'nrr', 'EUR') n on n.period = g.period
    where not g.value between 0 and 1 or g.value > n.value + 0.000001
    union all
    select 'churn and retention of ' || c.period
    from pg_temp.rows_of(answers, 'churn') c
    join pg_temp.rows_of(answers, 'retention') r on r.period = c.period
    where c.measure = 'churn' and abs(c.value + r.value - 1) > 0.000001
    union all
    select 'voluntary and involuntary churn of ' || c.period
    from pg_temp.rows_of(answers, 'churn') c
    group by c.period
    having abs(sum(c.numerator) filter (where c.measure = 'churn')
               - sum(c.numerator) filter (where c.measure <> 'churn')) > 0
    union all
    select 'the first cell of cohort ' || (c.dimensions ->> 'cohort')
    from pg_temp.rows_of(answers, 'cohort_retention') c
    where (c.dimensions ->> 'k')::integer = 0 and c.value <> 1
    union all
    select 'the buyers of ' || l.period
    from pg_temp.rows_of(answers, 'lifecycle') l
    group by l.period
    having sum(l.value) filter (where l.measure = 'active')
           <> sum(l.value) filter (where l.measure in ('new', 'returning', 'resurrected'))
$$;

create function pg_temp.fault_of(history integer)
returns text
language plpgsql
as $$
declare
    events json[];
    one record;
    other record;
begin
    update lifecycle.setting
    set value = (array['payments', 'invoices', 'orders'])[1 + history % 3]
    where name = 'revenue_basis';
    perform setseed(history / 100000.0);
    events := pg_temp.random_history(20 + (history * 37) % 160, 1 + history % 5);
    one := pg_temp.replay(events, history / 100000.0);
    other := pg_temp.replay(events, -history / 100000.0);
    return concat_ws('; ', one.faults, other.faults,
        (select 'another order, other answers: ' || string_agg(a.key, ', ')
         from jsonb_each(one.answers) a
         where a.value is distinct from other.answers -> a.key
         having count(*) > 0));
end
$$;
\o
select format('1..%s', :'histories');
select pg_temp.is(pg_temp.fault_of(h), '', 'history ' || h)
from generate_series(:first, :first + :histories - 1) h;
rollback;
