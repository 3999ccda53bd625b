#!/usr/bin/env bash
# Style and static analysis, as the tests `lint: format` and `lint: tidy` run them.
#   scripts/lint.sh format        every C++ file is as .clang-format says
#   scripts/lint.sh format --fix  make it so
#   scripts/lint.sh tidy [FILE…]  clang-tidy over all sources, or over the given ones
set -euo pipefail
cd "$(dirname "$0")/.."

tool() {  # the version that setup.sh installs, or whatever is called so
  command -v "$1-19" || command -v "$1" || { echo "lint.sh: $1 is missing: run scripts/setup.sh" >&2; exit 1; }
}

sources() { git ls-files --cached --others --exclude-standard -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done; }

# Files that have passed, by what the check depends on: checking takes seconds a file, looking here one.
passed=${XDG_CACHE_HOME:-$HOME/.cache}/rocd-tidy

key_of() {  # CHECKER FILE: all text that the compiler sees, comments (NOLINT) too, and the rules
  local command
  command=$(jq -er --arg file "$PWD/$2" '.[] | select(.file == $file).command' build/tidy/compile_commands.json)
  { "$1" --version; cat .clang-tidy; eval "${command% -o *} -E -C -P $2"; } | sha256sum | cut -d' ' -f1
}

case ${1:-} in
  format)
    formatter=$(tool clang-format)
    if [ "${2:-}" = --fix ]; then
      sources '*.cpp' '*.hpp' | xargs "$formatter" -i
    else
      sources '*.cpp' '*.hpp' | xargs "$formatter" --dry-run --Werror
    fi
    ;;
  tidy)
    shift
    checker=$(tool clang-tidy)
    # A build folder of its own: clang cannot read GCC's precompiled header.
    cmake -S . -B build/tidy -G Ninja -DCMAKE_BUILD_TYPE=Debug -DROCD_TESTS=OFF \
      -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >/dev/null
    sed -i 's/ -fpch-preprocess//' build/tidy/compile_commands.json
    mkdir -p "$passed"
    find "$passed" -type f -mtime +30 -delete
    { if [ $# -gt 0 ]; then printf '%s\n' "$@"; else sources 'src/*.cpp' 'tools/*.cpp' | grep -v thirdparty/; fi; } |
      xargs -P "$(nproc)" -n 1 "$0" tidy-one "$checker"
    ;;
  tidy-one)
    key=$passed/$(key_of "$2" "$3")
    if [ -e "$key" ]; then touch "$key"; exit; fi
    echo "$3"
    "$2" -p build/tidy --quiet "$3" 2> >(grep -v ' warnings generated\.$' >&2)
    touch "$key"
    ;;
  *)
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
