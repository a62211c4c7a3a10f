// Razorpay's package for Node against a running ledger. It knows the documented signature and
// nothing of how the ledger is built.

import { createHmac } from "node:crypto";
import Razorpay from "razorpay";
import { check, isRefused, isTaken, signed } from "./ledger.mjs";

const secret = process.env.SUBLEDGER_SECRET;
// As long as the right one, and different in its last letter only.
const wrong = secret.slice(0, -1) + (secret.endsWith("x") ? "y" : "x");

function accepts(body, headers, by) {
  return Razorpay.validateWebhookSignature(body, headers["x-razorpay-signature"], by);
}

/** The documented signature: the package can verify one, not make one. */
function sign(body, by) {
  return { "x-razorpay-signature": createHmac("sha256", by).update(body).digest("hex") };
}

const all = signed();
for (const { file, headers, body } of all) {
  check(accepts(body, headers, secret), "razorpay for Node does not accept", file);
  check(!accepts(body, headers, wrong), "it accepts under a wrong secret", file);
  check(!accepts(`${body} `, headers, secret), "it accepts a changed body", file);
  // The body is what makes an event of Razorpay's, so another one is needed.
  const mine = body.replaceAll("Ldgr", "Node");
  check(accepts(mine, sign(mine, secret), secret), "it does not accept its own kind of", file);
  check(!accepts(mine, sign(mine, wrong), secret), "it accepts a forged", file);
  await isRefused("razorpay", mine, sign(mine, wrong), file);
  await isRefused("razorpay", `${mine} `, sign(mine, secret), file);
  await isTaken("razorpay", mine, sign(mine, secret), file);
}
console.log(`razorpay for Node agrees about ${all.length} bodies`);
