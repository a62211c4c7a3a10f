"""Usage and entitlements by Kelviq's SDK for Python: what is counted, what is left, at most once, and
with a network that fails. It knows nothing of how the ledger is built."""

import datetime

import httpx
from kelviq_sdk import APIError, InvalidRequestError, NotFoundError

from world import about, holds, refused, same

CALLS, EXPORTS = "api-calls", "exports"


def moment():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")


async def entitlements(sdk, owner):
    """Of a customer with the plan `pro` and eight seats, who used nothing yet."""
    client = sdk.client()
    every = await client.entitlements.get_entitlements(owner)
    same(sorted(every), ["api-calls", "exports", "seats", "sso"], "what the plan grants")
    sso, calls, exports, seats = every["sso"], every[CALLS], every[EXPORTS], every["seats"]
    same((sso.featureType, sso.hasAccess), ("BOOLEAN", True), "a feature that is granted")
    same((sso.items[0].usageLimit, sso.items[0].currentUsage), (None, None), "and no numbers")
    same((calls.featureType, calls.hasAccess, calls.hardLimit), ("METER", True, False), "a meter")
    same((calls.usageLimit, calls.currentUsage, calls.remaining), (1000, 0, 1000), "its numbers")
    holds(datetime.datetime.strptime(calls.items[0].resetAt, "%Y-%m-%d %H:%M:%S"), "when it resets")
    same((exports.hardLimit, exports.usageLimit, exports.items[0].resetAt), (True, 5, None), "a hard one")
    same((seats.featureType, seats.usageLimit, seats.hasAccess), ("CUSTOMIZABLE", 8, True), "seats")
    one = await client.entitlements.get_entitlement(owner, CALLS)
    same(one, calls, "one of them")
    same(await client.entitlements.get_entitlement(owner, "no-feature"), None, "none of that name")
    same(await client.entitlements.has_access(owner, "no-feature"), False, "no access to it")
    same(await client.entitlements.has_access(owner, "sso"), True, "access")
    rows = await client.entitlements.get_raw_entitlements(owner)
    same((rows.customerId, len(rows.entitlements)), (owner, 4), "the rows as they come")
    row = await client.entitlements.get_raw_entitlement(owner, CALLS)
    same([found.featureId for found in row.entitlements], [CALLS], "one row")
    told = sdk.raw("/entitlements", customer_id=owner, feature_id="sso")["entitlements"]
    same(told, [{"featureId": "sso", "featureType": "BOOLEAN", "hasAccess": True}], "three fields")
    same(sdk.raw("/entitlements/", customerId=owner, featureId="sso")["entitlements"], told, "other names")
    nobody = client.entitlements.get_entitlements(f"{owner}-nobody")
    await refused(nobody, NotFoundError, 404, {"detail": "Not found."}, "nobody's entitlements")


async def usage(sdk, owner):
    client = sdk.client()

    async def left(feature=CALLS):
        [row] = (await client.entitlements.get_raw_entitlement(owner, feature)).entitlements
        return row.currentUsage, row.remaining, row.hasAccess

    def report(value, behaviour, feature=CALLS, customer=owner, **more):
        return client.reporting.report_usage(value, customer, feature, behaviour, **more)

    told = await report(10, "SET", resourceId="host-1")
    same((told.value, told.customerId, told.featureId), (10, owner, CALLS), "what was reported")
    same((told.behaviour, told.orgId, told.resourceId), ("SET", "1", "host-1"), "what was reported")
    same((told.eventName, len(told.idempotencyKey)), ("aggregated.usage", 32), "what was reported")
    holds(datetime.datetime.strptime(told.timestamp, "%Y-%m-%d %H:%M:%S.%f"), "when", told)
    same(await left(), (10, 990, True), "set")
    await report(5, "delta")
    same(await left(), (15, 985, True), "added")
    await report(-3, "DELTA")
    same(await left(), (12, 988, True), "taken back")
    below = {"value": ["Usage cannot go below zero."]}
    await refused(report(-13, "DELTA"), InvalidRequestError, 400, below, "below zero")
    await refused(report(-1, "SET"), InvalidRequestError, 400, about("value"), "set below zero")
    await report(0, "DELTA")
    same(await left(), (12, 988, True), "nothing changed")
    await report(12, "SET")
    same(await left(), (12, 988, True), "set again, as a retry does")
    # Past a hard limit it is recorded, and shows in entitlements alone.
    await report(7, "SET", EXPORTS)
    same(await left(EXPORTS), (7, 0, False), "past a hard limit")
    same(await client.entitlements.has_access(owner, EXPORTS), False, "the SDK's word for it")
    await report(4, "SET", EXPORTS)
    same(await left(EXPORTS), (4, 1, True), "and under it again")
    for call, field in (
        (report(1, "SET", feature="no-feature"), "featureId"),
        (report(1, "SET", feature="sso"), "featureId"),
        (report(1, "SET", customer=f"{owner}-nobody"), "customerId"),
    ):
        await refused(call, InvalidRequestError, 400, about(field), f"a report with a wrong {field}")
    await events(client, owner, left)


async def events(client, owner, left):
    at = moment()

    def tell(key, feature=CALLS, value=2, name="call"):
        properties = {"featureId": feature, "value": value}
        return client.reporting.report_event(
            owner, name, f"{owner}-{key}", at, resourceId="host-1", properties=properties
        )

    told = await tell("one")
    same((told.customerId, told.eventName, told.orgId), (owner, "call", "1"), "what was told")
    same((told.idempotencyKey, told.timestamp), (f"{owner}-one", at), "what was told")
    same(told.properties, {"featureId": CALLS, "value": 2}, "its properties")
    same(await left(), (14, 986, True), "counted")
    same(await tell("one"), told, "told again, it is answered again")
    same(await left(), (14, 986, True), "and counted once")
    other = tell("one", value=3)
    await refused(other, APIError, 422, lambda told: "detail" in told, "one key for two events")
    await tell("two", value=1)
    same(await left(), (15, 985, True), "another one")
    unknown = tell("three", feature="no-feature")
    nested = lambda told: "featureId" in told["properties"]
    await refused(unknown, InvalidRequestError, 400, nested, "an event of no feature")
    counts_nothing = await client.reporting.report_event(owner, "signed-in", f"{owner}-four", at)
    same(counts_nothing.eventName, "signed-in", "an event that counts nothing")
    same(await left(), (15, 985, True), "and counts nothing")


class Wire(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A network that can be cut, for either client. It counts the requests that got through."""

    def __init__(self):
        self.is_cut, self.count = False, 0
        self._sync, self._async = httpx.HTTPTransport(), httpx.AsyncHTTPTransport()

    def _cut(self, request):
        if self.is_cut:
            raise httpx.ConnectError("cut", request=request)
        self.count += 1

    def handle_request(self, request):
        self._cut(request)
        return self._sync.handle_request(request)

    async def handle_async_request(self, request):
        self._cut(request)
        return await self._async.handle_async_request(request)


async def caches(sdk, owner):
    """The SDK's cache and its queue, on: what it holds is what the ledger said."""
    wire = Wire()
    client = sdk.client(enable_cache=True, transport=wire)
    first = await client.entitlements.get_entitlement(owner, CALLS)
    same((first.currentUsage, first.remaining), (15, 985), "what the ledger said")
    asked = wire.count
    same(await client.entitlements.get_entitlement(owner, CALLS), first, "again")
    same(wire.count, asked, "and nobody was asked")
    await client.reporting.report_usage(5, owner, CALLS, "DELTA")
    guessed = await client.entitlements.get_entitlement(owner, CALLS)
    same((guessed.currentUsage, guessed.remaining), (20, 980), "what the SDK makes of its own report")
    truth = await sdk.client().entitlements.get_entitlement(owner, CALLS)
    same((truth.currentUsage, truth.remaining), (20, 980), "is what the ledger says")

    wire.is_cut = True
    queued = await client.reporting.report_usage(2, owner, CALLS, "DELTA")
    same(queued.orgId, "", "the SDK answers for itself")
    await client.reporting.report_event(
        owner, "call", f"{owner}-late", moment(), properties={"featureId": CALLS, "value": 3}
    )
    same(await client.reporting.flush(), 2, "both wait")
    wire.is_cut = False
    same(await client.reporting.flush(), 0, "and are delivered, in order")
    truth = await sdk.client().entitlements.get_entitlement(owner, CALLS)
    same((truth.currentUsage, truth.remaining), (25, 975), "counted once each")

    wire = Wire()
    stale = sdk.client(enable_cache=True, cache_ttl=0, transport=wire)
    for asked in (1, 2):
        same(await stale.entitlements.get_entitlement(owner, CALLS), truth, "what the ledger said")
        same(wire.count, asked, "asked each time")
    wire.is_cut = True
    same(await stale.entitlements.get_entitlement(owner, CALLS), truth, "the last word that is known")
