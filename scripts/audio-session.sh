#!/usr/bin/env bash
# A private PipeWire session: D-Bus, PipeWire, WirePlumber and pipewire-pulse in a directory of its own.
#
# For machines that have no session (a server, CI) and for tests, which may kill parts of it. Knows only
# the processes that it started itself: each has a file DIR/pids/NAME with its pid and start time.
# Any number of sessions can run at once; none touches sound cards, cameras or the user's session.
set -euo pipefail

self=$(realpath "${BASH_SOURCE[0]}")
readonly self
readonly marker=.rocd-audio-session
# In the order in which they are started. D-Bus is never killed or restarted.
readonly daemons=(dbus pipewire wireplumber pipewire-pulse)
# Seconds. A loaded machine may need long; nothing waits longer than it has to.
readonly start_deadline=${ROCD_SESSION_START_DEADLINE:-30}
readonly stop_deadline=${ROCD_SESSION_STOP_DEADLINE:-5}
readonly poll_interval=0.01

usage() {
  cat <<'USAGE'
usage: scripts/audio-session.sh start [--owner PID] DIR
       scripts/audio-session.sh stop [--remove] DIR
       scripts/audio-session.sh env DIR
       scripts/audio-session.sh status DIR
       scripts/audio-session.sh kill DIR pipewire|wireplumber|pipewire-pulse
       scripts/audio-session.sh restart DIR
       scripts/audio-session.sh run [--private] -- COMMAND [ARGUMENT…]

  start    start a session in DIR (made if it is missing); returns when it is ready. With --owner it ends,
           and DIR is removed, when that process has ended, however it ended.
  stop     end the session's processes and wait for them; --remove deletes DIR too
  env      print the export lines that make the calling shell use the session: eval "$(… env DIR)"
  status   print the state and the pid of each process; exit status 0 if all run
  kill     SIGKILL one of them, as a crash would
  restart  start again whatever is dead (and what depends on it); returns when the session is ready
  run      run COMMAND in the session that there is, else (or with --private) in a new private one; exits as
           COMMAND does

Logs: DIR/log/*.log.
USAGE
}

die() {
  printf 'audio-session.sh: %s\n' "$*" >&2
  exit 1
}

usage_error() {
  printf 'audio-session.sh: %s\n' "$*" >&2
  usage >&2
  exit 2
}

# --- processes ------------------------------------------------------------------------------------

# Prints the start time (ticks since boot) of a process that runs; nothing for one that has ended, reaped or not.
start_time_of() {
  local stat
  # The name, in parentheses, may contain anything: fields are counted after the last one.
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
  stat=${stat##*) }
  # shellcheck disable=SC2086  # split on purpose
  set -- $stat
  case $1 in Z | X) return 0 ;; esac
  printf '%s\n' "${20}"
}

# Sets `pid` of a daemon of this session if it runs; a pid that was given to another process does not count.
find_pid() {
  local started
  pid=
  { read -r pid started <"$dir/pids/$1"; } 2>/dev/null || return 1
  [ -n "$pid" ] && [ -n "$started" ] && [ "$(start_time_of "$pid")" = "$started" ]
}

signal_daemon() {
  local pid
  if find_pid "$2"; then kill "-$1" "$pid" 2>/dev/null || true; fi
}

is_gone() { local pid; ! find_pid "$1"; }

# wait_until SECONDS COMMAND…: polls; 1 when the time is over.
wait_until() {
  # SECONDS counts whole ones.
  local deadline=$((SECONDS + $1 + 1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep "$poll_interval"
  done
}

# Starts a daemon that outlives this script and keeps none of its descriptors. The pid is noted by the new
# process itself before it becomes the daemon, so there is no moment at which it could be lost.
spawn() {
  local name=$1
  shift
  (
    own_pid=$BASHPID
    trap - EXIT INT TERM HUP
    for fd in /proc/"$own_pid"/fd/*; do
      fd=${fd##*/}
      if [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
    done
    exec </dev/null >>"$dir/log/$name.log" 2>&1
    cd /
    printf '%s %s\n' "$own_pid" "$(start_time_of "$own_pid")" >"$dir/pids/$name"
    exec setsid env -i "${session_environment[@]}" "$@"
  ) &
  # Reaped by whoever adopts it.
  disown
}

# --- what is started, and when it is ready --------------------------------------------------------------

define_environment() {
  session_environment=(
    "PATH=$PATH" "LANG=C.UTF-8" "HOME=$dir/home"
    "XDG_RUNTIME_DIR=$dir" "XDG_CONFIG_HOME=$dir/home/.config" "XDG_STATE_HOME=$dir/home/.local/state"
    "XDG_DATA_HOME=$dir/home/.local/share" "XDG_CACHE_HOME=$dir/home/.cache"
    "DBUS_SESSION_BUS_ADDRESS=unix:path=$dir/bus" "GIO_USE_VFS=local"
  )
  local name
  for name in PIPEWIRE_DEBUG WIREPLUMBER_DEBUG PULSE_LOG; do
    if [ -n "${!name-}" ]; then session_environment+=("$name=${!name}"); fi
  done
}

in_session() { env -i "${session_environment[@]}" timeout 5 "$@" 2>/dev/null; }

write_configuration() {
  mkdir -p "$dir"/{log,pids,home/.config/wireplumber/wireplumber.conf.d,home/.config/pipewire/pipewire.conf.d}
  mkdir -p "$dir"/home/{.cache,.local/share,.local/state}
  # No service directories: nothing (a desktop portal, say) can be activated.
  cat >"$dir/dbus.conf" <<CONF
<busconfig>
  <type>session</type>
  <listen>unix:path=$dir/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
CONF
  # These ask the desktop for things that are not there.
  cat >"$dir/home/.config/pipewire/pipewire.conf.d/private.conf" <<'CONF'
context.properties = {
  module.portal = false
  module.x11.bell = false
  module.jackdbus-detect = false
}
CONF
  # Hardware belongs to the user's own session.
  cat >"$dir/home/.config/wireplumber/wireplumber.conf.d/private.conf" <<'CONF'
wireplumber.profiles = {
  main = {
    hardware.audio = disabled
    hardware.bluetooth = disabled
    hardware.video-capture = disabled
    support.reserve-device = disabled
    support.portal-permissionstore = disabled
    script.client.access-portal = disabled
    support.logind = disabled
  }
}
CONF
}

command_of() {
  case $1 in
    # The address is printed when the bus listens.
    dbus) command=(sh -c "exec dbus-daemon --config-file='$dir/dbus.conf' --nofork --nopidfile --print-address=1 >'$dir/dbus.address'") ;;
    *) command=("$1") ;;
  esac
}

dbus_is_ready() { [ -s "$dir/dbus.address" ]; }
pipewire_is_ready() { [ -S "$dir/pipewire-0" ] && in_session pw-cli info 0 >/dev/null; }
# WirePlumber lists its services once its scripts are loaded; before that nothing would be linked.
wireplumber_is_ready() {
  local objects metadata
  # Not through a pipe: grep would end before a long pw-dump does, which counts as a failure then.
  objects=$(in_session pw-dump -N) || return 1
  metadata=$(in_session pw-metadata -n default 0) || return 1
  grep -q '"session.services":.*policy\.linking\.standard' <<<"$objects" &&
    grep -q 'Found "default" metadata' <<<"$metadata"
}
pulse_is_ready() { [ -S "$dir/pulse/native" ] && in_session pactl info >/dev/null; }

is_ready() {
  case $1 in
    dbus) dbus_is_ready ;;
    pipewire) pipewire_is_ready ;;
    wireplumber) wireplumber_is_ready ;;
    pipewire-pulse) pulse_is_ready ;;
  esac
}

is_ready_or_gone() { is_ready "$1" || is_gone "$1"; }

# A daemon that ends at once must not cost the whole deadline.
start_daemon() {
  local name=$1 command
  command_of "$name"
  # The file is there before the process, so that "gone" is never true too early.
  rm -f "$dir/pids/$name"
  spawn "$name" "${command[@]}"
  wait_until 5 test -s "$dir/pids/$name" || die "$name could not be started"
  wait_until "$start_deadline" is_ready_or_gone "$name" || return 1
  ! is_gone "$name"
}

end_daemon() {
  is_gone "$1" || signal_daemon TERM "$1"
  if ! wait_until "$stop_deadline" is_gone "$1"; then
    signal_daemon KILL "$1"
    wait_until "$stop_deadline" is_gone "$1" || die "$1 does not end"
  fi
  rm -f "$dir/pids/$1"
}

end_all() {
  local index
  for ((index = ${#daemons[@]} - 1; index >= 0; index--)); do end_daemon "${daemons[index]}"; done
}

# Whatever is dead is started; whatever talks to a PipeWire that is dead has to be started again too.
start_missing() {
  local name
  if is_gone pipewire; then
    end_daemon pipewire-pulse
    end_daemon wireplumber
  fi
  for name in "${daemons[@]}"; do
    if is_gone "$name" && ! start_daemon "$name"; then
      failed=$name
      return 1
    fi
  done
}

show_logs() {
  local file
  for file in "$dir"/log/*.log; do
    printf -- '--- %s\n' "$file" >&2
    tail -n 40 "$file" >&2
  done
}

# --- subcommands ------------------------------------------------------------------------------------

check_programs() {
  local name
  for name in dbus-daemon pipewire wireplumber pipewire-pulse pw-cli pw-dump pw-metadata pactl setsid timeout; do
    command -v "$name" >/dev/null || die "$name is not installed (scripts/setup.sh --runtime)"
  done
}

# The path goes into D-Bus's configuration and, with a name behind, into socket addresses of 107 bytes.
check_path() {
  local longest=$dir/pipewire-0-manager
  [[ $dir =~ ^[A-Za-z0-9/._-]+$ ]] || die "$dir: only letters, digits and ./_- may be in the path"
  [ "${#longest}" -le 107 ] ||
    die "$dir: $((${#longest} - 107)) characters too long for the path of a Unix socket"
}

use_session() {
  dir=$(realpath -m -- "$1")
  [ -e "$dir/$marker" ] || die "$dir is not a session of audio-session.sh"
  define_environment
}

# One command at a time per session.
lock_session() {
  exec 9>"$dir/$marker"
  flock -w 60 9 || die "$dir is in use by another audio-session.sh"
}

command_start() {
  local owner='' failed=''
  if [ "${1-}" = --owner ]; then
    owner=${2-}
    [[ $owner =~ ^[0-9]+$ ]] || usage_error "--owner needs a pid"
    shift 2
  fi
  [ $# -eq 1 ] || usage_error "start needs DIR"
  check_programs
  dir=$(realpath -m -- "$1")
  check_path
  if [ -e "$dir" ] && [ ! -e "$dir/$marker" ] && [ -n "$(ls -A "$dir")" ]; then
    die "$dir is not empty"
  fi
  mkdir -p "$dir"
  chmod 700 "$dir"
  lock_session
  define_environment
  local name
  for name in "${daemons[@]}"; do is_gone "$name" || die "$dir: $name runs already"; done
  # Old logs, sockets and addresses would be taken for new ones.
  find "$dir" -mindepth 1 -maxdepth 1 ! -name "$marker" -exec rm -rf {} +
  write_configuration
  trap 'end_all' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  if ! start_missing; then
    show_logs
    die "$failed did not get ready (logs above)"
  fi
  trap - EXIT INT TERM HUP
  if [ -n "$owner" ]; then spawn guard "$self" guard "$owner" "$dir"; fi
}

# Ends the session when its owner has ended (also killed, or timed out by a test runner).
command_guard() {
  local started
  started=$(start_time_of "$1")
  if [ -n "$started" ]; then tail --pid="$1" -f /dev/null || true; fi
  command_stop --remove "$2"
}

command_stop() {
  local remove=no
  if [ "${1-}" = --remove ]; then
    remove=yes
    shift
  fi
  [ $# -eq 1 ] || usage_error "stop needs DIR"
  use_session "$1"
  lock_session
  end_guard
  end_all
  if [ "$remove" = yes ]; then rm -rf "$dir"; fi
}

# Not when it is the guard that is stopping.
end_guard() {
  local pid child children
  if find_pid guard && [ "$pid" != "$$" ]; then
    # It waits for a child, and so would not see the signal before that has ended.
    children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null) || children=''
    kill -TERM "$pid" 2>/dev/null || true
    for child in $children; do kill -TERM "$child" 2>/dev/null || true; done
    wait_until "$stop_deadline" is_gone guard || signal_daemon KILL guard
  fi
  rm -f "$dir/pids/guard"
}

command_env() {
  [ $# -eq 1 ] || usage_error "env needs DIR"
  use_session "$1"
  print_environment
}

print_environment() {
  local entry
  # Whatever would lead a client to another session.
  printf 'unset %s\n' 'PIPEWIRE_REMOTE PIPEWIRE_RUNTIME_DIR PIPEWIRE_CONFIG_DIR PIPEWIRE_NODE PULSE_RUNTIME_PATH PULSE_SINK PULSE_SOURCE PULSE_COOKIE PULSE_CLIENTCONFIG PULSE_PROP'
  for entry in "${session_environment[@]}" "PULSE_SERVER=unix:$dir/pulse/native"; do
    case $entry in
      HOME=* | XDG_* | DBUS_* | PULSE_SERVER=*) printf "export %s='%s'\n" "${entry%%=*}" "${entry#*=}" ;;
    esac
  done
}

command_status() {
  [ $# -eq 1 ] || usage_error "status needs DIR"
  use_session "$1"
  local name pid all=0
  for name in "${daemons[@]}"; do
    if find_pid "$name"; then
      printf '%s running %s\n' "$name" "$pid"
    else
      printf '%s dead\n' "$name"
      all=1
    fi
  done
  return "$all"
}

command_kill() {
  [ $# -eq 2 ] || usage_error "kill needs DIR and a name"
  case $2 in
    pipewire | wireplumber | pipewire-pulse) ;;
    *) usage_error "$2: not pipewire, wireplumber or pipewire-pulse" ;;
  esac
  use_session "$1"
  lock_session
  is_gone "$2" && die "$2 does not run"
  signal_daemon KILL "$2"
  wait_until "$stop_deadline" is_gone "$2" || die "$2 does not end"
}

command_restart() {
  [ $# -eq 1 ] || usage_error "restart needs DIR"
  local failed=''
  use_session "$1"
  lock_session
  if ! start_missing; then
    show_logs
    die "$failed did not get ready (logs above)"
  fi
}

session_exists() {
  [ -S "${PIPEWIRE_RUNTIME_DIR:-${XDG_RUNTIME_DIR-}}/${PIPEWIRE_REMOTE:-pipewire-0}" ] &&
    timeout 5 pw-cli info 0 >/dev/null 2>&1 && timeout 5 pactl info >/dev/null 2>&1
}

command_run() {
  local private=no status=0
  if [ "${1-}" = --private ]; then
    private=yes
    shift
  fi
  [ "${1-}" = -- ] || usage_error "run needs -- COMMAND"
  shift
  [ $# -gt 0 ] || usage_error "run needs a COMMAND"
  if [ "$private" = no ] && session_exists; then exec "$@"; fi
  local run_dir command_pid=''
  run_dir=$(mktemp -d "${TMPDIR:-/tmp}/rocd-audio.XXXXXX")
  trap 'if [ -e "$run_dir/$marker" ]; then "$self" stop --remove "$run_dir"; else rm -rf "$run_dir"; fi' EXIT
  "$self" start --owner "$$" "$run_dir"
  eval "$("$self" env "$run_dir")"
  # In the background, so that a signal to this script is passed on at once and the session still ended;
  # a shell makes background commands ignore SIGINT, which is undone.
  env --default-signal=INT,QUIT -- "$@" <&0 &
  command_pid=$!
  trap 'kill -TERM "$command_pid" 2>/dev/null || true' TERM HUP
  trap 'kill -INT "$command_pid" 2>/dev/null || true' INT
  wait "$command_pid" || status=$?
  # A trapped signal ends `wait`, not the command.
  while kill -0 "$command_pid" 2>/dev/null; do
    status=0
    wait "$command_pid" || status=$?
  done
  exit "$status"
}

[ $# -gt 0 ] || usage_error "no subcommand"
subcommand=$1
shift
case $subcommand in
  start | stop | env | status | kill | restart | run | guard) "command_$subcommand" "$@" ;;
  --help | -h | help) usage ;;
  *) usage_error "$subcommand: unknown subcommand" ;;
esac
