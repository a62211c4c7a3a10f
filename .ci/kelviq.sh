#!/usr/bin/env bash
# Kelviq's own packages for Python and Node, unmodified, against a fresh ledger on sled: every method
# that they have, their check of webhooks on what `subledger send` signs, the five calls of Kelviq's
# guide against the shipped configuration, and docs/kelviq-compatibility.md against what is served.
# Between the packages and the ledger then stands one who lies, and the suite must tell. Needs cargo,
# curl, python3 with venv, node 18 or later, npm, and the two package registries.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export KELVIQ_PYTHON_VERSION=2.9.0 KELVIQ_NODE_VERSION=2.6.0
# One lie for each kind of thing that the suite asserts; those for Node are told about by both packages.
lies=("nothing" "a count is off by one" "access for all" "no hard limit" "what was replaced goes on"
    "a cent more" "metadata in another case" "another sentence" "no next page" "another reason"
    "another field" "501 is 500" "422 is 200" "403 is 404" "a refund of more" "another card")
node_lies=("nothing" "a count is off by one" "access for all" "what was replaced goes on" "a cent more"
    "metadata in another case" "no next page" "another reason" "501 is 500")

for tool in cargo curl python3 node npm; do
    if ! "$tool" --version >/dev/null 2>&1; then
        echo "missing tool: $tool; this step runs Kelviq's packages for Python and Node" >&2
        exit 127
    fi
done
source .ci/service.sh

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "kelviq-sdk==$KELVIQ_PYTHON_VERSION"
npm install --prefix "$work/node" --silent --ignore-scripts --no-audit --no-fund \
    "@kelviq/node-sdk@$KELVIQ_NODE_VERSION"
# Node finds packages beside the script that asks.
cp tests/kelviq/*.mjs "$work/node/"
export PYTHONDONTWRITEBYTECODE=1
python=("$work/venv/bin/python" tests/kelviq/run.py)
node=(node "$work/node/run.mjs")

export SUBLEDGER_ADMIN_KEY="sl_kelviq_admin_key" SUBLEDGER_WEBHOOK_SECRET="kq_whsec_suite-secret"
export SUBLEDGER_URL=$url SUBLEDGER_DIRECT=$url SUBLEDGER_BIN=$subledger SUBLEDGER_CONFIG=$work/config.toml
cat >"$work/config.toml" <<TOML
data_dir = "$work/data"
[server]
bind = "127.0.0.1:$port"
public_url = "$url"
[sources.kelviq]
secrets = [{ secret = "$SUBLEDGER_WEBHOOK_SECRET" }]
TOML
cat tests/kelviq/catalogue.toml >>"$work/config.toml"

# key SCOPE: a key of that scope.
key() {
    curl -sS --fail --json "{\"label\": \"suite\", \"scope\": \"$1\"}" \
        -H "Authorization: Bearer $SUBLEDGER_ADMIN_KEY" "$url/v1/keys" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["key"])'
}

# keys: those of the ledger that runs.
keys() {
    SUBLEDGER_WRITE_KEY=$(key write)
    SUBLEDGER_CLIENT_KEY=$(key client)
    export SUBLEDGER_WRITE_KEY SUBLEDGER_CLIENT_KEY
}

echo "every method of both packages"
start "$subledger" serve --config "$work/config.toml"
keys
export SUBLEDGER_SIGNED="$work/signed.json"
"$subledger" --output json send --config "$work/config.toml" --source kelviq --dry-run \
    sample-events/kelviq/*.json >"$SUBLEDGER_SIGNED"
"${python[@]}" sync async
"${node[@]}"
python3 tests/kelviq/operations.py

echo "the suite can fail"
for lie in "${lies[@]}"; do
    python3 tests/kelviq/liar.py "$lie" "${python[@]}" sync
done
for lie in "${node_lies[@]}"; do
    python3 tests/kelviq/liar.py "$lie" "${node[@]}"
done
echo "$((${#lies[@]} + ${#node_lies[@]} - 2)) lies were told, and none was believed"

echo "all of it can be replayed and verified"
stop
"$subledger" replay --config "$work/config.toml"
"$subledger" verify --config "$work/config.toml"

echo "the guide's five calls, with the shipped configuration"
export SUBLEDGER__SERVER__BIND="127.0.0.1:$port" SUBLEDGER__SERVER__PUBLIC_URL=$url
start "$subledger" serve --config config.toml --data "$work/guide"
keys
node "$work/node/guide.mjs"
stop
echo "Kelviq's packages take this ledger for Kelviq's service"
