insert into lifecycle.metric values (
    'mrr_movements',
    'Movements of MRR',
    'From the MRR at the period''s start to that at its end: new (the customer''s first), expansion, '
    'reactivation (after churn), contraction and churn (both negative), each on its day, over all '
    'subscriptions of a customer; and fx_effect, what another exchange rate alone changed. '
    'end = start + new + expansion + reactivation + contraction + churn + fx_effect. By plan, the '
    'parts of a movement have its kind, so that the plans add up; n movements',
    'minor', null, null,
    '{from,to,interval=month,timezone,currency,segment,group_by}', '{day,week,month,quarter,year}',
    1, 'bill.subscription.*, bill.payment.failed, recovered and succeeded',
    '{channel,campaign,attribute,plan=label}', null);

create function metric.mrr_movements(question metric.question)
returns setof metric.answer_row
language sql stable
as $$
    select r.label, metric.grouped(question, r.cell, to_json(d)), m.value, 'minor',
           null::numeric, null::numeric, m.n::bigint, r.complete, null::text,
           case m.place when 1 then r.missing_rate else 0 end
    from metric.recurring(question) r,
         lateral (values (1, 'start', r.start, r.payers_at_start),
                         (2, 'new', r.new, r.moves), (3, 'expansion', r.expansion, r.moves),
                         (4, 'reactivation', r.reactivation, r.moves),
                         (5, 'contraction', r.contraction, r.moves),
                         (6, 'churn', r.churn, r.moves), (7, 'fx_effect', r.fx_effect, r.moves),
                         (8, 'end', r."end", r.payers)) m (place, measure, value, n),
         lateral (select r.currency, m.measure) d
    order by r.since, r.cell, r.currency, m.place
$$;
comment on function metric.mrr_movements is
    'What the MRR of each period was at its start, what it moved by, and what it is at its end';
