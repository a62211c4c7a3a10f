#!/usr/bin/env bash
# The running service against its own OpenAPI document: schemathesis, from PyPI, makes requests that
# fit the document and requests that do not, and compares every answer with what is written there.
# Bounded in examples and in time. Needs python3 with venv, curl, and a network for the package.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Pinned, so that a new check of theirs fails when we raise it and not when they release it.
version=4.32.5
examples=25
seconds=100

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

# The demo makes a throw-away ledger with every sample event in it, and prints its key.
cargo build --quiet
target=$(cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
TMPDIR="$work" "$target/debug/subledger" --output json demo >"$work/demo.json" 2>"$work/demo.log" &
server=$!
word() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/demo.json" "$1"
}
for _ in $(seq 600); do
    word url >/dev/null 2>&1 && break
    sleep 0.1
done
address=$(word url)
key=$(word key)

# One worker: with two, CPython 3.11 now and then fails inside its own parser.
export SCHEMATHESIS_HOOKS=$PWD/.ci/schemathesis_hooks.py
settings=$PWD/.ci/schemathesis.toml
WEBHOOK_SECRET=$(sed -n 's/.*DEMO_SECRET: &str = "\(.*\)";.*/\1/p' src/cli/demo.rs)
export WEBHOOK_SECRET LEDGER_URL=$address LEDGER_KEY=$key
# An answer that never ends would be waited for. It keeps what it found in the folder it runs in.
cd "$work"
timeout "$((seconds + 30))" "$work/venv/bin/st" --config-file "$settings" run "$address/openapi.json" \
    --header "Authorization: Bearer $key" \
    --checks all --exclude-path /v1/events/stream \
    --phases examples,coverage,fuzzing --max-examples "$examples" --max-time "$seconds" \
    --generation-deterministic --request-timeout 10 --workers 1 --no-color

curl --fail --silent --show-error "$address/healthz" >/dev/null
