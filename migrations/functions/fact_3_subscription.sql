-- Subscriptions (metrics.md, sections 0 and 2). An event tells of effects, each at an instant of its
-- own: a trial that ends, a change that is scheduled. They are taken in the order of these instants,
-- and at the same instant in the order of the events; the state after each instant is kept.

create function lifecycle.subscription_started() returns smallint
language sql immutable as $$ select 415::smallint $$;
create function lifecycle.subscription_ended() returns smallint
language sql immutable as $$ select 422::smallint $$;
create function lifecycle.subscription_types() returns smallint[]
language sql immutable as $$ select '{415,416,418,419,420,421,422}'::smallint[] $$;
comment on function lifecycle.subscription_started is 'The code of bill.subscription.started';
comment on function lifecycle.subscription_ended is 'The code of bill.subscription.ended';
comment on function lifecycle.subscription_types is
    'The codes of bill.subscription.started, changed, paused, resumed, cancel_requested, '
    'uncancelled and ended';

create function lifecycle.time_told(told text, zone text)
returns timestamptz
language sql stable
as $$
    select case when length(told) > 10 then told::timestamptz
                else told::date::timestamp at time zone zone end
$$;
comment on function lifecycle.time_told is
    'The time that a date or a time names: a date is its midnight in the business''s time zone';

create type lifecycle.subscription_effect as (
    at timestamptz, ordinal bigint, place integer, what text, event lifecycle.event);
comment on type lifecycle.subscription_effect is
    'What an event of a subscription, the ordinal-th of them, does at an instant';

create function lifecycle.subscription_effects(events lifecycle.event[])
returns setof lifecycle.subscription_effect
language sql stable
as $$
    select greatest(x.at, v.started_at), v.ordinality, x.place, x.what, events[v.ordinality]
    from (select e.*, e.body -> 'data' as data, lifecycle.business_zone() as zone,
                 max(e.occurred_at) filter (where e.type = lifecycle.subscription_started())
                     over (order by e.ordinality) as started_at
          from unnest(events) with ordinality e) v
    cross join lateral (
        values (415, 1, 'start', v.occurred_at),
               (415, 2, 'trial_end', lifecycle.time_told(v.data ->> 'trial_end', v.zone)),
               (416, 1, 'change', coalesce(lifecycle.time_told(v.data ->> 'effective_at', v.zone),
                                           v.occurred_at)),
               (418, 1, 'pause', v.occurred_at),
               (418, 2, 'pause_end', lifecycle.time_told(v.data ->> 'until', v.zone)),
               (419, 1, 'resume', v.occurred_at),
               (420, 1, 'ask', v.occurred_at),
               (420, 2, 'cancel', lifecycle.time_told(v.data ->> 'effective_at', v.zone)),
               (421, 1, 'unask', v.occurred_at),
               (422, 1, 'end', v.occurred_at))
        x (type, place, what, at)
    where x.type = v.type and x.at is not null
    order by 1, 2, 3
$$;
comment on function lifecycle.subscription_effects is
    'The effects of a subscription''s events, in their order; none is earlier than the start that '
    'it follows';

create type lifecycle.subscription_terms as (
    plan text, currency text, amount bigint, discount bigint, quantity bigint, "interval" text,
    interval_count bigint);
comment on type lifecycle.subscription_terms is
    'What a subscription costs: amount less discount, for each of quantity, at each interval_count '
    'intervals';

create function lifecycle.whole_number(given json)
returns bigint
language sql immutable
as $$
    select case when json_typeof(given) = 'number' and given #>> '{}' ~ '^\d{1,16}$'
                then (given #>> '{}')::bigint end
$$;
comment on function lifecycle.whole_number is
    'A whole number from 0 on of at most 16 digits; null for what is none';

create function lifecycle.terms_after(terms lifecycle.subscription_terms, e lifecycle.event)
returns lifecycle.subscription_terms
language plpgsql stable
as $$
declare
    data constant json := e.body -> 'data';
    fresh lifecycle.subscription_terms;
begin
    if e.type <> lifecycle.subscription_started() then
        fresh := terms;
    end if;
    if data ->> 'interval' is not null then
        fresh.interval_count := 1;
    end if;
    if data ->> 'kind' = 'discount' and e.amount is not null then
        fresh.discount := 0; -- the price that it names is the one after the discount
    end if;
    return row(
        coalesce(data ->> 'plan', fresh.plan),
        coalesce(e.currency, fresh.currency),
        coalesce(e.amount, fresh.amount),
        coalesce(lifecycle.whole_number(data -> 'discount'), fresh.discount, 0),
        coalesce(lifecycle.whole_number(data -> 'quantity'), fresh.quantity, 1),
        coalesce(data ->> 'interval', fresh.interval),
        coalesce(nullif(lifecycle.whole_number(data -> 'interval_count'), 0),
                 fresh.interval_count, 1));
end
$$;
comment on function lifecycle.terms_after is
    'The terms as a start or a change leaves them: what a change does not name stays';

create function lifecycle.mrr_of(terms lifecycle.subscription_terms)
returns numeric
language sql immutable
as $$
    select round(greatest(terms.amount - terms.discount, 0)::numeric * terms.quantity * p.times
                 / (p.months * terms.interval_count))
    from (values ('day', 365, 12), ('week', 52, 12), ('month', 1, 1), ('quarter', 1, 3),
                 ('year', 1, 12)) p (unit, times, months)
    where p.unit = terms.interval
$$;
comment on function lifecycle.mrr_of is
    'What terms come to in a month, in whole minor units: so all that is added up from it is exact';

create function lifecycle.is_voluntary(e lifecycle.event)
returns boolean
language sql stable
as $$
    select coalesce((e.body #>> '{data,voluntary}')::boolean,
                    e.type <> lifecycle.subscription_ended()
                        or e.body #>> '{data,reason}' in ('customer', 'expired'))
$$;
comment on function lifecycle.is_voluntary is
    'Whether the customer wanted the end that an event tells of: as it says; else a request is '
    'wanted, and an end with the reason customer or expired';

create function lifecycle.states_after(states lifecycle.subscription_state[],
                                       latest lifecycle.subscription_state)
returns lifecycle.subscription_state[]
language plpgsql immutable
as $$
declare
    size integer := coalesce(array_length(states, 1), 0);
begin
    if size > 0 and states[size].since = latest.since then
        states := states[:size - 1];
        size := size - 1;
    end if;
    if size > 0
        and (states[size].status, states[size].plan, states[size].currency, states[size].mrr,
             states[size].quantity)
            is not distinct from
            (latest.status, latest.plan, latest.currency, latest.mrr, latest.quantity)
    then
        return states;
    end if;
    return states || latest;
end
$$;
comment on function lifecycle.states_after is
    'States and one more: of two at the same instant the later one counts, and two that are alike '
    'are one';

create function lifecycle.subscription_of(of_bucket smallint, of_customer bigint, named text,
                                          events lifecycle.event[])
returns lifecycle.subscription
language plpgsql stable
as $$
declare
    subscription lifecycle.subscription;
    terms lifecycle.subscription_terms;
    effect lifecycle.subscription_effect;
    state lifecycle.subscription_state;
    started_by bigint;  -- the ordinal of the event that did this, while it lasts
    trial_by bigint;
    paused_by bigint;
    asked_by bigint;
    is_live boolean := false;
begin
    for effect in select * from lifecycle.subscription_effects(events) loop
        if effect.what = 'start' then
            is_live := true;
            started_by := effect.ordinal;
            trial_by := null;
            paused_by := null;
            asked_by := null;
            subscription.started_at := effect.at;
            subscription.contract_end := lifecycle.time_told(
                (effect.event).body #>> '{data,contract_end}', lifecycle.business_zone());
            if lifecycle.time_told((effect.event).body #>> '{data,trial_end}',
                                   lifecycle.business_zone()) > effect.at then
                trial_by := effect.ordinal;
            end if;
            terms := lifecycle.terms_after(null, effect.event);
        elsif started_by is null then
            continue;
        elsif effect.what = 'change' and effect.ordinal > started_by then
            terms := lifecycle.terms_after(terms, effect.event);
        elsif effect.what = 'trial_end' and effect.ordinal = trial_by then
            trial_by := null;
        elsif effect.what = 'pause' then
            paused_by := effect.ordinal;
        elsif effect.what = 'resume'
            or effect.what = 'pause_end' and effect.ordinal = paused_by
        then
            paused_by := null;
        elsif effect.what = 'ask' and is_live then
            asked_by := effect.ordinal;
        elsif effect.what = 'unask' and is_live then
            asked_by := null;
        elsif effect.what = 'end' and (is_live or state.since = effect.at)
            or effect.what = 'cancel' and is_live
               and (effect.ordinal = asked_by or effect.at < (effect.event).occurred_at)
        then
            is_live := false;
            state.reason := coalesce((effect.event).body #>> '{data,reason}', 'customer');
            state.voluntary := lifecycle.is_voluntary(effect.event);
        end if;
        state := row(effect.at,
                     case when not is_live then 'ended' when paused_by is not null then 'paused'
                          when trial_by is not null then 'trial' else 'active' end,
                     terms.plan, terms.currency, 0, terms.quantity,
                     case when not is_live then state.reason end,
                     case when not is_live then state.voluntary end);
        if state.status = 'active' then
            state.mrr := coalesce(lifecycle.mrr_of(terms), 0);
        end if;
        subscription.states := lifecycle.states_after(subscription.states, state);
    end loop;
    if started_by is null then
        return null;
    end if;
    subscription.bucket := of_bucket;
    subscription.customer_id := of_customer;
    subscription.object := named;
    subscription.cancel_asked_at := events[asked_by].occurred_at;
    subscription.cancel_asked_by := events[asked_by].event_id;
    return subscription;
end
$$;
comment on function lifecycle.subscription_of is
    'The subscription that its events, in their order, tell of; null if none of them starts it';

create function lifecycle.fold_subscription(touched lifecycle.thing[])
returns setof lifecycle.subscription
language sql stable
as $$
    select s.*
    from (select o.bucket, o.customer_id, o.object,
                 array_agg(o.event order by (o.event).occurred_at, (o.event).sequence nulls first,
                                            (o.event).source, (o.event).id) as events
          from lifecycle.events_of(touched, lifecycle.subscription_types()) o
          group by o.bucket, o.customer_id, o.object) o
    cross join lateral lifecycle.subscription_of(o.bucket, o.customer_id, o.object, o.events) s
    where s.started_at is not null
$$;
comment on function lifecycle.fold_subscription is
    'Subscriptions and all their states, by the ledger';

select lifecycle.define_fact('subscription', lifecycle.subscription_types(), 'object');
