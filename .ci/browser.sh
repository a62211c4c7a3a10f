#!/usr/bin/env bash
# The checkout page of a running service in Chromium, with JavaScript switched off. Needs chromium
# (Debian's package; CHROMIUM names another program), python3 and cargo. In CI a missing browser
# fails; elsewhere this says so and passes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

chromium=${CHROMIUM:-chromium}
if ! command -v "$chromium" >/dev/null; then
    echo "there is no $chromium: the checkout page was not looked at; apt install chromium" >&2
    [[ -z ${CI:-} ]] && exit 0
    exit 1
fi

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

cargo build --quiet
target=$(cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
port=$(python3 -c \
    'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
export SUBLEDGER_ADMIN_KEY=browser-admin-key
# The shipped configuration, with its example catalogue.
SUBLEDGER__SERVER__BIND=127.0.0.1:$port "$target/debug/subledger" serve --data "$work/data" \
    >"$work/log" 2>&1 &
server=$!
for attempt in $(seq 100); do
    curl --fail --silent "http://127.0.0.1:$port/readyz" >/dev/null && break
    if [[ $attempt == 100 ]] || ! kill -0 "$server" 2>/dev/null; then
        cat "$work/log" >&2
        exit 1
    fi
    sleep 0.1
done

first() {
    grep -o "\"$1-[0-9A-Z]*\"" config.toml | head -1 | tr -d '"'
}
plan=$(grep -B1 'identifier = "pro"' config.toml | grep -o 'PLV-[0-9A-Z]*')
if ! TMPDIR="$work" PYTHONDONTWRITEBYTECODE=1 python3 tests/browser/checkout.py "$chromium" \
    "http://127.0.0.1:$port" "$SUBLEDGER_ADMIN_KEY" "$(first COM)" "$(first CON)" "$plan"; then
    cat "$work/log" >&2
    exit 1
fi
