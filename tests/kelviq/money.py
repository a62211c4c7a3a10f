"""Money by Kelviq's SDK for Python, read only: what signed webhooks and paid pages told. It knows
nothing of how the ledger is built."""

import random
import string
import uuid

from kelviq_sdk import NotFoundError

from world import holds, refused, same, sample, send

NOBODY = "00000000-0000-4000-8000-000000000000"


def told_of(pattern, customer, internal, **fields):
    """A sample event, about another customer."""
    event = sample(pattern)
    thing = event["data"]["object"]
    thing["customer"] |= {"id": internal, "customer_id": customer, "email": f"{customer}@example.com"}
    if "customer_id" in thing:
        thing["customer_id"] = internal if thing["object"] == "order" else customer
    thing |= fields
    return event


async def paid(sdk, buyer):
    """What a paid page of the sandbox left behind."""
    client = sdk.client()
    listed = await client.transactions.list(search=buyer)
    [charge] = listed.results
    same((charge.transactionType, charge.status), ("CHARGE", "success"), "a payment")
    same((charge.amountTotal, charge.netPayout, charge.morFee), (49, 49, 0), "its money")
    same((charge.currency, charge.currencySymbol), ("USD", "$"), "its currency")
    same((charge.isSettled, charge.availableOn, charge.collectedTax), (False, None, 0), "no more is known")
    [order] = sdk.raw("/orders/", search=buyer)["results"]
    same((order["status"], order["amountTotal"], order["amountTotalUnits"]), ("COMPLETE", "49.00", 4900),
         "its order")
    same((order["customer"]["customerId"], order["billingType"]), (buyer, "SUBSCRIPTION"), "its order")
    same(charge.order["id"], order["id"], "the charge names its order")
    same(sdk.raw(f"/orders/{order['id']}/"), order, "the order, by its id")
    holds(sdk.raw(f"/orders/{order['id']}/events/")["count"] >= 1, "and what became of it")


async def orders_and_refunds(sdk, name):
    client, buyer, internal = sdk.client(), f"{name}-payer", str(uuid.uuid4())
    letters = random.choices(string.ascii_uppercase + string.digits, k=5)
    order, refund = f"ORD-20261003141500-{''.join(letters)}", str(uuid.uuid4())
    waits = f"{order[:-5]}PPPPP"
    events = [
        told_of("06.order.created*", buyer, internal, id=waits, subscription_id=None),
        told_of("21.order.created*", buyer, internal, id=order),
        told_of("22.refund.created*", buyer, internal, id=refund, order_id=order),
    ]
    for event in events:
        same(send(event), "recorded", event["type"])
    [begun] = (await client.refunds.list(search=buyer)).results
    same((begun.status, begun.id), ("PROCESSING", refund), "a refund that is under way")
    same((await client.transactions.list(search=buyer)).count, 1, "which is no transaction yet")
    for event in (
        told_of("23.refund.updated*", buyer, internal, id=refund, order_id=order),
        told_of("24.order.refunded*", buyer, internal, id=order),
    ):
        same(send(event), "recorded", event["type"])

    [done] = (await client.refunds.list(search=buyer, status="SUCCEEDED", page=1, page_size=5)).results
    same((done.amount, done.amountUnits), (4.5, 450), "the refund's money")
    same((done.reason, done.failureReason), ("REQUESTED_BY_CUSTOMER", None), "the refund's reason")
    same(done.order["id"], order, "the refund's order")
    same(await client.refunds.retrieve(refund), done, "the refund, by its id")
    for other in ({"status": "FAILED"}, {"end_date": "2026-10-04"}, {"start_date": "2026-10-06"}):
        same((await client.refunds.list(search=buyer, **other)).count, 0, f"no refund of {other}")
    inside = await client.refunds.list(search=buyer, start_date="2026-10-05", end_date="2026-10-05")
    same(inside.count, 1, "the refund's own day")
    nothing = client.refunds.retrieve(NOBODY)
    await refused(nothing, NotFoundError, 404, {"detail": "Not found."}, "no refund")

    both = await client.transactions.list(search=buyer, status="success")
    kinds = {row.transactionType: row for row in both.results}
    same(sorted(kinds), ["CHARGE", "REFUND"], "two transactions")
    same((kinds["CHARGE"].amountTotal, kinds["CHARGE"].netPayout), (10, 10), "what came")
    same((kinds["REFUND"].amountTotal, kinds["REFUND"].netPayout), (4.5, -4.5), "what went")
    same((await client.transactions.list(search=buyer, status="failure")).count, 0, "none failed")
    one = await client.transactions.list(search=buyer, page=2, page_size=1)
    same((one.count, len(one.results), one.next), (2, 1, None), "the second page of one")
    # An order that is not paid is not told.
    [shown] = sdk.raw("/orders/", search=buyer)["results"]
    same((shown["id"], shown["status"]), (order, "PARTIAL_REFUND"), "the order")
    same((shown["amountTotal"], shown["refundedTotalUnits"]), ("10.00", 450), "the order's money")


async def payment_methods(sdk, name):
    client, owner, internal = sdk.client(), f"{name}-card", str(uuid.uuid4())
    number = random.randrange(1, 2**40)

    async def listed(**options):
        return (await client.payment_methods.list(**options)).results

    same(send(told_of("08.payment_method.created*", owner, internal, id=number)), "recorded", "a card")
    [card] = await listed(customer_id=owner)
    same((card.id, card.methodType, card.isDefault), (number, "card", True), "the card")
    same((card.status, card.customer.customerId), ("succeeded", owner), "the card")
    wanted = {"brand": "visa", "last4": "4242", "expMonth": 4, "expYear": 2029, "funding": "credit",
              "country": "IN"}
    same(card.methodData, wanted, "what is on it")
    same(send(told_of("15.payment_method.updated*", owner, internal, id=number)), "recorded", "a new one")
    [card] = await listed(customer_email=f"{owner}@example.com", page=1, page_size=5)
    same((card.id, card.methodData["last4"], card.methodData["expMonth"]), (number, "4444", 11), "changed")
    same(await listed(customer_id=f"{owner}-nobody"), [], "nobody has none")
    same(send(told_of("19.payment_method.deleted*", owner, internal, id=number)), "recorded", "gone")
    same(await listed(customer_id=owner), [], "and is not listed")
