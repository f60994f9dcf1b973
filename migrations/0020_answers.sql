-- What was in an order, by offering.

create table lifecycle.basket (
    bucket      smallint not null,
    customer_id bigint not null,
    object      text collate "C" not null,
    offerings   text[] not null,
    units       numeric[] not null,
    amounts     numeric[] not null,
    primary key (bucket, customer_id, object)
);
comment on table lifecycle.basket is
    'What orders say is in them, of those that say it, cancelled or not; each offering once';
comment on column lifecycle.basket.object is 'The id of the event sell.order.placed';
comment on column lifecycle.basket.offerings is 'The offerings in the order, sorted';
comment on column lifecycle.basket.units is 'The units of each, 0 where none are told';
comment on column lifecycle.basket.amounts is
    'The money of each in minor units of the order''s currency, 0 where none is told';

insert into lifecycle.basket
select coalesce(c.root_bucket, c.bucket), coalesce(c.root_id, c.customer_id), e.event_id::text,
       array_agg(e.offering order by e.offering), array_agg(e.units order by e.offering),
       array_agg(e.amount order by e.offering)
from (select o.bucket, o.customer_id, o.event_id, i.item ->> 'offering' as offering,
             coalesce(sum((i.item ->> 'units')::numeric), 0) as units,
             coalesce(sum((i.item ->> 'amount')::numeric), 0) as amount
      from lifecycle.event o
      cross join lateral (select o.body #> '{data,items}' as items) d
      cross join lateral json_array_elements(
          case json_typeof(d.items) when 'array' then d.items end) i (item)
      where o.type = 207
        and i.item ->> 'offering' <> ''
        and not exists (select from lifecycle.voided v where v.event_id = o.event_id)
      group by 1, 2, 3, 4) e
join lifecycle.customer c on c.bucket = e.bucket and c.customer_id = e.customer_id
group by 1, 2, 3;
