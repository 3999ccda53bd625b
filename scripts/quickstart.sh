#!/usr/bin/env bash
# Installs what is missing, builds rocd, and shows that it works: a tone that an ordinary application
# plays to a virtual speaker is sent and received by Roc Toolkit, recorded from a virtual microphone,
# and measured. Exit status 0 only if the right tone was heard.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

readonly session_script=scripts/audio-session.sh
readonly bin=$PWD/build/release/bin
readonly speaker=rocd.quickstart-speaker microphone=rocd.quickstart-microphone
readonly left_hz=440 right_hz=660 level_dbfs=-20
readonly start_deadline=30 # seconds; only reached when something is broken
# The begin of a recording has the tone's begin in it.
readonly skip_seconds=1.5

usage() {
  cat <<'USAGE'
usage: scripts/quickstart.sh [--keep] [--seconds N] [--help]

  --keep        leave rocd running, and say what to try next and how to stop it
  --seconds N   how much to listen to (5; 2 to 600)

Uses your PipeWire session, or a private one if there is none. The first run installs packages (as
root or with sudo) and builds: some ten minutes. Later ones take about 20 seconds.
USAGE
}

step() { printf '\n==> %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }

# --- beginning and end -------------------------------------------------------------------------------

work='' private_session='' rocd_pid='' url='' succeeded=no
helpers=() # pids of players and recorders

# Only what this script started, by pid.
end_process() {
  local pid=$1 waited
  kill -TERM "$pid" 2>/dev/null || return 0
  for ((waited = 0; waited < 60; waited++)); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
}

end_helpers() {
  local pid
  for pid in "${helpers[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  helpers=()
}

end_everything() {
  end_helpers
  if [ -n "$rocd_pid" ]; then end_process "$rocd_pid"; fi
  if [ -n "$private_session" ]; then "$session_script" stop --remove "$private_session" || true; fi
  rocd_pid='' private_session=''
}

at_exit() {
  local status=$?
  trap - EXIT INT TERM HUP
  if [ "$succeeded" = yes ] && [ "$keep" = yes ]; then exit "$status"; fi
  # The logs of a private session go away with it.
  if [ "$succeeded" = no ] && [ -d "$work/session/log" ]; then cp -r "$work/session/log" "$work/session.log"; fi
  end_everything
  if [ "$succeeded" = yes ] || [ "$status" -ge 128 ]; then rm -rf "$work"; else explain_failure; fi
  exit "$status"
}

explain_failure() {
  local file
  if [ -s "$work/rocd.log" ]; then
    printf '\nThe last lines of rocd:\n'
    tail -n 15 "$work/rocd.log" | sed 's/^/    /'
  fi
  printf '\nWhat to look at:\n'
  for file in setup.log build.log session.log rocd.log microphone.wav; do
    if [ -s "$work/$file" ]; then note "$work/$file"; fi
  done
  if [ -x "$bin/rocctl" ]; then note "$bin/rocctl doctor    says what is missing on this computer"; fi
} >&2

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  exit 1
}

# wait_for SECONDS COMMAND…: 1 when the time is over, or rocd has ended.
wait_for() {
  local deadline=$((SECONDS + $1 + 1))
  shift
  until "$@"; do
    if [ "$SECONDS" -ge "$deadline" ] || ! kill -0 "$rocd_pid" 2>/dev/null; then return 1; fi
    sleep 0.1
  done
}

# --- installing and building --------------------------------------------------------------------------

install_and_build() {
  step "Installing what is missing (scripts/setup.sh)"
  scripts/setup.sh >"$work/setup.log" 2>&1 || {
    tail -n 30 "$work/setup.log" >&2
    fail "packages could not be installed (all of it: $work/setup.log)"
  }
  sed -n '/:$/d; s/^==> /    /p' "$work/setup.log"

  step "Building rocd (release)"
  cmake --preset release >"$work/build.log" 2>&1 || {
    tail -n 30 "$work/build.log" >&2
    fail "cmake could not configure the build (all of it: $work/build.log)"
  }
  cmake --build --preset release --target rocd rocctl rocd-audioprobe ||
    fail "the build failed (messages above)"
  note "$("$bin/rocd" --version)"
}

# --- the audio session and rocd -----------------------------------------------------------------------

user_session_works() {
  [ -S "${PIPEWIRE_RUNTIME_DIR:-${XDG_RUNTIME_DIR-}}/${PIPEWIRE_REMOTE:-pipewire-0}" ] &&
    timeout 5 pw-cli info 0 >/dev/null 2>&1 && timeout 5 pactl info >/dev/null 2>&1
}

choose_session() {
  if user_session_works; then
    step "Using your PipeWire session"
    return
  fi
  step "No PipeWire session here: starting a private one"
  local owner=(--owner "$$")
  if [ "$keep" = yes ]; then owner=(); fi
  local environment
  private_session=$work/session
  "$session_script" start "${owner[@]}" "$private_session" || fail "the private session does not start"
  environment=$("$session_script" env "$private_session")
  printf '%s\n' "$environment" >"$work/env"
  eval "$environment"
  note "$("$session_script" status "$private_session" | awk '{ printf "%s%s", sep, $1; sep = ", " }')"
}

# Three neighbouring UDP ports that nobody has bound now (proc(5): local ports in hexadecimal).
free_ports() {
  local first port bound
  bound=$(cat /proc/net/udp /proc/net/udp6 2>/dev/null | awk '{ split($2, a, ":"); print a[2] }')
  for ((first = 20001 + RANDOM % 900 * 10; first < 30000; first += 10)); do
    for port in "$first" $((first + 1)) $((first + 2)); do
      if grep -qix "$(printf '%04x' "$port")" <<<"$bound"; then continue 2; fi
    done
    printf '%s\n' "$first"
    return
  done
  return 1
}

write_configuration() {
  local port address
  port=$(free_ports) || fail "no free UDP ports"
  address="{ media: \"rtp+rs8m://127.0.0.1:$port\", repair: \"rs8m://127.0.0.1:$((port + 1))\",
                  control: \"rtcp://127.0.0.1:$((port + 2))\" }"
  cat >"$work/rocd.yaml" <<YAML
name: quickstart
http: { unix_socket: off }
endpoints:
  - { name: quickstart-speaker, direction: output, display_name: Quickstart speaker }
  - { name: quickstart-microphone, direction: input, display_name: Quickstart microphone }
streams:
  - name: quickstart-send
    source: quickstart-speaker
    destination: $address
  - name: quickstart-receive
    source: $address
    destination: quickstart-microphone
YAML
}

start_rocd() {
  local options=(--exit-with-parent)
  if [ "$keep" = yes ]; then options=(); fi
  mkfifo "$work/ready"
  # A session of its own: Ctrl-C reaches this script, which ends rocd in order.
  setsid "$bin/rocd" --config "$work/rocd.yaml" --state-dir "$work/state" --listen 127.0.0.1:0 \
    --ready-fd 3 "${options[@]}" 3>"$work/ready" >"$work/rocd.log" 2>&1 </dev/null &
  rocd_pid=$!
  read -r -t "$start_deadline" url <"$work/ready" || true
  rm -f "$work/ready"
  [ -n "$url" ] || fail "rocd did not start"
}

api() { curl -sS --max-time 10 "$url$1"; }

streams_run() {
  local states
  states=$(api /streams | jq -r '[.[].status.state] | unique | join(" ")' 2>/dev/null) || return 1
  [ "$states" = running ]
}

run_streams() {
  step "Starting rocd: virtual speaker -> roc-send -> UDP -> roc-recv -> virtual microphone"
  write_configuration
  start_rocd
  note "REST API on $url"
  if ! wait_for "$start_deadline" streams_run; then
    show_streams >&2 || true
    fail "the streams do not run"
  fi
}

# --- playing, recording, measuring ----------------------------------------------------------------------

# Both stay with their device, whatever happens to it.
readonly stay='node.dont-fallback=true node.dont-move=true'

record() { # TARGET CHANNELS MAP NODE FILE
  pw-record --target "$1" --rate 48000 --channels "$2" --channel-map "$3" --format f32 \
    -P "{ node.name=$4 $stay }" "$5" >"$work/record.log" 2>&1 &
  helpers+=("$!")
}

play() { pw-play --target "$speaker" -P "{ $stay }" "$1" >"$work/play.log" 2>&1; }

# In awk, which reads to the end: a pipe into `grep -q` may break, which counts as a failure.
is_linked_from() {
  pw-link --links | awk -v to="$1:" -v from="$2:" '
    /^[^ ]/ { inside = index($0, to) == 1 }
    inside && index($0, "|<- " from) { found = 1 }
    END { exit !found }'
}
has_ports() { [ "$(pw-link --input | grep -c "^$1:")" -ge "$2" ]; }

stop_recording() {
  local pid=${helpers[-1]}
  kill -INT "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  unset 'helpers[-1]'
}

# Sets `heard` to yes if it was the tone.
listen() {
  step "Playing $left_hz Hz (left) and $right_hz Hz (right) to the speaker, recording the microphone"
  local node=quickstart.recorder.$$ length
  length=$(awk "BEGIN { print $seconds + $skip_seconds + 0.5 }")
  "$bin/rocd-audioprobe" tone --freq "$left_hz,$right_hz" --level "$level_dbfs" \
    --seconds "$length" "$work/tone.wav"
  record "$microphone" 2 FL,FR "$node" "$work/microphone.wav"
  wait_for "$start_deadline" is_linked_from "$node" "$microphone" ||
    fail "the recorder is not linked to the microphone: $(cat "$work/record.log")"
  play "$work/tone.wav" || fail "the tone cannot be played: $(cat "$work/play.log")"
  stop_recording
  heard=yes
  "$bin/rocd-audioprobe" analyze --skip "$skip_seconds" --seconds "$seconds" --json \
    --expect-freq "$left_hz,$right_hz" --expect-level "$level_dbfs" "$work/microphone.wav" \
    >"$work/heard.json" || heard=no
  [ -s "$work/heard.json" ] || fail "the recording cannot be read"
}

# One recorder of four channels hears both devices at once: its samples share one clock.
measure_latency() {
  step "Playing pulses, for the time from speaker to microphone"
  local node=quickstart.latency.$$ channel ports=(monitor_FL monitor_FR)
  "$bin/rocd-audioprobe" pulses --seconds 6 "$work/pulses.wav"
  record 0 4 AUX0,AUX1,AUX2,AUX3 "$node" "$work/both.wav"
  wait_for "$start_deadline" has_ports "$node" 4 || return 0
  for channel in 0 1; do
    pw-link "$speaker:${ports[channel]}" "$node:input_AUX$channel" || return 0
    pw-link "$microphone:capture_${ports[channel]#monitor_}" "$node:input_AUX$((channel + 2))" ||
      return 0
  done
  play "$work/pulses.wav" || return 0
  stop_recording
  "$bin/rocd-audioprobe" latency --ref-channel 0 --channel 2 --json "$work/both.wav" \
    >"$work/latency.json" || true
}

show_heard() {
  step "Heard at the microphone, in $seconds s"
  jq -r --argjson wanted "[$left_hz, $right_hz]" '
    def name: ["left ", "right"][.];
    .channels | to_entries[] |
    "    \(.key | name)  " + (if .value.frequency_hz then
      "\(.value.frequency_hz * 10 | round / 10) Hz (played: \($wanted[.key]) Hz)" else "silence" end) +
    "   \(.value.tone_dbfs * 10 | round / 10) dBFS" +
    "   in \(.value.tone_fraction * 100 | round) % of the time" +
    "   \(.value.gaps) gap\(if .value.gaps == 1 then "" else "s" end)" +
    (if .value.gaps > 0 then ", longest silence \(.value.longest_silence_ms | round) ms" else "" end)
  ' "$work/heard.json"
  if [ -s "$work/latency.json" ]; then
    jq -r 'if .pulses > .missed then
        "    speaker to microphone: \(.median_ms | round) ms (median of \(.pulses - .missed) pulses, \(.min_ms | round) to \(.max_ms | round) ms)"
      else "    speaker to microphone: not measured, no pulse was found again" end' "$work/latency.json"
  else
    note "speaker to microphone: not measured"
  fi
}

show_streams() {
  step "What rocd says (GET /streams)"
  api /streams | jq -r '
    def ms: if . then "\(. | round) ms" else "-" end;
    .[] | .status as $s |
    "    \(.display_name): \($s.state)" + (if $s.message then " (\($s.message))" else "" end) +
    ", health: \($s.health.overall)" +
    (if $s.health.message then " (\($s.health.message))" else "" end) +
    (if $s.pid then ", pid \($s.pid)" else "" end) + ", restarts: \($s.restarts)" +
    (if .source.connection_type == "external" then
      ", senders: \($s.metrics.sessions), network latency: \($s.metrics.network_latency_ms | ms)"
     else "" end)'
}

# --- what next ---------------------------------------------------------------------------------------

write_stop_script() {
  {
    printf '#!/bin/sh\n# Stops what scripts/quickstart.sh --keep left running, and removes its files.\n'
    printf 'kill %d 2>/dev/null\nwhile kill -0 %d 2>/dev/null; do sleep 0.1; done\n' "$rocd_pid" "$rocd_pid"
    if [ -n "$private_session" ]; then
      printf '"%s" stop --remove "%s"\n' "$PWD/$session_script" "$private_session"
    fi
    printf 'rm -rf "%s"\n' "$work"
  } >"$work/stop"
  chmod +x "$work/stop"
}

say_what_next() {
  local endpoint
  endpoint=$(api /peers/self/endpoints |
    jq -r --arg name "$speaker" '.[] | select(.system_name == $name).endpoint_uri')
  write_stop_script
  {
    printf "export ROCCTL_URL='%s'\n" "$url"
    printf "export PATH='%s':\"\$PATH\"\n" "$bin"
  } >>"$work/env"
  cat <<NEXT

rocd is still running (pid $rocd_pid). To try next, in this or another shell:

    . $work/env      # rocctl and rocd on the path, where they find rocd$([ -z "$private_session" ] || printf ', the private audio session')

    rocctl status
    rocctl stream ls
    curl -s $url/streams | jq .
    curl -s -X PATCH $url$endpoint -H 'Content-Type: application/json' -d '{"volume": 0.5}' | jq .volume

    # play anything to the virtual speaker, record what arrives
    pw-play --target $speaker $work/tone.wav
    pw-record --target $microphone heard.wav

    # kill roc-recv: rocd starts it again
    kill -9 \$(curl -s $url/streams | jq '.[] | select(.display_name == "quickstart-receive").status.pid')

    # what rocd does about it
    tail $work/rocd.log

To stop it:

    $work/stop
NEXT
}

# --- main ---------------------------------------------------------------------------------------------

keep=no
seconds=5

parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --keep) keep=yes ;;
      --seconds)
        seconds=${2-}
        if ! [[ $seconds =~ ^[0-9]{1,3}$ ]] || [ "$seconds" -lt 2 ] || [ "$seconds" -gt 600 ]; then
          printf 'quickstart.sh: --seconds needs a number from 2 to 600\n' >&2
          exit 2
        fi
        shift
        ;;
      --help | -h)
        usage
        exit 0
        ;;
      *)
        printf 'quickstart.sh: %s: unknown option\n' "$1" >&2
        usage >&2
        exit 2
        ;;
    esac
    shift
  done
}

# In a function: bash reads on in this file while it runs, and a pull may change the file meanwhile.
main() {
  parse_arguments "$@"
  # Short: paths of sockets have 107 bytes at most.
  work=$(mktemp -d /tmp/rocd-quickstart.XXXXXX)
  trap at_exit EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  install_and_build
  choose_session
  run_streams
  listen
  measure_latency
  show_heard
  show_streams
  if [ "$heard" = no ]; then
    jq -r '.findings[]? | "    not as expected: " + .' "$work/heard.json" >&2
    fail "this is not the tone that was played"
  fi
  succeeded=yes
  printf '\nPASSED: the tone went through rocd, roc-send and roc-recv.\n'
  if [ "$keep" = yes ]; then
    say_what_next
  else
    printf '\nTo keep rocd running and try more: scripts/quickstart.sh --keep\n'
  fi
}

main "$@"; exit
