-- Metrics of stages and purchases by group and by segment: the groups add up to the whole, a
-- segment says what its group says, and both are counted from the facts.
\ir setup.sql
\o /dev/null
select setseed(0.31);
insert into lifecycle.setting values ('group_attributes', '["size"]');
create temp table person as
select 'c' || n as ref, case when n % 3 > 0 then (array['large', 'small'])[n % 3] end as size
from generate_series(1, 30) n;
select pg_temp.post(p.ref, 'customer.attributes_changed', '2023-01-01Z',
                    json_build_object('attributes', json_build_object('size', p.size)))
from person p
where p.size is not null;
select pg_temp.order_placed('c' || ceil(30 * random()),
                            '2023-01-01Z'::timestamptz + random() * interval '500 days',
                            floor(1000 * random())::bigint,
                            (array['EUR', 'EUR', 'USD'])[ceil(3 * random())], 1)
from generate_series(1, 150);
select pg_temp.post('c' || ceil(30 * random()),
                    (array['find.lead.created', 'deliver.fulfilment.started',
                           'loyalty.program.joined',
                           'loyalty.relationship.ended'])[ceil(4 * random())],
                    '2023-01-01Z'::timestamptz + random() * interval '500 days', '{}', 'n' || n)
from generate_series(1, 120) n;
select pg_temp.post('c' || ceil(30 * random()), 'bill.payment.succeeded',
                    '2023-01-01Z'::timestamptz + random() * interval '500 days',
                    json_build_object('payment_id', 'p' || n, 'amount', n, 'currency', 'EUR'))
from generate_series(1, 60) n;
select lifecycle.put_segment('large', '{"where": {"field": "attributes.size", "=": "large"}}',
                             null, '*');

create function pg_temp.rows_of(of_metric text, asked jsonb)
returns table (period text, "group" jsonb, value numeric, unit text, numerator numeric,
               denominator numeric, n bigint)
language sql
as $$
    select r.*
    from json_to_recordset(metric.answer(of_metric, asked || '{"from": "2023-02-01",
                                                               "to": "2024-05-01"}') -> 'data')
         r (period text, "group" jsonb, value numeric, unit text, numerator numeric,
            denominator numeric, n bigint)
$$;
create temp table mine as
select m.name, case when m.intervals <> '{}' then '{"interval": "month"}'::jsonb
                    else '{}' end as asked
from lifecycle.metric m
where m.name in ('aov', 'clv_historical', 'cohort_retention', 'cohort_revenue', 'gaps', 'lapsed',
                 'lifecycle', 'lifespan', 'profit_per_customer', 'purchases', 'recency_frequency',
                 'repeat_rate', 'revenue', 'rfm', 'stage_population', 'time_in_stage',
                 'transitions');
create temp table whole as
select m.name, coalesce(r.period, 'all') as period, coalesce(r."group", '{}') as "group", r.unit, r.value, r.numerator,
       r.denominator, r.n
from mine m, pg_temp.rows_of(m.name, m.asked) r;
create temp table part as
select m.name, coalesce(r.period, 'all') as period, r."group" ->> 'attribute:size' as size,
       r."group" - 'attribute:size' as "group", r.unit, r.value, r.numerator, r.denominator, r.n
from mine m, pg_temp.rows_of(m.name, m.asked || '{"group_by": "attribute:size"}') r;
create temp table large as
select m.name, coalesce(r.period, 'all') as period, coalesce(r."group", '{}') as "group", r.value, r.numerator,
       r.denominator, r.n
from mine m, pg_temp.rows_of(m.name, m.asked || '{"segment": "large"}') r;
\o

select pg_temp.is(
    (select count(*)
     from mine m
     where (select count(distinct p.size) filter (where p.size in ('large', 'small'))
            from part p where p.name = m.name) <> 2
        or not exists (select from part p where p.name = m.name and p.size is null)), 0,
    'each metric has rows of each group, and of the customers in none');
select pg_temp.is(
    (select string_agg(distinct w.name || ' ' || w.unit, ', ')
     from whole w
     left join (select p.name, p.period, p."group", sum(p.value) as value, sum(p.n) as n
                from part p
                group by 1, 2, 3) p using (name, period, "group")
     where w.unit in ('customers', 'visits', 'transitions', 'purchases', 'units')
       and coalesce(p.value, 0) <> w.value and w.name <> 'rfm'), null,
    'the groups add up to the whole');
select pg_temp.is(
    (select string_agg(distinct w.name, ', ')
     from whole w
     left join (select p.name, p.period, p."group", sum(p.numerator) as numerator,
                       sum(p.denominator) as denominator
                from part p
                group by 1, 2, 3) p using (name, period, "group")
     where (w.unit = 'ratio' and w.name <> 'transitions' or w.name in ('aov', 'gaps', 'lifespan', 'time_in_stage', 'clv_historical',
                                                'profit_per_customer'))
       and (coalesce(p.numerator, 0), coalesce(p.denominator, 0))
           is distinct from (coalesce(w.numerator, 0), coalesce(w.denominator, 0))), null,
    'so do numerators and denominators');
select pg_temp.is(
    (select sum(r.value)::bigint from whole r where r.name = 'rfm'),
    (select sum(r.value)::bigint from part r where r.name = 'rfm'),
    'the groups of customers with scores add up');
select pg_temp.is(
    (select string_agg(distinct l.name, ', ')
     from (select name, period, "group", value, numerator, denominator, n
           from part where size = 'large') p
     full join large l using (name, period, "group")
     where l.name not in ('rfm', 'transitions')
       and (p.value, p.numerator, p.denominator, p.n)
           is distinct from (l.value, l.numerator, l.denominator, l.n)), null,
    'a segment says what its group says');
select pg_temp.is(
    (select string_agg(distinct l.name, ', ')
     from large l
     left join part p on p.size = 'large' and p.name = l.name
                     and p.period is not distinct from l.period and p."group" = l."group"
     where l.name = 'transitions' and p.value is distinct from l.value), null,
    'of transitions too');

-- The customers behind the rows of a group, and of a segment.
create function pg_temp.mismatches(of_metric text, more jsonb)
returns bigint
language plpgsql
as $$
declare
    question metric.question :=
        metric.resolve(of_metric, '{"from": "2023-06-01", "to": "2024-04-01"}' || more);
    whole constant metric.question := question;
    answered metric.answer_row;
    counted bigint;
    wrong bigint := 0;
begin
    for answered in execute format('select * from metric.%I($1)', of_metric) using question loop
        select coalesce(p.since, whole.since), coalesce(p.until, whole.until)
        into question.since, question.until
        from (select) one
        left join metric.periods(whole) p on p.label = answered.period;
        if answered.unit in ('customers', 'ratio') then
            execute format('select count(distinct (bucket, customer_id)) from metric.%I($1, $2)',
                           'members_of_' || of_metric)
            into counted using question, answered.dimensions;
            if counted is distinct from coalesce(answered.numerator, answered.value) then
                wrong := wrong + 1;
            end if;
        end if;
    end loop;
    return wrong;
end
$$;
select pg_temp.is(pg_temp.mismatches(m.name, more.asked), 0,
                  format('the customers behind %s, %s', m.name, more.asked))
from lifecycle.metric m,
     unnest(array['{"group_by": "attribute:size"}', '{"segment": "large"}',
                  '{"timezone": "Asia/Kathmandu"}']::jsonb[]) more (asked)
where m.name in ('lapsed', 'lifecycle', 'cohort_retention', 'repeat_rate', 'rfm',
                 'recency_frequency', 'stage_population')
order by m.name, more.asked;
\ir teardown.sql
