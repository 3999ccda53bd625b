#!/usr/bin/env bash
# Feeds the parsers with bytes that a fuzzer makes up, under AddressSanitizer and UndefinedBehaviorSanitizer.
#   scripts/fuzz.sh [TARGET…] [--runs N | --seconds S] [--max-bytes N]
#                                                        each target (default: all) for 60 seconds
#   scripts/fuzz.sh --build                              only build them
#   scripts/fuzz.sh --replay TARGET FILE…                the given inputs, once
#   scripts/fuzz.sh --keep [TARGET…]                     what was found worth keeping -> test/fuzz/corpus
# Exit status 1 for a finding: its input is in build/fuzz/findings. Builds in build/fuzz, with clang.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly build=build/fuzz compiler=clang++-19
# Small enough for git; what is over it is of little use.
readonly max_files=200
max_input_bytes=4096
# Names the lines in a report: any version of LLVM's will do, and so will binutils'. Not by a pipe into
# `head`: it may be gone before all is written, and SIGPIPE then ends this script without a word.
ASAN_SYMBOLIZER_PATH=
for symbolizer in llvm-symbolizer-19 llvm-symbolizer addr2line; do
  if ASAN_SYMBOLIZER_PATH=$(command -v "$symbolizer"); then break; fi
done
export ASAN_SYMBOLIZER_PATH UBSAN_OPTIONS=print_stacktrace=1

die() {
  printf 'fuzz.sh: %s\n' "$*" >&2
  exit 2
}

all_targets() {
  local file
  for file in test/fuzz/*.dict; do basename "$file" .dict; done
}

build_targets() {
  command -v "$compiler" >/dev/null || die "$compiler is missing: run scripts/setup.sh"
  echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
    "$compiler" -x c++ -fsanitize=fuzzer,address - -o /dev/null 2>/dev/null ||
    die "$compiler cannot link a fuzzer (libclang-rt-19-dev is missing?): run scripts/setup.sh"
  # Tests that run at the same time do not build at the same time.
  exec 9>"$build.lock"
  flock 9
  { cmake --preset fuzz && nice cmake --build --preset fuzz; } >"$build.log" 2>&1 || {
    cat "$build.log" >&2
    die "the targets do not build (above)"
  }
  exec 9>&-
}

# The last figures that libFuzzer printed: "… cov: 1234 ft: 5678 corp: 90/12Kb …".
figure() { grep -o "$1: [^ ]*" "$log" | tail -n 1 | cut -d' ' -f2; }

run_target() {
  local target=$1 corpus=$build/corpus/$1 status=0 log=$build/$1.log
  mkdir -p "$corpus" "$build/findings"
  # The corpus of the repository is read, only the one of the build folder grows.
  nice "$build/bin/fuzz_$target" "$limit" -max_len="$max_input_bytes" -dict="test/fuzz/$target.dict" -timeout=60 \
    -artifact_prefix="$build/findings/$target-" -print_final_stats=1 "$corpus" "test/fuzz/corpus/$target" \
    >"$log" 2>&1 || status=$?
  if [ "$status" -ne 0 ]; then
    cat "$log" >&2
    printf '%s: a finding (above), exit status %s\n' "$target" "$status" >&2
    return 1
  fi
  printf '%-12s %10s runs %7s a second, coverage %s edges, %s features, corpus %s, no finding\n' "$target" \
    "$(figure stat::number_of_executed_units)" "$(figure stat::average_exec_per_sec)" "$(figure cov)" \
    "$(figure ft)" "$(figure corp)"
}

# The fewest inputs that cover as much as all that are known.
keep() {
  local target=$1 kept=test/fuzz/corpus/$1 merged=$build/merged/$1 count
  rm -rf "$merged"
  mkdir -p "$merged" "$build/corpus/$target"
  "$build/bin/fuzz_$target" -set_cover_merge=1 -max_len="$max_input_bytes" "$merged" "$kept" \
    "$build/corpus/$target" >"$build/$target.log" 2>&1 || die "merging failed, see $build/$target.log"
  count=$(find "$merged" -type f | wc -l)
  if [ "$count" -gt "$max_files" ]; then
    # The small ones: they run faster, and a person can read them.
    find "$merged" -type f -printf '%s %p\n' | sort -n | tail -n "+$((max_files + 1))" | cut -d' ' -f2 | xargs rm
  fi
  rm -rf "$kept"
  cp -r "$merged" "$kept"
  printf '%-12s %s files, %s bytes\n' "$target" "$(find "$kept" -type f | wc -l)" "$(cat "$kept"/* | wc -c)"
}

limit=-max_total_time=60
action=run
targets=()
while [ $# -gt 0 ]; do
  case $1 in
    --runs) limit=-runs=${2:?} && shift ;;
    --seconds) limit=-max_total_time=${2:?} && shift ;;
    --max-bytes) max_input_bytes=${2:?} && shift ;;  # of an input: short ones run faster
    --build) action=build ;;
    --keep) action=keep ;;
    --replay)
      build_targets
      target=${2:?}
      shift 2
      exec "$build/bin/fuzz_$target" "$@"
      ;;
    --help | -h | -*)
      sed -n '2,8p' "$0" | sed 's/^# \{0,1\}//' >&2
      exit 2
      ;;
    *) targets+=("$1") ;;
  esac
  shift
done
if [ ${#targets[@]} -eq 0 ]; then mapfile -t targets < <(all_targets); fi
for target in "${targets[@]}"; do
  [ -e "test/fuzz/$target.cpp" ] || die "there is no target '$target', only: $(all_targets | tr '\n' ' ')"
done

mkdir -p build
build_targets
findings=0
for target in "${targets[@]}"; do
  case $action in
    run) run_target "$target" || findings=1 ;;
    keep) keep "$target" ;;
  esac
done
exit "$findings"
