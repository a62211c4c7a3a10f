// What is no ledger's business and what a key may not, by Kelviq's SDK for Node; and the SDK's check of
// webhooks. It knows nothing of how the ledger is built.

import { readFileSync } from "node:fs";
import * as kelviq from "@kelviq/node-sdk";
import { client, direct, holds, isSentence, refused, same } from "./world.mjs";

const { AuthenticationError, NotFoundError, ServerError, validateEvent, WebhookVerificationError } = kelviq;
const INSTANCE = "00000000-0000-4000-8000-000000000000";
// Every function and class that the package gives its users. A name more, and this suite has to learn it.
const EXPORTED = [
  "ApiError", "AuthenticationError", "InvalidRequestError", "Kelviq", "NotFoundError", "ServerError",
  "WebhookVerificationError", "validateEvent",
];

export async function packaged() {
  const given = Object.entries(kelviq.default).filter(([, thing]) => typeof thing === "function");
  same(given.map(([name]) => name).sort(), EXPORTED, "what the package gives its users");
}

/** Each is answered 501 with one sentence, which the SDK tells as an error of the server. */
export async function closed(sdk, customerId) {
  const licenseKey = "LIC-1";
  for (const [what, call] of Object.entries({
    "the portal": () => sdk.portal.createSession({ customerId }),
    "a licence": () => sdk.license.activate({ licenseKey, customerId, metadata: { aB: 1 } }),
    "a licence's end": () => sdk.license.deactivate({ licenseKey, instanceId: INSTANCE }),
    "a licence's check": () => sdk.license.validate({ licenseKey, instanceId: INSTANCE }),
  })) {
    const error = await refused(call, ServerError, 501, isSentence, what);
    same(error.message, error.details.detail, "the SDK's message is the sentence");
  }
}

/** A client key reads entitlements; one that is bound, its customer's alone. */
export async function keys(customerId, other) {
  const open = client(process.env.SUBLEDGER_CLIENT_KEY);
  same(await open.entitlements.hasAccess({ customerId, featureId: "sso" }), true, "a client key reads");
  for (const call of [
    () => open.customers.list(),
    () => open.reporting.reportUsage({ customerId, featureId: "api-calls", value: 1, behaviour: "SET" }),
    () => open.subscriptions.cancel({ subscriptionId: INSTANCE, cancellationType: "IMMEDIATE" }),
  ]) {
    await refused(call, AuthenticationError, 403, isSentence, "a client key on a server's call");
  }
  const headers = {
    Authorization: `Bearer ${process.env.SUBLEDGER_ADMIN_KEY}`, "Content-Type": "application/json",
  };
  const body = JSON.stringify({ label: customerId, scope: "client", customer: customerId });
  const made = await fetch(`${direct}/v1/keys`, { method: "POST", headers, body });
  same(made.status, 201, "a key of one customer");
  const bound = client((await made.json()).key);
  same(await bound.entitlements.hasAccess({ customerId, featureId: "sso" }), true, "its own customer's");
  await refused(() => bound.entitlements.getEntitlements({ customerId: other }), NotFoundError, 404,
    isSentence, "another customer's");
}

/** The SDK takes what `subledger send` signs, and nothing of which one byte is another. */
export function webhooks() {
  const signed = JSON.parse(readFileSync(process.env.SUBLEDGER_SIGNED, "utf8"));
  const secret = process.env.SUBLEDGER_WEBHOOK_SECRET;
  holds(signed.length > 20, "there are samples", signed.length);
  for (const { file, headers } of signed) {
    const body = readFileSync(file);
    const right = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
    same(validateEvent(body, right, secret), JSON.parse(body.toString()), file);
    const changed = Buffer.from(body);
    // A byte that stands for a character by itself, so that it still is one.
    changed[body.findIndex((byte, at) => at >= body.length / 2 && byte < 128)] ^= 1;
    const forged = [[changed, right, secret], [body, right, secret.slice(0, -1)], [body, {}, secret]];
    for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
      const last = right[name].endsWith("0") ? "1" : "0";
      forged.push([body, { ...right, [name]: right[name].slice(0, -1) + last }, secret]);
    }
    for (const wrong of forged) {
      let taken = true;
      try {
        validateEvent(...wrong);
      } catch (error) {
        holds(error instanceof WebhookVerificationError, "fails with another error", String(error));
        taken = false;
      }
      holds(!taken, `the SDK takes a forged ${file}`, wrong[1]);
    }
  }
}
