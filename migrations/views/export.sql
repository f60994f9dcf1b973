-- What GET /v1/exports/... gives: a view for each data set, in a stated order that an index has,
-- so that rows come from the first moment on and nothing is gathered. Times are texts by RFC 3339
-- in UTC, money is in minor units. The facts of merged customers are their canonical customer's.

create view lifecycle.export_events as
    select e.event_id, coalesce(r.ref, c.ref) as customer, t.name as type, e.source, e.id,
           lifecycle.utc_text(e.occurred_at) as occurred_at,
           lifecycle.utc_text(e.recorded_at) as recorded_at,
           exists (select from lifecycle.voided v where v.event_id = e.event_id) as voided,
           e.amount, e.currency, e.units, e.object, e.body as event
    from lifecycle.event e
    join lifecycle.event_type t on t.type = e.type
    left join lifecycle.customer c on c.bucket = e.bucket and c.customer_id = e.customer_id
    left join lifecycle.customer r on r.bucket = c.root_bucket and r.customer_id = c.root_id
    order by e.bucket, e.customer_id, e.occurred_at, e.event_id;
comment on view lifecycle.export_events is
    'The ledger: by customer, and of each by time; events without a customer come last';

create view lifecycle.export_customers as
    select c.ref as customer, lifecycle.utc_text(c.created_at) as created_at,
           now.stage, now.cycle, now.entered_at,
           lifecycle.utc_text(seen.first) as first_seen,
           lifecycle.utc_text(seen.last) as last_seen,
           (select array_to_json(array_agg(i.identifier order by i.identifier))
            from lifecycle.histories_of(c.bucket, c.customer_id) h
            join lifecycle.identifier i
              on i.bucket = h.bucket and i.customer_id = h.customer_id) as identifiers,
           (select array_to_json(coalesce(array_agg(m.ref order by m.ref), '{}'))
            from lifecycle.customer m
            where m.root_bucket = c.bucket and m.root_id = c.customer_id) as merged,
           coalesce((select a.attributes
                     from lifecycle.customer_attributes a
                     where a.bucket = c.bucket and a.customer_id = c.customer_id),
                    '{}') as attributes
    from lifecycle.customer c
    left join lateral lifecycle.stage_now(c.bucket, c.customer_id) now on true
    cross join lateral (
        select min(s.first) as first, max(s.last) as last
        from lifecycle.histories_of(c.bucket, c.customer_id) h
        cross join lateral (
            select min(e.occurred_at) as first, max(e.occurred_at) as last
            from lifecycle.event e
            where e.bucket = h.bucket and e.customer_id = h.customer_id) s) seen
    where c.root_id is null
    order by c.bucket, c.customer_id;
comment on view lifecycle.export_customers is
    'Customers, but for those merged into others; the order is stable, but has no meaning';

create view lifecycle.export_visits as
    select c.ref as customer, v.ordinal, v.cycle, s.name as stage, v.kind,
           lifecycle.utc_text(v.entered_at) as entered_at, v.entered_by,
           lifecycle.utc_text(v.left_at) as left_at, v.left_by, n.name as left_to, v.left_kind,
           trim_scale(extract(epoch from v.left_at - v.entered_at)) as seconds
    from lifecycle.visit v
    join lifecycle.customer c on c.bucket = v.bucket and c.customer_id = v.customer_id
    join lifecycle.stage s on s.stage = v.stage
    left join lifecycle.stage n on n.stage = v.left_to
    order by v.bucket, v.customer_id, v.ordinal;
comment on view lifecycle.export_visits is
    'Stays in the stages of the active model: by customer, and of each the earliest first';

create view lifecycle.export_transitions as
    select c.ref as customer, f.name as "from", g.name as "to", m.kind,
           lifecycle.utc_text(m.at) as occurred_at, m.event_id,
           trim_scale(m.dwell_seconds) as dwell_seconds
    from lifecycle.visit v
    join lifecycle.customer c on c.bucket = v.bucket and c.customer_id = v.customer_id
    cross join lateral (
        select 0 as part, v.entered_at as at, v.entered_by as event_id,
               null::smallint as from_stage, v.stage as to_stage, v.kind,
               null::numeric as dwell_seconds
        where v.kind in ('enter', 'return')
        union all
        select 1, v.left_at, v.left_by, v.stage, v.left_to, v.left_kind,
               extract(epoch from v.left_at - v.entered_at)
        where v.left_at is not null) m
    left join lifecycle.stage f on f.stage = m.from_stage
    left join lifecycle.stage g on g.stage = m.to_stage
    order by v.bucket, v.customer_id, v.ordinal, m.part;
comment on view lifecycle.export_transitions is
    'Moves between the stages of the active model: by customer, and of each the earliest first';

create view lifecycle.export_purchases as
    select c.ref as customer, p.order_id, lifecycle.utc_text(p.occurred_at) as occurred_at,
           p.event_id, p.amount, p.currency, p.units
    from lifecycle.purchase p
    join lifecycle.customer c on c.bucket = p.bucket and c.customer_id = p.customer_id
    order by p.bucket, p.customer_id, p.occurred_at, p.event_id;
comment on view lifecycle.export_purchases is
    'Orders placed and not cancelled: by customer, and of each the earliest first';
