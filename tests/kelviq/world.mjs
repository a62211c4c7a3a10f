// What the checks of Kelviq's SDK for Node share: a client whose calls are counted, the payment page,
// and assertions that name what differs. It knows nothing of how the ledger is built.

import { deepStrictEqual } from "node:assert";
import { Kelviq } from "@kelviq/node-sdk";

export const url = process.env.SUBLEDGER_URL;
export const direct = process.env.SUBLEDGER_DIRECT;
// A paid page is folded when its webhook is, which is a moment later.
const PATIENCE_MS = 20_000;

export function same(found, wanted, what) {
  try {
    deepStrictEqual(found, wanted);
  } catch {
    throw new Error(`${what}: ${JSON.stringify(found)} and not ${JSON.stringify(wanted)}`);
  }
}

export function holds(truth, what, seen = "") {
  if (!truth) throw new Error(`not so: ${what} ${JSON.stringify(seen)}`);
}

/** The SDK's client, unchanged: `fetch`es and keys are its own. */
export function client(key = process.env.SUBLEDGER_WRITE_KEY) {
  return new Kelviq({ accessToken: key, baseUrl: url, edgeApiUrl: url, logger: false });
}

/** Every method that a user of the client can call: those of its resources. */
export function publicMethods(sdk) {
  const names = [];
  for (const [name, resource] of Object.entries(sdk)) {
    const proto = Object.getPrototypeOf(resource ?? {});
    if (!proto?.constructor?.name.endsWith("Operations")) continue;
    for (const word of Object.getOwnPropertyNames(proto)) {
      if (word !== "constructor" && !word.startsWith("_")) names.push(`${name}.${word}`);
    }
  }
  return names;
}

/** The client again; every call goes through, and its name is kept. */
export function counted(sdk, called) {
  const resource = (name, inner) =>
    new Proxy(inner, {
      get(target, word) {
        const found = target[word];
        if (typeof found !== "function") return found;
        return (...args) => {
          called.add(`${name}.${String(word)}`);
          return found.apply(target, args);
        };
      },
    });
  return new Proxy(sdk, { get: (target, name) => resource(String(name), target[name]) });
}

/** What must be refused in that way; `details` may be a function of them. */
export async function refused(call, kind, status, details, what) {
  let answer;
  try {
    answer = await call();
  } catch (error) {
    same(error.name, kind.name, `${what} ${error.message}`);
    same(error.statusCode, status, what);
    if (typeof details === "function") holds(details(error.details), what, error.details);
    else same(error.details, details, what);
    return error;
  }
  throw new Error(`${what} was answered: ${JSON.stringify(answer)}`);
}

/** Kelviq's shape of what is not about one field. */
export function isSentence(details) {
  const [[word, text] = [], ...rest] = Object.entries(details ?? {});
  return word === "detail" && rest.length === 0 && typeof text === "string" && text.endsWith(".");
}

/** Kelviq's shape of what is about fields: a list of sentences for each. */
export function about(...fields) {
  return (details) => {
    const told = Object.entries(details ?? {});
    const all = told.every(([, list]) => Array.isArray(list) && list.length > 0);
    return all && told.map(([name]) => name).sort().join() === fields.sort().join();
  };
}

/** What the SDK has no method for. Never follows a redirect. */
export async function raw(path, method = "GET") {
  const headers = { Authorization: `Bearer ${process.env.SUBLEDGER_WRITE_KEY}` };
  const answer = await fetch(`${url}/api/v1${path}`, { method, headers, redirect: "manual" });
  same(answer.status, 200, `${method} ${path}`);
  return answer.json();
}

/** Presses a button of the payment page as a browser does, without a key; returns where it leads. */
export async function press(checkoutUrl, button) {
  const page = await fetch(checkoutUrl);
  same(page.status, 200, `the page ${checkoutUrl}`);
  const text = await page.text();
  const [, action] = text.match(/<form method="post" action="([^"]+)">/) ?? [];
  holds(action, "the page has a form", text);
  holds(text.includes(`name="action" value="${button}"`), `the page has the button ${button}`, text);
  const body = new URLSearchParams({ action: button });
  const target = new URL(action, checkoutUrl);
  const answer = await fetch(target, { method: "POST", body, redirect: "manual" });
  return { status: answer.status, location: answer.headers.get("location") };
}

/** Asks again until it is so. */
export async function until(ask, isSo, what) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await ask();
    if (isSo(seen)) return seen;
    holds(Date.now() < deadline, what, seen);
    await new Promise((done) => setTimeout(done, 50));
  }
}
