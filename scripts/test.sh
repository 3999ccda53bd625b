#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test through ctest.
#   scripts/test.sh                 all of it
#   scripts/test.sh -L unit         arguments go to ctest: only the unit tests
#   PRESET=asan scripts/test.sh     with AddressSanitizer and UndefinedBehaviorSanitizer
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${PRESET:-debug}

scripts/setup.sh
cmake --preset "$preset"
cmake --build --preset "$preset"
ctest --preset "$preset" --output-on-failure --no-tests=error -j "$(nproc)" "$@"
