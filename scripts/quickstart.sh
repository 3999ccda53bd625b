#!/usr/bin/env bash
# The main job from nothing: installs what is missing, builds, starts rocd with a virtual speaker, a
# sending and a receiving stream over loopback and a virtual microphone, plays a tone into the
# speaker, records the microphone and measures. Exits 0 only if the right tone was heard.
# Uses the PipeWire session that is there, else starts a private one and stops it again.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

readonly session=scripts/audio-session.sh
readonly bin=build/release/bin
readonly left_hz=440 right_hz=660 level_dbfs=-20
readonly lead_in=2  # seconds until the first sound has come through and everything is steady

keep=no
seconds=8
scratch=
rocd_pid=
own_session=no

usage() {
  cat <<'USAGE'
usage: scripts/quickstart.sh [--keep] [--seconds N] [--help]

  --keep        leave rocd (and the private PipeWire session, if there is one) running, and say
                what to try next and how to stop it
  --seconds N   how long to listen (8; from 4 to 600)
USAGE
}

step() { printf '\n==> %s\n' "$*"; }
fact() { printf '    %-12s %s\n' "$1" "$2"; }
die() {
  printf '\nquickstart.sh: %s\n' "$*" >&2
  if [ -n "$scratch" ] && [ -s "$scratch/rocd.log" ]; then
    printf 'The last lines of rocd:\n' >&2
    tail -n 15 "$scratch/rocd.log" | sed 's/^/    /' >&2
  fi
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=yes ;;
    --seconds)
      seconds=${2:-}
      if ! [[ $seconds =~ ^[0-9]{1,3}$ ]] || [ "$seconds" -lt 4 ] || [ "$seconds" -gt 600 ]; then
        echo "quickstart.sh: --seconds takes a number from 4 to 600" >&2
        exit 2
      fi
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
  shift
done

# --- clean-up -------------------------------------------------------------------------------------

stop_rocd() {
  [ -n "$rocd_pid" ] || return 0
  kill -TERM "$rocd_pid" 2>/dev/null || true
  wait "$rocd_pid" 2>/dev/null || true
  rocd_pid=
}

clean_up() {
  local code=$?
  trap - EXIT INT TERM
  if [ "$keep" = yes ] && [ "$code" -eq 0 ]; then exit 0; fi
  stop_rocd
  if [ "$own_session" = yes ]; then "$session" stop --remove "$scratch/pw" >/dev/null || true; fi
  if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- steps ----------------------------------------------------------------------------------------

build() {
  step "Installing what is missing"
  scripts/setup.sh
  step "Building rocd"
  if ! { cmake --preset release && cmake --build --preset release --target rocd rocctl rocd-audioprobe; } \
    >"$scratch/build.log" 2>&1; then
    tail -n 30 "$scratch/build.log" >&2
    die "the build failed"
  fi
  "$bin/rocd" --version | sed 's/^/    /'
}

join_audio_session() {
  step "Looking for PipeWire"
  if timeout 5 pw-cli info 0 >/dev/null 2>&1; then
    fact session "yours, in ${XDG_RUNTIME_DIR:-the default place}"
    return
  fi
  "$session" start "$scratch/pw" >/dev/null || die "no PipeWire session, and none could be started"
  own_session=yes
  eval "$("$session" env "$scratch/pw")"
  fact session "none found: started a private one"
}

# Three neighbouring UDP ports that nobody has bound now (proc(5): local ports in hexadecimal).
free_ports() {
  local port bound
  bound=$(cat /proc/net/udp /proc/net/udp6 2>/dev/null | awk '{ n = split($2, a, ":"); print a[n] }')
  for _ in $(seq 100); do
    port=$((20000 + RANDOM % 10000))
    if ! grep -qixF -e "$(printf '%04X' $port)" -e "$(printf '%04X' $((port + 1)))" \
      -e "$(printf '%04X' $((port + 2)))" <<<"$bound"; then
      echo "$port"
      return
    fi
  done
  die "no free UDP ports"
}

write_config() {
  local port address
  port=$(free_ports)
  address="{ media: rtp+rs8m://127.0.0.1:$port, repair: rs8m://127.0.0.1:$((port + 1)), control: rtcp://127.0.0.1:$((port + 2)) }"
  cat >"$scratch/rocd.yaml" <<YAML
name: quickstart
http: { listen: 127.0.0.1:0, unix_socket: off }
endpoints:
  - { name: quickstart-speaker, direction: output, display_name: Quickstart speaker }
  - { name: quickstart-mic, direction: input, display_name: Quickstart microphone }
streams:
  - { name: send, source: quickstart-speaker, destination: $address }
  - { name: receive, source: $address, destination: quickstart-mic }
YAML
}

start_rocd() {
  step "Starting rocd"
  write_config
  # Its own process group and descriptors, so that with --keep it outlives this script.
  setsid "$bin/rocd" --config "$scratch/rocd.yaml" --state-dir "$scratch/state" --ready-fd 9 \
    9>"$scratch/url" </dev/null >"$scratch/rocd.log" 2>&1 &
  rocd_pid=$!
  wait_for 20 "rocd did not start" test -s "$scratch/url"
  url=$(cat "$scratch/url")
  wait_for 30 "the streams did not start" streams_run
  fact rest "$url"
}

# wait_for SECONDS MESSAGE COMMAND…
wait_for() {
  local deadline=$((SECONDS + $1)) message=$2
  shift 2
  until "$@"; do
    kill -0 "$rocd_pid" 2>/dev/null || die "rocd ended"
    [ "$SECONDS" -lt "$deadline" ] || die "$message"
    sleep 0.1
  done
}

streams_run() {
  curl -sf "$url/streams" | jq -e 'length == 2 and all(.status.state == "running")' >/dev/null
}

# Both ends in one recording, so that they can be compared sample by sample: channels 0 and 1 are
# what the speaker plays, 2 and 3 what the microphone hears. Links are made by name, so nothing else
# than these two devices can be heard.
start_recorder() {
  local out=$1 links=0 pair
  pw-record --target 0 --rate 48000 --channels 4 --channel-map AUX0,AUX1,AUX2,AUX3 --format f32 \
    -P '{ node.name = rocd.quickstart.recorder }' "$out" >/dev/null 2>&1 &
  recorder=$!
  for pair in rocd.quickstart-speaker:monitor_FL=0 rocd.quickstart-speaker:monitor_FR=1 \
    rocd.quickstart-mic:capture_FL=2 rocd.quickstart-mic:capture_FR=3; do
    wait_for 10 "cannot record ${pair%=*}" link "${pair%=*}" "rocd.quickstart.recorder:input_AUX${pair#*=}"
    links=$((links + 1))
  done
  [ "$links" -eq 4 ]
}

link() { pw-link "$1" "$2" 2>/dev/null || pw-link -l "$1" 2>/dev/null | grep -qF "$2"; }

# play_and_record WAV OUT
play_and_record() {
  start_recorder "$2"
  pw-play --target rocd.quickstart-speaker \
    -P '{ node.dont-fallback = true node.dont-move = true }' "$1" >/dev/null 2>&1 ||
    die "cannot play to the virtual speaker"
  kill -INT "$recorder"
  wait "$recorder" 2>/dev/null || true  # pw-record ends with 1 when it is interrupted
}

measure() {
  local verdict=0
  step "Playing a tone into the speaker, recording the microphone ($seconds s)"
  "$bin/rocd-audioprobe" tone --freq "$left_hz,$right_hz" --level "$level_dbfs" \
    --seconds $((seconds + lead_in)) "$scratch/tone.wav"
  play_and_record "$scratch/tone.wav" "$scratch/heard.wav"
  "$bin/rocd-audioprobe" analyze --json --select 2,3 --skip "$lead_in" --seconds $((seconds - 1)) \
    --expect-freq "$left_hz,$right_hz" --expect-level "$level_dbfs" "$scratch/heard.wav" \
    >"$scratch/heard.json" || verdict=1
  "$bin/rocd-audioprobe" pulses --channels 2 --seconds 6 "$scratch/pulses.wav"
  play_and_record "$scratch/pulses.wav" "$scratch/delay.wav"
  "$bin/rocd-audioprobe" latency --json --ref-channel 0 --channel 2 "$scratch/delay.wav" \
    >"$scratch/delay.json" || verdict=1
  report
  return "$verdict"
}

report() {
  step "Measured at the microphone"
  jq -r '.channels | to_entries[] | "    \(["left", "right"][.key] + "        " | .[:9]) \(.value.frequency_hz // 0 | . * 10 | round / 10) Hz, \(.value.tone_dbfs | . * 10 | round / 10) dBFS, in \(.value.tone_fraction * 100 | round) % of the time; \(.value.gaps) gaps, longest silence \(.value.longest_silence_ms | round) ms"' "$scratch/heard.json"
  jq -r '"    latency   \(if .median_ms then "\(.median_ms | round) ms from speaker to microphone (\(.min_ms | round) to \(.max_ms | round), \(.lags_ms | length) pulses)" else "could not be measured" end)"' "$scratch/delay.json"
  step "The streams, from $url/streams"
  curl -sf "$url/streams" | jq -r '.[] | "    \(.display_name + " " * (12 - (.display_name | length))) \(.status.state), \(.status.health.overall)" +
    (.status.metrics | if .e2e_latency_ms then ", latency \(.e2e_latency_ms | round) ms" else "" end)'
}

say_what_next() {
  local endpoint
  endpoint=$(curl -sf "$url/peers/self/endpoints" |
    jq -r '.[] | select(.system_name == "rocd.quickstart-speaker") | .endpoint_uri')
  step "rocd is still running. Try:"
  cat <<NEXT
    curl -s $url/streams | jq '.[].status.health'
    curl -s -X PATCH $url$endpoint -H 'Content-Type: application/json' -d '{"volume": 0.5}' | jq .volume
    $PWD/$bin/rocctl --url $url status
    $PWD/$bin/rocctl --url $url stream ls
NEXT
  if [ "$own_session" = yes ]; then
    cat <<NEXT

  To play and record there, join its private PipeWire session first:
    eval "\$($PWD/$session env $scratch/pw)"
    pw-record --target rocd.quickstart-mic heard.wav &  pw-play --target rocd.quickstart-speaker music.wav
NEXT
  fi
  cat <<NEXT

  Its log is $scratch/rocd.log. To stop it:
    kill $rocd_pid$([ "$own_session" = no ] || echo " && $PWD/$session stop --remove $scratch/pw") && rm -rf $scratch
NEXT
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/rocd-quickstart.XXXXXX")
build
join_audio_session
start_rocd
if measure; then
  printf '\nThe right tone was heard: %s Hz left, %s Hz right.\n' "$left_hz" "$right_hz"
else
  jq -r '.findings[]? | "    " + .' "$scratch/heard.json" >&2 || true
  die "the right tone was NOT heard ($bin/rocctl --url $url doctor may tell why)"
fi
[ "$keep" = no ] || say_what_next
