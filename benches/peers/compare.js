// Starts each peer in turn, loads it, stops it, and prints medians and ratios.
// Knows nothing of how a peer records a webhook.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { cpus, loadavg } from 'node:os';
import pg from 'pg';
import { SECRET, SUBSCRIPTIONS, writeRequests } from './requests.js';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SECONDS = Number(process.env.SECONDS_EACH ?? 6);
const CONNECTIONS = 64;
const OPEN_LOOP_PER_SECOND = 500;
const PORT = 18_450;
const REDIS_PORT = 18_451;
/** More than any peer takes within a round. */
const REQUESTS = SECONDS * 90_000;
const STRIPE_REQUESTS = SECONDS * 8_000;
const START_LIMIT_MS = 20_000;
/** Sent before the clock starts, in a second: connections open, code compiled. */
const WARMING = 1_000;
const requestsOf = { razorpay: 'razorpay.bin', stripe: 'stripe.bin' };
const warmingOf = { razorpay: 'razorpay-warm.bin', stripe: 'stripe-warm.bin' };

const run = (command, parameters) =>
  execFileSync(command, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function listening(port) {
  for (const end = Date.now() + START_LIMIT_MS; Date.now() < end; await pause(50)) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => { socket.destroy(); resolve(true); });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** Runs a service while `work` is done. */
async function during(command, parameters, port, work) {
  const child = spawn(command, parameters, {
    env: { ...process.env, PORT: String(port), NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await listening(port);
    await pause(500); // the second process of a cluster, a first pass of housekeeping
    return await work();
  } finally {
    const gone = new Promise((resolve) => { child.once('exit', resolve); });
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await gone;
    }
  }
}

async function emptyTables() {
  const client = new pg.Client();
  await client.connect();
  await client.query(readFileSync('schema.sql', 'utf8'));
  await client.query('DROP SCHEMA IF EXISTS stripe CASCADE');
  await client.query('CHECKPOINT');
  await client.end();
}

async function count(table) {
  const client = new pg.Client();
  await client.connect();
  const { rows } = await client.query(`SELECT count(*)::int AS n FROM ${table}`);
  await client.end();
  return rows[0].n;
}

function load(provider, perSecond) {
  run(process.env.LOAD, [`127.0.0.1:${PORT}`, warmingOf[provider], CONNECTIONS, 2, WARMING]);
  const parameters = [`127.0.0.1:${PORT}`, requestsOf[provider], CONNECTIONS, SECONDS];
  const outcome = JSON.parse(run(process.env.LOAD, perSecond ? [...parameters, perSecond] : parameters));
  if (outcome.refused > 0) throw new Error(`${outcome.refused} webhooks were refused`);
  if (outcome.left === 0) throw new Error('the load ran out of webhooks');
  return outcome;
}

function subledger(perSecond) {
  const folder = mkdtempSync('subledger-');
  writeFileSync(`${folder}/config.toml`, `data_dir = "${folder}/data"
[server]
bind = "127.0.0.1:${PORT}"
log_level = "warn"
[sources.razorpay]
secrets = [{ secret = "${SECRET}" }]
`);
  const parameters = ['serve', '--config', `${folder}/config.toml`];
  return during(process.env.SUBLEDGER, parameters, PORT, () => load('razorpay', perSecond));
}

/** A row of `table` is kept for each webhook, or for each of the `most` things they are about. */
const node = (file, provider, table, most = Infinity) => async (perSecond) => {
  await emptyTables();
  if (provider === 'stripe') { // its signatures are good for five minutes
    writeRequests(warmingOf.stripe, 'stripe', WARMING);
    writeRequests(requestsOf.stripe, 'stripe', STRIPE_REQUESTS, WARMING);
  }
  const outcome = await during('node', [file], PORT, () => load(provider, perSecond));
  if (await count(table) < Math.min(outcome.answers, most)) throw new Error(`${file} lost webhooks`);
  return outcome;
};

// One command does both: the event is appended only where its digest is new. The load is Redis's own.
const REDIS_SCRIPT = "if redis.call('SET', KEYS[1], 1, 'NX') then "
  + "return redis.call('XADD', KEYS[2], '*', 'b', ARGV[1]) end return false";
let redisCommands = SECONDS * 20_000;

function redis() {
  const folder = mkdtempSync('redis-');
  const parameters = ['--port', REDIS_PORT, '--bind', '127.0.0.1', '--dir', folder, '--save', '',
    '--appendonly', 'yes', '--appendfsync', 'always'];
  return during('redis-server', parameters, REDIS_PORT, () => {
    const sha = run('redis-cli', ['-p', REDIS_PORT, 'SCRIPT', 'LOAD', REDIS_SCRIPT]).trim();
    const digest = `${'0'.repeat(52)}__rand_int__`;
    const body = 'x'.repeat(bodyBytes);
    const printed = run('redis-benchmark', ['-h', '127.0.0.1', '-p', REDIS_PORT, '-c', CONNECTIONS,
      '-n', redisCommands, '-r', 2e9, '--csv', 'EVALSHA', sha, 2, digest, 'log', body]);
    // "test","rps","avg","min","p50","p95","p99","max"
    const values = printed.trim().split('\n').at(-1).split('","').map((text) => text.replaceAll('"', ''));
    const [perSecond, p50, p99] = [values.at(-7), values.at(-4), values.at(-2)].map(Number);
    const kept = Number(run('redis-cli', ['-p', REDIS_PORT, 'XLEN', 'log']));
    if (!(kept > redisCommands * 0.999)) throw new Error(`Redis kept ${kept}`);
    redisCommands = Math.round(perSecond * SECONDS); // the next round takes as long as the others
    return { perSecond, p50, p99 };
  });
}

const CLOSED = {
  subledger,
  'Express + PostgreSQL, a transaction each': node('express.js', 'razorpay', 'events'),
  'Fastify + PostgreSQL, a statement each': node('fastify.js', 'razorpay', 'events'),
  'node:http + PostgreSQL, group commit': node('batching.js', 'razorpay', 'events'),
  'stripe-sync-engine + PostgreSQL': node('stripe.js', 'stripe', 'stripe.subscriptions', SUBSCRIPTIONS),
  'Redis, fsync always, native': redis,
};
const OPEN = {
  subledger,
  'Fastify + PostgreSQL': node('fastify.js', 'razorpay', 'events'),
  'Express + PostgreSQL': node('express.js', 'razorpay', 'events'),
};

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const middle = (results, of) => median(results.map(of));

/** Every peer in turn, several rounds; a list of outcomes for each. */
async function rounds(peers, perSecond) {
  const results = Object.fromEntries(Object.keys(peers).map((name) => [name, []]));
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const [name, measure] of Object.entries(peers)) {
      const outcome = await measure(perSecond);
      results[name].push(outcome);
      console.error(`round ${round}, ${name}: ${outcome.perSecond}/s, p50 ${outcome.p50} ms, `
        + `p99 ${outcome.p99} ms; load ${loadavg()[0].toFixed(1)} on ${cpus().length} cores`);
    }
  }
  return results;
}

writeRequests(warmingOf.razorpay, 'razorpay', WARMING);
const bodyBytes = writeRequests(requestsOf.razorpay, 'razorpay', REQUESTS, WARMING);
console.log(`bodies of ${bodyBytes} bytes, ${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s\n`);

const closed = await rounds(CLOSED);
console.log('| closed loop | a second | p50 | p99 | subledger to it, median | each round |');
console.log('|---|---|---|---|---|---|');
for (const [name, results] of Object.entries(closed)) {
  const ratios = results.map((outcome, round) => closed.subledger[round].perSecond / outcome.perSecond);
  console.log(`| ${name} | ${Math.round(middle(results, (o) => o.perSecond))} | `
    + `${middle(results, (o) => o.p50).toFixed(2)} ms | ${middle(results, (o) => o.p99).toFixed(2)} ms | `
    + `${median(ratios).toFixed(2)} | ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')} |`);
}

const open = await rounds(OPEN, OPEN_LOOP_PER_SECOND);
console.log(`\n| open loop, ${OPEN_LOOP_PER_SECOND} a second | p50 | p99 | p99 of each round |`);
console.log('|---|---|---|---|');
for (const [name, results] of Object.entries(open)) {
  console.log(`| ${name} | ${middle(results, (o) => o.p50).toFixed(2)} ms | `
    + `${middle(results, (o) => o.p99).toFixed(2)} ms | ${results.map((o) => o.p99.toFixed(2)).join(', ')} |`);
}
