-- From events to usage and to risks: what customers do with what they bought, and who might leave
-- (metrics.md, section 7). Neither is counted by a roll-up.

create function lifecycle.usage_recorded() returns smallint
language sql immutable as $$ select 309::smallint $$;
create function lifecycle.risk_flagged() returns smallint
language sql immutable as $$ select 509::smallint $$;
create function lifecycle.risk_cleared() returns smallint
language sql immutable as $$ select 510::smallint $$;
comment on function lifecycle.usage_recorded is 'The code of deliver.usage.recorded';
comment on function lifecycle.risk_flagged is 'The code of support.risk.flagged';
comment on function lifecycle.risk_cleared is 'The code of support.risk.cleared';

create function lifecycle.usage_of(of_bucket smallint, of_customer bigint, e lifecycle.event)
returns setof lifecycle.usage
language sql stable
as $$
    select of_bucket, of_customer, e.event_id::text, e.occurred_at, d.data ->> 'feature',
           (d.data ->> 'quantity')::numeric, d.data ->> 'unit'
    from (select e.body -> 'data' as data) d
$$;
comment on function lifecycle.usage_of is 'What an event tells that a customer used';

select lifecycle.define_event_fact('usage', array[lifecycle.usage_recorded()]);

create function lifecycle.fold_risk(touched lifecycle.thing[])
returns setof lifecycle.risk
language sql stable
as $$
    with told as (
        select t.bucket, t.customer_id, d.data ->> 'kind' as kind, (t.event).event_id,
               (t.event).occurred_at as at, (d.data ->> 'score')::numeric as score,
               d.data ->> 'reason' as reason,
               (t.event).type = lifecycle.risk_flagged() as is_flag,
               row_number() over in_order as place,
               count(*) filter (where (t.event).type = lifecycle.risk_cleared())
                   over (partition by t.bucket, t.customer_id, d.data ->> 'kind')
                   - count(*) filter (where (t.event).type = lifecycle.risk_cleared())
                         over in_order = 0 as is_last
        from lifecycle.events_of_customers(touched, array[lifecycle.risk_flagged(),
                                                          lifecycle.risk_cleared()]) t
        cross join lateral (select (t.event).body -> 'data' as data) d
        window in_order as (
            partition by t.bucket, t.customer_id, d.data ->> 'kind'
            order by (t.event).occurred_at, (t.event).sequence nulls first, (t.event).source,
                     (t.event).id)
    )
    select t.bucket, t.customer_id, t.kind, min(t.at) filter (where t.is_last and t.is_flag),
           (array_agg(t.event_id order by t.place) filter (where t.is_last and t.is_flag))[1],
           (array_agg(t.score order by t.place desc) filter (where t.is_flag))[1],
           (array_agg(t.reason order by t.place desc) filter (where t.is_flag))[1],
           max(t.at) filter (where not t.is_flag)
    from told t
    group by t.bucket, t.customer_id, t.kind
$$;
comment on function lifecycle.fold_risk is
    'The kinds of risk of customers, by the ledger: since when each is flagged, or when it was '
    'cleared; a flag that is not the last word is history';

select lifecycle.define_fact('risk', array[lifecycle.risk_flagged(), lifecycle.risk_cleared()],
                             'customer');
