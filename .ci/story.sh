#!/usr/bin/env bash
# Stykite's documented requests, as curl sends them, and then one whole story on a fresh ledger: a
# customer is made, opens a checkout, pays on its page in Chromium, is active, uses what it bought, is
# cancelled at the end of its cycle, and has ended after that. Needs cargo, curl, python3, chromium
# and faketime (Debian's packages of those names).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for tool in cargo curl python3 chromium faketime; do
    command -v "$tool" >/dev/null || { echo "missing tool: $tool; install it" >&2; exit 127; }
done
source .ci/service.sh
export SUBLEDGER_ADMIN_KEY="sl_story_admin_key"
# The ids are those of Stykite's own samples.
cat >"$work/config.toml" <<TOML
data_dir = "$work/data"
[server]
bind = "127.0.0.1:$port"
public_url = "$url"
[catalog]
version = 1
[[catalog.companies]]
id = "COM-0FR3TQHKW0YBJ"
name = "Example Ltd"
[[catalog.countries]]
id = "CON-0AZZVPQHM475V"
code = "IN"
currency = "INR"
[[catalog.features]]
id = "api_calls"
name = "API calls"
type = "meter"
[[catalog.features]]
id = "ai-credits"
name = "AI credits"
type = "meter"
[[catalog.meters]]
id = "MTR-0DWBEZWHFSBBQ"
feature = "api_calls"
unit = "call"
[[catalog.meters]]
id = "MTR-0MB95BFFX5MY2"
feature = "ai-credits"
unit = "credit"
[[catalog.meters]]
id = "MTR-0MB8WXFSD5YVW"
unit = "seat"
[[catalog.plans]]
id = "PLV-0FQKQ3HRPVRX6"
identifier = "free"
name = "Free"
default = true
[[catalog.plans.features]]
feature = "api_calls"
limit = 100
[[catalog.plans]]
id = "PLV-0MD508X1S388G"
identifier = "pro"
name = "Pro"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 49900
currency = "INR"
[[catalog.plans.features]]
feature = "api_calls"
limit = 10000
[[catalog.plans.features]]
feature = "ai-credits"
limit = 2000
reset = "EVERY_MONTH"
[[catalog.token_prices]]
provider = "OPENAI"
model = "GPT_4"
input_per_1k = "0.03"
output_per_1k = "0.06"
credits_per_unit = "1"
meter = "MTR-0MB95BFFX5MY2"
TOML

# Starts the service, behind a command that changes what it sees of the world where one is given.
serve() {
    start "$@" "$subledger" serve --config "$work/config.toml"
}

# The header that one page's sample sends beside the one with the token.
sample=()
# ask STATUS METHOD PATH [BODY]: the answer is in $work/answer, and must have that status.
ask() {
    local wanted=$1 method=$2 path=$3 status
    local body=()
    [ $# -lt 4 ] || body=(-H 'Content-Type: application/json' --data "$4")
    status=$(curl -sS -o "$work/answer" -w '%{http_code}' --location-trusted --request "$method" \
        "$url$path" "${sample[@]}" -H "Authorization: Bearer $key" "${body[@]}")
    if [ "$status" != "$wanted" ]; then
        echo "$method $path was answered $status and not $wanted: $(cat "$work/answer")" >&2
        exit 1
    fi
}

# is EXPRESSION: what must be true of the answer `a`.
is() {
    python3 - "$work/answer" "$1" <<'PYTHON'
import json, sys
a = json.load(open(sys.argv[1]))
if not eval(sys.argv[2]):
    sys.exit(f"not so: {sys.argv[2]}\n{json.dumps(a, indent=1)}")
PYTHON
}

# says BODY: what the answer must be, to the letter but for spaces.
says() {
    is "a == json.loads('''$1''') and list(a) == list(json.loads('''$1'''))"
}

# the EXPRESSION: something of the answer.
the() {
    python3 -c 'import json, sys; a = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' \
        "$work/answer" "$1"
}

# until EXPRESSION PATH: asks again until it is so.
until_so() {
    for _ in $(seq 200); do
        ask 200 GET "$2"
        is "$1" 2>/dev/null && return
        sleep 0.1
    done
    is "$1"
}

key=$SUBLEDGER_ADMIN_KEY
serve
ask 201 POST /v1/keys '{"label": "story", "scope": "write"}'
key=$(the 'a["key"]')
base=/v1/company/COM-0FR3TQHKW0YBJ/country/CON-0AZZVPQHM475V

echo "the documented requests"
ask 200 POST $base/customer '{"email":"user@example.com","customer_identifier":"c56164ad-3d54-4eaa-ae3d-46fe3969972b","first_name":"Asha","last_name":"Rao",
 "phone":9000000000,"country_code":"IN","state_code":"KA","city":"Bangalore","zipcode":416013}'
is 'a["status"] is True and a["value"]["firstName"] == "Asha" and a["value"]["lastName"] == "Rao"'
is 'a["value"]["phone"] == "9000000000" and a["value"]["tsid"].startswith("CUS-")'
is 'a["value"]["address"] == {"city": "Bangalore", "country": "India", "line1": None, "line2": None,
    "state": "Karnataka", "city_code": "Bangalore", "country_code": "IN", "postal_code": "416013",
    "state_code": "KA"}'
is 'type(a["value"]["created_at"]) is int and a["value"]["company_tsid"] == "COM-0FR3TQHKW0YBJ"'
ask 200 GET $base/customer/c56164ad-3d54-4eaa-ae3d-46fe3969972b
is 'a["value"]["email"] == "user@example.com"'
# What follows names that customer by its e-mail address, as the pages' samples do.
ask 200 GET $base/customer/user@example.com
is 'a["value"]["customer_identifier"] == "c56164ad-3d54-4eaa-ae3d-46fe3969972b"'
ask 200 POST $base/customer '{"email":"name+86@example.com","customer_identifier":"name+86@example.com","first_name":"Asha","country_code":"IN"}'
ask 200 GET $base/customer/name+86@example.com
is 'a["value"]["customer_identifier"] == "name+86@example.com"'
ask 200 PUT $base/customer/user@example.com/meter-entitlements \
    '[{"meter_tsid":"MTR-0MB95BFFX5MY2","entitlement":1},{"meter_tsid":"MTR-0MB8WXFSD5YVW","entitlement":1}]'
ask 202 POST $base/customer/user@example.com/usage \
    '[{"timestamp":1697363618832,"meter_id":"MTR-0DWBEZWHFSBBQ","qty":26}]'
ask 200 POST $base/payment \
    '{"customer_identifier":"user@example.com","plan_id":"PLV-0MD508X1S388G","plan_type":"MONTHLY","payment_component":"PLAN"}'
is 'a["status"] is True and a["value"]["transaction_tsid"].startswith("TRN-")'
sample=(-H 'authorization: Bearer')
ask 404 POST $base/customer/user@example.com/cancel_subscription \
    '{"subscription_tsid":"CSU-0JTAGV2KWBHEW","when":"END_OF_CYCLE"}'
says '{"success": false, "message": "Subscription not found."}'
sample=()
ask 400 POST $base/customer/user@example.com/cancel_subscription \
    '{"subscription_tsid":"CSU-0JTAGV2KWBHEW"}'
says '{"success": false, "message": "Invalid request parameters."}'
ask 404 PUT $base/customer/user@example.com/subscription \
    '{"subscription_tsid":"SUA-0K6FC7CCNBBQD","end_date":1742797511000}'
tokens='{"checkpoint_name":"session-ended","customer_identifier":"user@example.com","provider":"OPENAI","model":"GPT_4",
 "input_token":100,"output_token":200,"session_id":"1234","extra_params":{"key1":"value1"}}'
ask 200 POST $base/checkpoint/usage "$tokens"
is 'a["status"] is True and a["value"]["tsid"].startswith("CHU-") and a["value"]["input_token"] == 100'
is 'type(a["value"]["credits"]) is float and type(a["value"]["usage_time"]) is int'
is 'a["value"]["checkpoint_tsid"].startswith("CHK-") and "entitlement" in a["value"]["meter_entitlements"][0]'
ask 200 POST /v1/company/COM-0FR3TQHKW0YBJ/checkpoint/usage "$tokens"
says '{"success": true, "message": "Checkpoint usage recorded successfully."}'
ask 404 POST /v1/company/COM-0FNWT0H89QS36/checkpoint/usage "$tokens"
says '{"success": false, "message": "Company not found."}'
ask 200 POST $base/checkpoint/usage \
    '{"customer_identifier":"user@example.com","checkpoint_key":"api_calls","checkpoint_value":5}'
says '{"status": true, "message": "Checkpoint recorded successfully"}'
ask 200 GET "/v1/customers?q=user@example.com"
is 'len(a["data"]) == 1'
mine=$key
key=a-key-that-opens-nothing
ask 401 POST $base/payment '{}'
says '{"success": false, "message": "Unauthorized access. Invalid token."}'
key=$mine

echo "a customer buys on the page, in Chromium"
ask 200 POST $base/customer '{"email":"asha@example.com","customer_identifier":"asha","first_name":"Asha","last_name":"Rao","country_code":"IN"}'
ask 200 POST $base/payment \
    '{"customer_identifier":"asha","plan_id":"PLV-0MD508X1S388G","plan_type":"MONTHLY","payment_component":"PLAN"}'
transaction=$(the 'a["value"]["transaction_tsid"]')
TMPDIR=$work PYTHONDONTWRITEBYTECODE=1 python3 tests/browser/pay.py "$(command -v chromium)" \
    "$url/checkout/$transaction" "Pro" "INR 499.00" "asha"
ask 200 GET "/v1/events?source=sandbox"
is 'any(event["event_type"] == "payment.captured" and event["status"] == "folded" for event in a["data"])'
ask 200 GET $base/customer/asha
is 'a["value"]["status"] == "ACTIVE"'
ask 200 GET "/v1/subscriptions?customer=asha&status=active"
is 'len(a["data"]) == 1 and a["data"][0]["plan"] == {"id": "PLV-0MD508X1S388G", "name": "Pro"}'
subscription=$(the 'a["data"][0]["id"]')
ends=$(the 'a["data"][0]["paid_through"]')
ask 200 GET "/v1/payments?customer=asha"
is '[payment["amount"] for payment in a["data"]] == [{"amount_minor": 49900, "currency": "INR"}]'

echo "it uses what it bought"
now=$(date +%s%3N)
ask 202 POST $base/customer/asha/usage "[{\"timestamp\":$now,\"meter_id\":\"MTR-0DWBEZWHFSBBQ\",\"qty\":26}]"
ask 200 GET /v1/customers/asha/entitlements
is '[row["remaining"] for row in a["entitlements"] if row["granted"] and row["feature_id"] == "api_calls"] == ["9974"]'

echo "an end date passes while the service runs"
ask 200 GET /v1/subscriptions?customer=name%2B86@example.com
other=$(the 'a["data"][0]["id"]')
ask 201 PUT $base/customer/name+86@example.com/subscription \
    "{\"subscription_tsid\":\"$other\",\"end_date\":$(($(date +%s%3N) + 1000))}"
until_so 'a["status"] == "expired"' "/v1/subscriptions/$other"

echo "it is cancelled at the end of its cycle, and that is a month later"
ask 200 POST $base/customer/asha/cancel_subscription \
    "{\"subscription_tsid\":\"$subscription\",\"when\":\"END_OF_CYCLE\"}"
ask 200 GET "/v1/subscriptions/$subscription"
is "a['status'] == 'active' and a['cancel_at'] == '$ends' and a['access']['granted'] is True"
stop
# Not by `faketime` itself, which would not hand on the signal of the stop. The clock that measures
# time that really passes stays as it is.
serve env LD_PRELOAD="$(faketime -f +32d printenv LD_PRELOAD)" FAKETIME=+32d \
    FAKETIME_DONT_FAKE_MONOTONIC=1
ask 200 GET "/v1/subscriptions/$subscription"
is "a['status'] == 'canceled' and a['ended_at'] == '$ends' and a['access']['granted'] is False"
ask 200 GET $base/customer/asha
is 'a["value"]["status"] == "CANCELLED"'
ask 200 GET "/v1/events?source=scheduler&type=subscription.ended"
is "[event['occurred_at'] for event in a['data']].count('$ends') == 1"
stop

echo "and all of it can be replayed and verified"
"$subledger" replay --config "$work/config.toml"
"$subledger" verify --config "$work/config.toml"
echo "the story is told"
