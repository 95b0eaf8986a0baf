# SPDX-License-Identifier: Apache-2.0
"""An ensemble under mpirun: the same on 1, 2 and 4 ranks; one of 4 killed, and continued.

    mpi_test.py MPIRUN PROGRAM      PROGRAM: distributed_mpi_program
"""
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

MPIRUN, PROGRAM = sys.argv[1:3]
LIMIT_S = 120

# As many ranks as wanted on a machine with fewer cores, as root in a container, over shared memory.
OPTIONS = ["--oversubscribe", "--mca", "btl", "self,vader",
           "--mca", "btl_vader_single_copy_mechanism", "none",
           "--mca", "mpi_yield_when_idle", "1"]
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def start(ranks, *arguments):
    return subprocess.Popen([MPIRUN, "-np", str(ranks), *OPTIONS, PROGRAM, *map(str, arguments)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=ENVIRONMENT)


def run(ranks, *arguments):
    process = start(ranks, *arguments)
    out, err = process.communicate(timeout=LIMIT_S)
    return process.returncode, out, err


class Ranks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def whole(self, ranks):
        code, out, err = run(ranks, self.folder / f"whole{ranks}")
        self.assertEqual(code, 0, err)
        self.assertEqual(out.count("\n"), 1, out)  # rank 0 alone prints
        return out

    def test_give_what_one_process_gives(self):
        one = self.whole(1)
        self.assertIn("steps 220 samples 100", one)
        self.assertEqual(self.whole(2), one)
        self.assertEqual(self.whole(4), one)

    def test_continue_bit_for_bit_when_one_is_killed(self):
        checkpoint = self.folder / "checkpoint"
        process = start(4, checkpoint, 10, self.folder)
        until = time.monotonic() + LIMIT_S
        while not checkpoint.exists():
            self.assertIsNone(process.poll(), "ended before its first checkpoint")
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)
        time.sleep(0.1)  # not just after a checkpoint
        os.kill(int((self.folder / "2").read_text()), signal.SIGKILL)
        out, _ = process.communicate(timeout=LIMIT_S)
        self.assertNotEqual(process.returncode, 0)
        self.assertEqual(out, "")  # it was in the midst of things
        saved = checkpoint.read_bytes()
        one = self.whole(1)
        for ranks in (4, 2):  # also with fewer: the host may be gone for good
            checkpoint.write_bytes(saved)
            code, out, err = run(ranks, checkpoint)
            self.assertEqual(code, 0, err)
            self.assertEqual(out, one)

    def test_all_end_when_one_finds_the_checkpoint_damaged(self):
        checkpoint = self.folder / "checkpoint"
        checkpoint.write_bytes(b"no checkpoint of any kind")
        code, out, err = run(4, checkpoint)
        self.assertEqual(code, 3)  # bad input data
        self.assertEqual(out, "")
        self.assertEqual(err.count("mpi_program: checkpoint"), 1, err)  # rank 0 alone tells

    def test_all_end_when_one_alone_cannot_go_on(self):
        code, out, err = run(4, self.folder / "checkpoint", 0, self.folder, 2)
        self.assertEqual(code, 4)  # of a device
        self.assertEqual(out, "")
        self.assertEqual(err.count("mpi_program: this host"), 1, err)

    def test_all_end_when_rank_0_cannot_write(self):
        code, out, err = run(4, self.folder / "no such folder" / "checkpoint")
        self.assertEqual(code, 4)  # of rank 0's file
        self.assertEqual(out, "")
        self.assertEqual(err.count("mpi_program:"), 1, err)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
