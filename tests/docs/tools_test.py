# SPDX-License-Identifier: Apache-2.0
"""The checks in tools/ find planted faults and accept what is right."""

import subprocess
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/docs")]

import blocks_test  # noqa: E402
import check_docs  # noqa: E402
import check_layers  # noqa: E402
import cpp_source  # noqa: E402

TABLE = tomllib.loads((ROOT / "tools/layers.toml").read_text(encoding="utf-8"))
HEAD = "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n"


class Tree:
    """A temporary directory holding the given files."""

    def __init__(self, files: dict[str, str]):
        self._dir = tempfile.TemporaryDirectory()
        self.root = Path(self._dir.name)
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def __enter__(self) -> Path:
        return self.root

    def __exit__(self, *_):
        self._dir.cleanup()


def layer_faults(files: dict[str, str]) -> list[str]:
    with Tree({name: HEAD + text for name, text in files.items()}) as root:
        return check_layers.faults_of(root, TABLE)


class Layers(unittest.TestCase):
    def test_an_include_that_the_table_lists_is_accepted(self):
        self.assertEqual([], layer_faults({
            "therma/dynamics/a.cpp": '#include "therma/dynamics/a.hpp"\n#include "therma/energy/b.hpp"\n',
            "therma/solve/c.cpp": '#include <vector>\n#include "therma/problems/x/model.hpp"\n',
        }))

    def test_an_upward_include_is_a_fault(self):
        faults = layer_faults({"therma/energy/a.cpp": '#include "therma/solve/b.hpp"\n'})
        self.assertEqual(1, len(faults))
        self.assertIn("energy must not include therma/solve/b.hpp", faults[0])

    def test_a_table_row_is_not_followed_through_other_rows(self):
        # planner lists solve, solve lists dynamics; planner does not list dynamics.
        self.assertEqual(1, len(layer_faults({"therma/planner/a.cpp": '#include "therma/dynamics/b.hpp"\n'})))

    def test_an_include_not_written_from_the_root_is_a_fault(self):
        self.assertEqual(1, len(layer_faults({"therma/core/a.cpp": '#include "b.hpp"\n'})))

    def test_a_module_without_a_row_is_a_fault(self):
        self.assertEqual(1, len(layer_faults({"therma/helpers/a.cpp": ""})))

    def test_a_verifier_sees_its_model_and_core_only(self):
        good = '#include "therma/problems/schedule/model.hpp"\n#include "therma/core/json.hpp"\n'
        self.assertEqual([], layer_faults({"therma/problems/schedule/verify.cpp": good}))
        for other in ("problems/schedule/encode.hpp", "problems/job_shop/model.hpp", "energy/penalties.hpp"):
            faults = layer_faults({"therma/problems/schedule/verify.cpp": f'#include "therma/{other}"\n'})
            self.assertEqual(1, len(faults), other)
            self.assertIn("a verifier may include", faults[0])

    def test_the_library_may_not_print_exit_read_the_environment_or_start_threads(self):
        for line in ('std::printf("x");', "std::cout << 1;", "std::exit(1);", 'std::getenv("X");',
                     "std::jthread worker;", "#include <random>"):
            self.assertEqual(1, len(layer_faults({"therma/solve/a.cpp": line + "\n"})), line)
            self.assertEqual([], layer_faults({"therma/cli/a.cpp": line + "\n"}), line)

    def test_words_in_comments_and_strings_are_not_code(self):
        text = '// std::exit(1) is for programs\nconst char* kText = "std::cout << getenv(";\n'
        self.assertEqual([], layer_faults({"therma/solve/a.cpp": text}))

    def test_a_header_needs_its_guard_and_licence_line(self):
        with Tree({"therma/core/a.hpp": "int x;\n"}) as root:
            self.assertEqual(2, len(check_layers.faults_of(root, TABLE)))

    def test_the_program_exits_1_on_a_fault(self):
        with Tree({"therma/core/a.cpp": '#include "therma/cli/main.hpp"\n'}) as root:
            run = subprocess.run([sys.executable, ROOT / "tools/check_layers.py", "--root", root],
                                 capture_output=True, check=False)
            self.assertEqual(1, run.returncode)

    def test_this_tree_has_no_fault(self):
        self.assertEqual([], check_layers.faults_of(ROOT, TABLE))

    def test_the_table_is_in_dependency_order(self):
        above = list(TABLE["modules"])
        for row, (module, uses) in enumerate(TABLE["modules"].items()):
            self.assertLessEqual(set(uses), set(above[:row]), module)


class Functions(unittest.TestCase):
    def test_bodies_are_measured_from_brace_to_brace(self):
        text = (
            "namespace a {\nclass B {\n public:\n  B() : x_{1}, y_(2) {\n    go();\n  }\n  int f() const { return 1; }\n"
            "};\ntemplate <class T>\nvoid long_one(T t = {}) {\n  if (t) {\n    auto g = [] { return '{'; };\n  }\n}\n}\n"
        )
        found = {f.name: f.length for f in cpp_source.functions(text)}
        self.assertEqual({"B": 3, "f": 1, "long_one": 5}, found)


class Docs(unittest.TestCase):
    def faults(self, files: dict[str, str]) -> list[str]:
        with Tree(files) as root:
            subprocess.run(["git", "init", "-q", str(root)], check=True)
            return check_docs.faults_of(root)

    def test_links_to_files_and_headings_are_followed(self):
        files = {"a.md": "# The first *one*\n[b](docs/b.md) [h](docs/b.md#two-words) [t](#the-first-one)\n",
                 "docs/b.md": "## Two words\n[up](../a.md)\n"}
        self.assertEqual([], self.faults(files))

    def test_a_dead_link_and_a_dead_anchor_are_faults(self):
        self.assertEqual(2, len(self.faults({"a.md": "# One\n[x](b.md) [y](#two)\n"})))

    def test_paths_of_one_machine_and_open_notes_are_faults(self):
        home, note = "/ho" "me/someone/x", "TO" "DO"
        self.assertEqual(2, len(self.faults({"a.sh": f"cd {home}\n# {note}: later\n# {note}(#12): known\n"})))


class ConsoleBlocks(unittest.TestCase):
    def fault(self, block: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            faults = [blocks_test.fault_of(*pair, Path(folder)) for pair in blocks_test.commands_of(block)]
        return "".join(faults)

    def test_what_is_printed_must_be_what_is_shown(self):
        self.assertEqual("", self.fault("$ echo one\none\n$ printf 'a\\nb\\n'\na\nb\n"))
        self.assertNotEqual("", self.fault("$ echo one\ntwo\n"))
        self.assertNotEqual("", self.fault("$ printf 'a\\nb\\n'\na\n"))

    def test_dots_stand_for_text_or_lines(self):
        self.assertEqual("", self.fault("$ echo took 12 ms\ntook ... ms\n"))
        self.assertEqual("", self.fault("$ seq 5\n1\n...\n5\n"))
        self.assertNotEqual("", self.fault("$ seq 4\n1\n...\n5\n"))

    def test_the_exit_status_counts(self):
        self.assertEqual("", self.fault("$ exit 3\n[exit 3]\n"))
        self.assertNotEqual("", self.fault("$ exit 3\n"))


if __name__ == "__main__":
    unittest.main()
