-- The metrics of one customer, from the customer's own facts, and against those of others. Days are
-- the business's, and what goes on is counted up to now. The others are as the latest sweep found
-- them; a measure that grows by one a day has grown for them too since.

create function metric.measures_of(which_bucket smallint, which_customer bigint)
returns table (place integer, metric text, label text, dimensions json, value numeric, unit text,
               n bigint, complete boolean, reason text, grows boolean)
language sql stable
as $$
    with mine as materialized (
        select m.measure, m.label, m.value, m.n, m.complete
        from lifecycle.measured m
        where m.bucket = which_bucket and m.customer_id = which_customer
    )
    select 100 * l.position + k.place, k.name, l.label,
           case k.labelled when 'stage' then to_json(of_stage)
                           when 'currency' then to_json(of_currency)
                           when 'measure' then to_json(of_measure) end,
           coalesce(m.value, k.otherwise), k.unit, coalesce(m.n, 0), coalesce(m.complete, true),
           case when m.value is null and k.otherwise is null then k.reason end, k.grows
    from lifecycle.measure_kinds() k
    cross join lateral (
        select 0 as position, '' as label where k.labelled is null
        union all
        select 0, l from unnest(array['mean', 'median']) l where k.labelled = 'measure'
        union all
        select s.stage, s.name from lifecycle.stage s where k.labelled = 'stage'
        union all
        select 0, m.label from mine m where k.labelled = 'currency' and m.measure = k.name
        union all
        select 0, null
        where k.labelled = 'currency' and not exists (select from mine m
                                                      where m.measure = k.name)) l
    left join mine m on m.measure = k.name and m.label = l.label,
    lateral (select l.label as stage) of_stage,
    lateral (select l.label as currency) of_currency,
    lateral (select l.label as measure) of_measure
$$;
comment on function metric.measures_of is
    'All that is measured of a customer, and what is not defined with its reason; place and label '
    'are the order';

create function metric.against(value numeric, grown integer, spread lifecycle.peer_measure)
returns json
language sql immutable
as $$
    select to_json(told)
    from (select spread.n, spread.total / spread.n + grown as mean,
                 case when spread.n > 1
                      then sqrt(greatest(0, (spread.squares - spread.total ^ 2 / spread.n)
                                            / (spread.n - 1))) end as deviation,
                 width_bucket(lifecycle.rounded(value - grown), spread.values) as place) p,
         lateral (select p.n, trim_scale(round(p.mean, 6)) as mean,
                         spread.median + grown as median,
                         trim_scale(round(p.deviation, 6)) as standard_deviation,
                         trim_scale(round((value - p.mean) / nullif(p.deviation, 0), 6)) as z,
                         trim_scale(round(
                             case when p.place = 0 then 0
                                  else 100.0 * spread.at_most[p.place] / p.n end, 6))
                             as percentile,
                         trim_scale(round(value / nullif(p.mean, 0), 6)) as ratio) told
    where spread.n > 0
$$;
comment on function metric.against is
    'A value against those of others: their number, mean, median and (sample) standard deviation; '
    'how many deviations it is above the mean, the share of them that do not exceed it, in percent, '
    'and its ratio to the mean. All of them have grown by so much since they were measured';

create function metric.peers_of(asked text, which_bucket smallint, which_customer bigint)
returns text
language plpgsql stable
as $$
begin
    if asked like 'segment:%' then
        perform lifecycle.check_segment(substr(asked, 9), '?peers');
    end if;
    if asked <> 'cohort' then
        return asked;
    end if;
    return (select 'cohort:' || to_char(a.acquired_at at time zone d.zone, 'YYYY-MM')
            from lifecycle.acquisition a
            cross join lifecycle.business_day d
            where a.bucket = which_bucket and a.customer_id = which_customer
              and a.acquired_at <= now());
end
$$;
comment on function metric.peers_of is
    'Whom a customer is held against: all, segment:NAME, or cohort:YYYY-MM for the customer''s own '
    'cohort; null if it was not acquired';

create function metric.of_customer(wanted text, asked text default 'all')
returns json
language plpgsql stable
set jit = off
set enable_seqscan = off -- plans may have been made while the tables were empty
as $$
declare
    found_at constant lifecycle.identifier := lifecycle.find_customer(wanted);
    chosen constant text := metric.peers_of(asked, found_at.bucket, found_at.customer_id);
    business constant lifecycle.business_day := (select b from lifecycle.business_day b);
    answers json[];
    measured_at timestamptz;
begin
    select array_agg(case when r.value is null then to_json(undefined) else to_json(defined) end
                     order by r.place, r.label),
           min((spread.s).measured_at)
    into answers, measured_at
    from metric.measures_of(found_at.bucket, found_at.customer_id) r
    left join lateral (select s
                       from lifecycle.peer_measure s
                       where s.peers = chosen and s.measure = r.metric
                         and s.label = r.label) spread on true,
    lateral (select business.today - ((spread.s).measured_at at time zone business.zone)::date
                        as days) grown,
    lateral (select r.metric, r.dimensions as "group", trim_scale(round(r.value, 6)) as value,
                    r.unit, r.n, r.complete,
                    metric.against(r.value, case when r.grows then grown.days else 0 end, spread.s)
                        as peers) defined,
    lateral (select defined.*, r.reason) undefined;
    return (select to_json(shown)
            from lifecycle.customer c,
                 lateral (select c.ref as customer, chosen as peers, lifecycle.utc_text(measured_at) as peers_as_of,
                                 lifecycle.utc_text(now()) as computed_at,
                                 answers as data) shown
            where c.bucket = found_at.bucket and c.customer_id = found_at.customer_id);
end
$$;
comment on function metric.of_customer is
    'Everything that is measured of a customer, each against the customer''s peers';
