#!/usr/bin/env bash
# The fault campaign (docs/reliability.md): a real rocd, PipeWire and Roc Toolkit, and whatever can happen to
# them, one fault after the other and two at once; hears whether every tone comes back.
#   scripts/faults.sh [--faults N] [--seed S] [--only TEXT] [--patience N] [--report FILE] [--quiet]
#                                                  [--list]    default: 500 faults
# Exit status 1 if one did not heal as it should. Needs root or user namespaces; nothing of the machine's own
# network, sound or files is touched.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${PRESET:-debug}

cmake --preset "$preset" -DROCD_TESTS=ON >/dev/null
cmake --build --preset "$preset" --target rocd rocd_faults >/dev/null
case " $* " in *" --faults "*) ;; *) set -- --faults 500 "$@" ;; esac
exec "build/$preset/bin/rocd_faults" "$@"
