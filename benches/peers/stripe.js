// stripe-sync-engine behind a plain node:http server: its own check of the signature, its own tables.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { SECRET } from './requests.js';

// Its ES module cannot find its own migrations (version 0.48.5); its CommonJS module can.
const { runMigrations, StripeSync } = createRequire(import.meta.url)('@supabase/stripe-sync-engine');

const { PGHOST: host, PGDATABASE: database, PGUSER: user } = process.env;
const databaseUrl = `postgres://${user}@/${database}?host=${encodeURIComponent(host)}`;
const quiet = { info() {}, warn() {}, error: console.error };
await runMigrations({ databaseUrl, schema: 'stripe', logger: quiet });
const engine = new StripeSync({
  poolConfig: { connectionString: databaseUrl, max: Number(process.env.POOL ?? 20) },
  stripeSecretKey: 'sk_test_unused',
  stripeWebhookSecret: SECRET,
  backfillRelatedEntities: false,
});

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    let status = 200;
    try {
      await engine.processWebhook(Buffer.concat(chunks), request.headers['stripe-signature']);
    } catch (error) {
      console.error(error);
      status = 400;
    }
    response.writeHead(status, { 'content-length': 2 }).end('{}');
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
