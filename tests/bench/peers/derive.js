'use strict'

// Stores the event by the function that clmd calls too, one event at a time, so that the same
// follows from it: customers, visits, purchases, revenue, costs, roll-ups.

const { createHash } = require('node:crypto')

const NAMESPACE = Buffer.from('3b8c85b5f95241838639ae90d46e307f', 'hex')

// What an event is about, by its type: the member of the data that names it.
const OBJECTS = {
  'sell.opportunity.opened': 'opportunity_id',
  'sell.quote.sent': 'quote_id',
  'sell.order.placed': 'order_id',
  'deliver.fulfilment.started': 'order_id',
  'deliver.shipment.sent': 'order_id',
  'bill.invoice.issued': 'invoice_id',
  'bill.payment.succeeded': 'payment_id',
  'bill.payment.failed': 'payment_id',
  'support.case.opened': 'case_id',
  'support.case.closed': 'case_id',
  'loyalty.points.earned': 'order_id',
  'loyalty.referral.made': 'referral_id'
}

const RECORD = `
  select outcome
  from lifecycle.record_events(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::int2[], $6::timestamptz[], $7::text[],
    $8::int8[], $9::text[], $10::int8[], $11::text[], $12::int2[], $13::uuid[], $14::bool[], $15::text[])`

// UUIDv5 (RFC 9562) of source and id.
function eventId (event) {
  const hash = createHash('sha1').update(NAMESPACE).update(`${event.source}\n${event.id}`).digest()
  hash[6] = (hash[6] & 0x0f) | 0x50
  hash[8] = (hash[8] & 0x3f) | 0x80
  return hash.toString('hex', 0, 16)
}

async function open (pool) {
  const { rows } = await pool.query('select name, type from lifecycle.event_type')
  const types = new Map(rows.map(row => [row.name, row.type]))
  return async function store (event) {
    const data = event.data
    const values = [eventId(event), event.source, event.id, event.subject, types.get(event.type),
      event.time, null, data.amount ?? null, data.currency ?? null, data.units ?? null,
      data[OBJECTS[event.type]] ?? null, null, null, data.cost != null, JSON.stringify(event)]
    const { rows } = await pool.query({
      name: 'record_events',
      text: RECORD,
      values: values.map(value => [value])
    })
    return rows[0].outcome
  }
}

module.exports = { open }
