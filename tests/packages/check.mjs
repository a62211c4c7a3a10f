// Razorpay's package for Node against a running ledger. It knows the documented signature and
// nothing of how the ledger is built.

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Razorpay from "razorpay";

const { SUBLEDGER_URL: url, SUBLEDGER_KEY: key, SUBLEDGER_SECRET: secret } = process.env;
// As long as the right one, and different in its last letter only.
const wrong = secret.slice(0, -1) + (secret.endsWith("x") ? "y" : "x");

const accepts = Razorpay.validateWebhookSignature;

/** The documented signature: the package can verify one, not make one. */
const sign = (body, by) => createHmac("sha256", by).update(body).digest("hex");

function check(truth, what, name) {
  if (!truth) {
    console.error(`razorpay for Node: ${what}: ${name}`);
    process.exit(1);
  }
}

function post(body, signature) {
  const headers = { "X-Razorpay-Signature": signature, "Content-Type": "application/json" };
  return fetch(`${url}/webhooks/razorpay`, { method: "POST", headers, body });
}

/** Bodies as bytes, as a raw-body parser hands them on. */
function thePackageAcceptsWhatTheLedgerSigns(sent, body) {
  const isSignature = ([name]) => name.toLowerCase() === "x-razorpay-signature";
  const [, signature] = sent.headers.find(isSignature);
  check(accepts(body, signature, secret), "does not accept", sent.file);
  check(!accepts(body, signature, wrong), "accepts under a wrong secret", sent.file);
  check(!accepts(`${body} `, signature, secret), "accepts a changed body", sent.file);
}

async function theLedgerAcceptsWhatThePackageAccepts(sent, body) {
  const mine = body.toString().replaceAll("Ldgr", "Node");
  const signature = sign(mine, secret);
  check(accepts(mine, signature, secret), "does not accept its own kind of", sent.file);
  const forged = sign(mine, wrong);
  check(!accepts(mine, forged, secret), "accepts a wrong secret's", sent.file);
  const refused = await post(mine, forged);
  check(refused.status === 401, "the ledger takes a wrong secret's", sent.file);
  const answer = await post(mine, signature);
  const receipt = await answer.json();
  const shown = JSON.stringify(receipt);
  check(answer.status === 200, `the ledger answers ${shown} to`, sent.file);
  check(receipt.status !== "duplicate", "the ledger has seen", sent.file);
  const headers = { Authorization: `Bearer ${key}` };
  const held = await (await fetch(`${url}/v1/events/${receipt.seq}`, { headers })).json();
  check(held.body === mine, "the ledger holds another body than", sent.file);
}

const signed = JSON.parse(readFileSync(process.argv[2], "utf8"));
check(signed.some((sent) => sent.file.includes("utf8-literal")), "no UTF-8 among", "the samples");
for (const sent of signed) {
  const body = readFileSync(sent.file);
  thePackageAcceptsWhatTheLedgerSigns(sent, body);
  await theLedgerAcceptsWhatThePackageAccepts(sent, body);
}
const { version } = createRequire(import.meta.url)("razorpay/package.json");
console.log(`razorpay ${version} for Node agrees about ${signed.length} bodies`);
