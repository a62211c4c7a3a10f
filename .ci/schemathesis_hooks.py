"""What no schema can tell schemathesis: how webhooks are signed, what is sold, who is there, and what
the service remembers. Knows of secrets only the demo's."""

import hashlib
import hmac
import os
import uuid
import zlib

import requests
import schemathesis

SECRET = os.environ["WEBHOOK_SECRET"].encode()
LISTS = ("/v1/subscriptions", "/v1/payments")
# What the demo's catalogue sells, and a customer that its sample events name.
STYKITE = "/v1/company/"
COMPANY, COUNTRY = "COM-0MD508X1S3001", "CON-0MD508X1S3002"
METER, PLAN = "MTR-0MD508X1S3003", "PLV-0MD508X1S388G"
CUSTOMER = "user_42"
KELVIQ = "/api/v1/"
# What a request to Kelviq's surface must say to be understood, by the field's name. What is left out is
# still left out, and so is what has ABSENT.
ABSENT = object()
KELVIQ_FIELDS = {
    "planIdentifier": "pro",
    "chargePeriod": "MONTHLY",
    "customerId": CUSTOMER,
    "featureId": "ai-credits",
    "features": [{"identifier": "ai-credits", "quantity": 5}],
    "successUrl": "https://shop.example/done",
    "cancelUrl": "https://shop.example/back",
    "currencyCode": "USD",
    "defaultBillingCountry": "US",
    "customAmount": 12.5,
    "discountCode": ABSENT,
    "email": "somebody@example.com",
    "properties": {"featureId": "ai-credits", "value": 2},
    "timestamp": "2026-10-01 10:00:00.000000",
    "trialEnd": "now",
    "cancellationDate": "2199-01-01",
    "offeringId": "an-offering",
    "pricingTableId": "a-table",
    "ruleId": "a-rule",
    "plansEnabled": "pro,enterprise",
    "ipAddress": "203.0.113.7",
}
# What a question must say to be understood: the log knows days from 2000 on.
KELVIQ_QUERY = {"customer_id": CUSTOMER, "customerId": CUSTOMER, "page": 1, "version": "1"}
KELVIQ_QUERY |= dict.fromkeys(("start_date", "start_date_after", "modified_on_after"), "2026-01-01")
KELVIQ_QUERY |= dict.fromkeys(("end_date", "start_date_before", "modified_on_before"), "2199-01-01")
# The requests to Kelviq's surface that name only what there is, by their ids: these are to be accepted.
# Every other one sends what it likes, and may be refused.
NAMING = set()
# What a path names, by the list it is in: the parameter, and the field of a row.
KELVIQ_LISTS = {
    "checkout/sessions/": ("session_id", "id"),
    "orders/": ("id", "id"),
    "refunds/": ("refundId", "id"),
    "catalog/products/": ("pk", "id"),
    "catalog/features/": ("pk", "id"),
    "catalog/plans/": ("identifier", "identifier"),
}


class Signed(requests.auth.AuthBase):
    """Runs last, when the bytes that will be sent are known."""

    def __call__(self, request):
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        if isinstance(body, bytes):
            tag = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
            request.headers["X-Razorpay-Signature"] = tag
        return request


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Half of the requests go to a source that is there."""
    if path_parameters and "source" in path_parameters and len(str(path_parameters["source"])) % 2:
        path_parameters["source"] = "razorpay"
    return path_parameters


def about_the_past(case):
    """A pattern cannot tell a day that there is, nor a schema which moments the log knows, whose a
    list at one must be, and what checkpoint was signed."""
    query = case.query or {}
    if "known_at" in query:
        query["known_at"] = "seq:1"
    if case.path in LISTS and {"as_of", "known_at", "explain"} & query.keys():
        query["customer"] = query.get("customer") or "user_42"
    if isinstance(case.body, dict):
        # Others are made from the same body.
        body = dict(case.body)
        if case.path == "/v1/audit/replay" and isinstance(body.get("until"), str):
            body["until"] = "2026-01-01T00:00:00.000Z"
        if case.path == "/v1/audit/replay" and body.get("diff"):
            body["customer"] = "user_42"
        if case.path == "/v1/audit/verify" and body.get("checkpoints"):
            body["checkpoints"] = []
        case.body = body


def of_what_is_sold(case):
    """No schema tells what the catalogue has, which words two fields may have together, and what day
    it is. Every other request goes to a company that is there."""
    place = case.path_parameters or {}
    if len(str(place.get("companyId", ""))) % 2:
        place["companyId"] = COMPANY
        if "countryId" in place:
            place["countryId"] = COUNTRY
        if "customerIdentifier" in place:
            place["customerIdentifier"] = CUSTOMER
    if isinstance(case.body, list):
        case.body = [sold(element) for element in case.body[:1]]
    elif isinstance(case.body, dict):
        case.body = sold(case.body)


def sold(fields):
    if not isinstance(fields, dict):
        return fields
    fixed = {
        "country_code": "IN",
        "state_code": "KA",
        "plan_type": "MONTHLY",
        "payment_component": "PLAN",
        "plan_id": PLAN,
        "meter_id": METER,
        "meter_tsid": METER,
        "checkpoint_key": METER,
        "provider": "OPENAI",
        "model": "GPT_4",
        "timestamp": 1790000000000,
        "end_date": 1811808000000,
        # Those that there are, Razorpay charges.
        "subscription_tsid": "SUA-0000000000000",
    }
    taken = {name: fixed.get(name, value) for name, value in fields.items()}
    for name in ("qty", "checkpoint_value"):
        if isinstance(taken.get(name), float):
            taken[name] = round(taken[name], 6)
    if "email" in taken:
        # Made once, a customer is not made again with other content.
        taken["customer_identifier"] = uuid.uuid4().hex
    elif "customer_identifier" in taken:
        taken["customer_identifier"] = CUSTOMER
    return taken


def ask_kelviq(method, rest, body=None):
    headers = {"Authorization": f"Bearer {os.environ['LEDGER_KEY']}"}
    url = f"{os.environ['LEDGER_URL']}{KELVIQ}{rest}"
    answer = requests.request(method, url, json=body, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer.json()


def is_naming(case):
    """Half of the requests, and always the same ones."""
    return zlib.crc32(repr((case.path, case.query, case.body)).encode()) % 2


def of_kelviq(case):
    """Names in a request what there is: a subscription that was just begun, and in every other one its
    customer and its plan too."""
    place, query = case.path_parameters or {}, case.query or {}
    rest = case.path.removeprefix(KELVIQ)
    names = is_naming(case)
    start = rest.split("{")[0]
    if start == "subscriptions/" and place:
        body = {"planIdentifier": "pro", "chargePeriod": "MONTHLY", "customerId": CUSTOMER}
        place["subscriptionId"] = ask_kelviq("POST", "subscriptions/create/", body)["id"]
    elif start == "customers/" and place:
        place["customerId"] = uuid.uuid4().hex
        ask_kelviq("POST", "customers/", {"customerId": place["customerId"]})
    elif place and start in KELVIQ_LISTS:
        name, of_row = KELVIQ_LISTS[start]
        rows = ask_kelviq("GET", f"{start}?page_size=1")["results"]
        for row in rows:
            place[name] = row[of_row]
        # Of some there are none before others were asked for.
        names = names and bool(rows)
    if not names:
        return
    NAMING.add(case.id)
    for name, value in KELVIQ_QUERY.items():
        if name in query:
            query[name] = value
    if rest == "entitlements/" and "customerId" not in query:
        # Either spelling will do, and one is needed.
        case.query = query | {"customer_id": CUSTOMER}
    if isinstance(case.body, dict):
        case.body = of_kelviqs_body(rest, case.body)


def of_kelviqs_body(rest, fields):
    body = {name: KELVIQ_FIELDS.get(name, value) for name, value in fields.items()}
    body = {name: value for name, value in body.items() if value is not ABSENT}
    if rest == "customers/":
        # Made once, a customer is not made again.
        body["customerId"] = uuid.uuid4().hex
    elif rest.startswith("customers/"):
        body.pop("customerId", None)
    if rest.endswith("/update/"):
        body["planIdentifier"] = "enterprise"
    if "idempotencyKey" in body:
        body["idempotencyKey"] = uuid.uuid4().hex
    if "customAmount" in body:
        body |= {"taxBehavior": "INCLUSIVE", "currencyCode": "USD"}
    if isinstance(body.get("value"), (int, float)):
        body["value"] = abs(int(body["value"])) % 1000
    if body.get("cancellationType") == "SPECIFIC_DATE":
        body["cancellationDate"] = KELVIQ_FIELDS["cancellationDate"]
    return body


@schemathesis.check
def what_names_what_is_there_is_accepted(ctx, response, case):
    if case.id in NAMING and 400 <= response.status_code < 500:
        raise AssertionError(f"refused: {response.status_code} {response.text}")


@schemathesis.hook
def before_call(context, case, kwargs):
    # To a schema a cursor is any text, and the service takes its own; an idempotency key is any text,
    # and the service remembers with what body it came. A request that is to be accepted has neither.
    if case.meta and case.meta.generation.mode == schemathesis.GenerationMode.POSITIVE:
        (case.query or {}).pop("cursor", None)
        if case.path.startswith("/v1/audit/"):
            # Which numbers are in the log, the service alone knows; the first always is.
            for name in case.query or {}:
                case.query[name] = 1
        about_the_past(case)
        if case.path.startswith(STYKITE):
            of_what_is_sold(case)
        if case.path.startswith(KELVIQ):
            of_kelviq(case)
        if "Idempotency-Key" in (case.headers or {}):
            case.headers["Idempotency-Key"] = uuid.uuid4().hex
    if case.path.startswith("/webhooks/") and case.path_parameters.get("source") == "razorpay":
        kwargs["auth"] = Signed()
