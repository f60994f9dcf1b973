-- From events to cases of support, and to how customers felt in them (metrics.md, section 7).

create function lifecycle.case_opened() returns smallint
language sql immutable as $$ select 501::smallint $$;
create function lifecycle.case_replied() returns smallint
language sql immutable as $$ select 502::smallint $$;
create function lifecycle.case_escalated() returns smallint
language sql immutable as $$ select 503::smallint $$;
create function lifecycle.case_reopened() returns smallint
language sql immutable as $$ select 504::smallint $$;
create function lifecycle.case_closed() returns smallint
language sql immutable as $$ select 505::smallint $$;
create function lifecycle.case_types() returns smallint[]
language sql immutable as $$ select '{501,502,503,504,505}'::smallint[] $$;
comment on function lifecycle.case_opened is 'The code of support.case.opened';
comment on function lifecycle.case_replied is 'The code of support.case.replied';
comment on function lifecycle.case_escalated is 'The code of support.case.escalated';
comment on function lifecycle.case_reopened is 'The code of support.case.reopened';
comment on function lifecycle.case_closed is 'The code of support.case.closed';
comment on function lifecycle.case_types is 'The codes of the events of a case';

create function lifecycle.fold_support_case(touched lifecycle.thing[])
returns setof lifecycle.support_case
language sql stable
as $$
    with told as (
        select t.bucket, t.customer_id, t.object, (t.event).event_id, (t.event).type,
               (t.event).occurred_at as at, (t.event).body -> 'data' as data,
               row_number() over (in_order) as place,
               min((t.event).occurred_at) filter (where (t.event).type = lifecycle.case_opened())
                   over (partition by t.bucket, t.customer_id, t.object) as opened_at
        from lifecycle.events_of(touched, lifecycle.case_types()) t
        window in_order as (
            partition by t.bucket, t.customer_id, t.object
            order by (t.event).occurred_at, (t.event).sequence nulls first, (t.event).source,
                     (t.event).id)
    ),
    cases as (
        select t.bucket, t.customer_id, t.object, t.opened_at,
               (array_agg(t.event_id order by t.place)
                    filter (where t.type = lifecycle.case_opened()))[1] as opened_by,
               (array_agg(t.data order by t.place)
                    filter (where t.type = lifecycle.case_opened()))[1] as opening,
               min(t.at) filter (
                   where t.type = lifecycle.case_replied() and t.data ->> 'by' = 'staff'
                     and t.data ->> 'public' is distinct from 'false') as first_reply_at,
               min(t.at) filter (where t.type = lifecycle.case_closed()) as first_closed_at,
               max(t.at) filter (where t.type = lifecycle.case_closed()) as last_closed_at,
               max(t.place) filter (where t.type = lifecycle.case_closed())
                   > coalesce(max(t.place) filter (where t.type = lifecycle.case_reopened()), 0)
                   as is_closed,
               count(*) filter (where t.type = lifecycle.case_reopened()) as reopened,
               min(t.at) filter (where t.type = lifecycle.case_escalated()) as escalated_at,
               (array_agg(t.data ->> 'resolution' order by t.place desc)
                    filter (where t.type = lifecycle.case_closed()))[1] as resolution
        from told t
        where t.at >= t.opened_at
        group by t.bucket, t.customer_id, t.object, t.opened_at
    )
    select c.bucket, c.customer_id, c.object, c.opened_at, c.opened_by, c.opening ->> 'channel',
           c.opening ->> 'category', c.opening ->> 'priority', c.opening ->> 'offering',
           c.first_reply_at, c.first_closed_at, case when c.is_closed then c.last_closed_at end,
           c.reopened::integer, c.escalated_at, case when c.is_closed then c.resolution end
    from cases c
$$;
comment on function lifecycle.fold_support_case is
    'The cases that were opened, by the ledger: when they were answered, closed and reopened';

create function lifecycle.entries_of(f lifecycle.support_case, zone text)
returns setof lifecycle.entry
language sql immutable
as $$
    select (e.at at time zone zone)::date, e.measure, '', '', '', 1::bigint, e.amount,
           case when e.is_time then e.amount end
    from (values (f.opened_at, 'case_opened', 0, false),
                 (f.first_reply_at, 'case_answered',
                  extract(epoch from f.first_reply_at - f.opened_at), true),
                 (least(f.first_reply_at, f.first_closed_at), 'case_attended', 0, false),
                 (f.first_closed_at, 'case_closed', least(f.reopened, 1), false),
                 (f.closed_at, 'case_resolved', extract(epoch from f.closed_at - f.opened_at),
                  true)) e (at, measure, amount, is_time)
    where e.at is not null
$$;
comment on function lifecycle.entries_of(lifecycle.support_case, text) is
    'A case counts on the days when it was opened, first answered, attended to (answered or '
    'closed), first closed (amount: whether it was reopened) and last closed; amounts are seconds '
    'since it was opened';

-- What is told of a case that nobody has opened yet, counts from when somebody does.
select lifecycle.define_fact('support_case', lifecycle.case_types(), 'object',
    '{case_opened,case_answered,case_attended,case_closed,case_resolved}', $$
    t.type = lifecycle.case_opened()
    or (select true
        from lifecycle.support_case c
        where c.bucket = t.bucket and c.customer_id = t.customer_id and c.object = t.object
        limit 1)
$$);

create function lifecycle.sentiment_of(of_bucket smallint, of_customer bigint,
                                       e lifecycle.event)
returns setof lifecycle.sentiment
language sql stable
as $$
    select of_bucket, of_customer, e.event_id::text, e.occurred_at, e.object,
           (d.data ->> 'sentiment')::numeric
    from (select e.body -> 'data' as data) d
    where d.data ->> 'by' = 'customer' and d.data ->> 'sentiment' is not null
$$;
comment on function lifecycle.sentiment_of is
    'The sentiment of a reply, if it is the customer''s own';

create function lifecycle.entries_of(f lifecycle.sentiment, zone text)
returns setof lifecycle.entry
language sql immutable
as $$
    select (f.at at time zone zone)::date, 'sentiment', '', '', '', 1::bigint, f.sentiment,
           null::numeric
$$;
comment on function lifecycle.entries_of(lifecycle.sentiment, text) is
    'A sentiment counts on the day of the reply';

select lifecycle.define_event_fact('sentiment', array[lifecycle.case_replied()],
                                   '{sentiment}');
