#!/usr/bin/env bash
# Checkpoints and proofs of a running ledger, verified by a package that is not ours and by a
# program written from the specifications alone; and a checkpoint that was kept at a stop, verified
# after the next start. Needs cargo, python3 with venv (3.11 or later), and PyPI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

key=proofs-admin-key
for tool in cargo python3; do
    if ! "$tool" --version >/dev/null 2>&1; then
        echo "missing tool: $tool; this step verifies proofs with programs in Python" >&2
        exit 127
    fi
done

work=$(mktemp -d)
ledger=
stop() {
    if [ -n "$ledger" ]; then
        kill "$ledger" 2>/dev/null || true
        wait "$ledger" 2>/dev/null || true
        ledger=
    fi
}
cleanup() {
    stop
    rm -rf "$work"
}
trap cleanup EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tlog-scales==0.0.3

cargo build --quiet
target=$(cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
subledger="$target/debug/subledger"

free_port='import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
port=$(python3 -c "$free_port")
cat >"$work/config.toml" <<CONFIG
data_dir = "$work/data"
[server]
bind = "127.0.0.1:$port"
public_url = "http://127.0.0.1:$port"
[audit]
origin = "ledger.example.com/proofs"
[sources.razorpay]
secrets = [{ secret = "proofs-webhook-secret" }]
[sources.kelviq]
secrets = [{ secret = "kq_whsec_proofs-secret" }]
CONFIG

serve() {
    SUBLEDGER_ADMIN_KEY=$key "$subledger" serve --config "$work/config.toml" >>"$work/log" 2>&1 &
    ledger=$!
    for attempt in $(seq 100); do
        if python3 -c "import urllib.request as r; r.urlopen('http://127.0.0.1:$port/readyz')" \
            2>/dev/null; then
            return
        fi
        if [ "$attempt" = 100 ] || ! kill -0 "$ledger" 2>/dev/null; then
            echo "the ledger did not become ready:" >&2
            cat "$work/log" >&2
            exit 1
        fi
        sleep 0.1
    done
}

export SUBLEDGER_URL="http://127.0.0.1:$port" SUBLEDGER_KEY=$key
serve
"$subledger" send --config "$work/config.toml" --source razorpay sample-events/razorpay/*.json \
    >"$work/sent"
"$work/venv/bin/python" tests/auditors/by_hand.py
"$work/venv/bin/python" tests/auditors/with_tlog_scales.py
stop
serve
"$subledger" send --config "$work/config.toml" --source kelviq sample-events/kelviq/*.json \
    >>"$work/sent"
"$work/venv/bin/python" tests/auditors/by_hand.py "$work"/data/checkpoints/*
"$work/venv/bin/python" tests/auditors/with_tlog_scales.py
