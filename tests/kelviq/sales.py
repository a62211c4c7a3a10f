"""Checkouts by Kelviq's SDK for Python, paid on the page, and what is bought: listed, changed, used and
cancelled. It knows nothing of how the ledger is built."""

import datetime

import httpx
from kelviq_sdk import ChargePeriod, InvalidRequestError, NotFoundError, ProrationBehavior

from world import about, holds, is_sentence, is_uuid, press, refused, same, until

GONE = {"detail": "Subscription not found."}
CANCELLED = "Subscription cancellation processed successfully."
NOBODY = "00000000-0000-4000-8000-000000000000"
# How each period is told: recurrence, its unit, its type, and its price of everywhere.
PERIODS = {
    "DAILY": (1, "DAY", "3.00"),
    "WEEKLY": (1, "WEEK", "15.00"),
    "TWENTY_EIGHT_DAYS": (28, "DAY", "45.00"),
    "MONTHLY": (1, "MONTH", "49.00"),
    "THREE_MONTHS": (3, "MONTH", "139.00"),
    "SIX_MONTHS": (6, "MONTH", "269.00"),
    "YEARLY": (1, "YEAR", "490.00"),
    "ONE_TIME": (None, None, "1999.00"),
}


def today():
    return datetime.datetime.now(datetime.timezone.utc).date()


async def bought(client, customer):
    """What a customer has, as soon as it has one."""
    listed = await until(
        lambda: client.subscriptions.list(customerId=customer),
        lambda answer: answer.count == 1 and answer.results[0].status == "active",
        f"{customer} is active after the payment",
    )
    return listed.results[0]


async def checkout(sdk, name):
    """From a checkout that makes its customer to a subscription in force."""
    client, buyer = sdk.client(), f"{name}-buyer"
    metadata = {"orderId": "x", "order_id": "y"}
    opened = await client.checkout.create_session(
        planIdentifier="pro", chargePeriod="MONTHLY", customerId=buyer,
        successUrl="https://shop.example/done?way=back", features=[{"identifier": "seats", "quantity": 8}],
        offeringId=NOBODY, pricingTableId=NOBODY, ruleId=NOBODY, ipAddress="203.0.113.7",
        discountsEnabled=False, lockEmail=True, defaultBillingCountry="US", currencyCode="USD",
        metadata=metadata,
    )
    holds(opened.checkoutSessionId.startswith("cs_"), "a session's id", opened.checkoutSessionId)
    page = f"{sdk.direct}/checkout/{opened.checkoutSessionId}"
    same(opened.checkoutUrl.rstrip("/"), page, "the page's address")
    same((await client.customers.retrieve(buyer)).customerId, buyer, "the customer that came of it")
    same((await client.subscriptions.list(customerId=buyer)).count, 0, "nothing is paid yet")
    session = sdk.raw(f"/checkout/sessions/{opened.checkoutSessionId}/")
    same((session["status"], session["metadata"]), ("open", metadata), "the open session")
    same((session["order"], session["subscription"]), (None, None), "nothing came of it yet")

    back, page = press(opened.checkoutUrl, "pay")
    holds("Pro" in page and "49.00" in page, "the page says what is paid", page)
    same((back.status_code, back.headers.get("location")), (303, "https://shop.example/done?way=back"),
         "where the payer is led")
    subscription = await bought(client, buyer)
    is_uuid(subscription.id, "a subscription's id")
    same((subscription.plan.identifier, subscription.plan.name), ("pro", "Pro"), "the plan")
    same((subscription.amount, subscription.currency.upper()), ("49.00", "USD"), "the price")
    same((subscription.customerId, subscription.endDate), (buyer, None), "whose it is")
    same((subscription.billingType, subscription.recurrence), ("SUBSCRIPTION", "month"), "the terms")
    same((subscription.recurrenceUnit, subscription.recurrenceType), (1, "MONTH"), "the terms")
    same((subscription.trialDaysRemaining, subscription.product), (0, "Example Ltd"), "the rest")
    holds(subscription.startDate in {str(today()), str(today() - datetime.timedelta(1))}, "it began",
          subscription.startDate)
    lasts = period_of(subscription)
    holds(28 <= lasts.days <= 31, "it lasts a month", lasts)
    same(seats(subscription), 8, "what was bought of seats")
    same(await client.subscriptions.retrieve(subscription.id), subscription, "found by its id")
    session = sdk.raw(f"/checkout/sessions/{opened.checkoutSessionId}/")
    same((session["status"], session["subscription"]["id"]), ("success", subscription.id), "the session")
    told = sdk.raw(f"/checkout/sessions/{opened.checkoutSessionId}/events/")
    holds(told["count"] >= 2, "what became of it is told", told)
    listed = sdk.raw("/checkout/sessions/", search=buyer)
    same([row["id"] for row in listed["results"]], [opened.checkoutSessionId], "it is in the list")
    await other_checkouts(sdk, client, name)
    return buyer, subscription


def period_of(subscription):
    parse = datetime.datetime.fromisoformat
    return parse(subscription.billingPeriodEndTime) - parse(subscription.billingPeriodStartTime)


def seats(subscription):
    [found] = [row["value"] for row in subscription.features if row["identifier"] == "seats"]
    return found


async def other_checkouts(sdk, client, name):
    """Every period, other money, a trial, no customer, and what is refused."""
    for period, (unit, kind, amount) in PERIODS.items():
        holds(ChargePeriod(period), "the SDK knows it", period)
        customer = f"{name}-{period.lower()}"
        opened = await client.checkout.create_session(
            "pro", period, "https://shop.example/", customerId=customer
        )
        press(opened.checkoutUrl, "pay")
        got = await bought(client, customer)
        same((got.amount, got.recurrenceUnit, got.recurrenceType), (amount, unit, kind), period)
        one_time = period == "ONE_TIME"
        same(got.billingType, "ONE_TIME" if one_time else "SUBSCRIPTION", period)
        same(got.billingPeriodEndTime is None, one_time, period)

    for options, amount, currency in (
        ({"currencyCode": "EUR"}, "45.00", "EUR"),
        ({"defaultBillingCountry": "IN"}, "3999.00", "INR"),
        ({"customAmount": 12.34, "currencyCode": "USD", "taxBehavior": "INCLUSIVE"}, "12.34", "USD"),
    ):
        customer = f"{name}-{currency.lower()}-{amount}"
        opened = await client.checkout.create_session(
            "pro", "MONTHLY", "https://shop.example/", customerId=customer, **options
        )
        press(opened.checkoutUrl, "pay")
        got = await bought(client, customer)
        same((got.amount, got.currency.upper()), (amount, currency), str(options))

    tried = f"{name}-tries"
    opened = await client.checkout.create_session(
        "pro", "MONTHLY", "https://shop.example/", customerId=tried, trialPeriod=7
    )
    press(opened.checkoutUrl, "pay")
    listed = await until(
        lambda: client.subscriptions.list(customerId=tried), lambda answer: answer.count == 1, "a trial"
    )
    same(listed.results[0].status, "trialing", "in its trial")
    holds(listed.results[0].trialDaysRemaining in (6, 7), "a week of it", listed.results[0])

    # What costs nothing has no payment step, and is told as a single purchase.
    for period in ("ONE_TIME", "MONTHLY"):
        customer = f"{name}-free-{period.lower()}"
        opened = await client.checkout.create_session(
            "free", period, "https://shop.example/", customerId=customer
        )
        press(opened.checkoutUrl, "pay")
        got = await bought(client, customer)
        same((got.plan.identifier, got.amount, got.billingType), ("free", "0.00", "ONE_TIME"), "free")
        dearer = client.subscriptions.update(got.id, "pro", "MONTHLY")
        await refused(dearer, InvalidRequestError, 400, about("planIdentifier"), "paid for, by an update")

    # A payment that fails can be tried again.
    failed = f"{name}-fails"
    opened = await client.checkout.create_session(
        "pro", "MONTHLY", "https://shop.example/", customerId=failed
    )
    press(opened.checkoutUrl, "fail")
    path = f"/checkout/sessions/{opened.checkoutSessionId}/"
    await until(page_with(opened.checkoutUrl, "pay"), bool, "the page lets the payer try again")
    same(sdk.raw(path)["status"], "open", "a session whose payment failed")
    same((await client.subscriptions.list(customerId=failed)).count, 0, "nothing is had of it")
    press(opened.checkoutUrl, "pay")
    await bought(client, failed)
    same(sdk.raw(path)["status"], "success", "the session after all")

    # Nobody is named: somebody is made.
    unnamed = await client.checkout.create_session("pro", "MONTHLY", "https://shop.example/")
    session = sdk.raw(f"/checkout/sessions/{unnamed.checkoutSessionId}/")
    made = session["customer"]["customerId"]
    holds(len(made) == 32 and set(made) <= set("0123456789abcdef"), "a name for who has none", made)
    called_off, _ = press(unnamed.checkoutUrl, "cancel")
    holds(called_off.status_code in (200, 303), "it can be called off", called_off.status_code)

    def opens(plan="pro", period="MONTHLY", url="https://shop.example/", **options):
        return client.checkout.create_session(plan, period, url, customerId=f"{name}-x", **options)

    for call, fields in (
        (opens(plan="no-plan"), ("planIdentifier",)),
        (opens(plan="team", period="DAILY"), ("chargePeriod",)),
        (opens(url="no address"), ("successUrl",)),
        (opens(currencyCode="JPY"), ("currencyCode",)),
        (opens(features=[{"identifier": "seats", "quantity": 0}]), ("features",)),
        (opens(features=[{"identifier": "no-feature", "quantity": 1}]), ("features",)),
        (opens(customAmount=5, currencyCode="USD"), ("taxBehavior",)),
    ):
        await refused(call, InvalidRequestError, 400, about(*fields), f"a checkout with wrong {fields}")
    await refused(client.customers.retrieve(f"{name}-x"), NotFoundError, 404,
                  {"detail": "Not found."}, "a refused checkout makes no customer")


def page_with(checkout_url, button):
    """Asks whether the payment page has that button now."""

    async def ask():
        return f'value="{button}"' in httpx.get(checkout_url, timeout=30).text

    return ask


async def subscriptions(sdk, name):
    """Begun without a payment, several at once, tried, listed by dates."""
    client, owner = sdk.client(), f"{name}-owner"
    nobody = client.subscriptions.create("pro", "MONTHLY", owner)
    await refused(nobody, InvalidRequestError, 400, {"detail": "Customer does not exist."}, "nobody")
    await client.customers.create(customerId=owner, email=f"{owner}@example.com")
    begun = await client.subscriptions.create(
        "pro", "MONTHLY", owner, successUrl="https://shop.example/", ipAddress="203.0.113.7",
        features=[{"identifier": "api-calls", "quantity": 200}],
    )
    same((begun.status, begun.plan.identifier, begun.amount), ("active", "pro", "49.00"), "begun")
    same(begun.product.name, "Example Ltd", "the product is an object here")
    tried = await client.subscriptions.create("trial", "MONTHLY", owner)
    same(tried.status, "trialing", "a plan with a trial")
    holds(tried.trialDaysRemaining in (13, 14), "its days", tried.trialDaysRemaining)

    # Several subscriptions are several rows of one feature, which the SDK adds up.
    calls = await client.entitlements.get_entitlement(owner, "api-calls")
    same((calls.usageLimit, calls.remaining, len(calls.items)), (220, 220, 2), "both count")
    day = datetime.timedelta(1)
    for word in ("startDate", "modifiedOn"):
        inside = {f"{word}After": str(today() - day), f"{word}Before": str(today() + 2 * day)}
        listed = await client.subscriptions.list(customerId=owner, page=1, page_size=1, **inside)
        same((listed.count, len(listed.results), listed.previous), (2, 1, None), f"{word} of today")
        for outside in ({f"{word}After": str(today() + 2 * day)}, {f"{word}Before": str(today() - 2 * day)}):
            same((await client.subscriptions.list(customerId=owner, **outside)).count, 0, str(outside))
    same(await pages_of(client, owner), {begun.id, tried.id}, "two pages of one")
    same((await client.subscriptions.list(customerId=f"{name}-nobody")).count, 0, "nobody has none")

    ended = (await client.subscriptions.update(tried.id, "trial", "MONTHLY", trialEnd="now")).subscriptionId
    same((await client.subscriptions.retrieve(ended)).status, "active", "its trial was ended")
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30, hours=1)
    longer = await client.subscriptions.create("trial", "MONTHLY", owner)
    moved = await client.subscriptions.update(
        longer.id, "trial", "MONTHLY", trialEnd=later.strftime("%Y-%m-%d %H:%M:%S")
    )
    shown = await client.subscriptions.retrieve(moved.subscriptionId)
    same(shown.status, "trialing", "its trial was made longer")
    holds(shown.trialDaysRemaining in (30, 31), "a month", shown.trialDaysRemaining)
    await refused(client.subscriptions.retrieve(NOBODY), NotFoundError, 404, GONE, "no subscription")


async def pages_of(client, owner):
    seen, page = set(), 1
    while True:
        answer = await client.subscriptions.list(customerId=owner, page=page, page_size=1)
        seen |= {row.id for row in answer.results}
        if answer.next is None:
            return seen
        page += 1


async def change(sdk, owner, old):
    """A plan is changed: another id, in force at once, and what was used stays used."""
    client = sdk.client()
    before = await client.entitlements.get_entitlement(owner, "api-calls")
    changed = await client.subscriptions.update(
        old.id, "team", "YEARLY", prorationBehavior=ProrationBehavior.IMMEDIATE_CHARGE,
        paymentBehavior="activate_on_payment", ipAddress="203.0.113.7",
    )
    holds(changed.subscriptionId != old.id, "a change has an id of its own", changed)
    new = await client.subscriptions.retrieve(changed.subscriptionId)
    same((new.status, new.plan.identifier, new.amount), ("active", "team", "990.00"), "the new one")
    same((new.recurrenceUnit, new.recurrenceType, seats(new)), (1, "YEAR", 8), "the new one")
    same((await client.subscriptions.retrieve(old.id)).status, "superseded", "the old one")
    listed = await client.subscriptions.list(customerId=owner)
    same([row.id for row in listed.results], [new.id], "one row a subscription")
    every = sdk.raw("/subscriptions/", customer_id=owner, status="active,superseded")
    same({row["id"] for row in every["results"]}, {new.id, old.id}, "every record")
    after = await client.entitlements.get_entitlement(owner, "api-calls")
    same(after.currentUsage, before.currentUsage, "what was used stays used")
    same((after.usageLimit, after.remaining, after.hasAccess), (None, None, True), "without a limit")
    again = await client.subscriptions.update(new.id, "team", "YEARLY")
    same(again.subscriptionId, new.id, "no change has no new id")
    fewer = await client.subscriptions.update(
        new.id, "team", "YEARLY", features=[{"identifier": "seats", "quantity": 2}]
    )
    new = await client.subscriptions.retrieve(fewer.subscriptionId)
    same(seats(new), 2, "the whole new quantities")
    for call, fields in (
        (client.subscriptions.update(new.id, "no-plan", "MONTHLY"), ("planIdentifier",)),
        (client.subscriptions.update(new.id, "team", "DAILY"), ("chargePeriod",)),
    ):
        await refused(call, InvalidRequestError, 400, about(*fields), f"a change with wrong {fields}")
    superseded = client.subscriptions.update(old.id, "pro", "MONTHLY")
    await refused(superseded, InvalidRequestError, 400, is_sentence, "a change of what was replaced")
    nobody = client.subscriptions.update(NOBODY, "pro", "MONTHLY")
    await refused(nobody, NotFoundError, 404, GONE, "a change of nothing")
    return new


async def cancels(sdk, name):
    client, owner = sdk.client(), f"{name}-leaver"
    await client.customers.create(customerId=owner, email=f"{owner}@example.com")

    async def begin():
        return await client.subscriptions.create("pro", "MONTHLY", owner)

    kept = await begin()
    done = await client.subscriptions.cancel(kept.id, "CURRENT_PERIOD_ENDS")
    same(done.message, CANCELLED, "cancelled with its period")
    shown = await client.subscriptions.retrieve(kept.id)
    same((shown.status, shown.endDate), ("active", kept.billingPeriodEndTime[:10]), "until it ends")
    row = sdk.raw(f"/subscriptions/{kept.id}/")
    same(row["cancellationReason"], "CANCELLED_BY_MERCHANT", "who cancelled")
    holds(row["canceledAt"], "and when", row)
    holds(await client.entitlements.has_access(owner, "sso"), "it is granted until then")

    day = str(today() + datetime.timedelta(10))
    dated = await begin()
    same((await client.subscriptions.cancel(dated.id, "SPECIFIC_DATE", day)).message, CANCELLED, day)
    same((await client.subscriptions.retrieve(dated.id)).endDate, day, "on that day")
    past = client.subscriptions.cancel((await begin()).id, "SPECIFIC_DATE", str(today()))
    await refused(past, InvalidRequestError, 400, about("cancellationDate"), "a day that is here")

    for one in (await client.subscriptions.list(customerId=owner)).results:
        same((await client.subscriptions.cancel(one.id, "IMMEDIATE")).message, CANCELLED, "at once")
        same((await client.subscriptions.retrieve(one.id)).status, "canceled", "it is over")
    same(await client.entitlements.has_access(owner, "sso"), False, "nothing is granted any more")
    nobody = client.subscriptions.cancel(NOBODY, "IMMEDIATE")
    await refused(nobody, NotFoundError, 404, GONE, "a cancel of nothing")
