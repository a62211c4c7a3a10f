#!/usr/bin/env bash
# A real export, checked by the verifier that docs/export-format.md promises to be possible, and
# damaged copies of it, each of which that verifier must refuse. Needs python3 and the binary that
# `cargo build` makes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v python3 >/dev/null || { echo "missing tool: python3; install it" >&2; exit 127; }
cargo build --quiet
target=$(cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
binary="$target/debug/subledger"
folder="$(mktemp -d)"
service=""
cleanup() {
    if [ -n "$service" ]; then kill "$service" 2>/dev/null || true; wait "$service" || true; fi
    rm -rf "$folder"
}
trap cleanup EXIT

export SUBLEDGER_ADMIN_KEY="sl_export_check_admin_key"
export RAZORPAY_WEBHOOK_SECRET="a-secret-of-the-export-check"
run() { "$binary" "$@" --config "$folder/config.toml"; }
cat >"$folder/config.toml" <<TOML
data_dir = "$folder/data"
[server]
bind = "127.0.0.1:0"
[audit]
origin = "ledger.example.com/export-check"
[log]
min_free_bytes = 0
[sources.razorpay]
secrets = [{ secret = "env:RAZORPAY_WEBHOOK_SECRET" }]
TOML

"$binary" serve --config "$folder/config.toml" >"$folder/serve.log" 2>&1 &
service=$!
address=""
for _ in $(seq 100); do
    address="$(sed -n 's/.*"address":"\([0-9.:]*\)".*/\1/p' "$folder/serve.log" | head -n 1)"
    [ -n "$address" ] && break
    sleep 0.1
done
[ -n "$address" ] || { cat "$folder/serve.log" >&2; exit 1; }
run send --source razorpay --to "http://$address" sample-events/razorpay/*.json >/dev/null
run export --url "http://$address" --out "$folder/running.ndjson"
kill "$service"
wait "$service"
service=""

run export --out "$folder/whole.ndjson"
run export --from 3 --to 5 --out "$folder/range.ndjson"
run export --from 6 --out "$folder/rest.ndjson"
python3 docs/verify_export.py "$folder"/{running,whole,range,rest}.ndjson

# Made by somebody who knows the description and nothing else.
python3 .ci/write_export.py "$folder"
python3 docs/verify_export.py "$folder/erased.ndjson"
python3 docs/verify_export.py "$folder"/part{1,2}.ndjson
run import --data "$folder/imported" "$folder/erased.ndjson"
run import --data "$folder/joined" "$folder"/part{1,2}.ndjson
# A log that has the bodies keeps them, and says so.
run import --data "$folder/unerased" "$folder/unerased.ndjson"
run import --data "$folder/unerased" "$folder/erased.ndjson" | grep "^2 of those were erased since"
refuse() {
    if said="$("$@" 2>&1)"; then
        echo "records that lost their bodies without a reason were taken: $*" >&2
        exit 1
    fi
    echo "$said"
}
for export in "$folder"/stripped*.ndjson; do
    refuse python3 docs/verify_export.py "$export"
    refuse run import --data "$folder/stripped" "$export"
done
# What names them must be of the same log, and go on where the other ends.
refuse python3 docs/verify_export.py "$folder"/part{1,2-of-another-key}.ndjson
refuse python3 docs/verify_export.py "$folder"/{part1,erased}.ndjson

python3 .ci/damage_export.py "$folder/whole.ndjson" "$folder/range.ndjson"
