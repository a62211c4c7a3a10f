// Fastify, a pool, and one prepared statement, its own transaction, for each webhook.
import Fastify from 'fastify';
import pg from 'pg';
import { read, signed } from './webhook.js';

const pool = new pg.Pool({ max: Number(process.env.POOL ?? 20) });
const RECORD = {
  name: 'record',
  text: `WITH new AS (
           INSERT INTO events (digest, body) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1)
         INSERT INTO subscriptions AS s (id, customer_id, status, current_end, at)
         SELECT $3::text, $4::text, $5::text, $6::bigint, $7::bigint FROM new
         ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id,
           status = excluded.status, current_end = excluded.current_end, at = excluded.at
         WHERE s.at <= excluded.at`,
};
const app = Fastify();

app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/webhooks/razorpay', async (request, reply) => {
  if (!signed(request.body, request.headers['x-razorpay-signature'])) {
    return reply.code(401).send({ error: 'invalid signature' });
  }
  await pool.query({ ...RECORD, values: read(request.body) });
  return { status: 'ok' };
});

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
