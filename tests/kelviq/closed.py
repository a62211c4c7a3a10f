"""What is no ledger's business and what a key may not, by Kelviq's SDK for Python; and the SDK's check of
webhooks. It knows nothing of how the ledger is built."""

import json
import os

import kelviq_sdk
from kelviq_sdk import (
    AuthenticationError,
    NotFoundError,
    ServerError,
    WebhookVerificationError,
    environment_from_env,
    validate_event,
)

from world import CLIENT_KEY, holds, is_sentence, refused, same

# Everything that the package gives its users. A name more, and this suite has to learn it.
EXPORTED = {
    "APIError", "AsyncRedisStore", "AuthenticationError", "BEHAVIOUR_CHOICES", "CacheStore",
    "CancellationType", "ChargePeriod", "InMemoryCache", "InvalidRequestError", "Kelviq",
    "NotFoundError", "ProrationBehavior", "RedisStore", "ServerError", "WebhookVerificationError",
    "__version__", "environment_from_env", "logger", "validate_event",
}
INSTANCE = "00000000-0000-4000-8000-000000000000"


async def not_here(sdk, owner, subscription):
    """Each is answered 501 with one sentence, which the SDK tells as an error of the server."""
    client = sdk.client()
    for what, call in {
        "the portal": client.portal.create_session(owner),
        "a charge": client.charges.create("pro", "ONE_TIME", owner, currencyCode="USD", customAmount=5),
        "a refund": client.refunds.create("ORD-20261003141500-T7QK2", amountUnits=1, reason="OTHER"),
        "a preview": client.subscriptions.preview_update(subscription, "pro", "MONTHLY"),
        "a licence": client.license.activate("LIC-1", owner, "host", {"aB": 1}),
        "a licence's end": client.license.deactivate("LIC-1", INSTANCE),
        "a licence's check": client.license.validate("LIC-1", INSTANCE),
    }.items():
        await refused(call, ServerError, 501, is_sentence, what)


async def keys(sdk, owner, other):
    """A client key reads entitlements and subscriptions; one that is bound, its customer's alone."""
    stranger = sdk.client("a-key-that-opens-nothing").customers.list()
    await refused(stranger, AuthenticationError, 401, is_sentence, "an unknown key")
    client = sdk.client(CLIENT_KEY)
    same(await client.entitlements.has_access(owner, "sso"), True, "a client key reads entitlements")
    holds((await client.subscriptions.list(customerId=owner)).count >= 1, "and subscriptions")
    for call in (
        client.subscriptions.list(),
        client.customers.list(),
        client.customers.create(customerId="x", email="x@example.com"),
        client.customers.retrieve(owner),
        client.checkout.create_session("pro", "MONTHLY", "https://shop.example/"),
        client.subscriptions.create("pro", "MONTHLY", owner),
        client.reporting.report_usage(1, owner, "api-calls", "SET"),
        client.refunds.list(),
        client.transactions.list(),
        client.payment_methods.list(),
    ):
        await refused(call, AuthenticationError, 403, is_sentence, "a client key on a server's call")
    bound = sdk.client(sdk.key_of(owner))
    same(await bound.entitlements.has_access(owner, "sso"), True, "its own customer's")
    listed = await bound.subscriptions.list()
    same({row.customerId for row in listed.results}, {owner}, "unasked, its own customer's")
    for call in (
        bound.entitlements.get_entitlements(other),
        bound.subscriptions.list(customerId=other),
    ):
        await refused(call, NotFoundError, 404, is_sentence, "another customer's")


def webhooks():
    """The SDK takes what `subledger send` signs, and nothing of which one byte is another."""
    with open(os.environ["SUBLEDGER_SIGNED"], encoding="utf-8") as file:
        signed = json.load(file)
    secret = os.environ["SUBLEDGER_WEBHOOK_SECRET"]
    holds(len(signed) > 20, "there are samples", len(signed))
    for sent in signed:
        with open(sent["file"], "rb") as file:
            body = file.read()
        headers = dict(sent["headers"])
        same(validate_event(body, headers, secret), json.loads(body), sent["file"])
        lower = {name.lower(): value for name, value in headers.items()}
        # A byte that stands for a character by itself, so that it still is one.
        at = next(at for at in range(len(body) // 2, len(body)) if body[at] < 128)
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        forged = [(changed, lower, secret), (body, lower, secret[:-1]), (body, {}, secret)]
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
            last = "0" if lower[name][-1] != "0" else "1"
            forged.append((body, lower | {name: lower[name][:-1] + last}, secret))
        for wrong in forged:
            try:
                validate_event(*wrong)
            except WebhookVerificationError:
                continue
            raise AssertionError(f"the SDK takes a forged {sent['file']}: {wrong[1]}")


def package():
    same(set(kelviq_sdk.__all__), EXPORTED, "what the package gives its users")
    same(kelviq_sdk.__version__, os.environ["KELVIQ_PYTHON_VERSION"], "the version that was asked for")
    same(environment_from_env("PROD "), "production", "its word for an environment")
