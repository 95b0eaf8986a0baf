#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes commands.md from what the program says about itself, or checks that it is up to date.

usage: generate.py PROGRAM [--check]
"""
import os
import subprocess
import sys

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "commands.md")
COMMANDS = ["solve", "ask", "verify", "generate", "chat", "head-sweep", "sample", "bench", "doctor"]


def said_by(program, *args):
    done = subprocess.run([program, *args, "--help"], capture_output=True, text=True, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def page(program):
    parts = ["# Commands\n",
             "Made by `docs/reference/generate.py` from `--help`, which is made from the fields of the "
             "configs: edit those.\nWhat is printed is described in [the report](report.md).\n",
             f"```text\n{said_by(program)}\n```\n"]
    for command in COMMANDS:
        parts.append(f"## therma {command}\n\n```text\n{said_by(program, command)}\n```\n")
    return "\n".join(parts)


def main():
    text = page(sys.argv[1])
    if "--check" in sys.argv:
        with open(PAGE, encoding="utf-8") as f:
            if f.read() != text:
                sys.exit(f"{PAGE} is out of date: run docs/reference/generate.py PROGRAM")
        return
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(text)


if __name__ == "__main__":
    main()
