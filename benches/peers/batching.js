// The fastest we could write by hand: node:http, which gathers the webhooks that arrive while a
// commit is under way and records them with one statement. Several processes or commits at a time
// are possible; on two cores one of each was fastest, because its batches are largest.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import pg from 'pg';
import { read, signed } from './webhook.js';

const PROCESSES = Number(process.env.PROCESSES ?? 1);
/** Statements under way in each process. */
const COMMITS = Number(process.env.COMMITS ?? 1);
const MOST_IN_A_BATCH = 256;
const DIGEST_BYTES = 32;
const OK = '{"status":"ok"}';

// Digests and bodies travel as two binary parameters and are cut there: arrays of them would be
// written as text. Rows are taken in the order of their keys, so that no two processes deadlock.
const RECORD = {
  name: 'record',
  text: `WITH given AS (
           SELECT substring($1::bytea FROM ((n - 1) * ${DIGEST_BYTES} + 1)::int FOR ${DIGEST_BYTES})
                    AS digest,
             substring($2::bytea FROM start FOR length) AS body, id, customer, status, ends, at
           FROM unnest($3::int[], $4::int[], $5::text[], $6::text[], $7::text[], $8::bigint[],
             $9::bigint[]) WITH ORDINALITY
             AS row (start, length, id, customer, status, ends, at, n)),
         new AS (
           INSERT INTO events (digest, body) SELECT digest, body FROM given ORDER BY digest
           ON CONFLICT DO NOTHING RETURNING digest)
         INSERT INTO subscriptions AS s (id, customer_id, status, current_end, at)
         SELECT DISTINCT ON (id) id, customer, status, ends, at FROM given JOIN new USING (digest)
         ORDER BY id, at DESC
         ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id,
           status = excluded.status, current_end = excluded.current_end, at = excluded.at
         WHERE s.at <= excluded.at`,
};

let pool;
let waiting = [];
let under_way = 0;

function parameters(batch) {
  const columns = [[], [], [], [], [], [], []];
  let start = 1;
  for (const { row: [, body, ...facts] } of batch) {
    [start, body.length, ...facts].forEach((value, column) => columns[column].push(value));
    start += body.length;
  }
  return [
    Buffer.concat(batch.map(({ row }) => row[0])),
    Buffer.concat(batch.map(({ row }) => row[1])),
    ...columns,
  ];
}

async function commit() {
  const batch = waiting.splice(0, MOST_IN_A_BATCH);
  under_way += 1;
  try {
    await pool.query({ ...RECORD, values: parameters(batch) });
    batch.forEach(({ response }) => answer(response, 200, OK));
  } catch (error) {
    console.error(error);
    batch.forEach(({ response }) => answer(response, 503, '{}'));
  }
  under_way -= 1;
  if (waiting.length > 0) commit();
}

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

function take(request, response) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    if (!signed(body, request.headers['x-razorpay-signature'])) {
      answer(response, 401, '{}');
      return;
    }
    waiting.push({ row: read(body), response });
    // After what else has arrived was read.
    if (under_way < COMMITS && waiting.length === 1) {
      setImmediate(() => { if (under_way < COMMITS && waiting.length > 0) commit(); });
    }
  });
}

if (cluster.isPrimary && PROCESSES > 1) {
  for (let process_number = 0; process_number < PROCESSES; process_number += 1) cluster.fork();
} else {
  pool = new pg.Pool({ max: COMMITS });
  createServer(take).listen(Number(process.env.PORT), '127.0.0.1');
}
