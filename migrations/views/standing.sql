-- Where a customer stands (metrics.md, section 0): the first status in this order that is so.
--
--   ended     the latest visit was ended by an exit: the relationship is over
--   prospect  nothing was paid for yet
--   at_risk   as active, with an open signal
--   active    a subscription goes on that is not past due; or the latest purchase was less than
--             inactivity_days ago
--   churned   the last subscription ended, or is past due, and no purchase came after that
--   lapsed    neither, nor any purchase (of those who have none: payment) for inactivity_days

create view lifecycle.contract as
    select s.bucket, s.customer_id,
           bool_or(t.status <> 'ended'
                   and (select true
                        from lifecycle.payment_failure f
                        where f.bucket = s.bucket and f.customer_id = s.customer_id
                          and f.recovered_at is null and f.failed_at >= s.started_at
                          and f.failed_at + r.dunning <= now()
                        limit 1) is null) as is_in_force,
           max(t.since) as latest
    from lifecycle.subscription s
    cross join lifecycle.signal_rule r
    cross join lateral (select u.status, u.since
                        from unnest(s.states) u
                        where u.since <= now()
                        order by u.since desc
                        limit 1) t
    group by s.bucket, s.customer_id;
comment on view lifecycle.contract is
    'Customers who have or had subscriptions: whether one goes on and is not past due, and when the '
    'latest change of one was';

create view lifecycle.customer_standing as
    select c.bucket, c.customer_id,
           case when v.left_kind = 'exit' then 'ended'
                when a.acquired_at is null then 'prospect'
                when s.is_in_force then 'active'
                when s.latest is not null
                     and coalesce(d.latest <= (s.latest at time zone r.zone)::date, true)
                    then 'churned'
                when r.today - coalesce(d.latest, p.latest,
                                        (a.acquired_at at time zone r.zone)::date)
                     >= r.inactivity_days then 'lapsed'
                else 'active' end as status
    from lifecycle.customer c
    cross join lifecycle.signal_rule r
    left join lifecycle.acquisition a
      on a.bucket = c.bucket and a.customer_id = c.customer_id and a.acquired_at <= now()
    left join lifecycle.contract s on s.bucket = c.bucket and s.customer_id = c.customer_id
    left join (select x.bucket, x.customer_id, max(x.day) as latest
               from lifecycle.purchase_day x
               group by x.bucket, x.customer_id) d
      on d.bucket = c.bucket and d.customer_id = c.customer_id
    left join lateral (select (x.occurred_at at time zone r.zone)::date as latest
                       from lifecycle.revenue x
                       where d.latest is null and a.acquired_at is not null
                         and x.bucket = c.bucket and x.customer_id = c.customer_id
                         and x.amount > 0
                       order by x.occurred_at desc
                       limit 1) p on true
    left join (select distinct on (x.bucket, x.customer_id) x.bucket, x.customer_id, x.left_kind
               from lifecycle.visit x
               order by x.bucket, x.customer_id, x.ordinal desc) v
      on v.bucket = c.bucket and v.customer_id = c.customer_id
    where c.root_id is null;
comment on view lifecycle.customer_standing is
    'The status of each canonical customer, signals left aside';

create view lifecycle.customer_status as
    select t.bucket, t.customer_id,
           case when t.status = 'active' and s.customer_id is not null then 'at_risk'
                else t.status end as status
    from lifecycle.customer_standing t
    left join (select distinct x.bucket, x.customer_id from lifecycle.signal x) s
      on s.bucket = t.bucket and s.customer_id = t.customer_id;
comment on view lifecycle.customer_status is
    'The status of each canonical customer; signals are those of the latest sweep';

create function lifecycle.status_of(of_bucket smallint, of_customer bigint)
returns text
language plpgsql stable
set enable_seqscan = off -- plans may have been made while the tables were empty
set jit = off
as $$
declare
    status constant text := (select t.status
                             from lifecycle.customer_standing t
                             where t.bucket = of_bucket and t.customer_id = of_customer);
begin
    if status = 'active' and exists (select
                                     from lifecycle.signal_now s
                                     where s.bucket = of_bucket
                                       and s.customer_id = of_customer) then
        return 'at_risk';
    end if;
    return status;
end
$$;
comment on function lifecycle.status_of is
    'The status of a canonical customer, signals as of now; null for one that was merged';
