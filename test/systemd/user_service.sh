#!/usr/bin/env bash
# The unit that rocd is installed with, in a user manager of its own: systemd --user of a user without
# rights, in namespaces that end with this script, with the system's PipeWire units. Nothing of it is
# seen outside. Needs root for the namespaces; ends with 77 (skipped) where they cannot be had.
#   user_service.sh UNIT.in ROCD
set -euo pipefail

readonly user=65534 # nobody
stage=outer
case ${1-} in --inner | --user) stage=${1#--} && shift ;; esac
readonly unit=$1 rocd=$2 work=${3-}

skip() {
  printf 'skipped: %s\n' "$*"
  exit 77
}
fail() {
  printf 'user_service.sh: %s\n' "$*" >&2
  systemctl --user status rocd --no-pager >&2 || true
  exit 1
}
wait_until() {
  local deadline=$((SECONDS + 30))
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || fail "in vain: $*"
    sleep 0.1
  done
}

outer() {
  [ "$(id -u)" -eq 0 ] || skip "needs root"
  [ -x /lib/systemd/systemd ] && command -v systemd-analyze setpriv >/dev/null || skip "no systemd"
  setpriv --reuid "$user" --regid "$user" --clear-groups test -x "$rocd" ||
    skip "$rocd is not for everybody to run"
  unshare -m -p -f -C true 2>/dev/null || skip "no namespaces"
  local directory status=0
  directory=$(mktemp -d "${TMPDIR:-/tmp}/rocd-systemd.XXXXXX")
  unshare -m -p -f -C --mount-proc "$0" --inner "$unit" "$rocd" "$directory" || status=$?
  # Control groups are not in a namespace of their own: only their names are.
  find /sys/fs/cgroup -depth -type d -path "*/${directory##*/}*" -exec rmdir {} + 2>/dev/null || true
  rm -rf "$directory"
  exit "$status"
}

inner() {
  mount --make-rprivate /
  mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null || skip "no control groups"
  local group=/sys/fs/cgroup/${work##*/}
  mkdir -p "$group"
  echo $$ >"$group/cgroup.procs"
  mount -t tmpfs none /run
  mkdir -p /run/systemd/system "/run/user/$user" "$work/home/.local/share/systemd/user"
  sed -e "s|@ROCD_PROGRAM@|$rocd --listen 127.0.0.1:0|" -e 's/^WatchdogSec=.*/WatchdogSec=1/' \
    "$unit" >"$work/home/.local/share/systemd/user/rocd.service"
  chown -R "$user" "$group" "/run/user/$user" "$work"
  chmod 700 "/run/user/$user"
  exec env -i "PATH=$PATH" LANG=C.UTF-8 "HOME=$work/home" "XDG_RUNTIME_DIR=/run/user/$user" \
    setpriv --reuid "$user" --regid "$user" --clear-groups --inh-caps=-all \
    "$0" --user "$unit" "$rocd" "$work"
}

value() { systemctl --user show -p "$1" --value rocd; }
status_is() { [ "$(value StatusText)" = "$1" ]; }
restarts_are() { [ "$(value NRestarts)" = "$1" ] && [ "$(value ActiveState)" = active ]; }
is_up() { systemctl --user is-system-running >/dev/null 2>&1; }

user() {
  cd /
  mkdir -p "$HOME/.config/rocd"
  # A stream, so that a tool runs under the restrictions of the unit.
  cat >"$HOME/.config/rocd/rocd.yaml" <<'YAML'
endpoints: [{ name: microphone, direction: input }]
streams: [{ name: receive, source: { media: "rtp+rs8m://127.0.0.1:0" }, destination: microphone }]
YAML
  /lib/systemd/systemd --user --log-target=null &
  wait_until is_up
  systemctl --user start dbus.socket

  systemd-analyze --user verify "$HOME/.local/share/systemd/user/rocd.service" ||
    fail "the unit has mistakes"
  systemctl --user enable --quiet --now rocd || fail "rocd does not start"
  wait_until status_is "1 stream running, PipeWire connected"
  systemctl --user reload rocd || fail "rocd does not reload"
  wait_until status_is "1 stream running, PipeWire connected"

  kill -STOP "$(value MainPID)"
  wait_until restarts_are 1
  systemctl --user kill -s KILL --kill-who=main rocd
  wait_until restarts_are 2
  wait_until status_is "1 stream running, PipeWire connected"

  systemctl --user stop rocd || fail "rocd does not stop"
  [ "$(value Result)" = success ] || fail "rocd did not end well: $(value Result)"
  ! pgrep -f 'roc-recv .*--output' >/dev/null || fail "a tool is left"

  echo 'nonsense: 1' >"$HOME/.config/rocd/rocd.yaml"
  ! systemctl --user start rocd 2>/dev/null || fail "a mistake in the configuration goes unseen"
  [ "$(value ExecMainStatus)/$(value ActiveState)" = 2/failed ] || fail "it is tried again and again"
  printf 'the unit works\n'
}

"$stage"
