#!/usr/bin/env bash
# What is heard when packets are lost: gaps a minute for each kind of error correction, as a table.
#   scripts/loss.sh [SECONDS [PROFILE…]]     of each of the four measurements; default 60, balanced and low
# Run it on an otherwise idle machine. Needs root or user namespaces.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${PRESET:-debug}  # rocd carries no audio: how it was built does not matter

cmake --preset "$preset" -DROCD_TESTS=ON >/dev/null
cmake --build --preset "$preset" --target rocd rocd_loss >/dev/null
exec "build/$preset/bin/rocd_loss" "$@"
