#!/usr/bin/env bash
# A short session of rocd under valgrind: devices, streams of all kinds, events, a child that is killed, a
# reload, PipeWire started again, and the end. Exit status 1 if memory is misused or lost.
#   scripts/valgrind.sh [ROCD]        default: that of the preset debug, which is built first
# The tools themselves do not run under valgrind.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
rocd=${1:-build/debug/bin/rocd}

die() {
  printf 'valgrind.sh: %s\n' "$*" >&2
  if [ -n "${work:-}" ] && [ -e "$work/log" ]; then tail -n 15 "$work/log" >&2; fi
  exit 1
}

command -v valgrind >/dev/null || die "valgrind is missing (scripts/setup.sh installs it)"
if [ -z "${ROCD_VALGRIND_SESSION:-}" ]; then  # once more, in a directory with a PipeWire session
  if [ $# -eq 0 ]; then
    cmake --preset debug >/dev/null
    cmake --build --preset debug --target rocd >/dev/null
  fi
  session=$(mktemp -d /tmp/rocd-valgrind-XXXXXX)
  scripts/audio-session.sh start --owner $$ "$session"
  eval "$(scripts/audio-session.sh env "$session")"
  ROCD_VALGRIND_SESSION=$session "$0" "$rocd" && status=0 || status=$?
  scripts/audio-session.sh stop --remove "$session"
  exit "$status"
fi
session=$ROCD_VALGRIND_SESSION

work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
mkfifo "$work/ready"
cat >"$work/rocd.yaml" <<'YAML'
http: { unix_socket: off }
endpoints:
  - { name: speaker, direction: output }
  - { name: microphone, direction: input }
streams:
  - { name: local, source: speaker, destination: microphone }
  - { name: ldpc, source: speaker, destination: { media: "rtp+ldpc://127.0.0.1:9", repair: "ldpc://127.0.0.1:10" } }
  - { name: rtp, source: speaker, destination: { media: "rtp://127.0.0.1:9" } }
YAML
valgrind --leak-check=full --errors-for-leak-kinds=definite,indirect --show-leak-kinds=definite,indirect \
  --error-exitcode=99 --log-file="$work/valgrind" --num-callers=30 \
  "$rocd" --config "$work/rocd.yaml" --listen 127.0.0.1:0 --state-dir "$work/state" --ready-fd 3 \
  3>"$work/ready" >"$work/log" 2>&1 &
pid=$!
IFS= read -r -t 120 url <"$work/ready" || die "rocd does not get ready"

api() {  # METHOD PATH [BODY]
  curl -sS --fail-with-body --max-time 60 -X "$1" "$url$2" -H 'Content-Type: application/json' ${3:+-d "$3"}
}
wait_until() {  # WHAT COMMAND…
  local what=$1 i
  shift
  for ((i = 0; i < 600; i++)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    kill -0 "$pid" 2>/dev/null || die "rocd has ended"
    sleep 0.1
  done
  die "$what: not within a minute"
}
state_is() { [ "$(api GET "$1" | jq -r .status.state)" = "$2" ]; }
ready() { api GET /readyz; }

wait_until "readiness" ready
curl -sN --max-time 20 "$url/events" >"$work/events" &
events=$!
speaker=$(api GET /peers/self/endpoints | jq -r '.[] | select(.system_name == "rocd.speaker") | .endpoint_uri')
microphone=$(api POST /peers/self/endpoints '{"stream_direction": "input", "display_name": "More"}' | jq -r .endpoint_uri)
receive=$(api POST /streams '{"source": {"connection_type": "external", "control_uri": "rtcp://127.0.0.1:0",
    "media_uri": "rtp+rs8m://127.0.0.1:0"},
  "destination": {"connection_type": "endpoint", "endpoint_uri": "'"$microphone"'"}}' | jq -r .stream_uri)
wait_until "the receiver" state_is "$receive" running
for name in ldpc rtp; do
  uri=$(api GET /streams | jq -r ".[] | select(.display_name == \"$name\") | .stream_uri")
  wait_until "the sender of $name" state_is "$uri" running
done
target=$(api GET "$receive" | jq -c '{connection_type: "external"} + (.status.resolved | {media_uri, repair_uri, control_uri})')
send=$(api POST /streams '{"source": {"connection_type": "endpoint", "endpoint_uri": "'"$speaker"'"},
  "destination": '"$target"'}' | jq -r .stream_uri)
wait_until "the sender" state_is "$send" running
for path in /streams /system /system/config /constraints /metrics /openapi.json /docs "$receive/log"; do
  api GET "$path" >/dev/null
done
if api POST /streams '{"sauce": 1}' >/dev/null 2>&1; then die "nonsense was accepted"; fi
api PATCH "$speaker" '{"volume": 0.5}' >/dev/null
before=$(api GET "$send" | jq .status.pid)
kill -KILL "$before"
replaced() { api GET "$send" | jq -e ".status | .state == \"running\" and .pid != $before"; }
wait_until "another child" replaced
kill -HUP "$pid"
api PATCH "$send" '{"settings": {"on_idle": "pause"}}' >/dev/null
wait_until "a pause" state_is "$send" paused
scripts/audio-session.sh kill "$session" pipewire
wait_until "news of PipeWire's end" state_is "$receive" waiting
scripts/audio-session.sh restart "$session"
wait_until "the receiver, again" state_is "$receive" running
for path in "$send" "$receive" "$microphone"; do api DELETE "$path"; done
wait "$events" || true
[ -s "$work/events" ] || die "no events were told"

kill -TERM "$pid"
wait "$pid" && status=0 || status=$?
pid=
tail -n 30 "$work/valgrind" | sed 's/^==[0-9]*== //' | grep -E 'lost:|ERROR SUMMARY' || true
if [ "$status" -ne 0 ]; then
  cat "$work/valgrind" >&2
  die "rocd or valgrind: exit status $status"
fi
