-- From orders to what is in them. Whether an order still counts is what purchases tell: there is a
-- basket for a cancelled one too.

create function lifecycle.basket_of(of_bucket smallint, of_customer bigint, e lifecycle.event)
returns setof lifecycle.basket
language sql stable
as $$
    select of_bucket, of_customer, e.event_id::text, array_agg(b.offering order by b.offering),
           array_agg(b.units order by b.offering), array_agg(b.amount order by b.offering)
    from (select i.item ->> 'offering' as offering,
                 coalesce(sum((i.item ->> 'units')::numeric), 0) as units,
                 coalesce(sum((i.item ->> 'amount')::numeric), 0) as amount
          from (select e.body #> '{data,items}' as items) d
          cross join lateral json_array_elements(
              case json_typeof(d.items) when 'array' then d.items end) i (item)
          where i.item ->> 'offering' <> ''
          group by 1) b
    having count(*) > 0
$$;
comment on function lifecycle.basket_of is 'What an order says is in it, if it says so';

do $$
begin
    perform lifecycle.define_event_fact('basket', array[lifecycle.order_placed()]);
end
$$;
