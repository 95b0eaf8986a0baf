#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy on the library's sources that changed since they last passed.

A file passes once per content of itself, the headers of ours that it reaches, its compile command
and .clang-tidy; the fingerprint of a pass is kept under BUILD/tidy/.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cpp_source import INCLUDE

ROOT = Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-16"


def reached(path: Path, seen: set[Path]) -> set[Path]:
    """The file and every header of ours that it includes, directly or not."""
    if path in seen or not path.exists():
        return seen
    seen.add(path)
    for _, target in INCLUDE.findall(path.read_text(encoding="utf-8")):
        if target.startswith("therma/"):
            reached(ROOT / target, seen)
    return seen


def fingerprint(command: dict) -> str:
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes() + command["command"].encode())
    for path in sorted(reached(Path(command["file"]), set())):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def passes(command: dict, build: Path) -> bool:
    stamp = build / "tidy" / fingerprint(command)
    if stamp.exists():
        return True
    run = subprocess.run(
        [TIDY, "-p", str(build), "--quiet", "--warnings-as-errors=*", command["file"]],
        capture_output=True, text=True, encoding="utf-8", errors="replace", check=False,
    )
    if run.returncode == 0:
        stamp.touch()
    else:
        print(run.stdout, file=sys.stderr)
    return run.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build"), help="holds compile_commands.json")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    database = json.loads((args.build / "compile_commands.json").read_text(encoding="utf-8"))
    commands = [
        command for command in database
        if Path(command["file"]).is_relative_to(ROOT / "therma") and "verify_interface" not in command["command"]
    ]
    (args.build / "tidy").mkdir(exist_ok=True)
    with ThreadPoolExecutor(args.jobs) as pool:
        results = list(pool.map(lambda command: passes(command, args.build), commands))
    print(f"clang-tidy: {sum(results)} of {len(results)} files pass")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
