#!/usr/bin/env bash
# The running service against its own OpenAPI document: schemathesis, from PyPI, makes requests that
# fit the document and requests that do not, and compares every answer with what is written there.
# Bounded in examples and in time. Needs python3 with venv, curl, and a network for the package.
#
#   .ci/schemathesis.sh [address]    with an address: that service, with its admin key in KEY
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Pinned, so that a new check of theirs fails when we raise it and not when they release it.
version=4.32.5
examples=40
seconds=90

work=$(mktemp -d)
server=
finish() {
    if [[ -n $server ]]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"

if [[ $# -gt 0 ]]; then
    address=$1
else
    # The demo makes a throw-away ledger with every sample event in it, and prints its key.
    cargo build --quiet
    TMPDIR="$work" target/debug/subledger --output json demo >"$work/demo.json" 2>"$work/demo.log" &
    server=$!
    for _ in $(seq 600); do
        if python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$work/demo.json" 2>/dev/null; then
            break
        fi
        sleep 0.1
    done
    read_word() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/demo.json" "$1"; }
    address=$(read_word url)
    KEY=$(read_word key)
fi

# Left out, each for a reason:
#   positive_data_acceptance    a cursor is any text to a schema, and only ours are taken
#   unsupported_method          HEAD is answered wherever GET is, and is not written down twice
timeout "$((seconds + 30))" "$work/venv/bin/st" run "$address/openapi.json" \
    --header "Authorization: Bearer $KEY" \
    --checks all --exclude-checks positive_data_acceptance,unsupported_method \
    --phases examples,coverage,fuzzing --max-examples "$examples" --max-failures 20 \
    --generation-deterministic --request-timeout 10 --workers 2 --no-color

curl --fail --silent --show-error "$address/healthz" >/dev/null
