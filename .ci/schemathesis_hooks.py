"""What no schema can tell schemathesis: how webhooks are signed, and what the service
remembers. Knows of secrets only the demo's."""

import hashlib
import hmac
import os
import uuid

import requests
import schemathesis

SECRET = os.environ["WEBHOOK_SECRET"].encode()
LISTS = ("/v1/subscriptions", "/v1/payments")
# What the demo's catalogue sells, and a customer that its sample events name.
STYKITE = "/v1/company/"
COMPANY, COUNTRY = "COM-0MD508X1S3001", "CON-0MD508X1S3002"
METER, PLAN = "MTR-0MD508X1S3003", "PLV-0MD508X1S388G"
CUSTOMER = "user_42"


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
        if "Idempotency-Key" in (case.headers or {}):
            case.headers["Idempotency-Key"] = uuid.uuid4().hex
    if case.path.startswith("/webhooks/") and case.path_parameters.get("source") == "razorpay":
        kwargs["auth"] = Signed()
