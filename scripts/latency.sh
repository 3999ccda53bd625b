#!/usr/bin/env bash
# The latency that a listener has and the gaps that he hears, for each profile: with rocd, with the same tools
# started by hand, and through PipeWire alone, in the same seconds; as a table.
#   scripts/latency.sh [--steal] [SECONDS [PROFILE[:TARGET]…]]     of each; default 60 s, all three, and low with less latency: "low:40ms"
# --steal: the processors are taken away from all of it for 5 to 60 ms every few seconds, as on a shared virtual machine.
# Run it on an otherwise idle machine. Needs root or user namespaces.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${PRESET:-debug}  # rocd carries no audio: how it was built does not matter

cmake --preset "$preset" -DROCD_TESTS=ON >/dev/null
cmake --build --preset "$preset" --target rocd rocd_latency >/dev/null
exec "build/$preset/bin/rocd_latency" "$@"
