#!/usr/bin/env bash
# Runs the commands of a guide, one after the other in one shell, against a rocd of its own, and compares
# what they print with what the guide says.
#   test/docs/guide.sh ROCD GUIDE.md
# In the guide, indented by four spaces: "$ " begins a command, "> " goes on with it, anything else is
# what it prints; "…" there stands for any text. The commands say localhost:4040.
set -uo pipefail
export LC_ALL=C.UTF-8
rocd=$(realpath "$1")
guide=$(realpath "$2")
cd "$(dirname "$0")/../.."

if [ -z "${ROCD_GUIDE_SESSION:-}" ]; then  # once more, in a PipeWire session of its own
  ROCD_GUIDE_SESSION=yes exec scripts/audio-session.sh run --private -- "$0" "$rocd" "$guide"
fi

work=$(mktemp -d)
trap '[ -z "${pid:-}" ] || kill "$pid" 2>/dev/null; wait; rm -rf "$work"' EXIT
mkfifo "$work/ready"
env -u ROCD_LOG_LEVEL "$rocd" --listen 127.0.0.1:0 --state-dir "$work/state" --ready-fd 3 \
  3>"$work/ready" 2>"$work/rocd.log" &
pid=$!
IFS= read -r url <"$work/ready" || { cat "$work/rocd.log" >&2; exit 1; }
until curl -sf "$url/readyz" >/dev/null; do
  kill -0 "$pid" 2>/dev/null || { cat "$work/rocd.log" >&2; exit 1; }
  sleep 0.05
done

failures=0 commands=0 command='' expected='' line_of_command=0

matches() {  # PRINTED EXPECTED
  local pattern
  pattern=$(sed 's/[][\\*?]/\\&/g; s/…/*/g' <<<"$2")
  # shellcheck disable=SC2053  # a pattern, on purpose
  [[ $1 == $pattern ]]
}

run_command() {
  if [ -z "$command" ]; then
    expected=''  # an indented block without a "$ " is no command of ours
    return 0
  fi
  commands=$((commands + 1))
  local printed status
  eval "${command//localhost:4040/${url#http://}}" </dev/null >"$work/printed" 2>&1
  status=$?
  printed=$(cat "$work/printed")
  if [ "$status" -ne 0 ] || ! matches "$printed" "${expected%$'\n'}"; then
    failures=$((failures + 1))
    printf '%s:%s: %s\n  expected: %s\n  printed (exit status %s): %s\n' \
      "${guide##*/}" "$line_of_command" "$command" "${expected%$'\n'}" "$status" "$printed" >&2
  fi
  command='' expected=''
}

number=0
while IFS= read -r -u 9 line; do
  number=$((number + 1))
  case $line in
    '    $ '*)
      run_command
      command=${line#'    $ '} line_of_command=$number
      ;;
    '    > '*) command+=$'\n'${line#'    > '} ;;
    '    '*) expected+=${line#'    '}$'\n' ;;
    *) run_command ;;
  esac
done 9<"$guide"
run_command

echo "$commands commands, $failures failures"
if [ "$failures" -ne 0 ]; then tail -n 20 "$work/rocd.log" >&2; fi
[ "$commands" -gt 0 ] && [ "$failures" -eq 0 ]
