// What the hand-written peers share: whether a body is signed, and what it says.
// Knows nothing of HTTP or of the database.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { SECRET } from './requests.js';

/** Whether `signature`, in hex, is the body's. */
export function signed(body, signature) {
  const expected = createHmac('sha256', SECRET).update(body).digest();
  const given = Buffer.from(String(signature), 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The event's digest and its subscription's facts, in the order of the statements' parameters. */
export function read(body) {
  const event = JSON.parse(body.toString('utf8'));
  const { id, customer_id: customer, status, current_end: end } = event.payload.subscription.entity;
  return [createHash('sha256').update(body).digest(), body, id, customer, status, end,
    event.created_at];
}
