'use strict'

// Stores the event, once, and derives nothing.

const TABLE = `
  create table if not exists event (
    source      text not null,
    id          text not null,
    type        text not null,
    customer    text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null default now(),
    data        jsonb not null,
    primary key (source, id)
  );
  create index if not exists event_timeline on event (customer, occurred_at)`

const INSERT = `
  insert into event (source, id, type, customer, occurred_at, data)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (source, id) do nothing`

async function open (pool) {
  await pool.query(TABLE)
  return async function store (event) {
    const { rowCount } = await pool.query({
      name: 'insert_event',
      text: INSERT,
      values: [event.source, event.id, event.type, event.subject, event.time,
        JSON.stringify(event.data)]
    })
    return rowCount === 1 ? 'created' : 'duplicate'
  }
}

module.exports = { open }
