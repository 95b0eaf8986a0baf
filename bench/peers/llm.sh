#!/bin/sh
# Therma and llama.cpp on the same files, one after the other: build/peers/llm.*.jsonl and a table.
#   bench/peers/llm.sh FOLDER      (2 GB of models are made there where they are missing)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
env=$root/build/peers
test -x "$env/bin/python" || python3 -m venv "$env"
"$env/bin/pip" install --quiet llama-cpp-python==0.3.36
"$root/build/bin/therma" bench llm --data "$1" --out "$env/llm.therma.jsonl"
"$env/bin/python" "$root/bench/peers/llm.py" "$1" | tee "$env/llm.peers.jsonl"
