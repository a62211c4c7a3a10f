"""Razorpay's package for Python against a running ledger. It knows the documented signature and
nothing of how the ledger is built."""

import hashlib
import hmac
import json
import os
import sys
from importlib.metadata import version

import razorpay
import requests

URL = os.environ["SUBLEDGER_URL"]
KEY = os.environ["SUBLEDGER_KEY"]
SECRET = os.environ["SUBLEDGER_SECRET"]
# As long as the right one, and different in its last letter only.
WRONG = SECRET[:-1] + ("x" if SECRET[-1] != "x" else "y")

client = razorpay.Client(auth=("rzp_test_key", "key secret, no webhook secret"))


def accepts(body, signature, secret):
    """What the package says; the body as text, as a web framework hands it on."""
    try:
        return client.utility.verify_webhook_signature(body, signature, secret)
    except razorpay.errors.SignatureVerificationError:
        return False


def sign(body, secret):
    """The documented signature: the package can verify one, not make one."""
    return hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()


def check(truth, what, name):
    if not truth:
        sys.exit(f"razorpay for Python: {what}: {name}")


def header(sent, wanted):
    return next(value for name, value in sent["headers"] if name.lower() == wanted)


def post(body, signature):
    headers = {"X-Razorpay-Signature": signature, "Content-Type": "application/json"}
    return requests.post(f"{URL}/webhooks/razorpay", body.encode(), headers=headers, timeout=30)


def the_package_accepts_what_the_ledger_signs(sent, body):
    signature = header(sent, "x-razorpay-signature")
    check(accepts(body, signature, SECRET), "does not accept", sent["file"])
    check(not accepts(body, signature, WRONG), "accepts under a wrong secret", sent["file"])
    check(not accepts(body + " ", signature, SECRET), "accepts a changed body", sent["file"])


def the_ledger_accepts_what_the_package_accepts(sent, body):
    mine = body.replace("Ldgr", "Pyth")
    signature = sign(mine, SECRET)
    check(accepts(mine, signature, SECRET), "does not accept its own kind of", sent["file"])
    wrong = sign(mine, WRONG)
    check(not accepts(mine, wrong, SECRET), "accepts a wrong secret's", sent["file"])
    check(post(mine, wrong).status_code == 401, "the ledger takes a wrong secret's", sent["file"])
    answer = post(mine, signature)
    check(answer.status_code == 200, f"the ledger answers {answer.text} to", sent["file"])
    check(answer.json()["status"] != "duplicate", "the ledger has seen", sent["file"])
    seq = answer.json()["seq"]
    auth = {"Authorization": f"Bearer {KEY}"}
    held = requests.get(f"{URL}/v1/events/{seq}", headers=auth, timeout=30)
    check(held.json()["body"] == mine, "the ledger holds another body than", sent["file"])


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        signed = json.load(file)
    check(any("utf8-literal" in sent["file"] for sent in signed), "no UTF-8 among", "the samples")
    for sent in signed:
        with open(sent["file"], encoding="utf-8", newline="") as file:
            body = file.read()
        the_package_accepts_what_the_ledger_signs(sent, body)
        the_ledger_accepts_what_the_package_accepts(sent, body)
    print(f"razorpay {version('razorpay')} for Python agrees about {len(signed)} bodies")


main()
