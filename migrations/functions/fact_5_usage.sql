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

create function lifecycle.fold_usage(touched lifecycle.thing[])
returns setof lifecycle.usage
language plpgsql stable
as $$
begin
    return query
    select t.bucket, t.customer_id, t.object, (t.event).occurred_at, d.data ->> 'feature',
           (d.data ->> 'quantity')::numeric, d.data ->> 'unit'
    from lifecycle.events_named(touched, array[lifecycle.usage_recorded()]) t
    cross join lateral (select (t.event).body -> 'data' as data) d;
end
$$;
comment on function lifecycle.fold_usage is 'What customers used, by the ledger';

select lifecycle.define_fact('usage', array[lifecycle.usage_recorded()], 'event');

create function lifecycle.fold_risk(touched lifecycle.thing[])
returns setof lifecycle.risk
language plpgsql stable
as $$
begin
    return query
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
        from lifecycle.events_of(touched, array[lifecycle.risk_flagged(),
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
    group by t.bucket, t.customer_id, t.kind;
end
$$;
comment on function lifecycle.fold_risk is
    'The kinds of risk of customers, by the ledger: since when each is flagged, or when it was '
    'cleared; a flag that is not the last word is history';

select lifecycle.define_fact('risk', array[lifecycle.risk_flagged(), lifecycle.risk_cleared()],
                             'customer');
