#!/usr/bin/env bash
# Compares durable ingest with what people write today; see README.md beside it.
#   benches/peers/run.sh [path-to-subledger-binary]
# Installs what is missing, keeps everything in a temporary folder, and stops and removes it all.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
temp=$(mktemp -d "${TMPDIR:-/tmp}/subledger-peers.XXXXXX")
chmod 755 "$temp"

as_postgres() { # PostgreSQL refuses to run as root
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
clean() {
  [ -z "${postgres:-}" ] || as_postgres "$postgres/pg_ctl" -D "$temp/postgres" -m immediate stop \
    > "$temp/stop.log" 2>&1 || true
  rm -rf "$temp"
}
trap clean EXIT
trap 'exit 130' INT TERM

missing=()
command -v node > /dev/null || missing+=(nodejs npm)
command -v redis-server > /dev/null || missing+=(redis-server)
ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || missing+=(postgresql)
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}" >&2
  apt-get install -y --no-install-recommends "${missing[@]}" >&2
fi

subledger=${1:-}
if [ -z "$subledger" ]; then
  (cd "$root" && cargo build --release)
  subledger=$root/target/release/subledger
fi
cargo build --quiet --release --manifest-path "$here/load/Cargo.toml" --target-dir "$temp/load"
cp "$here"/*.js "$here"/schema.sql "$here"/package.json "$temp"
(cd "$temp" && npm install --silent --no-audit --no-fund)

# As Debian ships it (fsync and synchronous_commit on), with room so that no checkpoint falls in.
postgres=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | sort -V | tail -1)")
mkdir "$temp/postgres"
[ "$(id -u)" != 0 ] || chown postgres "$temp/postgres"
cd "$temp"
as_postgres "$postgres/initdb" -D "$temp/postgres" -U postgres --auth=trust > "$temp/initdb.log"
as_postgres "$postgres/pg_ctl" -D "$temp/postgres" -l "$temp/postgres/log" -w start > "$temp/start.log" \
  -o "-c listen_addresses='' -c unix_socket_directories='$temp/postgres' -c shared_buffers=512MB \
      -c max_wal_size=4GB -c synchronous_commit=on -c fsync=on"

export PGHOST=$temp/postgres PGUSER=postgres PGDATABASE=postgres
export SUBLEDGER=$(realpath "$subledger") LOAD=$temp/load/release/peers-load
"$SUBLEDGER" --version
"$postgres/postgres" --version
redis-server --version | cut -d' ' -f1-3
echo "node $(node --version); load of the machine before: $(cut -d' ' -f1-3 /proc/loadavg)"
node compare.js
