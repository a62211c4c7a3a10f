"""Kelviq's SDK for Python, as its users install it, through every method it has: one story, told by the
client that waits and by the one that does not. Fails where a method of the SDK has no part in it."""

import asyncio
import sys
import uuid

import httpx

import closed
import money
import people
import sales
import usage
from world import ADMIN_KEY, DIRECT, Sdk, same


class Told(Sdk):
    """With keys that are bound to a customer."""

    @staticmethod
    def key_of(customer):
        wanted = {"label": customer, "scope": "client", "customer": customer}
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        made = httpx.post(f"{DIRECT}/v1/keys", json=wanted, headers=headers, timeout=30)
        same(made.status_code, 201, "a key of one customer")
        return made.json()["key"]


async def story(mode):
    sdk, name = Told(mode), f"{mode}-{uuid.uuid4().hex[:8]}"
    await people.customers(sdk, name)
    buyer, bought = await sales.checkout(sdk, name)
    await usage.entitlements(sdk, buyer)
    await usage.usage(sdk, buyer)
    await usage.caches(sdk, buyer)
    await money.paid(sdk, buyer)
    held = await sales.change(sdk, buyer, bought)
    await sales.subscriptions(sdk, name)
    await closed.keys(sdk, buyer, f"{name}-owner")
    await closed.not_here(sdk, buyer, held.id)
    await sales.cancels(sdk, name)
    await money.orders_and_refunds(sdk, name)
    await money.payment_methods(sdk, name)
    methods = sdk.methods()
    same(sorted(methods - sdk.called), [], "methods of the SDK that this suite does not call")
    await sdk.close()
    return len(methods)


def main():
    closed.package()
    closed.webhooks()
    for mode in sys.argv[1:]:
        count = asyncio.run(story(mode))
        print(f"kelviq-sdk for Python, {mode}: {count} methods say what they should")


main()
