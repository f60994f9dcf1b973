-- From orders to what is in them. Whether an order still counts is what purchases tell: there is a
-- basket for a cancelled one too.

create function lifecycle.fold_basket(touched lifecycle.thing[])
returns setof lifecycle.basket
language plpgsql stable
as $$
begin
    return query
    select t.bucket, t.customer_id, t.object, array_agg(b.offering order by b.offering),
           array_agg(b.units order by b.offering), array_agg(b.amount order by b.offering)
    from lifecycle.events_named(touched, array[lifecycle.order_placed()]) t
    cross join lateral (select (t.event).body #> '{data,items}' as items) d
    cross join lateral (
        select i.item ->> 'offering' as offering,
               coalesce(sum((i.item ->> 'units')::numeric), 0) as units,
               coalesce(sum((i.item ->> 'amount')::numeric), 0) as amount
        from json_array_elements(
            case json_typeof(d.items) when 'array' then d.items end) i (item)
        where i.item ->> 'offering' <> ''
        group by 1
    ) b
    group by 1, 2, 3;
end
$$;
comment on function lifecycle.fold_basket is 'What orders say is in them, by the ledger';

do $$
begin
    perform lifecycle.define_fact('basket', array[lifecycle.order_placed()], 'event');
end
$$;
