-- verify compares what is stored with what follows from the ledger; rebuild derives it anew. Both
-- go bucket by bucket, so that they can tell how far they are.

create function lifecycle.bucket_touched(which smallint)
returns lifecycle.touch[]
language sql stable
as $$
    select coalesce(array_agg(row(c.bucket, c.customer_id, '-infinity')::lifecycle.touch), '{}')
    from lifecycle.customer c
    where c.bucket = which
$$;
comment on function lifecycle.bucket_touched is
    'All customers of a bucket, from the beginning of time';

create function lifecycle.cancelled_orders_of(which smallint)
returns setof lifecycle.cancelled_order
language sql stable
as $$
    select e.bucket, e.customer_id, e.object, e.event_id
    from lifecycle.event e
    where e.bucket = which
      and e.type = lifecycle.order_cancelled()
      and not exists (select from lifecycle.voided w where w.event_id = e.event_id)
$$;
comment on function lifecycle.cancelled_orders_of is
    'The cancellations in force of a bucket, by the ledger';

create function lifecycle.facts()
returns table (fact text, plain text)
language sql stable
as $$
    values ('model_visit', -- of models that are on their way, or out of use: whatever is there
            'select f.*
             from lifecycle.stage_model m, lifecycle.fold_visits($1, m.model) f
             where m.state = ''active'' or m.state = ''deriving'' and m.derived > $2
             union all
             select v.*
             from lifecycle.stage_model m, lifecycle.model_visit v
             where not (m.state = ''active'' or m.state = ''deriving'' and m.derived > $2)
               and v.bucket = $2 and v.model = m.model'),
           ('purchase', 'select * from lifecycle.fold_purchases($1)'),
           ('revenue', 'select * from lifecycle.fold_revenue($1)'),
           ('cost', 'select * from lifecycle.fold_costs($1)'),
           ('customer_attributes', 'select * from lifecycle.fold_attributes($1)'),
           ('purchase_day', 'select * from lifecycle.plain_purchase_day where bucket = $2'),
           ('cancelled_order', 'select * from lifecycle.cancelled_orders_of($2)')
    union all
    (select f.name, format('select * from lifecycle.folded_%s(lifecycle.all_things($1))', f.name)
     from lifecycle.fact f
     where f.scope is not null
     order by f.place)
$$;
comment on function lifecycle.facts is
    'The facts, and the query that says what each must be for all customers ($1) of a bucket ($2)';

create function lifecycle.verify_bucket(which integer)
returns table (part text, differences bigint)
language plpgsql stable
as $$
declare
    customers constant lifecycle.touch[] := lifecycle.bucket_touched(which::smallint);
    plain text;
begin
    for part, plain in select * from lifecycle.facts() loop
        if customers = '{}' then -- nor has anyone a row; the query need not be planned
            plain := format('select * from lifecycle.%I where false', part);
        end if;
        execute format(
            'with kept as (select * from lifecycle.%I where bucket = $2),
                  plain as (%s)
             select count(*) from ((table kept except all table plain)
                                   union all (table plain except all table kept)) d', part, plain)
        into differences
        using customers, which::smallint;
        return next;
    end loop;
end
$$;
comment on function lifecycle.verify_bucket is
    'How many rows of each fact of a bucket differ from what the ledger says';

create function lifecycle.verify_total(rollup text)
returns bigint
language plpgsql stable
as $$
declare
    keys text;
    sums text;
    differences bigint;
begin
    select array_to_string(c.keys, ', '),
           (select string_agg(format('sum(%s)', s), ', ') from unnest(c.sums) s)
    into keys, sums
    from lifecycle.rollup_columns(rollup) c;
    execute format(
        'with kept as (select %1$s, %2$s from lifecycle.%3$I group by %1$s
                       having (%2$s) is distinct from (%4$s)),
              plain as (select %1$s, %2$s from lifecycle.%5$I group by %1$s)
         select count(*) from ((table kept except all table plain)
                               union all (table plain except all table kept)) d',
        keys, sums, rollup, regexp_replace(sums, 'sum\([^)]*\)', '0', 'g'), 'plain_' || rollup)
    into differences;
    return differences;
end
$$;
comment on function lifecycle.verify_total is
    'How many rows of a roll-up differ from its plain view; a row of zeros is no row';

create function lifecycle.rollups()
returns setof text
language sql immutable
as $$
    values ('model_transition_total'), ('event_total'), ('purchase_total'), ('revenue_total'),
           ('buyer_total'), ('gap_total'), ('cohort_total'), ('measure_total'), ('spread_total'),
           ('model_dwell_total'), ('model_departure_total'), ('gap_month_total'),
           ('gap_opening_total'), ('cohort_amount_total')
$$;
comment on function lifecycle.rollups is
    'The roll-ups; each has a plain view that says what it must be';

create function lifecycle.verify_totals()
returns table (part text, differences bigint)
language plpgsql stable
as $$
begin
    return query
    select r, lifecycle.verify_total(r)
    from lifecycle.rollups() r
    union all
    select s.summary, lifecycle.verify_total(s.summary)
    from lifecycle.summaries() s
    union all
    select 'spend', count(*)
    from ((table lifecycle.plain_spend except all table lifecycle.spend)
          union all
          (table lifecycle.spend except all table lifecycle.plain_spend)) d
    union all
    select 'merge', count(*)
    from lifecycle.customer c
    left join lifecycle.plain_merge m using (bucket, customer_id)
    cross join lateral lifecycle.root_of(c.bucket, c.customer_id) r
    where (c.parent_bucket, c.parent_id, c.merged_by)
              is distinct from (m.parent_bucket, m.parent_id, m.merged_by)
       or (coalesce(c.root_bucket, c.bucket), coalesce(c.root_id, c.customer_id))
              is distinct from (r.bucket, r.customer_id)
       or c.is_joined is distinct from (
              c.root_id is not null
              or exists (select
                         from lifecycle.customer o
                         where o.root_bucket = c.bucket and o.root_id = c.customer_id))
       or exists (select
                  from lifecycle.identifier n
                  where n.bucket = c.bucket and n.customer_id = c.customer_id
                    and (n.root_bucket, n.root_id)
                        is distinct from (c.root_bucket, c.root_id))
    union all
    select 'voided', count(*)
    from ((select e.target, e.event_id from lifecycle.event e where e.target is not null
           except all table lifecycle.voided)
          union all
          (table lifecycle.voided except all
           select e.target, e.event_id from lifecycle.event e where e.target is not null)) d;
end
$$;
comment on function lifecycle.verify_totals is
    'How many rows of each roll-up, of the spend, and of the marks of voided events, and how many '
    'customers by their merges, differ from what they must be';

create function lifecycle.rebuild_voided()
returns void
language plpgsql
as $$
begin
    perform pg_advisory_xact_lock(2, 0);
    delete from lifecycle.voided;
    insert into lifecycle.voided
    select e.target, e.event_id
    from lifecycle.event e
    where e.target is not null;
    delete from lifecycle.spend;
    insert into lifecycle.spend
    select * from lifecycle.plain_spend;
    perform lifecycle.derive_merges(array_agg(c.bucket), array_agg(c.customer_id))
    from lifecycle.customer c
    left join lifecycle.plain_merge m using (bucket, customer_id)
    where c.is_joined or c.parent_id is not null or m.customer_id is not null;
end
$$;
comment on function lifecycle.rebuild_voided is
    'Notes anew which events were voided, what was spent, and who is merged: before the buckets';

create function lifecycle.rebuild_bucket(which integer)
returns bigint
language plpgsql
as $$
declare
    setup lifecycle.setup;
    customers lifecycle.touch[];
begin
    perform pg_advisory_xact_lock_shared(2, 0);
    perform c.customer_id
    from lifecycle.customer c
    where c.bucket = which
    order by c.bucket, c.customer_id
    for no key update;
    setup := lifecycle.setup_now();
    customers := lifecycle.bucket_touched(which::smallint);

    delete from lifecycle.cancelled_order c where c.bucket = which;
    insert into lifecycle.cancelled_order
    select * from lifecycle.cancelled_orders_of(which::smallint);
    delete from lifecycle.purchase p
    where p.bucket = which
      and not exists (select from lifecycle.fold_purchases(customers) f
                      where f.event_id = p.event_id and f = p);
    delete from lifecycle.revenue r
    where r.bucket = which
      and not exists (select from lifecycle.fold_revenue(customers) f
                      where f.event_id = r.event_id and f = r);
    perform lifecycle.derive(setup, row(customers, customers, customers, customers, customers));
    perform lifecycle.derive_purchase_days(
        (select array_agg(row(c.bucket, c.customer_id, '-infinity', 'infinity')::lifecycle.day_touch)
         from lifecycle.customer c
         where c.bucket = which), setup.zone, setup.writer);
    perform lifecycle.derive_facts(setup, lifecycle.all_facts(customers));
    return cardinality(customers);
end
$$;
comment on function lifecycle.rebuild_bucket is
    'Derives the facts of a bucket''s customers anew, while the service goes on; their number';

create function lifecycle.rebuild_total(rollup text)
returns void
language plpgsql
as $$
declare
    columns text;
begin
    select array_to_string(c.keys || c.sums, ', ')
    into columns
    from lifecycle.rollup_columns(rollup) c;
    perform lifecycle.forget_summary(rollup);
    execute format('delete from lifecycle.%I', rollup);
    execute format('insert into lifecycle.%1$I (writer, %2$s)
                    select 0, %2$s from lifecycle.%3$I', rollup, columns, 'plain_' || rollup);
end
$$;
comment on function lifecycle.rebuild_total is
    'Fills a roll-up anew from its plain view; whoever calls it keeps the writers away';

create function lifecycle.rebuild_totals()
returns void
language plpgsql
as $$
begin
    perform pg_advisory_xact_lock(2, 0);
    perform lifecycle.rebuild_total(r)
    from lifecycle.rollups() r;
end
$$;
comment on function lifecycle.rebuild_totals is
    'Fills the roll-ups anew from the facts; the writers wait meanwhile: after the buckets';
