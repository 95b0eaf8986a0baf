#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds every file of therma/ to tools/layers.toml and prints the ten largest files and functions."""

import argparse
import re
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from cpp_source import INCLUDE, code_of, functions, sources

TABLE = Path(__file__).with_name("layers.toml")


def layer_faults(name: str, text: str, table: dict) -> list[str]:
    """Includes that the table does not allow. `name` is the path from the root, with slashes."""
    module, modules = name.split("/")[1], table["modules"]
    if module not in modules:
        return [f"{name}: the module {module} has no row in tools/layers.toml"]
    faults = []
    for quote, target in INCLUDE.findall(text):
        if not target.startswith("therma/"):
            if quote == '"':
                faults.append(f'{name}: "{target}" must be written from the root: "therma/…"')
            continue
        other = target.split("/")[1]
        if other not in {module, *modules[module]}:
            allowed = ", ".join(modules[module]) or "nothing else"
            faults.append(f"{name}: {module} must not include {target}; it may use {allowed}")
    return faults


def verifier_faults(name: str, text: str, table: dict) -> list[str]:
    """Includes by which a verifier would see more than its model."""
    rule = table["verifiers"]
    if not fnmatch(name, rule["files"]):
        return []
    folder = name.rsplit("/", 1)[0]
    allowed = {f"{folder}/{header}" for header in rule["may_include"]}
    return [
        f"{name}: a verifier may include its own model and core, not {target}"
        for _, target in INCLUDE.findall(text)
        if target.startswith("therma/") and target not in allowed and not target.startswith("therma/core/")
    ]


def guest_faults(name: str, text: str, table: dict) -> list[str]:
    """Things that only programs may do."""
    guest = table["guest"]
    if name.split("/")[1] in guest["doors"]:
        return []
    code = code_of(text)
    return [
        f"{name}:{code.count(chr(10), 0, hit.start()) + 1}: a library file {rule['what']}: {hit[0].strip()}"
        for rule in guest["rules"]
        if name not in rule["except"]
        for hit in re.finditer(rule["pattern"], code)
    ]


def form_faults(name: str, text: str, _: dict) -> list[str]:
    """The first line, and the include guard."""
    faults = []
    if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
        faults.append(f"{name}: the first line must be // SPDX-License-Identifier: Apache-2.0")
    if name.endswith(".hpp") and "\n#pragma once\n" not in text:
        faults.append(f"{name}: a header needs #pragma once")
    return faults


CHECKS = (layer_faults, verifier_faults, guest_faults, form_faults)


def faults_of(root: Path, table: dict) -> list[str]:
    found = []
    for path in sources(root / "therma"):
        name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        found += [fault for check in CHECKS for fault in check(name, text, table)]
    return found


def print_largest(root: Path) -> None:
    files, bodies = [], []
    for path in sources(root / "therma"):
        name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        files.append((text.count("\n"), name))
        bodies += [(f.length, f"{name}:{f.line} {f.name}") for f in functions(text)]
    for title, rows in (("files", files), ("functions", bodies)):
        print(f"largest {title} (lines):")
        for length, name in sorted(rows, key=lambda row: (-row[0], row[1]))[:10]:
            print(f"  {length:5d}  {name}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=TABLE.parent.parent)
    parser.add_argument("--quiet", action="store_true", help="print faults only")
    args = parser.parse_args()
    faults = faults_of(args.root, tomllib.loads(TABLE.read_text(encoding="utf-8")))
    print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
    if not args.quiet:
        print_largest(args.root)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
