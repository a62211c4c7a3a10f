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

source .ci/service.sh
export SUBLEDGER_ADMIN_KEY=browser-admin-key
# The shipped configuration, with its example catalogue.
start env SUBLEDGER__SERVER__BIND="127.0.0.1:$port" "$subledger" serve --data "$work/data"

first() {
    grep -o "\"$1-[0-9A-Z]*\"" config.toml | head -1 | tr -d '"'
}
plan=$(grep -B1 'identifier = "pro"' config.toml | grep -o 'PLV-[0-9A-Z]*')
if ! TMPDIR="$work" PYTHONDONTWRITEBYTECODE=1 python3 tests/browser/checkout.py "$chromium" \
    "$url" "$SUBLEDGER_ADMIN_KEY" "$(first COM)" "$(first CON)" "$plan"; then
    cat "$work/log" >&2
    exit 1
fi
