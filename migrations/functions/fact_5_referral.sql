-- From events to referrals, and to the customers who speak for the business (metrics.md, section 7).

create function lifecycle.referral_made() returns smallint
language sql immutable as $$ select 606::smallint $$;
create function lifecycle.referral_converted() returns smallint
language sql immutable as $$ select 607::smallint $$;
create function lifecycle.advocacy_recorded() returns smallint
language sql immutable as $$ select 608::smallint $$;
comment on function lifecycle.referral_made is 'The code of loyalty.referral.made';
comment on function lifecycle.referral_converted is 'The code of loyalty.referral.converted';
comment on function lifecycle.advocacy_recorded is 'The code of loyalty.advocacy.recorded';

create function lifecycle.fold_referral(touched lifecycle.thing[])
returns setof lifecycle.referral
language sql stable
as $$
    with told as (
        select t.bucket, t.customer_id, t.object, (t.event).type, (t.event).occurred_at as at,
               (t.event).body -> 'data' as data,
               row_number() over (
                   partition by t.bucket, t.customer_id, t.object
                   order by (t.event).occurred_at, (t.event).sequence nulls first,
                            (t.event).source, (t.event).id) as place
        from lifecycle.events_of(touched, array[lifecycle.referral_made(),
                                                lifecycle.referral_converted()]) t
    )
    select t.bucket, t.customer_id, t.object, min(t.at),
           min(t.at) filter (where t.type = lifecycle.referral_converted()),
           (array_agg(t.data ->> 'channel' order by t.place)
                filter (where t.data ->> 'channel' is not null))[1],
           (array_agg(t.data ->> 'referred' order by t.place)
                filter (where t.data ->> 'referred' is not null))[1],
           (array_agg((t.data ->> 'value')::bigint order by t.place desc)
                filter (where t.data ->> 'value' is not null))[1]
    from told t
    group by t.bucket, t.customer_id, t.object
$$;
comment on function lifecycle.fold_referral is
    'The referrals by customers, by the ledger; one that is known by its conversion only was made '
    'then';

create function lifecycle.entries_of(f lifecycle.referral, zone text)
returns setof lifecycle.entry
language sql immutable
as $$
    select (f.made_at at time zone zone)::date, 'referral',
           case when f.converted_at is null then 'open' else 'converted' end, '', '', 1::bigint,
           0::numeric, null::numeric
$$;
comment on function lifecycle.entries_of(lifecycle.referral, text) is
    'A referral counts on the day when it was made, open or converted';

select lifecycle.define_fact('referral', array[lifecycle.referral_made(),
                                               lifecycle.referral_converted()],
                             'object', '{referral}');

create function lifecycle.fold_advocate(touched lifecycle.thing[])
returns setof lifecycle.advocate
language sql stable
as $$
    select t.bucket, t.customer_id, '', min((t.event).occurred_at)
    from lifecycle.history_of(touched, array[lifecycle.referral_made(),
                                             lifecycle.advocacy_recorded()]) t
    group by t.bucket, t.customer_id
$$;
comment on function lifecycle.fold_advocate is
    'The customers who made a referral or whose advocacy was recorded, by the ledger';

create function lifecycle.entries_of(f lifecycle.advocate, zone text)
returns setof lifecycle.entry
language sql immutable
as $$
    select (f.since at time zone zone)::date, 'advocate', '', '', '', 1::bigint, 0::numeric,
           null::numeric
$$;
comment on function lifecycle.entries_of(lifecycle.advocate, text) is
    'An advocate counts from the day of the first referral or advocacy';

select lifecycle.define_fact('advocate', array[lifecycle.referral_made(),
                                               lifecycle.advocacy_recorded()],
                             'customer', '{advocate}', $$
    (select a.since <= t.since
     from lifecycle.advocate a
     where a.bucket = t.bucket and a.customer_id = t.customer_id
     limit 1) is not true
$$); -- all but who are advocates already
