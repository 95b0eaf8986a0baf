#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that links in Markdown resolve and that no tracked text names a path of one machine."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# Written so that the pattern does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w.])/(w[o]rk|f[a]rm|r[o]ot|h[o]me/\w+|tmp/b[a]sh_jobs)(/|\b)")
OPEN_NOTE = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X)\b(?!\((#\d+|ADR-\d+)\))")


def tracked(root: Path) -> list[str]:
    out = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, check=True,
    ).stdout
    return sorted(name for name in out.decode("utf-8").split("\0") if name)


def anchor_of(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def link_faults(name: str, text: str, root: Path) -> list[str]:
    faults = []
    for target in LINK.findall(FENCED.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue  # elsewhere: needs a network
        path, _, anchor = target.partition("#")
        place = (root / name).parent / path if path else root / name
        if not place.exists():
            faults.append(f"{name}: the link {target} leads nowhere")
        elif anchor and place.suffix == ".md":
            headings = HEADING.findall(FENCED.sub("", place.read_text(encoding="utf-8")))
            if anchor not in map(anchor_of, headings):
                faults.append(f"{name}: the link {target} names no heading")
    return faults


def line_faults(name: str, text: str) -> list[str]:
    faults = []
    for number, line in enumerate(text.split("\n"), 1):
        if MACHINE_PATH.search(line):
            faults.append(f"{name}:{number}: a path of one machine: {line.strip()[:80]}")
        if OPEN_NOTE.search(line):
            faults.append(f"{name}:{number}: an open note needs its issue or decision: {line.strip()[:80]}")
    return faults


def faults_of(root: Path) -> list[str]:
    found = []
    for name in tracked(root):
        try:
            text = (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        if not name.startswith("data/"):
            found += line_faults(name, text)
        if name.endswith(".md"):
            found += link_faults(name, text, root)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT)
    faults = faults_of(parser.parse_args().root)
    print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
