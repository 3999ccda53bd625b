#!/usr/bin/env bash
# Measures rocd's REST API beside nginx (`return 200`) and supervisord (XML-RPC) in the same minute: small
# and large answers, acknowledged writes, one event to 1,000 readers, a reload. Part of scripts/bench.sh.
#
# Decides how to measure, not what is good enough: goals are printed beside the figures. Everything it
# starts it also ends; files are in a directory of its own.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=${1:-build/release}
seconds=${ROCD_BENCH_SECONDS:-5}  # of each load
missed=no

note() { printf '    %s\n' "$*"; }
step() { printf '\n==> %s\n' "$*"; }
goal() {
  note "goal: $1: $2"
  [ "$2" = yes ] || missed=yes
}

for program in wrk:wrk nginx:nginx-light supervisord:supervisor; do
  command -v "${program%:*}" >/dev/null || {
    echo "bench-rest.sh: ${program%:*} is missing: package ${program#*:} (scripts/setup.sh --bench installs it)" >&2
    exit 1
  }
done
cmake --build "$build" --target rocd rocd_bench_rest_load >/dev/null
bin=$(realpath "$build/bin")

work=$(mktemp -d /tmp/rocd-bench-rest-XXXXXX)
pids=()
cleanup() {
  set +e
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  wait
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# --- who is compared --------------------------------------------------------------------------------

mkdir -p "$work/tools" "$work/run"
# Nothing is started without PipeWire; the real tools answer rocd's questions, so that it asks them once.
for name in roc-send roc-recv; do ln -s "$(command -v "$name")" "$work/tools/$name"; done

rocd_config() {  # COUNT NAME_OF_THE_FIRST
  local i
  cat <<CONFIG
http: { unix_socket: off }
tools: { roc_send: "$work/tools/roc-send", roc_recv: "$work/tools/roc-recv" }
ports: { range: 30000-31999 }
log: { level: error }
endpoints:
  - { name: bench-mic, direction: input }
streams:
CONFIG
  for ((i = 0; i < $1; i++)); do
    printf '  - { name: s%d, display_name: "%s", source: { media: "rtp+rs8m://127.0.0.1:%d", repair: "rs8m://127.0.0.1:%d" }, destination: bench-mic }\n' \
      "$i" "$([ "$i" -gt 0 ] && echo "Stream $i" || echo "$2")" $((30000 + 2 * i)) $((30001 + 2 * i))
  done
}

start_rocd() {  # COUNT: streams; they wait, because there is no PipeWire
  rocd_config "$1" first >"$work/rocd.yaml"
  mkfifo "$work/ready.$1"
  XDG_RUNTIME_DIR=$work/run "$bin/rocd" --config "$work/rocd.yaml" --listen 127.0.0.1:0 \
    --state-dir "$work/state.$1" --ready-fd 3 3>"$work/ready.$1" >"$work/rocd.log" 2>&1 </dev/null &
  rocd=$!
  pids+=("$rocd")
  read -r url <"$work/ready.$1"
  port=${url##*:}
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

start_nginx() {  # one worker: rocd has one thread
  nginx_port=$(free_port)
  cat >"$work/nginx.conf" <<CONFIG
daemon off; worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.log;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000;
  server { listen 127.0.0.1:$nginx_port; location / { default_type application/json; return 200 '{"alive":true}'; } } }
CONFIG
  nginx -c "$work/nginx.conf" 2>/dev/null &
  pids+=("$!")
}

start_supervisord() {
  supervisord_port=$(free_port)
  cat >"$work/supervisord.conf" <<CONFIG
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=$work/supervisord.pid
$([ "$(id -u)" -ne 0 ] || echo user=root)
[inet_http_server]
port=127.0.0.1:$supervisord_port
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:child]
command=sleep 1000
numprocs=100
process_name=%(process_num)s
stdout_logfile=NONE
stderr_logfile=NONE
CONFIG
  supervisord -c "$work/supervisord.conf" >/dev/null 2>&1 &
  pids+=("$!")
  cat >"$work/xmlrpc.lua" <<'LUA'
wrk.method = "POST"
wrk.path = "/RPC2"
wrk.headers["Content-Type"] = "text/xml"
wrk.body = "<?xml version='1.0'?><methodCall><methodName>supervisor.getAllProcessInfo</methodName></methodCall>"
LUA
}

wait_for() {  # URL
  for ((i = 0; i < 200; i++)); do
    if curl -s -o /dev/null "$1"; then return; fi
    sleep 0.05
  done
  echo "bench-rest.sh: nothing answers at $1" >&2
  exit 1
}

load() {  # NAME CONNECTIONS URL [wrk's script]: prints a row, sets `rate`
  wrk -t1 -c"$2" -d"${seconds}s" --latency ${4:+-s "$4"} "$3" >"$work/wrk.txt"
  rate=$(awk '/^Requests\/sec/ { print $2 }' "$work/wrk.txt")
  if grep -q 'Non-2xx' "$work/wrk.txt"; then grep 'Non-2xx' "$work/wrk.txt" >&2 && exit 1; fi
  printf '    %-34s %5d %12.0f %12s %12s\n' "$1" "$2" "$rate" \
    "$(awk '$1 == "50%" { print $2 }' "$work/wrk.txt")" "$(awk '$1 == "99%" { print $2 }' "$work/wrk.txt")"
}

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { print (a >= b) ? "yes" : "no" }'; }

# --- the benchmarks ---------------------------------------------------------------------------------

start_rocd 100
start_nginx
start_supervisord
wait_for "http://127.0.0.1:$nginx_port/"
wait_for "http://127.0.0.1:$supervisord_port/"

step "requests, $seconds s each, one client thread; load before $(cut -d' ' -f1 /proc/loadavg)"
printf '    %-34s %5s %12s %12s %12s\n' "" conns "requests/s" median p99
load "nginx return 200" 16 "http://127.0.0.1:$nginx_port/" && nginx_rate=$rate
load "rocd GET /healthz" 16 "$url/healthz" && small=$rate
load "rocd GET /streams, 100 streams" 16 "$url/streams" && list=$rate
load "supervisord, 100 processes" 1 "http://127.0.0.1:$supervisord_port/" "$work/xmlrpc.lua" && theirs=$rate
note "rocd / nginx, small: $(ratio "$small" "$nginx_rate"); rocd / supervisord, list of 100: $(ratio "$list" "$theirs")"
goal "small GET at least half of nginx's rate" "$(at_least "$(ratio "$small" "$nginx_rate")" 0.5)"
goal "list of 100 at least 20 times supervisord's" "$(at_least "$(ratio "$list" "$theirs")" 20)"

step "writes, each acknowledged when it is on disk (PATCH of a name), one after the other"
read -r n median p99 max < <("$bin/rocd_bench_rest_load" patch "$port" 500 /peers/self)
note "n $n, median $median ms, p99 $p99 ms, max $max ms"
disk=$(python3 - "$work/fsync" <<'PY'
import os, sys, time
file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
took = []
for _ in range(200):
    begin = time.monotonic()
    os.write(file, b"x" * 4096)
    os.fdatasync(file)
    took.append((time.monotonic() - begin) * 1000)
took.sort()
print(f"{took[100]:.3f} {took[197]:.3f}")
PY
)
note "write and fdatasync of 4 KiB alone: median ${disk% *} ms, p99 ${disk#* } ms"
goal "p99 under 15 ms" "$(at_least 15 "$p99")"

step "from a PATCH that is sent to the last of 1,000 readers of /events that has it, 200 times"
read -r n median p99 max < <("$bin/rocd_bench_rest_load" events "$port" 1000 200 /peers/self)
note "n $n, median $median ms, p99 $p99 ms, max $max ms (with the write to disk, and the readers' own reading)"
note "rocd's memory with 1,000 readers: $(awk '/^VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$rocd/status") MiB at most"
goal "p99 under 20 ms" "$(at_least 20 "$p99")"
read -r _ floor floor_p99 _ < <("$bin/rocd_bench_rest_load" floor 1000 200)
note "a bare loop of send(2), the same readers: median $floor ms, p99 $floor_p99 ms; rocd / that: $(ratio "$median" "$floor"), p99 $(ratio "$p99" "$floor_p99")"
kill "$rocd" && wait "$rocd" || true

step "reload of a configuration with 200 streams of which one has changed, 50 times"
start_rocd 200
wait_for "$url/healthz"
for ((i = 0; i < 50; i++)); do
  rocd_config 200 "round $i" >"$work/rocd.yaml.new" && mv "$work/rocd.yaml.new" "$work/rocd.yaml"
  curl -sf -X POST "$url/system/reload" -o "$work/reload.json" -w '%{time_total}\n'
done | sort -n | awk '{ v[NR] = $1 * 1000 } END { printf "    n %d, median %.1f ms, max %.1f ms\n", NR, v[int(NR / 2) + 1], v[NR] }'
note "$(jq -c '.streams | map_values(length)' "$work/reload.json")"

[ "${ROCD_BENCH_CHECK:-no}" = no ] || [ "$missed" = no ]
