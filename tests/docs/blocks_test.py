# SPDX-License-Identifier: Apache-2.0
"""Runs the ```console blocks of the Markdown files and compares what they print.

    blocks_test.py PROGRAM FILE.md...

A line "$ command" is run by sh, the lines under it are what it must print on standard output; "..."
stands for any text within a line, and alone on a line for any number of lines. A block that shows
no output is only run. "[exit N]" as the last line expects that status, otherwise it must be 0.
Commands run in a temporary folder where build/bin/therma is PROGRAM and data/ the bundled data; a
file's blocks share the folder, in order. Blocks in other languages (```sh) are shown, not run.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"^\[exit (\d+)\]$")


def commands_of(block: str) -> list[tuple[str, list[str]]]:
    """Pairs of a command and the lines it must print."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and line.startswith("> ") and not found[-1][1]:
            found[-1] = (found[-1][0] + "\n" + line[2:], [])
        elif found:
            found[-1][1].append(line)
    return found


def pattern_of(lines: list[str]) -> re.Pattern:
    parts = []
    for line in lines:
        if line.strip() == "...":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            pieces = (re.escape(piece) for piece in line.rstrip().split("..."))
            parts.append(r"[^\n]*?".join(pieces) + r"[ ]*\n")
    return re.compile("".join(parts))


def fault_of(command: str, lines: list[str], folder: Path) -> str:
    """What is wrong with the outcome of a command; empty when nothing is."""
    status = 0
    if lines and (match := EXIT.match(lines[-1])):
        status, lines = int(match[1]), lines[:-1]
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, stdin=subprocess.DEVNULL,
                          text=True, encoding="utf-8", timeout=120, check=False)
    if done.returncode != status:
        return f"exit status {done.returncode}, expected {status}\n{done.stdout}{done.stderr}"
    if lines and not pattern_of(lines).fullmatch(done.stdout):
        return "printed\n" + done.stdout + "where the text says\n" + "\n".join(lines)
    return ""


def make_folder(folder: Path, program: str) -> None:
    (folder / "build" / "bin").mkdir(parents=True)
    (folder / "build" / "bin" / "therma").symlink_to(Path(program).resolve())
    (folder / "data").symlink_to(ROOT / "data")


def main(program: str, names: list[str]) -> int:
    num_run, failed = 0, 0
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            make_folder(Path(folder), program)
            for block in BLOCK.findall(Path(name).read_text(encoding="utf-8")):
                for command, lines in commands_of(block):
                    num_run += 1
                    if fault := fault_of(command, lines, Path(folder)):
                        failed += 1
                        print(f"{name}: $ {command}\n{fault}\n")
    print(f"{num_run - failed} of {num_run} commands do what the text says")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
