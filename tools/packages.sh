#!/bin/sh
# tools/packages.sh [--yes] USE...: installs the Debian packages of these uses (apt-packages.txt) that are
# missing. Asks once on a terminal; without one it prints the command and fails, unless --yes is given.
# Offline when nothing is missing. Ends with 0, or with 69 when something could not be installed.
set -eu
yes=
if [ "${1-}" = --yes ]; then yes=1; shift; fi
list=$(dirname "$0")/apt-packages.txt

wanted=$(for use; do sed -n "s/^$use //p" "$list"; done)
major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
if [ "${major:-0}" -ge 18 ] && command -v npm >/dev/null; then
  wanted=$(printf '%s\n' "$wanted" | grep -vx -e nodejs -e npm || :)
fi

command -v dpkg-query >/dev/null || {
  echo "dev: this is no Debian; install by hand:" $wanted >&2
  exit 69
}
# shellcheck disable=SC2086  # one word per package
have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
  sed -n 's/^installed //p' || :)
missing=
for package in $wanted; do
  printf '%s\n' "$have" | grep -qx -e "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "dev: as root, run: apt-get install -y$missing" >&2; exit 69; }
  as_root=sudo
  [ -t 0 ] || as_root="sudo -n"
fi
echo "dev: missing Debian packages:$missing" >&2
if [ -z "$yes" ]; then
  sudo=${as_root:+sudo }
  command="${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends$missing"
  if [ ! -t 0 ] || [ ! -t 2 ]; then
    printf 'dev: no terminal to ask on; use --yes, or run:\n  %s\n' "$command" >&2
    exit 69
  fi
  printf 'Install them now with apt-get? [Y/n] ' >&2
  read -r answer || answer=n
  case $answer in
    '' | y | Y | yes) ;;
    *) printf 'dev: not installed. To do it yourself:\n  %s\n' "$command" >&2; exit 69 ;;
  esac
fi

$as_root apt-get update -qq >&2 || echo "dev: apt-get update failed; trying with the lists at hand" >&2
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2 || {
  echo "dev: apt-get could not install:$missing" >&2
  exit 69
}
# The peers of ./dev bench are programs to start by hand, not services of this machine.
for service in nginx haproxy; do
  case $missing in
    *" $service"*)
      if [ -d /run/systemd/system ]; then
        $as_root systemctl disable --now --quiet "$service" || :
      else
        $as_root service "$service" stop >/dev/null 2>&1 || :
      fi ;;
  esac
done
