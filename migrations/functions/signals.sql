-- Signals, kept by the sweep for everyone and told of one customer as of now; views/signals.sql says
-- what they are.

create function lifecycle.signal_kinds()
returns text[]
language sql immutable
as $$
    select '{payment_failing,overdue,falling_sentiment,case_surge,detractor,late_delivery,'
           'cancellation_asked,risk_flagged}'::text[]
$$;
comment on function lifecycle.signal_kinds is 'The kinds of signals';

create function lifecycle.keep_signals()
returns void
language plpgsql
set jit = off
set work_mem = '64MB'
as $$
begin
    with fresh as materialized (
        select * from lifecycle.signal_now
    ),
    gone as (
        delete from lifecycle.signal s
        where not exists (select
                          from fresh f
                          where f.bucket = s.bucket and f.customer_id = s.customer_id
                            and f.kind = s.kind)
    )
    insert into lifecycle.signal as s
    select f.*
    from fresh f
    on conflict (bucket, customer_id, kind) do update
    set since = excluded.since, evidence = excluded.evidence, value = excluded.value,
        threshold = excluded.threshold
    where s is distinct from excluded;
end
$$;
comment on function lifecycle.keep_signals is 'Brings the signals that are kept up to now';

create function lifecycle.list_signals(wanted_kind text, named text, size integer, cursor text)
returns table (page json, next_cursor text)
language plpgsql stable
set enable_seqscan = off
set jit = off
as $$
declare
    list constant text[] := array['signals', wanted_kind, named];
    before constant text[] := coalesce(lifecycle.read_cursor(list, cursor),
                                       '{infinity,0,0,""}');
    before_time constant timestamptz := before[1];
    before_bucket constant smallint := before[2];
    before_customer constant bigint := before[3];
    before_kind constant text := before[4];
    found_at constant lifecycle.identifier := lifecycle.find_customer(named);
    rows json[];
    keys text[];
begin
    if wanted_kind <> all (lifecycle.signal_kinds()) then
        perform lifecycle.refuse('CL422', '?kind', 'unknown kind; there are '
                                 || array_to_string(lifecycle.signal_kinds(), ', '));
    end if;
    select array_agg(to_json(shown) order by s.place),
           array_agg(concat_ws(' ', shown.since, s.bucket, s.customer_id, s.kind)
                     order by s.place)
    into rows, keys
    from (select x.*, c.ref, row_number() over in_order as place
          from ((select k.*
                 from lifecycle.signal k
                 where named is null and wanted_kind is null
                   and not lifecycle.is_erased(k.bucket, k.customer_id)
                   and (k.since, k.bucket, k.customer_id, k.kind)
                       < (before_time, before_bucket, before_customer, before_kind)
                 order by k.since desc, k.bucket desc, k.customer_id desc, k.kind desc
                 limit size + 1)
                union all
                (select k.*
                 from lifecycle.signal k
                 where named is null and k.kind = wanted_kind
                   and not lifecycle.is_erased(k.bucket, k.customer_id)
                   and (k.since, k.bucket, k.customer_id)
                       < (before_time, before_bucket, before_customer)
                 order by k.since desc, k.bucket desc, k.customer_id desc
                 limit size + 1)
                union all
                select n.*
                from lifecycle.signal_now n
                where n.bucket = found_at.bucket and n.customer_id = found_at.customer_id
                  and n.kind = coalesce(wanted_kind, n.kind)
                  and (n.since, n.bucket, n.customer_id, n.kind)
                      < (before_time, before_bucket, before_customer, before_kind)) x
          join lifecycle.customer c on c.bucket = x.bucket and c.customer_id = x.customer_id
          window in_order as (
              order by x.since desc, x.bucket desc, x.customer_id desc, x.kind desc)
          order by place
          limit size + 1) s,
    lateral (select s.ref as customer, s.kind, lifecycle.utc_text(s.since) as since, s.evidence,
                    trim_scale(round(s.value, 6)) as value,
                    trim_scale(round(s.threshold, 6)) as threshold) shown;
    return query select * from lifecycle.write_page(list, size, rows, keys);
end
$$;
comment on function lifecycle.list_signals is
    'Signals, the latest first: of all customers as of the latest sweep, of one as of now';
