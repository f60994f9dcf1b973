-- The customers whom one customer is held against, and how what can be measured of them is spread.

create view lifecycle.peer_member as
    select coalesce('cohort:' || to_char(a.acquired_at at time zone d.zone, 'YYYY-MM'), '')
               collate "C" as peers,
           c.bucket, c.customer_id
    from lifecycle.customer c
    cross join lifecycle.business_day d
    left join lifecycle.acquisition a
      on a.bucket = c.bucket and a.customer_id = c.customer_id and a.acquired_at <= now()
    where c.root_id is null
    union all
    select 'segment:' || s.name, m.bucket, m.customer_id
    from lifecycle.segment s
    cross join lateral lifecycle.segment_members(s.name) m;
comment on view lifecycle.peer_member is
    'Who belongs to which peers: each canonical customer to the cohort of the month in which it '
    'was acquired (empty: it was not), and to the segments that it is in';

create function lifecycle.measure_peers(relation text)
returns setof lifecycle.peer_measure
language plpgsql stable
set jit = off
set work_mem = '64MB'
set enable_sort = off -- few of the sums are different, which the planner cannot know
set enable_incremental_sort = off
set enable_indexscan = off -- all rows are wanted, in any order
as $$
begin
    return query execute format($query$
    with member as materialized (
        select * from lifecycle.peer_member
    ), counted as materialized (
        select p.peers, m.measure, m.label, lifecycle.rounded(m.value) as value,
               count(*) as n, sum(m.value) as total, sum(m.value * m.value) as squares
        from lifecycle.%I m
        join member p using (bucket, customer_id)
        group by 1, 2, 3, 4
    ), spread as (
        select c.*
        from counted c
        where c.peers <> ''
        union all
        select 'all', c.measure, c.label, c.value, sum(c.n), sum(c.total), sum(c.squares)
        from counted c
        where c.peers not like 'segment:%%'
        group by 2, 3, 4
    ), members as materialized (
        select p.peers, count(*) as n
        from member p
        group by 1
    ), sizes as (
        select m.*
        from members m
        where m.peers <> ''
        union all
        select 'all', sum(m.n)
        from members m
        where m.peers not like 'segment:%%'
    ), without as (
        select s.peers, k.name, l.label, k.otherwise, s.n - coalesce(h.n, 0) as n
        from sizes s
        cross join lifecycle.measure_kinds() k
        cross join lateral (select '' as label
                            where k.labelled is null
                            union all
                            select t.name
                            from lifecycle.stage t
                            where k.labelled = 'stage') l
        left join (select peers, measure, label, sum(n) as n
                   from spread
                   group by 1, 2, 3) h
          on h.peers = s.peers and h.measure = k.name and h.label = l.label
        where k.relation = $1 and k.otherwise is not null
    ), ranked as (
        select e.peers, e.measure, e.label, e.value, e.n, e.total, e.squares,
               sum(e.n) over (partition by e.peers, e.measure, e.label
                              order by e.value) as at_most,
               sum(e.n) over (partition by e.peers, e.measure, e.label) as everyone
        from (select a.peers, a.measure, a.label, a.value, sum(a.n) as n,
                     sum(a.total) as total, sum(a.squares) as squares
              from (select * from spread
                    union all
                    select w.peers, w.name, w.label, w.otherwise, w.n, w.n * w.otherwise,
                           w.n * w.otherwise * w.otherwise
                    from without w
                    where w.n > 0) a
              group by 1, 2, 3, 4) e
    )
    select r.peers, r.measure, r.label, sum(r.n)::bigint, sum(r.total), sum(r.squares),
           min(r.value) filter (where 2 * r.at_most >= r.everyone),
           array_agg(r.value order by r.value), array_agg(r.at_most::bigint order by r.value),
           now()
    from ranked r
    group by 1, 2, 3
    $query$, relation)
    using relation;
end
$$;
comment on function lifecycle.measure_peers is
    'How the measures of a view are spread over everyone, over each cohort and each segment, in one '
    'pass. Customers without a row of a measure have what its kind says';

create function lifecycle.measure_usual_gap()
returns integer
language sql stable
as $$
    select min(g.gap_days)
    from (select t.gap_days, sum(sum(t.gaps)) over (order by t.gap_days) as at_most,
                 sum(sum(t.gaps)) over () as gaps
          from lifecycle.gap_total t
          group by t.gap_days) g
    where 10 * g.at_most >= 9 * g.gaps and g.gaps > 0
$$;
comment on function lifecycle.measure_usual_gap is
    'The 90th percentile of all gaps between a customer''s purchase days; null if there are none';
