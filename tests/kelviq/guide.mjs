// The five calls of Kelviq's guide "Subscription Integration", as its page prints them: method, path,
// headers and body. Only the hosts and the keys are replaced, and the id that step 3 answers. The
// catalogue is the shipped configuration's. It knows nothing of how the ledger is built.

import { holds, press, same, until, url } from "./world.mjs";

const KEYS = {
  YOUR_SERVER_API_KEY: process.env.SUBLEDGER_WRITE_KEY,
  YOUR_CLIENT_API_KEY: process.env.SUBLEDGER_CLIENT_KEY,
};

async function call(printed, options, status) {
  const [, place] = printed.match(/^https:\/\/(?:edge\.)?api\.kelviq\.com(\/.*)$/);
  const headers = { ...options.headers };
  headers.Authorization = headers.Authorization.replace(/\w+$/, (name) => KEYS[name]);
  const response = await fetch(url + place, { ...options, headers, redirect: "error" });
  const answer = await response.json();
  same(response.status, status, `${printed} ${JSON.stringify(answer)}`);
  return answer;
}

const customer = await call("https://api.kelviq.com/api/v1/customers/", {
  method: "POST",
  headers: { "Content-Type": "application/json", "Authorization": "Bearer YOUR_SERVER_API_KEY" },
  body: JSON.stringify({ customerId: "user-123", name: "John Doe", email: "john@example.com" }),
}, 201);
same([customer.customerId, customer.name, customer.email], ["user-123", "John Doe", "john@example.com"], "1");

const { checkoutUrl } = await call("https://api.kelviq.com/api/v1/checkout/", {
  method: "POST",
  headers: { "Content-Type": "application/json", "Authorization": "Bearer YOUR_SERVER_API_KEY" },
  body: JSON.stringify({
    planIdentifier: "pro",
    chargePeriod: "MONTHLY",
    customerId: "user-123",
    successUrl: "https://yourapp.com/success",
  }),
}, 201);
same((await press(checkoutUrl, "pay")).location, "https://yourapp.com/success", "the payer is led back");

const subscriptions = () =>
  call("https://api.kelviq.com/api/v1/subscriptions/?customer_id=user-123", {
    headers: { "Authorization": "Bearer YOUR_SERVER_API_KEY" },
  }, 200);
const isActive = ({ results }) => results.some((one) => one.status === "active");
const listed = await until(subscriptions, isActive, "3: a subscription is active");
same([listed.count, listed.next, listed.previous, listed.results.length], [1, null, null, 1], "3: one page");
const active = listed.results.find((one) => one.status === "active");
same([active.plan, active.amount], [{ name: "Pro", identifier: "pro" }, "9.00"], "3: the plan");
same([active.recurrence, active.customerId, active.endDate], ["month", "user-123", null], "3: the rest");

const data = await call(`https://api.kelviq.com/api/v1/subscriptions/${active.id}/update/`, {
  method: "POST",
  headers: { "Content-Type": "application/json", "Authorization": "Bearer YOUR_SERVER_API_KEY" },
  body: JSON.stringify({
    planIdentifier: "enterprise",
    chargePeriod: "MONTHLY",
    paymentBehavior: "activate_on_payment",
  }),
}, 200);
const [now] = (await subscriptions()).results;
same([now.id, now.status, now.plan.identifier], [data.subscriptionId, "active", "enterprise"], "4: in force");
holds(now.id !== active.id, "4: under an id of its own", now.id);

const { customerId, entitlements } = await call(
  "https://edge.api.kelviq.com/api/v1/entitlements/?customerId=user-123",
  { headers: { "Authorization": "Bearer YOUR_CLIENT_API_KEY" } },
  200,
);
const rows = Object.fromEntries(entitlements.map((row) => [row.featureId, row]));
same([customerId, entitlements.length], ["user-123", 3], "5: a row a feature");
same(rows["priority-support"],
  { featureId: "priority-support", featureType: "BOOLEAN", hasAccess: true }, "5: on or off");
same([rows["ai-credits"].featureType, rows["ai-credits"].remaining], ["METER", null], "5: without a limit");
const { featureType, hasAccess, usageLimit } = rows["max-projects"];
same([featureType, hasAccess, usageLimit], ["CUSTOMIZABLE", true, 1000], "5: the new plan's number");
console.log("the guide's five calls are answered as its page says");
