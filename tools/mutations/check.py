#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts each fault of mutations.toml into a copy of the tree and expects the tests that it names to
fail.

    check.py                        all of them; exit status 1 unless all are caught
    check.py --only philox          those with "philox" in their name or file
    check.py --text                 only that each still applies, in a second; no build

The copy and its build are build/mutations/; they are kept, so that a second run is short.
"""
import argparse
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRATCH = ROOT / "build" / "mutations"
TEST_LIMIT_S = 300
FEWEST = 20


def load():
    data = tomllib.loads((Path(__file__).parent / "mutations.toml").read_text())
    return data["mutation"]


def why_not(mutation):
    """Why a mutation no longer applies, or None."""
    path = ROOT / mutation["file"]
    if not path.exists():
        return f"no file {mutation['file']}"
    found = path.read_text().count(mutation["old"])
    if found != 1:
        return f"its text is there {found} times in {mutation['file']}, not once"
    if mutation["old"] == mutation["new"]:
        return "it changes nothing"
    for test in mutation["tests"]:
        if not any(test == name for name in test_targets()):
            return f"no test target {test}"
    return None


_targets = []


def test_targets():
    """Targets as therma_test names them: after the file's place."""
    if not _targets:
        for path in (ROOT / "tests").rglob("*_test.cpp"):
            _targets.append("_".join(path.relative_to(ROOT / "tests").with_suffix("").parts))
    return _targets


def copy_tree():
    """The files that git knows or would take, as they are now; unchanged ones keep their dates."""
    tree = SCRATCH / "tree"
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout
    names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for name in names:
        source, target = ROOT / name, tree / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            shutil.copymode(source, target)
    for path in tree.rglob("*"):
        if path.is_file() and str(path.relative_to(tree)) not in names:
            path.unlink()
    return tree


def build(tree, targets, jobs):
    """The last lines of what went wrong, or None."""
    out = SCRATCH / "build"
    if not (out / "build.ninja").exists():
        made = subprocess.run(
            ["cmake", "-S", tree, "-B", out, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
             "-DTHERMA_MPI=OFF", "--log-level=WARNING"], capture_output=True, text=True)
        if made.returncode != 0:
            return made.stderr
    made = subprocess.run(["cmake", "--build", out, "-j", str(jobs), "--target", *targets],
                          capture_output=True, text=True)
    return None if made.returncode == 0 else "\n".join(made.stdout.splitlines()[-20:])


def failing(targets):
    """Those of the tests that fail, crash or do not end."""
    bad = []
    for target in targets:
        try:
            done = subprocess.run([SCRATCH / "build" / "bin" / target, "--gtest_brief=1"],
                                  capture_output=True, timeout=TEST_LIMIT_S,
                                  cwd=SCRATCH / "build")
            if done.returncode != 0:
                bad.append(target)
        except subprocess.TimeoutExpired:
            bad.append(target)
    return bad


def try_out(tree, mutation, jobs):
    """What became of a mutation: "caught", "missed by ...", "does not build"."""
    path = tree / mutation["file"]
    text = path.read_text()
    path.write_text(text.replace(mutation["old"], mutation["new"]))
    try:
        if build(tree, mutation["tests"], jobs) is not None:
            return "does not build"
        missed = sorted(set(mutation["tests"]) - set(failing(mutation["tests"])))
        return "missed by " + " ".join(missed) if missed else "caught"
    finally:
        path.write_text(text)


def check_text(mutations):
    bad = 0
    for mutation in mutations:
        if (reason := why_not(mutation)) is not None:
            print(f"{mutation['name']}: {reason}")
            bad += 1
    if len(mutations) < FEWEST:
        print(f"{len(mutations)} mutations, fewer than {FEWEST}")
        bad += 1
    return bad


def check_all(mutations, jobs):
    tree = copy_tree()
    targets = sorted({test for mutation in mutations for test in mutation["tests"]})
    if (wrong := build(tree, targets, jobs)) is not None:
        sys.exit(f"the tree itself does not build:\n{wrong}")
    if bad := failing(targets):
        sys.exit("fail without any mutation: " + " ".join(bad))
    missed = 0
    width = max(len(mutation["name"]) for mutation in mutations)
    for mutation in mutations:
        begin = time.monotonic()
        verdict = try_out(tree, mutation, jobs)
        missed += verdict != "caught"
        print(f"{mutation['name']:{width}}  {time.monotonic() - begin:6.1f} s  {verdict}",
              flush=True)
    print(f"{len(mutations) - missed} of {len(mutations)} caught")
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="part of a name or a file")
    parser.add_argument("--text", action="store_true", help="only check that each still applies")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    arguments = parser.parse_args()
    mutations = load()
    if bad := check_text(mutations):
        sys.exit(f"{bad} mutations to be mended")
    if arguments.text:
        print(f"{len(mutations)} mutations apply")
        return
    chosen = [m for m in mutations if arguments.only in m["name"] or arguments.only in m["file"]]
    chosen.sort(key=lambda m: (m["file"].endswith(".hpp"), m["file"]))  # what builds fast first
    sys.exit(1 if check_all(chosen, arguments.jobs) else 0)


if __name__ == "__main__":
    main()
