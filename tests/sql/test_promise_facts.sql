-- The facts of promise and support: what the history makes of them, in whatever order and in
-- whatever batches it arrives, and again after a part of it was taken back.
\ir setup.sql
\ir verified.sql
\o /dev/null
\ir promise.sql
select setseed(0.12);

-- Every row of every fact, by the names of customers, and what they add up to.
create function pg_temp.facts()
returns text
language plpgsql
as $$
declare
    fact text;
    rows text;
    told text := '';
begin
    foreach fact in array array['support_case', 'sentiment', 'survey', 'offer', 'referral',
                                'advocate', 'delivery', 'order_return', 'usage', 'risk'] loop
        execute format(
            $f$select string_agg(t.told, E'\n' order by t.told collate "C")
               from (select concat_ws(' ', %1$L, c.ref,
                                      to_jsonb(f) - '{bucket,customer_id}'::text[]) as told
                     from lifecycle.%1$I f
                     join lifecycle.customer c using (bucket, customer_id)) t$f$, fact)
        into rows;
        told := concat_ws(E'\n', told, rows);
    end loop;
    return concat_ws(E'\n', told, (
        select string_agg(t::text, E'\n' order by t)
        from (select m.measure, m.day, m.label, m.detail, m.currency, sum(m.n) as n,
                     sum(m.amount) as amount
              from lifecycle.measure_total m
              group by 1, 2, 3, 4, 5
              having sum(m.n) <> 0 or sum(m.amount) <> 0) t));
end
$$;

-- The history in an order and in batches that chance decides, after which all is forgotten.
create function pg_temp.replayed()
returns text
language plpgsql
as $$
declare
    told text;
begin
    perform pg_temp.record(array_agg(h.event order by h.luck))
    from (select pg_temp.posted(x) as event, random() as luck, floor(12 * random()) as batch
          from history x) h
    group by h.batch
    order by random();
    told := pg_temp.facts() || E'\ndifferences ' || pg_temp.differences();
    raise exception using errcode = 'CL000', message = told;
exception
    when sqlstate 'CL000' then
        return told;
end
$$;

create temp table replay as select pg_temp.replayed() as told from generate_series(1, 20);
select pg_temp.record(array[pg_temp.posted(h)]) from history h order by h.place;
\o

select pg_temp.is(pg_temp.differences(), 0, 'the facts are what the ledger says');
select pg_temp.is(
    (select count(*)
     from replay r
     where r.told = pg_temp.facts() || E'\ndifferences 0'), 20,
    'any order and any batches give the same rows and the same sums (seed 0.12)');
select pg_temp.is(
    (select string_agg(concat_ws(' ', c.ref, k.object, k.first_reply_at - k.opened_at,
                                 k.first_closed_at - k.opened_at, k.closed_at - k.opened_at,
                                 k.reopened, k.resolution), ', ' order by k.object)
     from lifecycle.support_case k
     join lifecycle.customer c using (bucket, customer_id)),
    'A k1 01:00:00 2 days 22 days 1 explained, B k2 1 day 1 day 0 duplicate, B k3 01:00:00 0, '
    'C k4 0, A k5 02:00:00 1 day 1 day 0 solved', 'cases');
select pg_temp.is(
    (select concat_ws(' ', k.channel, k.category, k.priority, k.opened_by, k.escalated_at)
     from lifecycle.support_case k
     where k.object = 'k1'),
    (select concat_ws(' ', 'email billing high', md5(pg_temp.posted(h) ->> 'id')::uuid,
                      '2025-01-11T13:00Z'::timestamptz)
     from history h
     where h.data ->> 'case_id' = 'k1' and h.type = 'support.case.opened'),
    'what the opening tells of a case');
select pg_temp.is(
    (select string_agg(concat_ws(' ', d.object, coalesce(d.promised_on, d.promised_at::date),
                                 d.completed_at, d.completed_on, d.failed_at is not null,
                                 d.is_complete, d.units, lifecycle.is_on_time(d, 'UTC'),
                                 lifecycle.is_on_time(d, 'Europe/Berlin')),
                       ', ' order by d.object)
     from lifecycle.delivery d),
    'd1 2025-01-05 2025-01-05 23:30:00+00 f t 5 t f, d2 2025-01-06 2025-01-06 12:00:00+00 f t t t, '
    'd3 2025-01-10 2025-01-09 00:00:00+00 f t t t, d4 2025-01-10 2025-01-11 f t f f, '
    'd5 2025-01-15 00:00:00+00 f t, d6 2025-02-01 2025-02-03 00:00:00+00 f t 3 f f, '
    'd7 2025-02-05 t f', 'deliveries');
select pg_temp.is(
    (select string_agg(concat_ws(' ', o.object, o.kind, o.made_at::date, o.response,
                                 o.answered_at::date, o.won_back_at::date, o.amount, o.currency),
                       ', ' order by o.object)
     from lifecycle.offer o),
    'o1 upsell 2025-01-05 accepted 2025-02-03 900 EUR, o2 upsell 2025-01-06 declined 2025-01-07, '
    'o3 winback 2025-01-10 2025-02-01, o4 winback 2025-02-10, '
    'o5 cross_sell 2025-02-11 accepted 2025-02-11, o6 save 2025-02-12 declined 2025-02-14',
    'offers');
select pg_temp.is(
    (select string_agg(concat_ws(' ', c.ref, r.object, r.flagged_at::date, r.score, r.reason,
                                 r.cleared_at::date), ', ' order by c.ref)
     from lifecycle.risk r
     join lifecycle.customer c using (bucket, customer_id)),
    'A payment 2025-01-03 2 2025-01-02, B silence quiet 2025-01-06', 'risks');
select pg_temp.is(
    (select string_agg(concat_ws(' ', c.ref, u.feature, u.quantity, u.unit), ', '
                       order by u.at)
     from lifecycle.usage u
     join lifecycle.customer c using (bucket, customer_id)),
    'A search 12.5 query, A export 1', 'usage');

-- Taken back: what a void and an un-merging leave.
\o /dev/null
select pg_temp.post('A', 'event.voided', '2025-03-01T00:00Z',
                    json_build_object('id', pg_temp.posted(h) ->> 'id'))
from history h
where h.type in ('support.case.reopened', 'support.survey.answered', 'deliver.return.received',
                 'loyalty.winback.succeeded', 'deliver.shipment.sent', 'support.risk.cleared');
select pg_temp.post('M', 'customer.unmerged', '2025-03-01T00:00Z', '{"into": "A"}');
\o
select pg_temp.is(pg_temp.differences(), 0, 'the facts follow what is taken back');
select pg_temp.is(
    concat_ws(', ',
        (select concat_ws(' ', k.object, k.closed_at - k.opened_at, k.reopened)
         from lifecycle.support_case k where k.object = 'k1'),
        (select string_agg(distinct c.ref, ' ')
         from lifecycle.support_case k
         join lifecycle.customer c using (bucket, customer_id) where k.object = 'k5'),
        (select count(*) from lifecycle.survey), (select count(*) from lifecycle.order_return),
        (select count(*) from lifecycle.offer o where o.won_back_at is not null),
        (select lifecycle.is_on_time(d, 'UTC') from lifecycle.delivery d where d.object = 'd3')),
    'k1 22 days 0, M, 0, 0, 0, f', 'and only what is left counts');

-- Verify sees a row that is wrong in each of them.
\o /dev/null
update lifecycle.support_case set reopened = reopened + 1;
update lifecycle.sentiment set sentiment = 0;
update lifecycle.offer set kind = 'save';
update lifecycle.referral set converted_at = null;
update lifecycle.advocate set since = since + interval '1 day';
update lifecycle.delivery set promised_on = promised_on - 9;
update lifecycle.usage set quantity = 0;
update lifecycle.risk set reason = 'other';
insert into lifecycle.survey
select c.bucket, c.customer_id, 'made up', now(), 's', 'csat', 5, 5, null
from lifecycle.customer c
where c.ref = 'A';
insert into lifecycle.order_return
select c.bucket, c.customer_id, 'made up', array[now()], '{1}', '{none}'
from lifecycle.customer c
where c.ref = 'A';
\o
select pg_temp.is(
    (select string_agg(distinct v.part, ' ' order by v.part)
     from pg_temp.verified() v
     where v.differences > 0),
    'advocate delivery measure_total offer order_return referral risk sentiment support_case survey '
    'usage', 'verify sees what is wrong');
\ir teardown.sql
