-- What visits that have ended add to the roll-ups of how long customers stay: model_dwell_total and
-- model_departure_total. A stay is counted when its visit ends, and taken back when the visit turns
-- out not to have ended so.

create function lifecycle.dwell_bin(seconds numeric)
returns smallint
language sql immutable
as $$
    select floor(10 * ln(greatest(seconds, 1)::double precision))::smallint
$$;
comment on function lifecycle.dwell_bin is
    'The bin of model_dwell_total that a time falls into: each ends a tenth beyond its '
    'beginning, so that the mean of a bin is close to all that it holds';

create function lifecycle.stay_of(v lifecycle.model_visit, sign integer, zone text)
returns lifecycle.stay
language sql immutable
as $$
    select row(sign, v.stage, (v.entered_at at time zone zone)::date,
               (v.left_at at time zone zone)::date,
               extract(epoch from v.left_at - v.entered_at))::lifecycle.stay
$$;
comment on function lifecycle.stay_of is 'The stay that a visit was which has ended';

create function lifecycle.count_stays(stays lifecycle.stay[], of_model smallint,
                                      writer_number smallint)
returns void
language plpgsql
as $$
begin
    with stay as materialized (
        select s.*, date_trunc('month', s.entered_day::timestamp)::date as entered_month,
               date_trunc('month', s.left_day::timestamp)::date as left_month,
               lifecycle.dwell_bin(s.seconds) as bin
        from unnest(stays) s
    ),
    dwell as (
        insert into lifecycle.model_dwell_total as total
            (writer, model, stage, entered_month, left_month, bin, visits, seconds)
        select writer_number, of_model, s.stage, s.entered_month, s.left_month, s.bin,
               sum(s.sign), sum(s.sign * s.seconds)
        from stay s
        group by s.stage, s.entered_month, s.left_month, s.bin
        having sum(s.sign) <> 0 or sum(s.sign * s.seconds) <> 0
        on conflict (model, left_month, stage, entered_month, bin, writer) do update
        set visits = total.visits + excluded.visits,
            seconds = total.seconds + excluded.seconds
    )
    insert into lifecycle.model_departure_total as total
        (writer, model, stage, entered_day, left_month, visits)
    select writer_number, of_model, s.stage, s.entered_day, s.left_month, sum(s.sign)
    from stay s
    group by s.stage, s.entered_day, s.left_month
    having sum(s.sign) <> 0
    on conflict (model, entered_day, stage, left_month, writer) do update
    set visits = total.visits + excluded.visits;
end
$$;
comment on function lifecycle.count_stays is
    'Adds stays of a model to the roll-ups of how long customers stay';
