"""What the auditors' checks share: the ledger under test, asked over HTTP. It verifies nothing, and
knows nothing of how the ledger is built."""

import base64
import json
import os
import sys
import urllib.request

URL = os.environ["SUBLEDGER_URL"]
KEY = os.environ["SUBLEDGER_KEY"]


def check(truth, what):
    if not truth:
        sys.exit(f"auditor: {what}")


def text(path):
    request = urllib.request.Request(URL + path, headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def asked(path):
    return json.loads(text(path))


def sizes(last):
    """Sizes of trees with every kind of right edge, up to the last."""
    around = {2**n + d for n in range(last.bit_length() + 1) for d in (-1, 0, 1)}
    return sorted(size for size in around | {last} if 1 <= size <= last)


def inclusions(last):
    """The size, the leaf's index and hash, the root and the proof."""
    for size in sizes(last):
        for seq in range(1, size + 1):
            proof = asked(f"/v1/audit/inclusion?seq={seq}&size={size}")
            check((proof["seq"], proof["size"]) == (seq, size), "another proof was answered")
            event = asked(f"/v1/events/{seq}") if size == last else None
            leaf = base64.b64decode(proof["leaf_hash"])
            check(not event or bytes.fromhex(event["leaf_hash"]) == leaf, "another leaf")
            yield size, proof["leaf_index"], leaf, *decoded(proof, "root")


def consistencies(last):
    """Both sizes, both roots and the proof."""
    for to in sizes(last):
        for start in range(1, to + 1):
            proof = asked(f"/v1/audit/consistency?from={start}&to={to}")
            old = base64.b64decode(proof["from_root"])
            yield proof["from"], proof["to"], old, *decoded(proof, "to_root")


def decoded(proof, root):
    hashes = [base64.b64decode(text, validate=True) for text in proof["hashes"]]
    return base64.b64decode(proof[root]), hashes
