// Writes signed, unique webhooks as whole HTTP requests into a file, each after its length.
// Knows nothing of who will answer them.
import { createHmac } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

export const SECRET = 'bench-webhook-secret';
/** Subscriptions that the bodies are about, in turn. */
export const SUBSCRIPTIONS = 10_000;
const PERIOD_SECONDS = 2_592_000;
const padded = (prefix, number) => prefix + String(number).padStart(14, '0');
const hmac = (text) => createHmac('sha256', SECRET).update(text).digest('hex');

/** As a Razorpay `subscription.updated` stands, about 470 bytes. */
function razorpay(number) {
  const customer = number % SUBSCRIPTIONS;
  const period = Math.floor(number / SUBSCRIPTIONS) + 1;
  const start = 1_790_000_000 + period * PERIOD_SECONDS;
  const body = JSON.stringify({
    account_id: 'acc_00000000000001', contains: ['subscription'], created_at: 1_790_000_000 + number,
    entity: 'event', event: 'subscription.updated',
    payload: { subscription: { entity: {
      created_at: 1_789_999_880, current_end: start + PERIOD_SECONDS, current_start: start,
      customer_id: padded('cust_', customer), entity: 'subscription', id: padded('sub_', customer),
      notes: { customer_identifier: `user_${customer}` }, paid_count: period,
      plan_id: 'plan_00000000000001', start_at: 1_790_000_000, status: 'active',
    } } },
  });
  const id = `X-Razorpay-Event-Id: ${number.toString(16).padStart(14, '0')}`;
  return { body, headers: `${id}\r\nX-Razorpay-Signature: ${hmac(body)}` };
}

/** Stripe's `customer.subscription.updated` of about the same size, for stripe-sync-engine. */
function stripe(number) {
  const now = Math.floor(Date.now() / 1000);
  const customer = number % SUBSCRIPTIONS;
  const period = Math.floor(number / SUBSCRIPTIONS) + 1;
  const start = 1_790_000_000 + period * PERIOD_SECONDS;
  const body = JSON.stringify({
    id: padded('evt_', number), object: 'event', created: 1_790_000_000 + number,
    data: { object: {
      id: padded('sub_', customer), object: 'subscription', created: 1_790_000_000,
      current_period_end: start + PERIOD_SECONDS, current_period_start: start,
      customer: padded('cus_', customer), metadata: { customer_identifier: `user_${customer}` },
      status: 'active', items: { data: [{
        id: padded('si_', customer), object: 'subscription_item', quantity: 1,
        price: { id: 'price_00000000000001' }, subscription: padded('sub_', customer),
      }] },
    } },
    type: 'customer.subscription.updated',
  });
  return { body, headers: `Stripe-Signature: t=${now},v1=${hmac(`${now}.${body}`)}` };
}

/** Writes `count` requests, numbered from `first`, to `file` and returns the mean length of a body, in bytes. */
export function writeRequests(file, provider, count, first = 0) {
  const make = { razorpay, stripe }[provider];
  const out = openSync(file, 'w');
  let bytes = 0;
  let chunk = [];
  for (let number = 0; number < count; number += 1) {
    const { body, headers } = make(first + number);
    bytes += Buffer.byteLength(body);
    const request = Buffer.from(
      `POST /webhooks/${provider} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
      + `${headers}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    const length = Buffer.alloc(4);
    length.writeUInt32LE(request.length);
    chunk.push(length, request);
    if (chunk.length >= 8192 || number + 1 === count) {
      writeSync(out, Buffer.concat(chunk));
      chunk = [];
    }
  }
  closeSync(out);
  return Math.round(bytes / count);
}
