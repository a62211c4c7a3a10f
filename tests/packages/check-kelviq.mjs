// Kelviq's package for Node against a running ledger. It knows the documented signature and
// nothing of how the ledger is built.

import { createHmac, randomUUID } from "node:crypto";
import { validateEvent, WebhookVerificationError } from "@kelviq/node-sdk";
import { check, isRefused, isTaken, signed } from "./ledger.mjs";

const secret = process.env.SUBLEDGER_SECRET;
// As long as the right one, and different in its last letter only.
const wrong = secret.slice(0, -1) + (secret.endsWith("x") ? "y" : "x");

function accepts(body, headers, by) {
  try {
    validateEvent(body, headers, by);
    return true;
  } catch (error) {
    check(error instanceof WebhookVerificationError, "fails with another error", error);
    return false;
  }
}

/** The documented signature: the package can verify one, not make one. */
function sign(body, by) {
  const id = randomUUID();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const tag = createHmac("sha256", by).update(`${id}.${timestamp}.${body}`).digest("hex");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${tag}` };
}

const all = signed();
for (const { file, headers, body } of all) {
  check(accepts(body, headers, secret), "kelviq for Node does not accept", file);
  check(!accepts(body, headers, wrong), "it accepts under a wrong secret", file);
  check(!accepts(`${body} `, headers, secret), "it accepts a changed body", file);
  const mine = sign(body, secret);
  check(accepts(body, mine, secret), "it does not accept its own kind of", file);
  check(!accepts(body, sign(body, wrong), secret), "it accepts a forged", file);
  await isRefused("kelviq", body, sign(body, wrong), file);
  await isRefused("kelviq", `${body} `, mine, file);
  await isTaken("kelviq", body, mine, file);
}
console.log(`@kelviq/node-sdk agrees about ${all.length} bodies`);
