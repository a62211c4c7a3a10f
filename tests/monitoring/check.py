"""Reads /metrics of a running ledger with the strict OpenMetrics parser, before and after it has
taken in some events. Says what is wrong with it and exits with 1; knows nothing of the program but
its command line and its paths."""

import subprocess
import sys
import time
import urllib.error
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

BASE, BINARY, CONFIG = sys.argv[1:]
UNITS = {"seconds", "bytes"}
PATIENCE_SECONDS = 30


def get(path, accept="*/*"):
    request = urllib.request.Request(BASE + path, headers={"accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers["content-type"], answer.read().decode()


def wait_until_ready():
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return get("/readyz")
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                sys.exit("the ledger did not become ready")
            time.sleep(0.1)


def read():
    content_type, text = get("/metrics", "application/openmetrics-text; version=1.0.0")
    wanted = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert content_type == wanted, content_type
    assert text.endswith("# EOF\n") and text.count("# EOF") == 1, text[-80:]
    families = list(text_string_to_metric_families(text))
    for family in families:
        name = family.name
        assert name.startswith("subledger_"), name
        assert family.documentation, f"{name} has no help"
        for unit in UNITS:
            wants = name.endswith("_" + unit)
            assert not wants or family.unit == unit, f"{name} does not declare its unit {unit}"
        assert family.type != "unknown", f"{name} has no type"
    return families


def value(families, name, **labels):
    samples = (s for family in families for s in family.samples)
    found = [s.value for s in samples if s.name == name and labels.items() <= s.labels.items()]
    assert len(found) == 1, f"{name} {labels}: {found}"
    return found[0]


wait_until_ready()
before = read()
files = ["sample-events/razorpay/01.subscription.authenticated.json"] * 2
send = [BINARY, "send", "--config", CONFIG, "--source", "razorpay", "--to", BASE]
subprocess.run(send + files, check=True, stdout=subprocess.DEVNULL)
try:
    urllib.request.urlopen(BASE + "/webhooks/razorpay", data=b"{}", timeout=10)
except urllib.error.HTTPError as refused:
    assert refused.code == 401, refused
after = read()
assert {f.name for f in before} == {f.name for f in after}, "families come and go"
for outcome in ["recorded", "duplicate", "rejected"]:
    labels = {"source": "razorpay", "outcome": outcome}
    assert value(before, "subledger_deliveries_total", **labels) == 0
    assert value(after, "subledger_deliveries_total", **labels) == 1
commits = value(after, "subledger_commit_seconds_count")
assert commits == value(after, "subledger_batch_events_count") >= 2, commits
assert value(after, "subledger_ready") == 1
assert value(after, "subledger_fold_lag_events") == 0

# The parser is strict: it refuses what Prometheus would have to guess.
broken = "# TYPE a counter\na 1\n# EOF\n"
try:
    list(text_string_to_metric_families(broken))
except ValueError:
    pass
else:
    sys.exit("the parser takes a counter without _total: it checks nothing")
print(f"monitoring: {len(after)} metric families are OpenMetrics")
