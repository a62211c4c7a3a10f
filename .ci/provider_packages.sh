#!/usr/bin/env bash
# The providers' own packages against this ledger, in both directions: they accept what `subledger
# send` signs, and the ledger takes in what they accept. Needs cargo, python3 with venv, node 18 or
# later, npm, and the two package registries.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Source, its secret, the package for Python, the package for Node. Stykite publishes none.
providers=(
    "razorpay razorpay-packages-secret razorpay==2.0.1 razorpay@2.9.8"
    "kelviq kq_whsec_packages-secret kelviq-sdk==2.9.0 @kelviq/node-sdk@2.6.0"
    "standard-webhooks whsec_cGFja2FnZXMgc2VjcmV0IG9mIHRlc3Rz standardwebhooks==1.1.0 standardwebhooks@1.1.1"
)
key=provider-packages-admin-key

for tool in cargo python3 node npm; do
    if ! "$tool" --version >/dev/null 2>&1; then
        echo "missing tool: $tool; this step runs the providers' packages for Python and Node" >&2
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

for provider in "${providers[@]}"; do
    read -r source secret pypi npm <<<"$provider"
    # A place of its own for each: their dependencies need not agree.
    python3 -m venv "$work/$source/venv"
    "$work/$source/venv/bin/pip" install --quiet --disable-pip-version-check "$pypi" requests
    npm install --prefix "$work/$source/node" --silent --ignore-scripts --no-audit --no-fund "$npm"
done

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
CONFIG
for provider in "${providers[@]}"; do
    read -r source secret pypi npm <<<"$provider"
    cat >>"$work/config.toml" <<CONFIG
[sources.$source]
secrets = [{ secret = "$secret" }]
CONFIG
done

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

export SUBLEDGER_URL="http://127.0.0.1:$port" SUBLEDGER_KEY=$key
for provider in "${providers[@]}"; do
    read -r source secret pypi npm <<<"$provider"
    signed="$work/$source/signed.json"
    "$subledger" send --config "$work/config.toml" --source "$source" --dry-run --output json \
        sample-events/"$source"/*.json >"$signed"
    export SUBLEDGER_SECRET=$secret
    "$work/$source/venv/bin/python" "tests/packages/check-$source.py" "$signed"
    # Node finds packages beside the script that asks.
    cp tests/packages/*.mjs "$work/$source/node/"
    node "$work/$source/node/check-$source.mjs" "$signed"
done
