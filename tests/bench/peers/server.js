'use strict'

// A service that takes one event a request, as a team would write it with Fastify and pg: a pool,
// named prepared statements, validation and serialisation by JSON schema, a key that is checked,
// events stored once and durably before the answer.
//
//     node server.js STORE      STORE is insert or derive: how an event is stored
//
// Environment: PORT, KEY, POOL, and PGHOST, PGUSER, PGDATABASE as pg takes them.

const { createHash, timingSafeEqual } = require('node:crypto')
const fastify = require('fastify')
const { Pool } = require('pg')

const EVENT = {
  type: 'object',
  required: ['id', 'source', 'type', 'subject', 'time', 'data'],
  properties: {
    specversion: { type: 'string', const: '1.0' },
    id: { type: 'string', minLength: 1, maxLength: 256 },
    source: { type: 'string', minLength: 1, maxLength: 256 },
    type: { type: 'string', pattern: '^[a-z0-9_.]{1,100}$' },
    subject: { type: 'string', minLength: 1, maxLength: 256 },
    time: { type: 'string', format: 'date-time' },
    data: { type: 'object' }
  }
}

const ANSWER = {
  type: 'object',
  properties: {
    outcome: { type: 'string' },
    event: {
      type: 'object',
      properties: { source: { type: 'string' }, id: { type: 'string' } }
    }
  }
}

const STATUSES = { created: 201, duplicate: 200, conflict: 409 }

function digest (text) {
  return createHash('sha256').update(text).digest()
}

async function start () {
  const pool = new Pool({ max: Number(process.env.POOL) })
  const store = await require(`./${process.argv[2]}.js`).open(pool)
  const app = fastify({ logger: false })
  const expected = digest(`Bearer ${process.env.KEY}`)

  app.addHook('onRequest', async (request, reply) => {
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) {
      return reply.code(401).send({ outcome: 'refused' })
    }
  })
  app.post('/v1/events', {
    schema: { body: EVENT, response: { '2xx': ANSWER } }
  }, async (request, reply) => {
    const event = request.body
    const outcome = await store(event)
    reply.code(STATUSES[outcome])
    return { outcome, event: { source: event.source, id: event.id } }
  })

  process.once('SIGTERM', async () => {
    await app.close()
    await pool.end()
  })
  await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
}

start()
