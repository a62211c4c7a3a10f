// The way most people write it: Express, a pool, and one transaction for each webhook.
import express from 'express';
import pg from 'pg';
import { read, signed } from './webhook.js';

const pool = new pg.Pool({ max: Number(process.env.POOL ?? 20) });
const app = express();

app.post('/webhooks/razorpay', express.raw({ type: '*/*' }), async (request, response) => {
  if (!signed(request.body, request.get('x-razorpay-signature'))) {
    response.status(401).json({ error: 'invalid signature' });
    return;
  }
  const [digest, body, ...subscription] = read(request.body);
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rowCount } = await client.query(
      'INSERT INTO events (digest, body) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [digest, body],
    );
    if (rowCount === 1) {
      await client.query(
        `INSERT INTO subscriptions AS s (id, customer_id, status, current_end, at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id,
           status = excluded.status, current_end = excluded.current_end, at = excluded.at
         WHERE s.at <= excluded.at`,
        subscription,
      );
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
  response.json({ status: 'ok' });
});

app.listen(Number(process.env.PORT), '127.0.0.1');
