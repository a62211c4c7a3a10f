"""Runs a ledger through a short life under strace, and compares the system calls that it made with
the SystemCallFilter of the systemd unit. Says which would be refused and exits with 1; knows
nothing of the program but its command line."""

import json
import re
import signal
import subprocess
import sys
import tempfile
import time

UNIT, BINARY, CONFIG = sys.argv[1:]
PATIENCE_SECONDS = 30


def sets():
    """systemd's named sets of calls, each with its members, which may be sets."""
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"],
        check=True, capture_output=True, text=True,
    ).stdout
    found, members = {}, []
    for line in listed.splitlines():
        if line.startswith("@"):
            members = found.setdefault(line.strip(), [])
        elif line.startswith("    ") and not line.strip().startswith("#"):
            members.append(line.strip())
    return found


def expand(found, name):
    if not name.startswith("@"):
        return {name}
    return set().union(*(expand(found, member) for member in found[name]))


def allowed():
    found, calls = sets(), set()
    for rule in re.findall(r"^SystemCallFilter=(.+)$", open(UNIT).read(), re.M):
        names = set().union(*(expand(found, name) for name in rule.lstrip("~").split()))
        calls = calls - names if rule.startswith("~") else calls | names
    return calls


def used(trace):
    """The calls of a life: start, webhooks, a query, a reload, a stop."""
    process = subprocess.Popen(
        ["strace", "-D", "-f", "-qq", "-o", trace, BINARY, "serve", "--config", CONFIG],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )
    address = None
    deadline = time.monotonic() + PATIENCE_SECONDS
    while address is None and time.monotonic() < deadline:
        line = process.stderr.readline()
        if not line:
            sys.exit("the ledger did not start")
        address = json.loads(line).get("address")
    sample = "sample-events/razorpay/01.subscription.authenticated.json"
    send = [BINARY, "send", "--config", CONFIG, "--source", "razorpay"]
    for _ in range(3):
        subprocess.run(
            send + ["--to", f"http://{address}", sample], check=True, stdout=subprocess.DEVNULL
        )
    process.send_signal(signal.SIGHUP)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, process.returncode
    calls = re.findall(r"^\d+ +([a-z]\w*)\(", open(trace).read(), re.M)
    return set(calls)


with tempfile.TemporaryDirectory() as folder:
    made, may = used(f"{folder}/trace"), allowed()
refused = sorted(made - may)
if refused:
    sys.exit(f"the unit's filter would refuse {', '.join(refused)}")
# The check can fail: calls that the unit is to refuse are not in the set.
if may & {"mount", "reboot", "setuid"} or "fdatasync" not in made:
    sys.exit("the filter lets everything through, or nothing was traced: this checks nothing")
print(f"packaging: the unit's filter lets all {len(made)} system calls through")
