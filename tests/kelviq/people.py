"""Customers by Kelviq's SDK for Python: made, found, changed, archived, and refused. It knows nothing
of how the ledger is built."""

import datetime

from kelviq_sdk import InvalidRequestError, NotFoundError

from world import about, holds, is_sentence, is_uuid, refused, same

NOT_FOUND = {"detail": "Not found."}


async def customers(sdk, name):
    client, first = sdk.client(), f"{name}-first"
    metadata = {"orderRef": "A", "order_ref": "B", "deep": {"camelCase": [1, {"snake_case": None}]}}
    made = await client.customers.create(
        customerId=first, email=f"{name}@example.com", name="Asha Rao", metadata=metadata
    )
    is_uuid(made.id, "a customer's id")
    same((made.customerId, made.name), (first, "Asha Rao"), "who was made")
    same((made.email, made.details), (f"{name}@example.com", {}), "who was made")
    same(made.metadata, metadata, "metadata, to the key")
    age = datetime.datetime.now(datetime.timezone.utc) - made.createdOn
    holds(abs(age.total_seconds()) < 600, "it was made just now", made.createdOn)
    same(await client.customers.retrieve(first), made, "who is found again")
    same(sdk.raw(f"/customers/{first}/")["billingAddress"], None, "no address was told")

    taken = {"customerId": ["A customer with this customerId already exists."]}
    again = client.customers.create(customerId=first, email="other@example.com")
    await refused(again, InvalidRequestError, 400, taken, "the same customer again")
    wrong = client.customers.create(customerId=f"{name}-odd", email="no address")
    await refused(wrong, InvalidRequestError, 400, about("email"), "an e-mail address that is none")
    nobody = client.customers.retrieve(f"{name}-nobody")
    await refused(nobody, NotFoundError, 404, NOT_FOUND, "a customer who is not there")

    renamed = await client.customers.update(first, name="Asha Devi Rao")
    same((renamed.name, renamed.email), ("Asha Devi Rao", made.email), "one field is changed alone")
    same((renamed.id, renamed.createdOn), (made.id, made.createdOn), "it is the same customer")
    holds(renamed.modifiedOn >= made.modifiedOn, "it was modified", renamed.modifiedOn)
    replaced = await client.customers.update(first, metadata={"onlyThis": True})
    same(replaced.metadata, {"onlyThis": True}, "metadata is replaced as a whole")
    moved = await client.customers.update(first, email=f"{name}+new@example.com")
    same(moved.email, f"{name}+new@example.com", "the new address")
    same((await client.customers.retrieve(first)).metadata, {"onlyThis": True}, "and nothing else")
    nobody = client.customers.update(f"{name}-nobody", name="X")
    await refused(nobody, NotFoundError, 404, NOT_FOUND, "a change of nobody")

    # Kelviq's surface subscribes nobody who did not ask.
    same((await client.subscriptions.list(customerId=first)).count, 0, "no plan was asked for")
    same(await client.entitlements.get_entitlements(first), {}, "and nothing is granted")
    await pages(sdk, client, name)
    await archived(client, name)


async def pages(sdk, client, name):
    """Follows the pages to their end, as a user of the SDK does."""
    wanted = [f"{name}-page-{number}" for number in range(5)]
    for one in wanted:
        await client.customers.create(customerId=one, email=f"{one}@example.com", name=f"P {one}")
    seen, page = [], 1
    while True:
        answer = await client.customers.list(page=page, page_size=3)
        seen += [customer.customerId for customer in answer.results]
        same(answer.previous is None, page == 1, "only the first page has none before it")
        if answer.next is None:
            break
        same(len(answer.results), 3, "a page that is followed is full")
        holds(f"page={page + 1}" in answer.next and "page_size=3" in answer.next, "next", answer.next)
        page += 1
    same(len(seen), answer.count, "all that is counted is listed")
    same(len(seen), len(set(seen)), "each once")
    same([one for one in seen if one in wanted], wanted[::-1], "the newest first")
    same((await client.customers.list()).previous, None, "without a page it is the first")
    past = client.customers.list(page=page + 1, page_size=3)
    await refused(past, NotFoundError, 404, {"detail": "Invalid page."}, "a page past the end")
    found = sdk.raw("/customers/", search=f"p {name}-PAGE-3")
    same([one["customerId"] for one in found["results"]], [f"{name}-page-3"], "search")


async def archived(client, name):
    gone = f"{name}-page-4"
    done = await client.customers.archive(gone)
    holds("archived successfully" in done.message, "204, as the SDK tells it", done.message)
    for call in (client.customers.retrieve, client.customers.archive):
        await refused(call(gone), NotFoundError, 404, NOT_FOUND, "an archived customer")
    again = client.customers.create(customerId=gone, email="x@example.com")
    await refused(again, InvalidRequestError, 400, about("customerId"), "its id stays taken")
    # Who has something that runs is not archived.
    kept = f"{name}-page-3"
    begun = await client.subscriptions.create("team", "MONTHLY", kept)
    refusal = client.customers.archive(kept)
    await refused(refusal, InvalidRequestError, 400, is_sentence, "archived while subscribed")
    await client.subscriptions.cancel(begun.id, "IMMEDIATE")
    await client.customers.archive(kept)
