# A service for a check to ask; a script sources this after its own `set -euo pipefail`. Leaves the
# program that was built in $subledger, a free port in $port, its address in $url and a folder that
# goes with the script in $work. Needs cargo, curl and python3.

cargo build --quiet
target=$(cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
subledger="$target/debug/subledger"
port=$(python3 -c \
    'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
url="http://127.0.0.1:$port"
work=$(mktemp -d)
service=

# start COMMAND...: runs a command that serves at $url, until it is ready.
start() {
    "$@" >>"$work/log" 2>&1 &
    service=$!
    for _ in $(seq 100); do
        curl --fail --silent --output /dev/null "$url/readyz" && return
        kill -0 "$service" 2>/dev/null || break
        sleep 0.1
    done
    echo "the ledger did not become ready:" >&2
    cat "$work/log" >&2
    exit 1
}

stop() {
    if [[ -n $service ]]; then
        kill "$service" 2>/dev/null || true
        wait "$service" 2>/dev/null || true
        service=
    fi
}

finish() {
    stop
    rm -rf "$work"
}
trap finish EXIT
