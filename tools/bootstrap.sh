#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of the named groups that are missing: tools/bootstrap.sh build test
# The list is tools/packages.txt. Silent, and in need of no network, when nothing is missing.
set -euo pipefail

readonly list="$(dirname "$0")/packages.txt"

say() { echo "bootstrap: $*" >&2; }

packages_of() {
  local group
  for group in "$@"; do awk -v group="$group" '$1 == group {print $2}' "$list"; done
}

missing_among() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
      echo "$package"
  done
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Acquire::Retries=3 \
    -o Dpkg::Use-Pty=0 "$@" </dev/null
}

[ $# -gt 0 ] || { say "name one group or more: $(awk '/^[a-z]/ {print $1}' "$list" | uniq | xargs)"; exit 2; }

mapfile -t wanted < <(packages_of "$@")
if ! command -v dpkg-query >/dev/null; then
  say "not a Debian system, so nothing is installed; the build needs the likes of: ${wanted[*]}"
  exit 0
fi
mapfile -t missing < <(missing_among "${wanted[@]}")
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
  say "${missing[*]} must be installed, which needs root or sudo; as root, run: apt-get install ${missing[*]}"
  exit 1
fi

say "installing ${missing[*]}"
# A stale third-party source makes update fail while Debian's own lists are fine: install decides.
apt update >&2 || say "apt-get update failed; trying with the package lists that are there"
apt install --no-install-recommends "${missing[@]}" >&2 ||
  { say "apt-get could not install ${missing[*]}; is there a network, and is this Debian 12?"; exit 1; }
