-- Signals (metrics.md, section 7): early signs that a customer may leave. Each is told by what is so
-- now, with the key of a customer or for everyone, and is over when that is so no more, or when it
-- has been so for signal_days: then it is no early sign.

create view lifecycle.signal_rule as
    select d.zone, d.today, now() - make_interval(days => s.signal_days) as signal_since,
           now() - make_interval(days => s.case_surge_days) as surge_since, s.case_surge_cases,
           s.sentiment_fall, make_interval(hours => 24 * s.dunning_days) as dunning,
           coalesce(s.inactivity_days, w.usual_gap) as inactivity_days, w.usual_gap
    from lifecycle.business_day d
    cross join lifecycle.sweep w
    cross join (
        select max(v.value) filter (where k.name = 'signal_days')::integer as signal_days,
               max(v.value) filter (where k.name = 'case_surge_days')::integer as case_surge_days,
               max(v.value) filter (where k.name = 'case_surge_cases')::integer
                   as case_surge_cases,
               max(v.value) filter (where k.name = 'sentiment_fall')::numeric as sentiment_fall,
               max(v.value) filter (where k.name = 'dunning_days')::integer as dunning_days,
               max(v.value) filter (where k.name = 'inactivity_days')::integer
                   as inactivity_days
        from lifecycle.setting_kinds() k
        left join lifecycle.setting t on t.name = k.name
        cross join lateral (select coalesce(t.value, k.initial) as value) v) s;
comment on view lifecycle.signal_rule is
    'What signals and statuses go by: today, the settings as of now, and the gap between purchases '
    'that nine in ten do not exceed, as of the latest sweep';

create view lifecycle.signal_payment_failing as
    select f.bucket, f.customer_id, 'payment_failing' as kind, min(f.failed_at) as since,
           array_agg(f.object::uuid order by f.failed_at desc, f.object) as evidence,
           count(*)::numeric as value, null::numeric as threshold
    from lifecycle.payment_failure f
    cross join lifecycle.signal_rule r
    where f.recovered_at is null and f.failed_at <= now() and f.failed_at > r.signal_since
    group by f.bucket, f.customer_id;
comment on view lifecycle.signal_payment_failing is
    'A payment failed, and was not made good; value is how many did';

create view lifecycle.signal_overdue as
    select d.bucket, d.customer_id, 'overdue' as kind, s.since, e.evidence,
           (r.today - d.latest)::numeric as value, l.silence::numeric as threshold
    from (select p.bucket, p.customer_id, max(p.day) as latest, count(p.previous) as gaps,
                 percentile_disc(0.9) within group (order by p.day - p.previous) as usual_gap
          from lifecycle.purchase_day p
          group by p.bucket, p.customer_id) d
    cross join lifecycle.signal_rule r
    cross join lateral (select case when d.gaps < 4 then r.usual_gap else d.usual_gap end
                                   as silence) l
    cross join lateral (select (d.latest + l.silence + 1)::timestamp at time zone r.zone
                                   as since) s
    cross join lateral (
        select array_agg(p.event_id order by p.occurred_at desc, p.event_id) as evidence
        from lifecycle.purchase p
        where p.bucket = d.bucket and p.customer_id = d.customer_id
          and p.occurred_at >= d.latest::timestamp at time zone r.zone) e
    where r.today - d.latest > l.silence and s.since > r.signal_since;
comment on view lifecycle.signal_overdue is
    'No purchase for longer than nine in ten gaps of the customer''s own, or of everyone''s, where '
    'there are fewer than four; value is the silence, threshold that gap, in days';

create view lifecycle.signal_falling_sentiment as
    select s.bucket, s.customer_id, 'falling_sentiment' as kind, max(s.at) as since,
           array_agg(s.object::uuid order by s.at desc, s.object) filter (where s.place <= 3)
               as evidence,
           avg(s.sentiment) filter (where s.place <= 3) as value,
           avg(s.sentiment) filter (where s.place > 3) as threshold
    from (select t.*, row_number() over (partition by t.bucket, t.customer_id
                                         order by t.at desc, t.object) as place
          from lifecycle.sentiment t
          where t.at <= now()) s
    cross join lifecycle.signal_rule r
    group by s.bucket, s.customer_id, r.signal_since, r.sentiment_fall
    having count(*) >= 6 and max(s.at) > r.signal_since
       and avg(s.sentiment) filter (where s.place <= 3)
           <= avg(s.sentiment) filter (where s.place > 3) - r.sentiment_fall;
comment on view lifecycle.signal_falling_sentiment is
    'The mean of the three latest sentiments (value) is lower by sentiment_fall than that of those '
    'before (threshold), of which there are three at least';

create view lifecycle.signal_case_surge as
    select c.bucket, c.customer_id, 'case_surge' as kind,
           (array_agg(c.opened_at order by c.opened_at, c.object))[r.case_surge_cases] as since,
           array_agg(c.opened_by order by c.opened_at desc, c.object) as evidence,
           count(*)::numeric as value, r.case_surge_cases::numeric as threshold
    from lifecycle.support_case c
    cross join lifecycle.signal_rule r
    where c.opened_at > r.surge_since and c.opened_at <= now()
    group by c.bucket, c.customer_id, r.case_surge_cases
    having count(*) >= r.case_surge_cases;
comment on view lifecycle.signal_case_surge is
    'case_surge_cases cases (threshold) or more (value) were opened within case_surge_days';

create view lifecycle.signal_detractor as
    select s.bucket, s.customer_id, 'detractor' as kind, s.at as since,
           array[s.object::uuid] as evidence, s.score as value, 6::numeric as threshold
    from (select t.*, row_number() over (partition by t.bucket, t.customer_id
                                         order by t.at desc, t.object) as place
          from lifecycle.survey t
          where t.kind = 'nps' and t.at <= now()
            and lifecycle.opinion(t.kind, t.score, t.scale_max) is not null) s
    cross join lifecycle.signal_rule r
    where s.place = 1 and lifecycle.opinion(s.kind, s.score, s.scale_max) = 'detractor'
      and s.at > r.signal_since;
comment on view lifecycle.signal_detractor is
    'The latest answer to a survey of recommendation is 6 or less of 10; value is the score';

create view lifecycle.signal_late_delivery as
    select d.bucket, d.customer_id, 'late_delivery' as kind, min(p.due) as since,
           array_agg(e.event_id order by p.due desc, d.object, e.place) as evidence,
           count(distinct d.object)::numeric as value, null::numeric as threshold
    from lifecycle.delivery d
    cross join lifecycle.signal_rule r
    cross join lateral (
        select coalesce(d.promised_at,
                        (d.promised_on + 1)::timestamp at time zone r.zone) as due) p
    cross join lateral (values (1, d.promised_by), (2, d.completed_by)) e (place, event_id)
    where p.due > r.signal_since and p.due <= now() and e.event_id is not null
      and coalesce(not lifecycle.is_on_time(d, r.zone), true)
    group by d.bucket, d.customer_id;
comment on view lifecycle.signal_late_delivery is
    'What was promised for a time was delivered later, or is not yet; value is how many orders';

create view lifecycle.signal_cancellation_asked as
    select s.bucket, s.customer_id, 'cancellation_asked' as kind,
           min(s.cancel_asked_at) as since,
           array_agg(s.cancel_asked_by order by s.cancel_asked_at desc, s.object) as evidence,
           count(*)::numeric as value, null::numeric as threshold
    from lifecycle.subscription s
    where s.cancel_asked_at <= now()
      and (select t.status
           from unnest(s.states) t
           where t.since <= now()
           order by t.since desc
           limit 1) <> 'ended'
    group by s.bucket, s.customer_id;
comment on view lifecycle.signal_cancellation_asked is
    'The end of a subscription was asked for, which goes on still; value is of how many';

create view lifecycle.signal_risk_flagged as
    select k.bucket, k.customer_id, 'risk_flagged' as kind, min(k.flagged_at) as since,
           array_agg(k.flagged_by order by k.flagged_at desc, k.object) as evidence,
           max(k.score) as value, null::numeric as threshold
    from lifecycle.risk k
    where k.flagged_at <= now()
    group by k.bucket, k.customer_id;
comment on view lifecycle.signal_risk_flagged is
    'A risk was flagged, and not cleared since; value is the highest score';

create view lifecycle.signal_now as
    select s.bucket, s.customer_id, s.kind, s.since, s.evidence[:10] as evidence, s.value,
           s.threshold
    from (select * from lifecycle.signal_payment_failing
          union all
          select * from lifecycle.signal_overdue
          union all
          select * from lifecycle.signal_falling_sentiment
          union all
          select * from lifecycle.signal_case_surge
          union all
          select * from lifecycle.signal_detractor
          union all
          select * from lifecycle.signal_late_delivery
          union all
          select * from lifecycle.signal_cancellation_asked
          union all
          select * from lifecycle.signal_risk_flagged) s;
comment on view lifecycle.signal_now is
    'Every signal as of now: its kind, since when, the latest ten events that tell it, and, by the '
    'kind, a value and its threshold';
