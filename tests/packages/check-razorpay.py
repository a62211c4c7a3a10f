"""Razorpay's package for Python against a running ledger. It knows the documented signature and
nothing of how the ledger is built."""

import hashlib
import hmac
import os
from importlib.metadata import version

import razorpay
from ledger import check, is_refused, is_taken, signed

SECRET = os.environ["SUBLEDGER_SECRET"]
# As long as the right one, and different in its last letter only.
WRONG = SECRET[:-1] + ("x" if SECRET[-1] != "x" else "y")

client = razorpay.Client(auth=("rzp_test_key", "key secret, no webhook secret"))


def accepts(body, headers, secret):
    """What the package says; the body as text, as a web framework hands it on."""
    signature = headers["x-razorpay-signature"]
    try:
        return client.utility.verify_webhook_signature(body, signature, secret)
    except razorpay.errors.SignatureVerificationError:
        return False


def sign(body, secret):
    """The documented signature: the package can verify one, not make one."""
    tag = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return {"x-razorpay-signature": tag}


def main():
    count = 0
    for name, headers, body in signed():
        check(accepts(body, headers, SECRET), "razorpay for Python does not accept", name)
        check(not accepts(body, headers, WRONG), "it accepts under a wrong secret", name)
        check(not accepts(body + " ", headers, SECRET), "it accepts a changed body", name)
        # The body is what makes an event of Razorpay's, so another one is needed.
        mine = body.replace("Ldgr", "Pyth")
        check(accepts(mine, sign(mine, SECRET), SECRET), "it does not accept its own kind of", name)
        check(not accepts(mine, sign(mine, WRONG), SECRET), "it accepts a forged", name)
        is_refused("razorpay", mine, sign(mine, WRONG), name)
        is_refused("razorpay", mine + " ", sign(mine, SECRET), name)
        is_taken("razorpay", mine, sign(mine, SECRET), name)
        count += 1
    print(f"razorpay {version('razorpay')} for Python agrees about {count} bodies")


main()
