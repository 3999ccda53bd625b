#!/usr/bin/env bash
# Attacks a rocd with slowhttptest (slow heads, slow bodies, ranges, slow reading) and measures what two
# well-behaved clients feel of it, one at the Unix socket and one from another address, and rocd's memory.
#
# Decides: ends with 1 if a request of those two was not answered within five seconds, or if rocd's memory grew
# beyond what docs/security.md allows the connections of one address. Everything it starts it also ends.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=${1:-build/debug}
seconds=${ROCD_HOSTILE_SECONDS:-40}  # of each attack; more than the 30 s that a client has
connections=${ROCD_HOSTILE_CONNECTIONS:-1000}

command -v slowhttptest >/dev/null || {
  echo "hostile.sh: slowhttptest is missing (scripts/setup.sh --bench installs it)" >&2
  exit 1
}
rocd_program=$(realpath "$build/bin/rocd")

work=$(mktemp -d /tmp/rocd-hostile-XXXXXX)
pids=()
cleanup() {
  set +e
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  wait
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

mkdir "$work/run"
cat >"$work/rocd.yaml" <<CONFIG
http: { unix_socket: "$work/rocd.sock" }
events: { socket: off }
tools: { roc_send: /nonexistent/roc-send, roc_recv: /nonexistent/roc-recv }
CONFIG
mkfifo "$work/ready"
XDG_RUNTIME_DIR=$work/run "$rocd_program" --config "$work/rocd.yaml" --listen 127.0.0.1:0 \
  --state-dir "$work/state" --ready-fd 3 3>"$work/ready" >"$work/rocd.log" 2>&1 </dev/null &
rocd=$!
pids+=("$rocd")
read -r url <"$work/ready"

# The two clients: twenty requests a second each, every fifth over a new connection. Also looks every 100 ms at
# how long the connections of 127.0.0.1, the attacker's, live, and at rocd's memory.
cat >"$work/clients.py" <<'PY'
import os, socket, sys, threading, time

name, port, unix, pid, seconds, bound_mib = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], float(sys.argv[5]), float(sys.argv[6])
end = time.monotonic() + seconds

def connect(where):
    if where == "unix":
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        s.connect(unix)
    else:
        s = socket.socket()
        s.settimeout(5)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.bind(("127.0.0.2", 0))
        s.connect(("127.0.0.1", port))
    return s

def ask(s):
    s.sendall(b"GET /peers/self HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = s.recv(65536)
        if not part:
            raise OSError("closed")
        answer += part
    head, body = answer.split(b"\r\n\r\n", 1)
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        part = s.recv(65536)
        if not part:
            raise OSError("closed")
        body += part
    if not head.startswith(b"HTTP/1.1 200 "):
        raise OSError(head.split(b"\r\n")[0].decode())

def client(where, took, failures):
    kept = None
    number = 0
    while time.monotonic() < end:
        number += 1
        begin = time.monotonic()
        try:
            if number % 5 == 0:
                s = connect(where)
                ask(s)
                s.close()
            else:
                kept = kept or connect(where)
                ask(kept)
            took.append((time.monotonic() - begin) * 1000)
        except OSError as error:
            failures.append(str(error))
            kept = None
        time.sleep(max(0, 0.05 - (time.monotonic() - begin)))

def rss():
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024

def attackers():  # ports of 127.0.0.1 with a connection that rocd has open (proc(5))
    ports = set()
    for line in open("/proc/net/tcp").readlines()[1:]:
        _, local, remote, state = line.split()[:4]
        if local.endswith(f":{port:04X}") and remote.startswith("0100007F") and state in ("01", "08"):
            ports.add(remote)
    return ports

results = {"unix": ([], []), "tcp": ([], [])}
threads = [threading.Thread(target=client, args=(where, *results[where])) for where in results]
before = peak = rss()
for thread in threads:
    thread.start()
born, lived, most = {}, [], 0
while time.monotonic() < end:
    now = time.monotonic()
    seen = attackers()
    most = max(most, len(seen))
    for one in seen:
        born.setdefault(one, now)
    for one in list(born):
        if one not in seen:
            lived.append(now - born.pop(one))
    peak = max(peak, rss())
    time.sleep(0.1)
for thread in threads:
    thread.join()
time.sleep(2)
after = rss()
lived += [end - start for start in born.values()]
longest = f"{max(lived):.1f}" if lived else "-"
failed = 0
for where, (took, failures) in results.items():
    took.sort()
    failed += len(failures)
    at = lambda share: took[min(len(took) - 1, int(len(took) * share))] if took else float("nan")
    row = f"{name:<14} {where:<5} {len(took):>6} {len(failures):>4} {at(0.5):>8.2f} {at(0.99):>8.2f} {at(1):>8.2f}"
    if where == "unix":
        row += f" {before:>7.1f} {peak:>6.1f} {after:>6.1f} {most:>6} {longest:>7}"
    print("    " + row)
    for reason in sorted(set(failures)):
        print(f"        failed: {reason}")
sys.exit(1 if failed or not all(took for took, _ in results.values()) or peak > before + bound_mib else 0)
PY

# 64 connections, each with a head and what rocd needs to read it (64 KiB) and the largest body (256 KiB).
bound_mib=20
result=0

siege() {  # NAME [options of slowhttptest]: prints the rows of the two clients
  local name=$1
  shift
  if [ $# -gt 0 ]; then
    slowhttptest -c "$connections" -r 200 -l "$seconds" -p 1 "$@" >"$work/attack.log" 2>&1 </dev/null &
    pids+=("$!")
  fi
  python3 "$work/clients.py" "$name" "${url##*:}" "$work/rocd.sock" "$rocd" "$seconds" "$bound_mib" || result=1
  if [ $# -gt 0 ]; then
    wait "${pids[-1]}" || {
      echo "hostile.sh: slowhttptest failed:" >&2
      tail -n 20 "$work/attack.log" >&2
      exit 1
    }
    unset 'pids[-1]'
  fi
}

# The largest answer that nobody needs a token for: it must not fit into the kernel's buffers.
large=/docs/swagger-ui-bundle.js
curl -sf -o /dev/null "$url$large" || large=/openapi.yaml  # built without the viewer

printf '%s, %s s each, %s connections from 127.0.0.1; milliseconds, MiB, seconds\n' \
  "$("$rocd_program" --version | head -n 1)" "$seconds" "$connections"
printf '    %-14s %-5s %6s %4s %8s %8s %8s %7s %6s %6s %6s %7s\n' attack from asked fail median p99 max \
  memory peak after open longest
siege none
siege "slow heads" -H -i 2 -x 24 -u "$url/healthz"
siege "slow bodies" -B -i 2 -s 200000 -x 24 -f application/json -u "$url/streams"
siege ranges -R -u "$url/openapi.yaml" -a 5 -b 1500
siege "slow reading" -X -k 10 -w 10 -y 20 -n 2 -z 32 -u "$url$large"
printf '    lines that rocd logged: %s\n' "$(wc -l <"$work/rocd.log")"
exit "$result"
