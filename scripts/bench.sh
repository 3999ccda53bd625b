#!/usr/bin/env bash
# Measures what rocd promises about supervision, beside runit, s6 and supervisord in the same seconds, and
# about its REST API, beside nginx and supervisord (scripts/bench-rest.sh), and the latency of its streams,
# beside the same tools started by hand (scripts/latency.sh).
#
# Decides how to measure, not what is good enough: goals are printed beside the figures. Everything it
# starts it also ends; files are in a directory of its own. Takes about eight minutes after the build.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=build/release
restart_seconds=40   # about 26 crashes each
idle_seconds=10
latency_seconds=60   # of each profile
children=100
check=no
only=

usage() {
  cat <<'USAGE'
usage: scripts/bench.sh [--build DIR] [--seconds N] [--only PART] [--check] [--help]

  --build DIR  build directory; default build/release. Its rocd is measured too, if it has been built
  --seconds N  length of the restart benchmark; default 40 (about 26 crashes of each child)
  --only PART  one of restart, idle, daemon, rest, latency
  --check      exit status 1 if a goal is missed

Compares with runit, s6, supervisord and nginx: scripts/setup.sh --bench installs them and wrk.
USAGE
}

while [ $# -gt 0 ]; do
  case $1 in
    --build) build=$2 && shift ;;
    --seconds) restart_seconds=$2 && shift ;;
    --only) only=$2 && shift ;;
    --check) check=yes ;;
    --help | -h) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift
done
case $only in "" | restart | idle | daemon | rest | latency) ;; *) usage >&2 && exit 2 ;; esac

note() { printf '    %s\n' "$*"; }
step() { printf '\n==> %s\n' "$*"; }

work=$(mktemp -d /tmp/rocd-bench-XXXXXX)
declare -A supervisors=()  # name -> pid

cleanup() {
  set +e  # whatever fails: end the rest too
  local name
  for name in "${!supervisors[@]}"; do stop_supervisor "$name"; done
  if [ -n "${session:-}" ]; then scripts/audio-session.sh stop --remove "$session" >/dev/null 2>&1 || true; fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP PIPE

# TERM makes each of them end its children and itself.
stop_supervisor() {
  local pid=${supervisors[$1]:-} i member
  [ -n "$pid" ] || return 0
  unset "supervisors[$1]"
  local members
  members=$(tree_of "$pid")
  # runsvdir leaves its runsv alone on TERM; HUP ends those too (runsvdir(8)).
  if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = runsvdir ]; then kill -HUP "$pid"; else kill "$pid"; fi 2>/dev/null || true
  for ((i = 0; i < 100; i++)); do
    if ! kill -0 "$pid" 2>/dev/null; then break; fi
    sleep 0.05
  done
  for member in $members; do
    if [ -e "/proc/$member" ]; then kill -KILL "$member" 2>/dev/null || true; fi
  done
  wait "$pid" 2>/dev/null || true
}

# --- reading /proc ----------------------------------------------------------------------------------

# The process and all its descendants.
tree_of() {
  { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v root="$1" '
    { pid = $1; sub(/^.*\) /, ""); parent[pid] = $2 }
    END {
      wanted[root] = 1
      do {
        grown = 0
        for (pid in parent) if (!(pid in wanted) && (parent[pid] in wanted)) { wanted[pid] = 1; grown = 1 }
      } while (grown)
      for (pid in wanted) print pid
    }'
}

# Of a supervisor, only those that supervise: its children are the same program under each.
supervising() {
  local pid
  for pid in $(tree_of "$1"); do
    case $(cat "/proc/$pid/comm" 2>/dev/null) in
      rocd_bench_chil* | roc-recv | roc-send) ;;
      *) printf '%s\n' "$pid" ;;
    esac
  done
}

# "processes private-kB rss-kB cpu-ticks voluntary-switches" of the given processes.
resources() {
  local pid count=0 private=0 rss=0 ticks=0 switches=0 stat sum
  for pid in "$@"; do
    sum=$(awk '/^Private_(Clean|Dirty):/ { p += $2 } /^Rss:/ { r = $2 } END { print p + 0, r + 0 }' "/proc/$pid/smaps_rollup" 2>/dev/null) || continue
    private=$((private + ${sum% *})) rss=$((rss + ${sum#* }))
    stat=$(cat "/proc/$pid/stat") && stat=${stat##*) }
    # shellcheck disable=SC2086  # fields of stat(5), from the third on
    set -- $stat
    ticks=$((ticks + ${12} + ${13}))
    switches=$((switches + $(awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$pid/status")))
    count=$((count + 1))
  done
  echo "$count $private $rss $ticks $switches"
}

cpu_times() { awk '/^cpu / { total = 0; for (i = 2; i <= 9; i++) total += $i; print total, $9 }' /proc/stat; }

# Percentage of the machine that others took (man 5 proc, steal) since $1 was noted by cpu_times.
steal_since() { echo "$1 $(cpu_times)" | awk '{ d = $3 - $1; printf "%.1f %%", (d > 0) ? 100 * ($4 - $2) / d : 0 }'; }

# --- the supervisors --------------------------------------------------------------------------------

peers() {
  local name program package
  for name in runit:runsv:runit s6:s6-supervise:s6 supervisord:supervisord:supervisor; do
    IFS=: read -r name program package <<<"$name"
    if command -v "$program" >/dev/null; then printf '%s\n' "$name"; else
      printf 'bench.sh: %s is missing: package %s (scripts/setup.sh --bench installs it)\n' "$name" "$package" >&2
    fi
  done
}

launch() {  # NAME COMMAND…: output goes to a file
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 </dev/null &
  supervisors[$name]=$!
}

supervisord_config() {  # FILE COUNT COMMAND DIRECTORY
  cat >"$1" <<CONFIG
[supervisord]
nodaemon=true
logfile=$1.log
pidfile=$1.pid
$([ "$(id -u)" -ne 0 ] || echo user=root)

[program:child]
command=$3
directory=$4
numprocs=$2
process_name=%(process_num)s
autorestart=true
startsecs=1
stdout_logfile=NONE
stderr_logfile=NONE
CONFIG
}

# One child that crashes again and again; its times are in $work/restart/NAME/times.
start_restarting() {
  local name=$1 dir=$work/restart/$1
  mkdir -p "$dir"
  case $name in
    rocd) launch rocd "$bin/rocd_bench_supervisor" 1 "$bin/rocd_bench_child" --times "$dir/times" ;;
    bare-loop) launch bare-loop "$bin/rocd_bench_bare_loop" "$bin/rocd_bench_child" --times "$dir/times" ;;
    runit)
      cp "$bin/rocd_bench_child" "$dir/run"
      launch runit runsv "$dir"
      ;;
    s6)
      cp "$bin/rocd_bench_child" "$dir/run"
      # A service that says when it is ready is restarted at once; any other, after a second.
      echo 1 >"$dir/notification-fd"
      launch s6 s6-supervise "$dir"
      ;;
    supervisord)
      supervisord_config "$dir/conf" 1 "$bin/rocd_bench_child" "$dir"
      launch supervisord supervisord -c "$dir/conf"
      ;;
  esac
}

# Children that only sleep.
start_idle() {
  local name=$1 dir=$work/idle/$1 i
  mkdir -p "$dir"
  case $name in
    rocd) launch rocd "$bin/rocd_bench_supervisor" "$children" "$bin/rocd_bench_child" --idle ;;
    empty) launch empty "$bin/rocd_bench_supervisor" 0 "$bin/rocd_bench_child" ;;
    supervisord)
      supervisord_config "$dir/conf" "$children" "$bin/rocd_bench_child --idle" "$dir"
      launch supervisord supervisord -c "$dir/conf"
      ;;
    runit | s6)
      for ((i = 0; i < children; i++)); do
        mkdir "$dir/$i"
        printf '#!/bin/sh\nexec "%s" --idle\n' "$bin/rocd_bench_child" >"$dir/$i/run"
        chmod +x "$dir/$i/run"
      done
      if [ "$name" = runit ]; then launch runit runsvdir "$dir"; else launch s6 s6-svscan "$dir"; fi
      ;;
  esac
}

# --- the benchmarks ---------------------------------------------------------------------------------

# Milliseconds from each "crash" to the "start" that follows it, sorted.
latencies() {
  awk '$1 == "crash" { at = $2 } $1 == "start" && at { printf "%.3f\n", ($2 - at) / 1e6; at = 0 }' \
    "$work/restart/$1/times" 2>/dev/null | sort -n
}

bench_restarts() {
  step "restart: from the crash of a stable child to main() of the next one ($restart_seconds s, all at once)"
  local name before own
  before=$(cpu_times)
  for name in rocd bare-loop $peers; do start_restarting "$name"; done
  sleep "$restart_seconds"
  local steal
  steal=$(steal_since "$before")
  for name in rocd bare-loop $peers; do stop_supervisor "$name"; done
  printf '    %-12s %5s %11s %11s %11s %14s\n' "" n "median ms" "p99 ms" "max ms" "median / rocd"
  own=
  for name in rocd bare-loop $peers; do
    latencies "$name" >"$work/$name.ms"
    [ -s "$work/$name.ms" ] || { note "$name: no restart was seen; $(tail -n 1 "$work/$name.log")"; continue; }
    awk -v name="$name" -v own="$own" '
      { v[NR] = $1 }
      END {
        i = int(NR * 0.99 + 0.999); if (i > NR) i = NR
        median = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
        printf "    %-12s %5d %11.3f %11.3f %11.3f %14s\n", name, NR, median, v[i], v[NR],
               own == "" ? "" : sprintf("%.1f", median / own)
        print median > "/dev/fd/3"
      }' "$work/$name.ms" 3>"$work/$name.median"
    if [ "$name" = rocd ]; then own=$(cat "$work/rocd.median"); fi
  done
  note "bare-loop is posix_spawn and waitpid in a loop: what the kernel needs at least"
  note "steal meanwhile: $steal; load now $(cut -d' ' -f1 /proc/loadavg)"
  goal "median below 2 ms" "$(awk -v m="${own:-99}" 'BEGIN { print m < 2 ? "yes" : "no" }')"
  for name in $peers; do
    if [ -s "$work/$name.median" ]; then
      goal "ahead of $name" "$(awk -v m="${own:-99}" '{ print m < $1 ? "yes" : "no" }' "$work/$name.median")"
    fi
  done
}

goal() {
  note "goal: $1: $2"
  [ "$2" = yes ] || missed=yes
}

count_named() { tree_of "$1" | while read -r pid; do cat "/proc/$pid/comm" 2>/dev/null || true; done | grep -c "$2" || true; }

bench_idle() {
  step "$children children that only sleep, $idle_seconds s"
  local name i before steal
  for name in rocd $peers; do start_idle "$name"; done
  start_idle empty
  for name in rocd $peers; do
    for ((i = 0; i < 60; i++)); do  # runsvdir looks every five seconds
      if [ "$(count_named "${supervisors[$name]}" rocd_bench_chi)" -ge "$children" ]; then break; fi
      sleep 0.25
    done
  done
  sleep 2
  declare -A pids=() first=()
  before=$(cpu_times)
  for name in empty rocd $peers; do
    pids[$name]=$(supervising "${supervisors[$name]}")
    # shellcheck disable=SC2086
    first[$name]=$(resources ${pids[$name]})
  done
  sleep "$idle_seconds"
  steal=$(steal_since "$before")
  table_head
  for name in empty rocd $peers; do
    # shellcheck disable=SC2086
    table_row "$name" "${first[$name]}" "$(resources ${pids[$name]})"
  done
  note "\"empty\" is rocd's supervisor without children; children themselves are not counted"
  note "steal meanwhile: $steal"
  for name in empty rocd $peers; do stop_supervisor "$name"; done
}

table_head() {
  printf '    %-18s %9s %12s %9s %9s %13s\n' "" processes "private MiB" "RSS MiB" "CPU ms" "wake-ups / s"
}

table_row() {  # NAME BEFORE AFTER: two outputs of resources(), $idle_seconds apart
  echo "$2 $3" | awk -v name="$1" -v s="$idle_seconds" -v hz="$(getconf CLK_TCK)" '{
    printf "    %-18s %9d %12.1f %9.1f %9.0f %13.1f\n", name, $6, $7 / 1024, $8 / 1024,
           ($9 - $4) * 1000 / hz, ($10 - $5) / s }'
}

rocd_config() {  # COUNT: sending streams from one virtual speaker
  local i
  cat <<CONFIG
http: { listen: "127.0.0.1:0", unix_socket: off }
tools: { roc_send: "$work/tools/roc-send", roc_recv: "$work/tools/roc-recv" }
ports: { range: 30000-31999 }
log: { level: error }
endpoints:
  - { name: bench-speaker, direction: output }
CONFIG
  [ "$1" -gt 0 ] || return 0
  echo "streams:"
  for ((i = 0; i < $1; i++)); do
    printf '  - { name: s%d, source: bench-speaker, destination: { media: "rtp://127.0.0.1:%d" } }\n' "$i" $((20000 + i))
  done
}

# ARGUMENTS: of the stand-in, before those of rocd. Questions, and trials of error correction (from file to
# file), are the real tool's: rocd asks again and again who cannot answer them.
stand_in_as_tools() {
  local name real
  mkdir -p "$work/tools"
  for name in roc-send roc-recv; do
    real=$(command -v "$name")
    printf '#!/bin/sh\ncase "$*" in *--version*|*--list*|*file:*) exec "%s" "$@" ;; esac\nexec "%s" %s "$@"\n' \
      "$real" "$bin/rocd_test_roc_stand_in" "$*" >"$work/tools/$name"
    chmod +x "$work/tools/$name"
  done
}

# The daemon itself. Its children are stand-ins: they have a node in PipeWire that is linked to the
# speaker, print what a tool prints, and send nothing.
bench_daemon() {
  if [ ! -x "$build/bin/rocd" ]; then
    step "rocd itself: not measured, $build/bin/rocd has not been built"
    return
  fi
  step "rocd itself, with PipeWire in a private session, at 0 and $children streams"
  mkdir -p "$work/session"
  session=$work/session
  if ! scripts/audio-session.sh start --owner $$ "$session" >"$work/session.log" 2>&1; then
    note "no private session: $(tail -n 1 "$work/session.log")"
    session=
    return
  fi
  rows=() daemon_rss=
  stand_in_as_tools
  daemon_row 0 "0 streams"
  daemon_row 1 "1 stream"
  daemon_row "$children" "$children streams"
  local rss=${daemon_rss:-99}
  stand_in_as_tools talkative
  daemon_row "$children" "$children, full logs"
  table_head
  printf '%s\n' "${rows[@]}"
  note "full logs: each child has printed more than rocd keeps of it"
  goal "at most 15 MiB RSS at $children streams" "$(awk -v r="$rss" 'BEGIN { print (r <= 15) ? "yes" : "no" }')"
}

streams_that_run() {  # URL
  curl -sS --max-time 5 "$1/metrics" | awk '/^rocd_streams\{state="running"\}/ { print $2 }'
}

daemon_row() {  # COUNT NAME: adds to rows, sets daemon_rss
  local count=$1 name=$2 i first before url=
  rocd_config "$count" >"$work/rocd.yaml"
  rm -f "$work/ready"
  mkfifo "$work/ready"
  # shellcheck disable=SC1090
  (eval "$(scripts/audio-session.sh env "$session")" &&
    exec "$build/bin/rocd" --config "$work/rocd.yaml" --state-dir "$work/state" --ready-fd 3 3>"$work/ready") >"$work/daemon.log" 2>&1 </dev/null &
  supervisors[daemon]=$!
  if ! read -r url <"$work/ready"; then
    note "rocd has ended: $(tail -n 1 "$work/daemon.log")"
    unset "supervisors[daemon]"
    return 0
  fi
  for ((i = 0; i < 120; i++)); do
    if [ "$(streams_that_run "$url")" = "$count" ]; then break; fi
    sleep 0.5
  done
  i=$(streams_that_run "$url")
  if [ "$i" != "$count" ]; then note "only $i of $count streams run: $(tail -n 1 "$work/daemon.log")"; fi
  sleep 5  # the last states are stored, and the timers of the starts are over
  before=$(cpu_times)
  first=$(resources "${supervisors[daemon]}")
  sleep "$idle_seconds"
  rows+=("$(table_row "$name" "$first" "$(resources "${supervisors[daemon]}")")   steal $(steal_since "$before")")
  daemon_rss=$(awk '/^Rss:/ { print $2 / 1024 }' "/proc/${supervisors[daemon]}/smaps_rollup")
  stop_supervisor daemon
  rm -rf "$work/state"
}

step "build"
if [ ! -f "$build/CMakeCache.txt" ]; then
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DROCD_TESTS=OFF >"$work/build.log" 2>&1 ||
    { cat "$work/build.log" >&2 && exit 1; }
fi
cmake --build "$build" --target rocd_bench >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2 && exit 1; }
bin=$(realpath "$build/bin")
note "$(nproc) processors, $(awk '/^model name/ { sub(/^[^:]*: /, ""); print; exit }' /proc/cpuinfo), Linux $(uname -r), load $(cut -d' ' -f1 /proc/loadavg)"

peers=$(peers | tr '\n' ' ')
missed=no
wanted() { [ -z "$only" ] || [ "$only" = "$1" ]; }

if wanted restart; then bench_restarts; fi
if wanted idle; then bench_idle; fi
if wanted daemon; then bench_daemon; fi
if wanted rest; then ROCD_BENCH_CHECK=$check scripts/bench-rest.sh "$build" || missed=yes; fi
if wanted latency; then
  step "latency and gaps of each profile, beside the same tools started by hand"
  PRESET=release ROCD_BENCH_CHECK=$check scripts/latency.sh "$latency_seconds" && status=0 || status=$?
  case $status in 0) ;; 3) missed=yes ;; *) exit "$status" ;; esac
fi
if [ "$check" = yes ] && [ "$missed" = yes ]; then exit 1; fi
