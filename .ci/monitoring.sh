#!/usr/bin/env bash
# What a monitoring system reads: /metrics of a running ledger through the strict OpenMetrics parser
# of Prometheus's own package for Python, and docs/alerts.yml through promtool, with its tests.
# Needs cargo, promtool (Debian package prometheus), and python3 with venv and PyPI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

parser_version=0.26.0

for tool in cargo promtool python3; do
    if ! "$tool" --version >/dev/null 2>&1; then
        echo "missing tool: $tool" >&2
        exit 127
    fi
done

promtool check rules docs/alerts.yml
promtool test rules tests/monitoring/alerts.test.yml

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
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    "prometheus-client==$parser_version"

cargo build --quiet
target=$(cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
free_port='import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
port=$(python3 -c "$free_port")
cat >"$work/config.toml" <<CONFIG
data_dir = "$work/data"
[server]
bind = "127.0.0.1:$port"
public_url = "http://127.0.0.1:$port"
[sources.razorpay]
secrets = [{ secret = "monitoring-secret" }]
CONFIG
SUBLEDGER_ADMIN_KEY=monitoring-key "$target/debug/subledger" serve --config "$work/config.toml" \
    >"$work/log" 2>&1 &
ledger=$!
"$work/venv/bin/python" tests/monitoring/check.py "http://127.0.0.1:$port" \
    "$target/debug/subledger" "$work/config.toml"
