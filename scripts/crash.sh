#!/usr/bin/env bash
# Kills rocd -9 at random moments while four clients change things, and compares what the next one
# has with what was answered. Tells how many changes that were; any that is lost is an error.
#   scripts/crash.sh [ROUNDS [SEED]]   1000 rounds unless told otherwise: some minutes
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${PRESET:-debug}

cmake --preset "$preset" -DROCD_TESTS=ON >/dev/null
cmake --build --preset "$preset" --target rocd test_e2e
export ROCD_CRASH_ROUNDS=${1:-1000}
[ $# -lt 2 ] || export ROCD_CRASH_SEED=$2
exec "build/$preset/bin/test_e2e" "[crash]"
