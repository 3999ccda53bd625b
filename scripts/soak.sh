#!/usr/bin/env bash
# The soak (docs/reliability.md, "Leaks"): a real rocd with real PipeWire and Roc Toolkit does the same things
# thousands of times: devices, streams, crashes of tools, requests, reconnects. What it holds is measured all the
# while: memory, descriptors, threads, children, nodes, links, the database.
#   scripts/soak.sh [--only PART] [--cycles N] [--report FILE]     default: all parts, their full numbers
#   PRESET=debug scripts/soak.sh --only crashes --cycles 1000
#   scripts/soak.sh --brief                                        as ctest runs it: a minute
# Exit status 1 if anything grew by more than 5 %. Needs root or user namespaces; nothing of the machine's own
# network, sound or files is touched.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${PRESET:-release}

cmake --preset "$preset" -DROCD_TESTS=ON >/dev/null
cmake --build --preset "$preset" --target rocd rocd_soak >/dev/null
exec "build/$preset/bin/rocd_soak" "$@"
