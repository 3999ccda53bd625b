#!/usr/bin/env bash
# Installs what rocd needs to be built, tested and run, on Debian 12 and 13.
#
# Decides: which packages, from which suite, in which versions. Changes nothing that is right
# already, so it may be run any number of times. Debian 12 has no Roc Toolkit: Debian 13's is
# unpacked into a prefix of its own, because installing it would replace the system's libc.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

readonly os_release=${ROCD_OS_RELEASE:-/etc/os-release}
readonly roc_prefix=${ROCD_ROC_PREFIX:-/opt/rocd/roc-toolkit}
readonly launcher_dir=${ROCD_LAUNCHER_DIR:-/usr/local/bin}
readonly backports_file=/etc/apt/sources.list.d/rocd-backports.sources
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# To be raised when the contents or the launchers of the private prefix change.
readonly roc_recipe=1

# "package minimum-version", "-" for any. On Debian 12 those with a version are taken from backports.
readonly runtime_packages='
pipewire                  1.4
pipewire-bin              1.4
pipewire-pulse            1.4
libspa-0.2-modules        1.4
wireplumber               0.5
dbus-daemon               -
pulseaudio-utils          -
curl                      -
jq                        -
'
readonly runtime_libraries_bookworm='
libboost-json1.83.0       1.83
libboost-filesystem1.83.0 1.83
libspdlog1.10             -
libyaml-cpp0.7            -
libzmq5                   -
libprometheus-cpp-core1.0 -
libsqlite3-0              -
zlib1g                    -
libsodium23               -
'
readonly runtime_libraries_trixie='
libboost-json1.83.0       1.83
libboost-filesystem1.83.0 1.83
libspdlog1.15             -
libyaml-cpp0.8            -
libzmq5                   -
libprometheus-cpp-core1.0 -
libsqlite3-0              -
zlib1g                    -
libsodium23               -
'
readonly dev_packages='
g++                       -
cmake                     -
ninja-build               -
ccache                    -
mold                      -
pkg-config                -
git                       -
clang-format-19           -
clang-tidy-19             -
clang-19                  -
libclang-rt-19-dev        -
libpipewire-0.3-dev       1.4
libboost1.83-dev          1.83
libboost-json1.83-dev     1.83
libboost-filesystem1.83-dev 1.83
catch2                    3
libspdlog-dev             -
libfmt-dev                -
libyaml-cpp-dev           -
libzmq3-dev               -
prometheus-cpp-dev        -
libsqlite3-dev            -
zlib1g-dev                -
libsodium-dev             -
libcli11-dev              -
libavahi-client-dev       -
zsh                       -
valgrind                  -
libc6-dbg                 -
'
# Unless there is a Node.js already, from wherever.
readonly node_packages='
nodejs                    -
npm                       -
'
# To look at the page of the API as a person would (a test that is skipped without).
readonly browser_packages='
chromium                  -
'
readonly bench_packages='
runit                     -
s6                        -
supervisor                -
nginx-light               -
wrk                       -
slowhttptest              -
'

usage() {
  cat <<'USAGE'
usage: scripts/setup.sh [--runtime] [--bench] [--browser] [--help]

  (nothing)   everything that is needed to build, test and run rocd
  --runtime   only what is needed to run it
  --bench     also the supervisors that scripts/bench.sh compares with (runit, s6, supervisor, nginx, wrk),
              and what scripts/hostile.sh attacks with (slowhttptest)
  --browser   also Chromium, for the test that looks at /docs (410 MB)

Needs root or sudo, only if something is missing. Supported: Debian 12 (bookworm), 13 (trixie).
USAGE
}

step() { printf '==> %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
die() {
  printf 'setup.sh: %s\n' "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo --preserve-env=DEBIAN_FRONTEND,LC_ALL "$@"
  else
    die "root is needed for: $* (run as root, or install sudo)"
  fi
}

apt() { as_root apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@"; }

# --- which packages -------------------------------------------------------------------------------

wanted_packages() {
  printf '%s' "$runtime_packages"
  if [ "$runtime_only" = yes ]; then
    case $codename in
      bookworm) printf '%s' "$runtime_libraries_bookworm" ;;
      trixie) printf '%s' "$runtime_libraries_trixie" ;;
    esac
  else
    printf '%s' "$dev_packages"
    if ! has_node; then printf '%s' "$node_packages"; fi
  fi
  if [ "$with_bench" = yes ]; then printf '%s' "$bench_packages"; fi
  if [ "$with_browser" = yes ]; then printf '%s' "$browser_packages"; fi
  if [ "$codename" = trixie ]; then printf 'roc-toolkit-tools 0.4\n'; fi
}

has_node() {
  local version
  version=$(node --version 2>/dev/null) && npm --version >/dev/null 2>&1 || return 1
  version=${version#v}
  [ "${version%%.*}" -ge 18 ]
}

# Prints "package minimum" for each wanted package that is absent or too old.
missing_packages() {
  local installed package minimum version
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' 2>/dev/null |
    awk '$1 == "installed" { print $2, $3 }')
  wanted_packages | while read -r package minimum; do
    [ -n "$package" ] || continue
    version=$(awk -v p="$package" '$1 == p { print $2; exit }' <<<"$installed")
    if [ -z "$version" ] ||
      { [ "$minimum" != - ] && dpkg --compare-versions "$version" lt "$minimum~"; }; then
      printf '%s %s\n' "$package" "$minimum"
    fi
  done
}

# What a person on another distribution has to find there.
explain_unsupported() {
  cat >&2 <<EXPLAIN
setup.sh: ${1:-this system} is not supported: this script knows Debian 12 (bookworm) and 13 (trixie).
Install these yourself (Debian's package names), then build with cmake:

  to run:    PipeWire >= 1.4 (pipewire, pipewire-bin, pipewire-pulse, libspa-0.2-modules),
             WirePlumber >= 0.5 (wireplumber), D-Bus (dbus-daemon), pactl (pulseaudio-utils),
             Roc Toolkit >= 0.4 with its PulseAudio backend and OpenFEC (roc-toolkit-tools), curl, jq
  to build:  GCC >= 12 (g++), CMake >= 3.25 (cmake), ninja-build, pkg-config, git,
             libpipewire-0.3-dev >= 1.4, Boost >= 1.83 (libboost1.83-dev, libboost-json1.83-dev,
             libboost-filesystem1.83-dev), libspdlog-dev >= 1.10, libfmt-dev >= 9, libyaml-cpp-dev >= 0.7,
             libzmq3-dev >= 4.3.4, prometheus-cpp-dev, libsqlite3-dev >= 3.40, zlib1g-dev,
             libsodium-dev >= 1.0.18, libcli11-dev, libavahi-client-dev,
             Node.js >= 18 with npm (nodejs, npm); faster with ccache and mold
  to test:   Catch2 >= 3 (catch2), zsh, clang-format-19, clang-tidy-19, clang-19,
             libclang-rt-19-dev
  to bench:  runit, s6, supervisor, nginx-light, wrk; to attack: slowhttptest
  optional:  Chromium (chromium), for the test that looks at /docs
EXPLAIN
  exit 1
}

# --- apt ------------------------------------------------------------------------------------------

# The first configured repository that has the given codename and is Debian's. Whatever the machine
# uses (a mirror, a proxy, a file list) is used for the other suites too. Needs apt's lists.
debian_repo_uri() {
  # shellcheck disable=SC2016  # apt's variables, not the shell's
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 'Created-By: Packages' "Codename: $1" \
    'Component: main' 2>/dev/null | awk '$2 == "Debian" && !found { print $1; found = 1 }'
}

update_lists() {
  step "apt-get update"
  # One broken third-party repository must not stop us: what matters is checked afterwards.
  apt update >"$work/update.log" 2>&1 || {
    note "apt-get update reported errors:"
    sed 's/^/      /' "$work/update.log"
  }
}

mirror_uri() {
  local uri
  uri=$(debian_repo_uri "$codename")
  if [ -z "$uri" ]; then
    update_lists >&2
    uri=$(debian_repo_uri "$codename")
  fi
  [ -n "$uri" ] || die "apt knows no repository of Debian $codename; see /etc/apt/sources.list and sources.list.d"
  printf '%s\n' "$uri"
}

enable_backports() {
  [ -z "$(debian_repo_uri "$codename-backports")" ] || return 0
  local uri
  if [ ! -e "$backports_file" ]; then
    uri=$(mirror_uri)
    step "enable $codename-backports in $backports_file (nothing is upgraded from it unasked)"
    as_root tee "$backports_file" >/dev/null <<SOURCES
# Written by rocd's scripts/setup.sh: PipeWire 1.4, WirePlumber 0.5, Boost 1.83, Catch2 3.
Types: deb
URIs: $uri
Suites: $codename-backports
Components: main
Signed-By: $keyring
SOURCES
  fi
  update_lists
  [ -n "$(debian_repo_uri "$codename-backports")" ] ||
    die "$codename-backports could not be read from the repository that is configured for $codename"
}

install_packages() {
  local missing package minimum arguments=()
  missing=$(missing_packages)
  if [ -z "$missing" ]; then
    step "packages: all installed"
    return
  fi
  step "packages to install: $(awk '{ printf "%s ", $1 }' <<<"$missing")"
  if [ "$codename" = bookworm ] && awk '$2 != "-" { found = 1 } END { exit !found }' <<<"$missing"; then
    enable_backports
  fi
  while read -r package minimum; do
    if [ "$codename" = bookworm ] && [ "$minimum" != - ]; then package=$package/bookworm-backports; fi
    arguments+=("$package")
  done <<<"$missing"
  if [ -z "$(debian_repo_uri "$codename")" ]; then update_lists; fi
  if ! try_install "${arguments[@]}"; then
    # Old lists name versions that the mirror no longer has.
    note "failed; once more with fresh lists"
    update_lists
    try_install "${arguments[@]}" || {
      cat "$work/install.log" >&2
      die "apt-get install failed (above)"
    }
  fi
  missing=$(missing_packages)
  [ -z "$missing" ] || die "still missing or too old: $missing"
}

try_install() {
  apt install --no-install-recommends "$@" >"$work/install.log" 2>&1 || return 1
  note "$(grep -m1 -E '^[0-9]+ upgraded' "$work/install.log")"
  sed -nE 's/^Unpacking ([^ ]+) \(([^)]*)\) over \(([^)]*)\).*/    upgraded \1 \3 -> \2/p' "$work/install.log"
}

# --- Roc Toolkit in a prefix of its own (Debian 12) -------------------------------------------------

roc_is_installed() {
  [ "$(cat "$roc_prefix/recipe" 2>/dev/null)" = "$roc_recipe" ] &&
    "$launcher_dir/roc-send" --version >/dev/null 2>&1 &&
    "$launcher_dir/roc-recv" --version >/dev/null 2>&1
}

# Somebody's own build is left alone, and used.
foreign_roc() {
  local path
  path=$(command -v roc-send) || return 1
  [ "$(readlink "$path")" != "$roc_prefix/launchers/roc-send" ] || return 1
  grep -q ' 0\.4\.' <<<"$(roc-send --version 2>/dev/null)" && roc-recv --version >/dev/null 2>&1
}

install_roc_prefix() {
  if roc_is_installed; then
    step "Roc Toolkit: present in $roc_prefix"
    return
  fi
  if foreign_roc; then
    step "Roc Toolkit: $(command -v roc-send) is used"
    return
  fi
  local name uri
  for name in roc-send roc-recv roc-copy; do
    if [ -e "$launcher_dir/$name" ] && [ ! -L "$launcher_dir/$name" ]; then
      die "$launcher_dir/$name is in the way: remove it, or set ROCD_LAUNCHER_DIR to a directory in PATH"
    fi
  done
  step "Roc Toolkit: Debian 13's, unpacked into $roc_prefix"
  [ -r "$keyring" ] || apt install --no-install-recommends debian-archive-keyring >/dev/null
  uri=$(mirror_uri)
  download_roc "$uri"
  unpack_roc
}

# apt with nothing of the system's but its proxies, credentials and keyring. The empty status file makes it
# resolve all dependencies, libc included, as if nothing was installed.
download_roc() {
  local root=$work/trixie
  mkdir -p "$root"/{lists/partial,archives/partial,empty}
  : >"$root/status"
  cat >"$root/trixie.sources" <<SOURCES
Types: deb
URIs: $1
Suites: trixie
Components: main
Signed-By: $keyring
SOURCES
  cat >"$root/apt.conf" <<CONF
Dir::Etc::sourcelist "$root/trixie.sources";
Dir::Etc::sourceparts "$root/empty";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$root/empty";
Dir::State::status "$root/status";
Dir::State::lists "$root/lists";
Dir::State::extended_states "$root/extended_states";
Dir::Cache::archives "$root/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Keep-Downloaded-Packages "true";
APT::Default-Release "";
CONF
  local apt_private=(env "APT_CONFIG=$root/apt.conf" apt-get -q -y -o "Dir::State::lists=$root/lists")
  if ! { "${apt_private[@]}" update &&
    "${apt_private[@]}" install --no-install-recommends --download-only roc-toolkit-tools; } \
    >"$work/roc.log" 2>&1; then
    cat "$work/roc.log" >&2
    die "roc-toolkit-tools could not be downloaded from trixie (above)"
  fi
  note "$(grep -E '^Fetched' "$work/roc.log" | tail -n 1)"
}

unpack_roc() {
  local root=$work/trixie tree=$work/tree loader lib_dir deb name
  mkdir -p "$tree"
  for deb in "$root"/archives/*.deb; do
    dpkg-deb -x "$deb" "$tree"
    # shellcheck disable=SC2016  # dpkg's variables, not the shell's
    dpkg-deb -W --showformat '${Package} ${Version} ${Architecture}\n' "$deb" >>"$tree/packages"
  done
  rm -rf "$tree/usr/share/doc" "$tree/usr/share/man" "$tree/usr/share/locale" "$tree/usr/share/lintian"
  # The program itself says what its loader is called (the string of PT_INTERP).
  loader=$(grep -aom1 -E '/lib[0-9a-z_/-]*/ld-[0-9a-z_.-]+' "$tree/usr/bin/roc-send" | head -n 1) || true
  [ -n "$loader" ] || die "cannot read the name of the loader from roc-send"
  lib_dir=$(dirname "$(find "$tree/usr/lib" -mindepth 2 -maxdepth 2 -name "$(basename "$loader")" -print -quit)")
  [ -e "$lib_dir/libc.so.6" ] || die "unexpected layout: no $(basename "$loader") beside libc.so.6"
  lib_dir=${lib_dir#"$tree"}
  mkdir -p "$tree/launchers"
  for name in roc-send roc-recv roc-copy; do
    [ -x "$tree/usr/bin/$name" ] || continue
    # exec: the pid that a supervisor started is the pid of the tool.
    cat >"$tree/launchers/$name" <<LAUNCHER
#!/bin/sh
# Debian 13's $name with Debian 13's libraries; written by rocd's scripts/setup.sh.
p=$roc_prefix
l=\$p$lib_dir
exec "\$l/$(basename "$loader")" --argv0 $name --library-path "\$l:\$l/pulseaudio" "\$p/usr/bin/$name" "\$@"
LAUNCHER
    chmod 755 "$tree/launchers/$name"
  done
  printf '%s\n' "$roc_recipe" >"$tree/recipe"
  chmod -R a+rX "$tree"
  as_root mkdir -p "$(dirname "$roc_prefix")" "$launcher_dir"
  # Copied beside, then renamed: never a half-filled prefix, and running tools keep the old files.
  as_root rm -rf "$roc_prefix.new" "$roc_prefix.old"
  as_root cp -R --no-preserve=ownership "$tree" "$roc_prefix.new"
  if [ -e "$roc_prefix" ]; then as_root mv "$roc_prefix" "$roc_prefix.old"; fi
  as_root mv "$roc_prefix.new" "$roc_prefix"
  as_root rm -rf "$roc_prefix.old"
  for name in "$tree"/launchers/*; do
    as_root ln -sfn "$roc_prefix/launchers/$(basename "$name")" "$launcher_dir/$(basename "$name")"
  done
  note "$(wc -l <"$tree/packages") packages; launchers in $launcher_dir"
}

# --- the result -----------------------------------------------------------------------------------

# One line per program; fails if it does not run.
show_version() {
  local name=$1 output
  shift
  output=$("$@" 2>&1) || die "$* failed: $output"
  printf '    %-14s %s\n' "$name" "$(grep -m1 -oE '[0-9]+\.[0-9][0-9A-Za-z.+~-]*' <<<"$output")"
}

verify() {
  step "installed:"
  local name
  for name in roc-send roc-recv pipewire wireplumber pactl dbus-daemon; do
    show_version "$name" "$name" --version
  done
  if [ "$runtime_only" = no ]; then
    for name in cmake ninja clang-format-19 clang-tidy-19 node npm; do
      show_version "$name" "$name" --version
    done
    show_version g++ g++ -dumpfullversion
    show_version libpipewire pkg-config --modversion libpipewire-0.3
    # shellcheck disable=SC2016  # dpkg's variables, not the shell's
    for name in libboost1.83-dev catch2; do
      show_version "${name%-dev}" dpkg-query -W -f '${Version}' "$name"
    done
  fi
}

runtime_only=no
with_bench=no
with_browser=no
while [ $# -gt 0 ]; do
  case $1 in
    --runtime) runtime_only=yes ;;
    --bench) with_bench=yes ;;
    --browser) with_browser=yes ;;
    --help | -h)
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

# Only this file's variables are wanted, not whatever else it may set.
read_os() { (
  set +u
  # shellcheck disable=SC1090
  . "$os_release" && printf '%s\n' "${!1}"
); }
[ -r "$os_release" ] || explain_unsupported "a system without $os_release"
codename=$(read_os VERSION_CODENAME)
case $(read_os ID):$codename in
  debian:bookworm | debian:trixie) ;;
  *) explain_unsupported "$(read_os PRETTY_NAME)" ;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/rocd-setup.XXXXXX")
trap 'rm -rf "$work"' EXIT
# apt downloads as its own user, which must get through.
chmod 755 "$work"

install_packages
if [ "$codename" = bookworm ]; then install_roc_prefix; fi
hash -r
verify
