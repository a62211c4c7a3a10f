// The Standard Webhooks library for Node against a running ledger, in both directions. It knows
// nothing of how the ledger is built.

import { randomUUID } from "node:crypto";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { check, isRefused, isTaken, signed } from "./ledger.mjs";

const right = new Webhook(process.env.SUBLEDGER_SECRET);
const wrong = new Webhook("whsec_YW5vdGhlciBzZWNyZXQgYXMgbG9uZw==");

function accepts(webhook, body, headers) {
  try {
    webhook.verify(body, headers);
    return true;
  } catch (error) {
    check(error instanceof WebhookVerificationError, "fails with another error", error);
    return false;
  }
}

function sign(webhook, body) {
  const id = `msg_${randomUUID()}`;
  const now = new Date();
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": webhook.sign(id, now, body),
  };
}

const all = signed();
for (const { file, headers, body } of all) {
  check(accepts(right, body, headers), "standardwebhooks for Node does not accept", file);
  check(!accepts(wrong, body, headers), "it accepts under a wrong secret", file);
  check(!accepts(right, `${body} `, headers), "it accepts a changed body", file);
  const mine = sign(right, body);
  await isRefused("standard-webhooks", body, sign(wrong, body), file);
  await isRefused("standard-webhooks", `${body} `, mine, file);
  await isTaken("standard-webhooks", body, mine, file);
}
console.log(`standardwebhooks for Node agrees about ${all.length} bodies`);
