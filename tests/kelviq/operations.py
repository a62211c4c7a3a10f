"""docs/kelviq-compatibility.md against a running ledger: its table has exactly the operations that
/openapi.json has under /api/v1, each in the state that it is in, with and without the slash, and with a
test that there is."""

import json
import os
import pathlib
import re
import sys
import urllib.error
import urllib.request

URL = os.environ["SUBLEDGER_URL"]
KEY = os.environ["SUBLEDGER_WRITE_KEY"]
ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs" / "kelviq-compatibility.md"
BASE = "/api/v1"
STATES = {"served", "read only", "501"}
ROW = re.compile(r"^\| `(GET|POST|PATCH|PUT|DELETE) (/[^`]*)` \| ([^|]*) \| [^|]*\| ([^|]*) \|$")
# Something for each parameter of a path: an id that nobody has, in the form that fits.
NOBODY = "00000000-0000-4000-8000-000000000000"


def shape(path):
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


def ask(method, path):
    body = b"{}" if method in ("POST", "PATCH", "PUT") else None
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(URL + path, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read(), answer.geturl()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read(), answer.geturl()


def missing_tests(cell):
    """What the last cell of a row names and is not there: files, or functions of the Rust tests."""
    names = re.findall(r"`([^`]+)`", cell)
    if not names:
        yield "no test"
    for name in names:
        if "/" in name:
            if not (ROOT / name).exists():
                yield name
        elif not any(f"fn {name}(" in text for text in RUST):
            yield name


RUST = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "api").rglob("*.rs")]


def main():
    wrong = []
    table = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if found := ROW.match(line):
            method, path, state, tests = found.groups()
            call = (method, shape(path))
            if call in table:
                wrong.append(f"{call} stands there twice")
            if state not in STATES:
                wrong.append(f"{call} has no state: {state}")
            table[call] = (path, state)
            wrong += [f"{call} names what is not there: {name}" for name in missing_tests(tests)]
    with urllib.request.urlopen(f"{URL}/openapi.json", timeout=30) as answer:
        paths = json.load(answer)["paths"]
    served = {}
    for path, operations in paths.items():
        if path.startswith(f"{BASE}/"):
            for method in operations.keys() & {"get", "post", "patch", "put", "delete"}:
                served[(method.upper(), shape(path[len(BASE) :]))] = operations[method]
    if len(table) < 60:
        wrong.append(f"the table has {len(table)} rows alone")
    wrong += [f"{call} is in the table and not in /openapi.json" for call in table.keys() - served.keys()]
    wrong += [f"{call} is in /openapi.json and not in the table" for call in served.keys() - table.keys()]
    for call in table.keys() & served.keys():
        (path, state), responses = table[call], served[call]["responses"]
        if ("501" in responses) != (state == "501"):
            wrong.append(f"{call} is {state}, and /openapi.json tells of {sorted(responses)}")
        if state == "read only" and call[0] != "GET":
            wrong.append(f"{call} is said to be read only")
        wrong += really(call[0], path, state)
    if wrong:
        sys.exit("\n".join(sorted(wrong)))
    print(f"{len(table)} operations are in the state that the table tells")


def really(method, path, state):
    """What it answers to an empty request about nobody, in both spellings of the path."""
    path = BASE + re.sub(r"\{[^}]*\}", NOBODY, path)
    answers = [ask(method, other) for other in (path.rstrip("/"), path.rstrip("/") + "/")]
    for status, body, at in answers:
        if (status == 501) != (state == "501") or status >= 500 and status != 501 or 300 <= status < 400:
            yield f"{method} {at} is {state} and answers {status}"
        elif status == 501:
            told = json.loads(body)
            if list(told) != ["detail"] or not told["detail"].endswith("."):
                yield f"{method} {at} does not say why: {told}"
        elif method == "GET" and NOBODY not in path and "entitlements" not in path and status != 200:
            yield f"{method} {at} is {state} and answers {status} {body}"
        elif at not in (URL + path.rstrip("/"), URL + path.rstrip("/") + "/"):
            yield f"{method} {path} leads to {at}"
    # The addresses of other pages are spelled as this one was.
    if len({(status, body.replace(b"/?", b"?")) for status, body, _ in answers}) != 1:
        yield f"{method} {path} answers differently with the slash"


main()
