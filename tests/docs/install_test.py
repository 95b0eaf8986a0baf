# SPDX-License-Identifier: Apache-2.0
"""`cmake --install` gives a package that another project finds, links and runs."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(sys.argv.pop(1)).resolve()


def run(*command) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.prefix = Path(cls.folder.name) / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)

    def test_another_project_finds_links_and_runs_it(self):
        build = Path(self.folder.name) / "consumer"
        run("cmake", "-S", HERE / "consumer", "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", build)
        self.assertEqual("42 1\n", run(build / "consumer"))

    def test_every_header_of_the_library_is_there(self):
        root = HERE.parents[1]
        modules = {path.parent.name for path in root.glob("therma/*/CMakeLists.txt")} - {"cli"}
        wanted = {path.relative_to(root) for path in (root / "therma").rglob("*.hpp")
                  if path.relative_to(root).parts[1] in modules}
        there = {path.relative_to(self.prefix / "include") for path in self.prefix.rglob("*.hpp")}
        self.assertEqual(wanted, there)

    def test_nothing_installed_names_the_source_tree(self):
        for path in self.prefix.rglob("*.cmake"):
            self.assertNotIn(str(HERE.parents[1]), path.read_text(encoding="utf-8"), path)

    def test_program_man_page_and_completions_are_there(self):
        wanted = ["share/man/man1/therma.1", "share/bash-completion/completions/therma",
                  "share/zsh/site-functions/_therma", "share/fish/vendor_completions.d/therma.fish"]
        if (BUILD / "bin" / "therma").exists():
            wanted.append("bin/therma")
        wanted += [f"share/therma/models/{name}" for name in
                   ("tiny/model.safetensors", "tiny/tokenizer.json", "tiny/text.en.txt")]
        for name in wanted:
            self.assertTrue((self.prefix / name).is_file(), name)

    def test_the_installed_program_finds_the_model_that_comes_with_it(self):
        if not (BUILD / "bin" / "therma").exists():
            self.skipTest("this build has no program")
        said = run(self.prefix / "bin" / "therma", "generate", "The", "-n", "4", "--seed", "1", "--quiet")
        self.assertGreater(len(said), 2)


if __name__ == "__main__":
    unittest.main()
