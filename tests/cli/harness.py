# SPDX-License-Identifier: Apache-2.0
"""Runs the program named on the command line as people do: what the transcripts share."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv[1])
SOURCE = os.path.abspath(sys.argv[2])


class Run:
    """One run of the program, ended: its status and what it printed."""

    def __init__(self, *args, stdin="", env=None, width="80", cwd=None, timeout=240):
        full = dict(os.environ, COLUMNS=width, LC_ALL="C")
        full.update(env or {})
        done = subprocess.run([PROGRAM, *args], input=stdin.encode(), capture_output=True, env=full,
                              timeout=timeout, cwd=cwd)
        self.code, self.out, self.err = done.returncode, done.stdout.decode(), done.stderr.decode()

    def json(self):
        return json.loads(self.out)


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    run_program = Run
    longest_sentence = 400

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def file(self, name, content):
        text = content if isinstance(content, (str, bytes)) else json.dumps(content)
        with open(self.path(name), "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return self.path(name)

    def complains(self, code, *args, **kwargs):
        """One sentence on standard error, nothing on standard output, and the exit code."""
        run = self.run_program(*args, **kwargs)
        self.assertEqual((run.code, run.out), (code, ""), (args, run.err))
        self.assertEqual(run.err.count("\n"), 1, (args, run.err))
        self.assertTrue(run.err.startswith("therma: "), run.err)
        self.assertLess(len(run.err), self.longest_sentence, run.err)
        return run.err
