// What the checks of the providers' packages share: the ledger under test, seen from outside. It
// knows no provider's signature and nothing of how the ledger is built.

import { readFileSync } from "node:fs";

const { SUBLEDGER_URL: url, SUBLEDGER_KEY: key } = process.env;

export function check(truth, what, name) {
  if (!truth) {
    console.error(`${what}: ${name}`);
    process.exit(1);
  }
}

/** The samples with the headers that `subledger send` would send, and their exact text. */
export function signed() {
  const all = JSON.parse(readFileSync(process.argv[2], "utf8"));
  check(all.some((sent) => sent.file.includes("utf8-literal")), "no UTF-8 among", "the samples");
  return all.map(({ file, headers }) => {
    return { file, headers: Object.fromEntries(headers), body: readFileSync(file, "utf8") };
  });
}

function post(source, body, headers) {
  const all = { "Content-Type": "application/json", ...headers };
  return fetch(`${url}/webhooks/${source}`, { method: "POST", headers: all, body });
}

/** A new event, held as it was sent. */
export async function isTaken(source, body, headers, name) {
  const answer = await post(source, body, headers);
  const receipt = await answer.json();
  check(answer.status === 200, `the ledger answers ${JSON.stringify(receipt)} to`, name);
  check(receipt.status !== "duplicate", "the ledger has seen", name);
  const auth = { Authorization: `Bearer ${key}` };
  const held = await (await fetch(`${url}/v1/events/${receipt.seq}`, { headers: auth })).json();
  check(held.body === body, "the ledger holds another body than", name);
}

export async function isRefused(source, body, headers, name) {
  check((await post(source, body, headers)).status === 401, "the ledger takes", name);
}
