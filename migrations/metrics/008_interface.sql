-- The relations that are an interface: for BI tools, notebooks and whoever reads with SQL. They
-- keep their names, their columns and what these mean; columns may be added at the end. Times
-- are timestamptz, money is in minor units of its currency, customers are told by their names.
--
-- A view reads with the rights of its owner: so clmd_reader (009_reader.sql) reads through them
-- what it may not read itself. Functions do not; therefore none in them reads a table.

create view metric.customer as
    select c.ref as customer, c.created_at, t.status, s.name as stage, v.cycle,
           v.entered_at as stage_entered_at, a.acquired_at, a.channel, a.campaign,
           d.first as first_purchase_on, d.latest as last_purchase_on,
           coalesce(d.days, 0) as purchase_days, coalesce(x.attributes, '{}') as attributes
    from lifecycle.customer c
    join lifecycle.customer_status t on t.bucket = c.bucket and t.customer_id = c.customer_id
    left join lifecycle.visit v
      on v.bucket = c.bucket and v.customer_id = c.customer_id and v.left_at is null
    left join lifecycle.stage s on s.stage = v.stage
    left join lifecycle.acquisition a
      on a.bucket = c.bucket and a.customer_id = c.customer_id
    left join (select p.bucket, p.customer_id, count(*) as days, min(p.day) as first,
                      max(p.day) as latest
               from lifecycle.purchase_day p
               group by p.bucket, p.customer_id) d
      on d.bucket = c.bucket and d.customer_id = c.customer_id
    left join lifecycle.customer_attributes x
      on x.bucket = c.bucket and x.customer_id = c.customer_id
    where c.root_id is null;
comment on view metric.customer is
    'Customers, one row each; those who were merged into another are part of that one';
comment on column metric.customer.customer is
    'The name by which the customer was first known; unique, and what the views are joined '
    'by';
comment on column metric.customer.created_at is
    'When the first event that names the customer was recorded';
comment on column metric.customer.status is
    'Where the customer stands: prospect, active, at_risk, lapsed, churned or ended; signals '
    'as of the latest sweep';
comment on column metric.customer.stage is
    'The stage of the lifecycle that the customer is in now; null for none';
comment on column metric.customer.cycle is
    'The round of the lifecycle that the customer is in, from 1; null outside of a stage';
comment on column metric.customer.stage_entered_at is
    'Since when the customer has been in the stage';
comment on column metric.customer.acquired_at is
    'The time of the first purchase, payment or subscription with money; null for a prospect';
comment on column metric.customer.channel is
    'The channel of the last lead or touch before the acquisition';
comment on column metric.customer.campaign is
    'The campaign of the last lead or touch before the acquisition';
comment on column metric.customer.first_purchase_on is
    'The first day with a purchase, in the business''s time zone';
comment on column metric.customer.last_purchase_on is
    'The latest day with a purchase, in the business''s time zone';
comment on column metric.customer.purchase_days is 'On how many days the customer purchased';
comment on column metric.customer.attributes is
    'What the business knows of the customer, as JSON';

create view metric.visit as
    select c.ref as customer, v.ordinal, v.cycle, s.name as stage, v.kind, v.entered_at,
           v.entered_by, v.left_at, v.left_by, n.name as left_to, v.left_kind,
           extract(epoch from v.left_at - v.entered_at) as seconds
    from lifecycle.visit v
    join lifecycle.customer c on c.bucket = v.bucket and c.customer_id = v.customer_id
    join lifecycle.stage s on s.stage = v.stage
    left join lifecycle.stage n on n.stage = v.left_to;
comment on view metric.visit is 'Stays of customers in the stages of the active stage model';
comment on column metric.visit.customer is
    'The name by which the customer was first known; unique, and what the views are joined '
    'by';
comment on column metric.visit.ordinal is 'The customer''s visits are numbered from 1';
comment on column metric.visit.cycle is 'The round of the lifecycle, from 1';
comment on column metric.visit.stage is 'The stage';
comment on column metric.visit.kind is
    'How the visit began: enter, advance, skip, loop, regress or return';
comment on column metric.visit.entered_at is 'When it began';
comment on column metric.visit.entered_by is 'The event that began it';
comment on column metric.visit.left_at is 'When it ended; null while it goes on';
comment on column metric.visit.left_by is 'The event that ended it';
comment on column metric.visit.left_to is
    'The next stage; null while the visit goes on, and after an exit';
comment on column metric.visit.left_kind is
    'How it ended: advance, skip, loop, regress or exit; null while it goes on';
comment on column metric.visit.seconds is 'How long it lasted; null while it goes on';

create view metric.transition as
    select c.ref as customer, t.ordinal, f.name as from_stage, g.name as to_stage, t.kind,
           t.at as occurred_at, t.event_id, t.dwell_seconds
    from lifecycle.transition t
    join lifecycle.customer c on c.bucket = t.bucket and c.customer_id = t.customer_id
    left join lifecycle.stage f on f.stage = t.from_stage
    left join lifecycle.stage g on g.stage = t.to_stage;
comment on view metric.transition is
    'Moves of customers between the stages of the active stage model';
comment on column metric.transition.customer is
    'The name by which the customer was first known; unique, and what the views are joined '
    'by';
comment on column metric.transition.ordinal is
    'The number of the visit that the move ended, or of the one that it began where it ended '
    'none';
comment on column metric.transition.from_stage is
    'The stage that was left; null for enter and return';
comment on column metric.transition.to_stage is 'The stage that was entered; null for exit';
comment on column metric.transition.kind is
    'enter, advance, skip, loop, regress, return or exit';
comment on column metric.transition.occurred_at is 'When';
comment on column metric.transition.event_id is 'The event that caused it';
comment on column metric.transition.dwell_seconds is
    'How long the visit lasted that it ended; null where it ended none';

create view metric.purchase as
    select c.ref as customer, p.order_id, p.occurred_at, p.event_id, p.amount, p.currency,
           p.units
    from lifecycle.purchase p
    join lifecycle.customer c on c.bucket = p.bucket and c.customer_id = p.customer_id;
comment on view metric.purchase is 'Orders placed and not cancelled';
comment on column metric.purchase.customer is
    'The name by which the customer was first known; unique, and what the views are joined '
    'by';
comment on column metric.purchase.order_id is 'The order';
comment on column metric.purchase.occurred_at is 'When it was placed';
comment on column metric.purchase.event_id is 'The sell.order.placed';
comment on column metric.purchase.amount is
    'What it came to, in minor units of the currency (cents)';
comment on column metric.purchase.currency is 'The currency, by ISO 4217';
comment on column metric.purchase.units is 'How many units it was of';

create view metric.revenue as
    select c.ref as customer, r.occurred_at, r.amount, r.currency
    from lifecycle.counted_revenue r
    join lifecycle.customer c on c.bucket = r.bucket and c.customer_id = r.customer_id;
comment on view metric.revenue is
    'Revenue, as the setting revenue_basis counts it: payments less refunds and lost '
    'chargebacks, invoices less those voided and written off, or orders; what is taken away '
    'is negative, on its own date';
comment on column metric.revenue.customer is
    'The name by which the customer was first known; unique, and what the views are joined '
    'by';
comment on column metric.revenue.occurred_at is
    'When it was received, issued or ordered, or given back';
comment on column metric.revenue.amount is
    'How much, in minor units of the currency (cents); negative for what was given back';
comment on column metric.revenue.currency is 'The currency, by ISO 4217';

create view metric.mrr_movement as
    select c.ref as customer, m.at as occurred_at, m.kind, m.currency, m.before, m.after,
           m.after - m.before as change, m.voluntary
    from lifecycle.mrr_movements m
    join lifecycle.customer c on c.bucket = m.bucket and c.customer_id = m.customer_id;
comment on view metric.mrr_movement is
    'Changes of what customers'' subscriptions bring in a month (MRR), up to now, by '
    'currency; the changes up to a time add up to the MRR then';
comment on column metric.mrr_movement.customer is
    'The name by which the customer was first known; unique, and what the views are joined '
    'by';
comment on column metric.mrr_movement.occurred_at is 'When';
comment on column metric.mrr_movement.kind is
    'new, expansion, reactivation, contraction or churn';
comment on column metric.mrr_movement.currency is 'The currency, by ISO 4217';
comment on column metric.mrr_movement.before is
    'The customer''s MRR before, in minor units of the currency (cents)';
comment on column metric.mrr_movement.after is
    'The customer''s MRR afterwards, in minor units of the currency (cents)';
comment on column metric.mrr_movement.change is
    'The difference, in minor units of the currency (cents)';
comment on column metric.mrr_movement.voluntary is
    'Of churn: whether the customer wanted it; else null';

create view metric.acquisition as
    select c.ref as customer, a.lead_at, a.lead_channel, a.lead_campaign, a.acquired_at,
           a.channel, a.campaign, a.referrer
    from lifecycle.acquisition a
    join lifecycle.customer c on c.bucket = a.bucket and c.customer_id = a.customer_id;
comment on view metric.acquisition is
    'How customers were found and won: a row for each who was a lead or acquired';
comment on column metric.acquisition.customer is
    'The name by which the customer was first known; unique, and what the views are joined '
    'by';
comment on column metric.acquisition.lead_at is
    'When the first lead was created; null if there is none';
comment on column metric.acquisition.lead_channel is 'The channel of the first lead';
comment on column metric.acquisition.lead_campaign is 'The campaign of the first lead';
comment on column metric.acquisition.acquired_at is
    'The time of the first purchase, payment or subscription with money; null for a prospect';
comment on column metric.acquisition.channel is
    'The channel of the last lead or touch before the acquisition';
comment on column metric.acquisition.campaign is
    'The campaign of the last lead or touch before the acquisition';
comment on column metric.acquisition.referrer is
    'Whom the last lead before the acquisition names that names one';

create view metric."case" as
    select c.ref as customer, s.object as case_id, s.opened_at, s.channel, s.category,
           s.priority, s.offering, s.first_reply_at, s.first_closed_at, s.closed_at, s.reopened,
           s.escalated_at, s.resolution
    from lifecycle.support_case s
    join lifecycle.customer c on c.bucket = s.bucket and c.customer_id = s.customer_id;
comment on view metric."case" is 'Cases of support that were opened';
comment on column metric."case".customer is
    'The name by which the customer was first known; unique, and what the views are joined '
    'by';
comment on column metric."case".case_id is 'The case';
comment on column metric."case".opened_at is 'When it was opened';
comment on column metric."case".channel is 'By which channel it came';
comment on column metric."case".category is 'What it is about';
comment on column metric."case".priority is 'How urgent it is';
comment on column metric."case".offering is 'The offering that it is about';
comment on column metric."case".first_reply_at is
    'When the staff first answered in public; null if it did not yet';
comment on column metric."case".first_closed_at is
    'When it was first closed; null if it never was';
comment on column metric."case".closed_at is 'When it was closed last; null while it is open';
comment on column metric."case".reopened is 'How often it was opened again';
comment on column metric."case".escalated_at is
    'When it was first escalated; null if it never was';
comment on column metric."case".resolution is 'How it was resolved; null while it is open';

create view metric.survey as
    select c.ref as customer, s.object::uuid as event_id, s.survey_id, s.at as answered_at,
           s.kind, s.score, s.scale_max,
           lifecycle.opinion(s.kind, s.score, s.scale_max) as opinion, s.case_id
    from lifecycle.survey s
    join lifecycle.customer c on c.bucket = s.bucket and c.customer_id = s.customer_id;
comment on view metric.survey is 'Answers of customers to surveys';
comment on column metric.survey.customer is
    'The name by which the customer was first known; unique, and what the views are joined '
    'by';
comment on column metric.survey.event_id is 'The support.survey.answered';
comment on column metric.survey.survey_id is 'The survey';
comment on column metric.survey.answered_at is 'When it was answered';
comment on column metric.survey.kind is
    'csat (satisfaction), nps (recommendation) or ces (effort)';
comment on column metric.survey.score is 'The answer';
comment on column metric.survey.scale_max is 'The top of the scale';
comment on column metric.survey.opinion is
    'csat: satisfied or not satisfied; nps: promoter, passive or detractor; ces: the top of '
    'the scale; null for an answer that its scale does not have';
comment on column metric.survey.case_id is 'The case that it is about; null if none';
