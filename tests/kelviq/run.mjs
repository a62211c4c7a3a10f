// Kelviq's SDK for Node, as its users install it, through every method it has: one story. Fails where a
// method of the SDK has no part in it. It knows nothing of how the ledger is built.

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { closed, keys, packaged, webhooks } from "./closed.mjs";
import {
  AuthenticationError,
  ApiError,
  InvalidRequestError,
  NotFoundError,
} from "@kelviq/node-sdk";
import {
  about, client, counted, direct, holds, isSentence, press, publicMethods, raw, refused, same, until,
} from "./world.mjs";

const GONE = { detail: "Subscription not found." };
const CANCELLED = { message: "Subscription cancellation processed successfully." };
const NOBODY = "00000000-0000-4000-8000-000000000000";
const DAY_MS = 86_400_000;

async function customers(sdk, name) {
  const first = `${name}-first`;
  const metadata = { orderRef: "A", order_ref: "B", deep: { camelCase: [1, { snake_case: null }] } };
  const email = `${name}@example.com`;
  const made = await sdk.customers.create({ customerId: first, email, name: "Asha Rao", metadata });
  const words = ["id", "customerId", "name", "email", "details", "metadata", "billingAddress", "createdOn",
    "modifiedOn"];
  same(Object.keys(made).sort(), words.sort(), "a customer's fields");
  same([made.customerId, made.name, made.email], [first, "Asha Rao", email], "who was made");
  same([made.metadata, made.details, made.billingAddress], [metadata, {}, null], "the rest of it");
  holds(Math.abs(Date.now() - Date.parse(made.createdOn)) < 600_000, "just now", made.createdOn);
  same(await sdk.customers.retrieve({ customerId: first }), made, "who is found again");
  await refused(() => sdk.customers.create({ customerId: first, email }), InvalidRequestError, 400,
    { customerId: ["A customer with this customerId already exists."] }, "the same customer again");
  await refused(() => sdk.customers.retrieve({ customerId: `${name}-nobody` }), NotFoundError, 404,
    { detail: "Not found." }, "nobody");
  const renamed = await sdk.customers.update({ customerId: first, name: "Asha Devi Rao" });
  same([renamed.name, renamed.email, renamed.metadata], ["Asha Devi Rao", email, metadata], "one field");
  // What is left out stays, and what is null is cleared.
  const cleared = await sdk.customers.update({ customerId: first, name: "Asha", metadata: null });
  same([cleared.name, cleared.metadata, cleared.email], ["Asha", null, email], "cleared");

  for (const number of [0, 1, 2]) {
    const customerId = `${name}-page-${number}`;
    await sdk.customers.create({ customerId, email: `${customerId}@example.com` });
  }
  const found = [];
  for (let page = 1, next = true; next; page += 1) {
    const answer = await sdk.customers.list({ page, pageSize: 2, search: `${name}-page` });
    same([answer.count, answer.previous === null], [3, page === 1], "a page");
    found.push(...answer.results.map((one) => one.customerId));
    next = answer.next !== null;
  }
  same(found, [2, 1, 0].map((number) => `${name}-page-${number}`), "the newest first");
  await refused(() => sdk.customers.list({ page: 3, pageSize: 2, search: `${name}-page` }), NotFoundError,
    404, { detail: "Invalid page." }, "a page past the end");
  holds((await sdk.customers.list()).count >= 4, "without a page it is the first");
  const gone = { customerId: `${name}-page-2` };
  holds((await sdk.customers.archive(gone)).message.includes("204"), "archived");
  await refused(() => sdk.customers.retrieve(gone), NotFoundError, 404, { detail: "Not found." }, "gone");
}

async function bought(customer) {
  const isSo = ({ count, results }) => count === 1 && results[0].status === "active";
  const ask = () => raw(`/subscriptions/?customer_id=${customer}`);
  return (await until(ask, isSo, `${customer} is active after the payment`)).results[0];
}

async function checkout(sdk, name) {
  const buyer = `${name}-buyer`;
  const opened = await sdk.checkout.createSession({
    planIdentifier: "pro", chargePeriod: "MONTHLY", customerId: buyer,
    successUrl: "https://shop.example/done", features: [{ identifier: "seats", quantity: 8 }],
    pricingTableId: NOBODY, ruleId: NOBODY, offeringId: null, ipAddress: "203.0.113.7", lockEmail: true,
    discountsEnabled: false, currencyCode: "USD", metadata: { orderId: "x", order_id: "y" },
  });
  same(Object.keys(opened).sort(), ["checkoutSessionId", "checkoutUrl"], "what is answered");
  const page = `${direct}/checkout/${opened.checkoutSessionId}`;
  same(opened.checkoutUrl.replace(/\/$/, ""), page, "the page's address");
  same((await sdk.customers.retrieve({ customerId: buyer })).customerId, buyer, "the customer of it");
  const back = { status: 303, location: "https://shop.example/done" };
  same(await press(opened.checkoutUrl, "pay"), back, "where the payer is led");
  const subscription = await bought(buyer);
  same([subscription.plan, subscription.amount], [{ name: "Pro", identifier: "pro" }, "49.00"], "the plan");
  const session = await raw(`/checkout/sessions/${opened.checkoutSessionId}/`);
  same([session.status, session.metadata], ["success", { orderId: "x", order_id: "y" }], "the session");
  const opens = (more) => () =>
    sdk.checkout.createSession({
      planIdentifier: "pro", chargePeriod: "MONTHLY", successUrl: "https://shop.example/", ...more,
    });
  for (const [more, ...fields] of [
    [{ planIdentifier: "no-plan" }, "planIdentifier"],
    [{ chargePeriod: "HOURLY" }, "chargePeriod"],
    [{ successUrl: undefined, planIdentifier: null }, "planIdentifier", "successUrl"],
    [{ discountCode: "NONE" }, "discountCode"],
  ]) {
    await refused(opens(more), InvalidRequestError, 400, about(...fields), `a checkout, wrong ${fields}`);
  }
  // By an e-mail address alone: its one customer, who is made where there is none.
  const email = `${name}-mail@example.com`;
  const customers = [];
  for (const time of [1, 2]) {
    const { checkoutSessionId } = await opens({ email })();
    const { customer } = await raw(`/checkout/sessions/${checkoutSessionId}/`);
    same(customer.email, email, `the customer, time ${time}`);
    customers.push(customer.customerId);
  }
  same(customers[0], customers[1], "one customer of one address");
  return { buyer, subscription };
}

async function usage(sdk, customerId) {
  const featureId = "api-calls";
  const every = await sdk.entitlements.getEntitlements({ customerId });
  same(Object.keys(every).sort(), ["api-calls", "exports", "seats", "sso"], "what the plan grants");
  same([every.seats.usageLimit, every.exports.hardLimit, every.sso.hasAccess], [8, true, true], "of it");
  const report = (value, behaviour, more) =>
    sdk.reporting.reportUsage({ customerId, featureId, value, behaviour, ...more });
  const told = await report(10, "SET", { resourceId: "host-1" });
  same([told.value, told.behaviour, told.featureId, told.orgId], [10, "SET", featureId, "1"], "reported");
  same([told.eventName, told.idempotencyKey.length], ["aggregated.usage", 32], "reported");
  await report(5, "DELTA");
  const left = async () => {
    const { remaining, currentUsage } = await sdk.entitlements.getEntitlement({ customerId, featureId });
    return [currentUsage, remaining];
  };
  same(await left(), [15, 985], "counted");
  await refused(() => report(-16, "DELTA"), InvalidRequestError, 400,
    { value: ["Usage cannot go below zero."] }, "below zero");
  await refused(() => report(1.5, "SET"), InvalidRequestError, 400, about("value"), "half a call");
  await refused(() => report(1, "ADD"), InvalidRequestError, 400, about("behaviour"), "another word");

  const timestamp = new Date().toISOString().replace("T", " ").replace("Z", "000");
  const event = {
    customerId, eventName: "call", idempotencyKey: `${customerId}-one`, timestamp,
    properties: { featureId, value: 2 },
  };
  const first = await sdk.reporting.reportEvent(event);
  same([first.eventName, first.idempotencyKey, first.orgId], ["call", event.idempotencyKey, "1"], "an event");
  same(await sdk.reporting.reportEvent(event), first, "told again, it is answered again");
  same(await left(), [17, 983], "and counted once");
  await refused(() => sdk.reporting.reportEvent({ ...event, eventName: "other" }), ApiError, 422,
    (details) => "detail" in details, "one key for two events");

  const row = await sdk.entitlements.getRawEntitlement({ customerId, featureId });
  const { resetAt, ...rest } = row.entitlements[0];
  holds(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(resetAt), "when it resets", resetAt);
  same(row.entitlements.length, 1, "one row");
  same(rest, { featureId, featureType: "METER", hasAccess: true, hardLimit: false, usageLimit: 1000,
    currentUsage: 17, remaining: 983 }, "the row");
  const rows = await sdk.entitlements.getRawEntitlements({ customerId });
  same([rows.customerId, rows.entitlements.length], [customerId, 4], "every row");
  same(await sdk.entitlements.hasAccess({ customerId, featureId }), true, "access");
  same(await sdk.entitlements.hasAccess({ customerId, featureId: "no-feature" }), false, "no access");
  same(await sdk.entitlements.getEntitlement({ customerId, featureId: "no-feature" }), null, "none");
  await refused(() => sdk.entitlements.getEntitlements({ customerId: `${customerId}-nobody` }),
    NotFoundError, 404, { detail: "Not found." }, "nobody's entitlements");
}

async function changed(sdk, customerId, subscription) {
  const { subscriptionId } = await sdk.subscriptions.update({
    subscriptionId: subscription.id, planIdentifier: "team", chargePeriod: "MONTHLY",
    probationBehaviour: "IMMEDIATE_CHARGE", offeringId: null, ipAddress: "203.0.113.7",
    features: [{ identifier: "seats", quantity: 4 }],
  });
  holds(subscriptionId !== subscription.id, "a change has an id of its own", subscriptionId);
  same((await raw(`/subscriptions/${subscription.id}/`)).status, "superseded", "the old one");
  const shown = await raw(`/subscriptions/${subscriptionId}/`);
  same([shown.status, shown.plan.identifier, shown.amount], ["active", "team", "99.00"], "the new one");
  const seats = shown.features.find((row) => row.identifier === "seats");
  same([seats.value, seats.featureType], [4, "CUSTOMIZABLE"], "its seats");
  const calls = await sdk.entitlements.getEntitlement({ customerId, featureId: "api-calls" });
  same([calls.usageLimit, calls.remaining, calls.hasAccess], [null, null, true], "without a limit");
  same(calls.currentUsage, 17, "what was used stays used");
  const update = (more) => () =>
    sdk.subscriptions.update({ subscriptionId, planIdentifier: "team", chargePeriod: "MONTHLY", ...more });
  await refused(update({ planIdentifier: "no-plan" }), InvalidRequestError, 400,
    about("planIdentifier"), "a plan that is none");
  await refused(update({ subscriptionId: NOBODY }), NotFoundError, 404, GONE, "a change of nothing");
  return subscriptionId;
}

async function cancelled(sdk, customerId, subscriptionId) {
  const day = new Date(Date.now() + 10 * DAY_MS).toISOString().slice(0, 10);
  const cancel = (cancellationType, more) =>
    sdk.subscriptions.cancel({ subscriptionId, cancellationType, ...more });
  same(await cancel("SPECIFIC_DATE", { cancellationDate: day }), CANCELLED, "on a day");
  const shown = await raw(`/subscriptions/${subscriptionId}/`);
  same([shown.status, shown.endDate], ["active", day], "it goes on until then");
  same(shown.cancellationReason, "CANCELLED_BY_MERCHANT", "who cancelled");
  await refused(() => cancel("NEVER"), InvalidRequestError, 400, about("cancellationType"), "another word");
  same(await sdk.subscription.cancel({ subscriptionId, cancellationType: "IMMEDIATE" }), CANCELLED,
    "at once, by the older name");
  same((await raw(`/subscriptions/${subscriptionId}/`)).status, "canceled", "it is over");
  same(await sdk.entitlements.hasAccess({ customerId, featureId: "sso" }), false, "nothing is granted");
  const { entitlements } = await sdk.entitlements.getRawEntitlement({ customerId, featureId: "api-calls" });
  const told = entitlements.map((row) => [row.hasAccess, row.usageLimit, row.currentUsage, row.remaining]);
  same(told, [[false, 0, 17, 0]], "what was used is told");
  const nothing = () => sdk.subscriptions.cancel({ subscriptionId: NOBODY, cancellationType: "IMMEDIATE" });
  await refused(nothing, NotFoundError, 404, GONE, "a cancel of nothing");
}

async function main() {
  const { version } = createRequire(import.meta.url)("@kelviq/node-sdk/package.json");
  same(version, process.env.KELVIQ_NODE_VERSION, "the version that was asked for");
  await packaged();
  webhooks();
  const plain = client();
  const called = new Set();
  const sdk = counted(plain, called);
  const name = `node-${randomUUID().slice(0, 8)}`;
  await customers(sdk, name);
  const { buyer, subscription } = await checkout(sdk, name);
  await usage(sdk, buyer);
  const held = await changed(sdk, buyer, subscription);
  await keys(buyer, `${name}-first`);
  await closed(sdk, buyer);
  await cancelled(sdk, buyer, held);
  const stranger = client("a-key-that-opens-nothing");
  await refused(() => stranger.customers.list(), AuthenticationError, 401, isSentence, "an unknown key");
  const methods = publicMethods(plain);
  same(methods.filter((method) => !called.has(method)), [], "methods that this suite does not call");
  console.log(`@kelviq/node-sdk: ${methods.length} methods say what they should`);
}

await main();
