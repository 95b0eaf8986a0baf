#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every check that needs no test run: layout, layers, docs, headers, clang-tidy. `make lint` first
# configures build/. All checks run; the exit status says whether any failed. With --quick only the
# checks that compile nothing: what `make test` runs (docs/decisions/0013).
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()
check() {
  echo "lint: $1"
  "${@:2}" || failed+=("$1")
}

layout() { git ls-files -z '*.cpp' '*.hpp' | xargs -0 -r clang-format-14 --dry-run --Werror; }
headers() { cmake --build build --target all_verify_interface_header_sets -- --quiet; }

check "layout (clang-format 14; mend with make format)" layout
check "layers (tools/layers.toml)" python3 tools/check_layers.py
check "docs (links, paths)" python3 tools/check_docs.py
if [ "${1:-}" != --quick ]; then
  check "headers compile alone" headers
  check "clang-tidy" python3 tools/tidy.py --build build
fi

if [ ${#failed[@]} -gt 0 ]; then
  printf 'lint: FAILED: %s\n' "${failed[@]}" >&2
  exit 1
fi
echo "lint: all checks passed"
