#!/usr/bin/env bash
# The kills, stops and failing disks of tests/faults and the checks of tests/fuzz on many random
# inputs, again and again: .ci/faults.sh MINUTES.
# Every round prints its seed; SEED=… makes it come first again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

minutes=${1:-}
if ! [[ $minutes =~ ^[1-9][0-9]{0,3}$ ]]; then
    echo "usage: .ci/faults.sh MINUTES (1 to 9999)" >&2
    exit 2
fi

# As many kills a round as keep it near two minutes on two cores.
export FAULTS_ROUNDS=${FAULTS_ROUNDS:-60}
tests=(
    kills::a_killed_ledger_keeps_every_acknowledged_event
    kills::a_terminated_ledger_finishes_what_it_began
    kills::a_ledger_killed_while_it_opens_opens_the_next_time
    io_errors::
    damage::changed_bytes
    hostile::noise
)
# Sixteen times what `cargo test` does.
export FUZZ_CASES=${FUZZ_CASES:-4096}

# Of the bits of a store, ten times as many.
export FLIPS=${FLIPS:-2000}

cargo test --test faults --test fuzz --test engines --no-run
end=$((SECONDS + minutes * 60))
round=0
while ((SECONDS < end)); do
    round=$((round + 1))
    export SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
    printf '\n== round %s, SEED=%s, FAULTS_ROUNDS=%s\n' "$round" "$SEED" "$FAULTS_ROUNDS"
    cargo test --test faults -- "${tests[@]}"
    cargo test --test fuzz
    cargo test --test engines -- flips::
    unset SEED
done
printf '\n%s rounds passed\n' "$round"
