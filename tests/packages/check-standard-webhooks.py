"""The Standard Webhooks library for Python against a running ledger, in both directions. It knows
nothing of how the ledger is built."""

import os
import uuid
from datetime import datetime, timezone
from importlib.metadata import version

from ledger import check, is_refused, is_taken, signed
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SECRET = os.environ["SUBLEDGER_SECRET"]
RIGHT = Webhook(SECRET)
WRONG = Webhook("whsec_YW5vdGhlciBzZWNyZXQgYXMgbG9uZw==")


def accepts(webhook, body, headers):
    try:
        webhook.verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def sign(webhook, body):
    now = datetime.now(tz=timezone.utc)
    message_id = f"msg_{uuid.uuid4().hex}"
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": webhook.sign(msg_id=message_id, timestamp=now, data=body),
    }


def main():
    count = 0
    for name, headers, body in signed():
        check(accepts(RIGHT, body, headers), "standardwebhooks for Python does not accept", name)
        check(not accepts(WRONG, body, headers), "it accepts under a wrong secret", name)
        check(not accepts(RIGHT, body + " ", headers), "it accepts a changed body", name)
        mine = sign(RIGHT, body)
        is_refused("standard-webhooks", body, sign(WRONG, body), name)
        is_refused("standard-webhooks", body + " ", mine, name)
        is_taken("standard-webhooks", body, mine, name)
        count += 1
    print(f"standardwebhooks {version('standardwebhooks')} for Python agrees about {count} bodies")


main()
