"""Kelviq's package for Python against a running ledger. It knows the documented signature and
nothing of how the ledger is built."""

import hashlib
import hmac
import os
import time
import uuid
from importlib.metadata import version

from kelviq_sdk import WebhookVerificationError, validate_event
from ledger import check, is_refused, is_taken, signed

SECRET = os.environ["SUBLEDGER_SECRET"]
# As long as the right one, and different in its last letter only.
WRONG = SECRET[:-1] + ("x" if SECRET[-1] != "x" else "y")


def accepts(body, headers, secret):
    try:
        validate_event(body, headers, secret)
    except WebhookVerificationError:
        return False
    return True


def sign(body, secret):
    """The documented signature: the package can verify one, not make one."""
    event_id, timestamp = str(uuid.uuid4()), str(int(time.time()))
    message = f"{event_id}.{timestamp}.{body}".encode()
    tag = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{tag}",
    }


def main():
    count = 0
    for name, headers, body in signed():
        check(accepts(body, headers, SECRET), "kelviq for Python does not accept", name)
        check(not accepts(body, headers, WRONG), "it accepts under a wrong secret", name)
        check(not accepts(body + " ", headers, SECRET), "it accepts a changed body", name)
        mine = sign(body, SECRET)
        check(accepts(body, mine, SECRET), "it does not accept its own kind of", name)
        check(not accepts(body, sign(body, WRONG), SECRET), "it accepts a forged", name)
        is_refused("kelviq", body, sign(body, WRONG), name)
        is_refused("kelviq", body + " ", mine, name)
        is_taken("kelviq", body, mine, name)
        count += 1
    print(f"kelviq-sdk {version('kelviq-sdk')} for Python agrees about {count} bodies")


main()
