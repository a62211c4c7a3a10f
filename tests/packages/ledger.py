"""What the checks of the providers' packages share: the ledger under test, seen from outside. It
knows no provider's signature and nothing of how the ledger is built."""

import json
import os
import sys

import requests

URL = os.environ["SUBLEDGER_URL"]
KEY = os.environ["SUBLEDGER_KEY"]


def check(truth, what, name):
    if not truth:
        sys.exit(f"{what}: {name}")


def signed():
    """The samples with the headers that `subledger send` would send, and their exact text."""
    with open(sys.argv[1], encoding="utf-8") as file:
        everything = json.load(file)
    check(any("utf8-literal" in sent["file"] for sent in everything), "no UTF-8 among", "samples")
    for sent in everything:
        with open(sent["file"], encoding="utf-8", newline="") as file:
            yield sent["file"], dict(sent["headers"]), file.read()


def post(source, body, headers):
    headers = {"Content-Type": "application/json"} | headers
    return requests.post(f"{URL}/webhooks/{source}", body.encode(), headers=headers, timeout=30)


def is_taken(source, body, headers, name):
    """A new event, held as it was sent."""
    answer = post(source, body, headers)
    check(answer.status_code == 200, f"the ledger answers {answer.text} to", name)
    check(answer.json()["status"] != "duplicate", "the ledger has seen", name)
    auth = {"Authorization": f"Bearer {KEY}"}
    held = requests.get(f"{URL}/v1/events/{answer.json()['seq']}", headers=auth, timeout=30)
    check(held.json()["body"] == body, "the ledger holds another body than", name)


def is_refused(source, body, headers, name):
    check(post(source, body, headers).status_code == 401, "the ledger takes", name)
