#!/usr/bin/env bash
# Fuzzes the checks of tests/fuzz: .ci/fuzz.sh SECONDS [TARGET...], each target for so long, all of
# them where none is named. Needs cargo-fuzz: cargo install --locked cargo-fuzz. What it finds lies
# in tests/fuzz/artifacts, and what it learnt in tests/fuzz/corpus.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-}
if ! [[ $seconds =~ ^[1-9][0-9]{0,5}$ ]]; then
    echo "usage: .ci/fuzz.sh SECONDS [TARGET...] (1 to 999999)" >&2
    exit 2
fi
shift
if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "missing tool: cargo fuzz; install it with: cargo install --locked cargo-fuzz" >&2
    exit 127
fi

fuzz=(--fuzz-dir tests/fuzz --sanitizer=none)
FUZZ_CORPUS=$PWD/tests/fuzz/corpus cargo test --quiet --test fuzz seeds_for_the_fuzzer
if (($# == 0)); then
    mapfile -t targets < <(cargo fuzz list --fuzz-dir tests/fuzz)
    set -- "${targets[@]}"
fi
for target in "$@"; do
    printf '\n== %s\n' "$target"
    cargo fuzz run "${fuzz[@]}" "$target" -- -max_total_time="$seconds" -max_len=16384 -timeout=20
done
