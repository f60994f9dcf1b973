-- What verify tells, and what rebuild mends, for the tests.

-- Each part that verify compares, in the buckets that hold customers and over all of them.
create function pg_temp.verified()
returns table (part text, differences bigint)
language sql
as $$
    select b.part, b.differences
    from (select distinct c.bucket from lifecycle.customer c) c,
         lifecycle.verify_bucket(c.bucket) b
    union all
    select t.part, t.differences
    from lifecycle.verify_totals() t
$$;

create function pg_temp.differences()
returns bigint
language sql
as $$
    select coalesce(sum(v.differences), 0)::bigint from pg_temp.verified() v
$$;

create function pg_temp.spoilt_parts()
returns text
language sql
as $$
    select coalesce(string_agg(distinct v.part, ' ' order by v.part), '-')
    from pg_temp.verified() v
    where v.differences > 0
$$;

create function pg_temp.rebuild()
returns void
language plpgsql
as $$
begin
    perform lifecycle.rebuild_voided();
    perform lifecycle.rebuild_bucket(n) from generate_series(0, 63) n;
    perform lifecycle.rebuild_totals();
end
$$;

-- What verify tells after a statement has spoilt something, and what after a rebuild.
create function pg_temp.found_and_mended(spoil text)
returns text
language plpgsql
as $$
declare
    found text;
begin
    execute spoil;
    found := pg_temp.spoilt_parts();
    perform pg_temp.rebuild();
    return found || ', then ' || pg_temp.spoilt_parts();
end
$$;
