#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two hosts on one machine: network and host-name namespaces joined by a virtual cable, four ranks
# over TCP, and the same result as one process: two_hosts_test.sh MPIRUN PROGRAM
# Exit status 77, with the reason, where this machine does not permit it.
set -euo pipefail

readonly mpirun="$1" program="$2"
readonly first="therma-$$-a" second="therma-$$-b"
folder="$(mktemp -d)"

skip() { echo "skipped: $*"; exit 77; }

tidy() {
  ip netns del "$first" 2>/dev/null || true
  ip netns del "$second" 2>/dev/null || true
  rm -rf "$folder"
}
trap tidy EXIT

command -v ip >/dev/null || skip "no ip command (package iproute2)"
[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
ip netns add "$first" 2>/dev/null || skip "network namespaces are not permitted here"
ip netns add "$second"
ip link add "th$$a" netns "$first" type veth peer name "th$$b" netns "$second" 2>/dev/null ||
  skip "virtual network devices are not permitted here"
unshare --uts true 2>/dev/null || skip "host-name namespaces are not permitted here"
ip -n "$first" addr add 10.77.0.1/24 dev "th$$a"
ip -n "$second" addr add 10.77.0.2/24 dev "th$$b"
for end in "$first th$$a" "$second th$$b"; do
  read -r space device <<<"$end"
  ip -n "$space" link set lo up
  ip -n "$space" link set "$device" up
done

# What stands in for ssh: AGENT HOST COMMAND...
cat >"$folder/agent" <<AGENT
#!/bin/sh
shift
exec ip netns exec "$second" unshare --uts sh -c "hostname therma-b; \$*"
AGENT
chmod +x "$folder/agent"

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
one="$("$mpirun" -np 1 --oversubscribe "$program" "$folder/one")"
two="$(timeout 120 ip netns exec "$first" unshare --uts sh -c 'hostname therma-a; exec "$@"' sh \
  "$mpirun" -np 4 --oversubscribe --host 10.77.0.1:2,10.77.0.2:2 --map-by node \
  --mca plm_rsh_agent "$folder/agent" --mca btl self,tcp --mca mpi_yield_when_idle 1 \
  --mca oob_tcp_if_include 10.77.0.0/24 --mca btl_tcp_if_include 10.77.0.0/24 \
  sh -c 'echo "$OMPI_COMM_WORLD_RANK on $(hostname)" >&2; exec "$@"' sh \
  "$program" "$folder/two" 2>"$folder/hosts")" || { cat "$folder/hosts" >&2; exit 1; }

cat "$folder/hosts" >&2
for host in therma-a therma-b; do
  [ "$(grep -c "on $host\$" "$folder/hosts")" -eq 2 ] || { echo "not two ranks on $host"; exit 1; }
done
[ "$one" = "$two" ] || { printf 'one process: %s\ntwo hosts:   %s\n' "$one" "$two"; exit 1; }
echo "$two"
