-- A customer's subscriptions, as they are shown.

create function lifecycle.subscription_shown(s lifecycle.subscription)
returns json
language plpgsql stable
as $$
begin
    return (select to_json(shown)
    from (select t.*
          from lifecycle.subscription_states t
          where t.bucket = s.bucket and t.customer_id = s.customer_id and t.object = s.object
            and t.since <= now()
          order by t.since desc
          limit 1) now,
         lateral (select s.object as subscription_id, now.status, now.plan, now.quantity, now.mrr,
                         now.currency, lifecycle.utc_text(s.started_at) as started_at,
                         lifecycle.utc_text(s.contract_end) as contract_end,
                         lifecycle.utc_text(s.cancel_asked_at) as cancel_asked_at,
                         case when now.status = 'ended' then lifecycle.utc_text(now.since) end
                             as ended_at,
                         now.reason, now.voluntary,
                         (select array_agg(state order by t.since)
                          from lifecycle.subscription_states t,
                               lateral (select lifecycle.utc_text(t.since) as since, t.status,
                                               t.plan, t.quantity, t.mrr, t.currency) state
                          where t.bucket = s.bucket and t.customer_id = s.customer_id
                            and t.object = s.object) as states) shown);
end
$$;
comment on function lifecycle.subscription_shown is
    'A subscription as it is now, and all its states, the scheduled ones too';

create function lifecycle.list_subscriptions(wanted text, size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
as $$
declare
    customer constant lifecycle.identifier := lifecycle.find_customer(wanted);
    list constant text[] := array['subscriptions', customer.customer_id::text];
    after constant text := coalesce(array_to_string(lifecycle.read_cursor(list, cursor), ' '), '');
    rows json[];
    keys text[];
begin
    if customer is null then
        return query select null::json, null::text;
        return;
    end if;
    select array_agg(lifecycle.subscription_shown(s) order by (s).object),
           array_agg((s).object order by (s).object)
    into rows, keys
    from (select x as s
          from lifecycle.subscription x
          where x.bucket = customer.bucket and x.customer_id = customer.customer_id
            and x.object > after and x.started_at <= now()
          order by x.object
          limit size + 1) page;
    return query select * from lifecycle.write_page(list, size, rows, keys);
end
$$;
comment on function lifecycle.list_subscriptions is
    'A customer''s subscriptions, in the order of their ids';
