#!/bin/sh
# Therma and its peers on the same work, one after the other on one core: peers.jsonl and two tables.
#   bench/peers/run.sh [--maxcut FOLDER]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
env=$root/build/peers
test -x "$env/bin/python" || python3 -m venv "$env"
"$env/bin/pip" install --quiet --requirement "$root/bench/peers/requirements.txt"
# One core each: the peers' libraries would otherwise take what they find.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
export XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
export JAX_PLATFORMS=cpu
taskset -c 0 "$env/bin/python" "$root/bench/peers/peers.py" "$@"
