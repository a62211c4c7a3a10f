#!/usr/bin/env bash
# Razorpay's own packages against this ledger, in both directions: they accept what `subledger
# send` signs, and the ledger takes in what they accept. Needs cargo, python3 with venv, node 18 or
# later, npm, and the two package registries.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pypi_version=2.0.1
npm_version=2.9.8
secret=razorpay-packages-secret
key=razorpay-packages-admin-key

for tool in cargo python3 node npm; do
    if ! "$tool" --version >/dev/null 2>&1; then
        echo "missing tool: $tool; this step runs Razorpay's packages for Python and Node" >&2
        exit 127
    fi
done

work=$(mktemp -d)
ledger=
cleanup() {
    if [ -n "$ledger" ]; then
        kill "$ledger" 2>/dev/null || true
        wait "$ledger" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "razorpay==$pypi_version"
npm install --prefix "$work/node" --silent --ignore-scripts --no-audit --no-fund \
    "razorpay@$npm_version"

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
[sources.razorpay]
provider = "razorpay"
secrets = [{ secret = "$secret" }]
CONFIG

"$subledger" send --config "$work/config.toml" --source razorpay --dry-run --output json \
    sample-events/razorpay/*.json >"$work/signed.json"

SUBLEDGER_ADMIN_KEY=$key "$subledger" serve --config "$work/config.toml" >"$work/log" 2>&1 &
ledger=$!
for attempt in $(seq 100); do
    if python3 -c "import urllib.request as r; r.urlopen('http://127.0.0.1:$port/readyz')" \
        2>/dev/null; then
        break
    fi
    if [ "$attempt" = 100 ] || ! kill -0 "$ledger" 2>/dev/null; then
        echo "the ledger did not become ready:" >&2
        cat "$work/log" >&2
        exit 1
    fi
    sleep 0.1
done

export SUBLEDGER_URL="http://127.0.0.1:$port" SUBLEDGER_KEY=$key SUBLEDGER_SECRET=$secret
"$work/venv/bin/python" tests/packages/check.py "$work/signed.json"
# Node finds packages beside the script that asks.
cp tests/packages/check.mjs "$work/node/"
node "$work/node/check.mjs" "$work/signed.json"
