# SPDX-License-Identifier: Apache-2.0
"""An ensemble under mpirun: the same on 1, 2 and 4 ranks; one of 4 killed, and continued.

    mpi_test.py MPIRUN PROGRAM [THERMA]      PROGRAM: distributed_mpi_program
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


def start(ranks, *arguments, program=PROGRAM):
    return subprocess.Popen([MPIRUN, "-np", str(ranks), *OPTIONS, program, *map(str, arguments)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=ENVIRONMENT)


def run(ranks, *arguments, program=PROGRAM):
    process = start(ranks, *arguments, program=program)
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


@unittest.skipIf(len(sys.argv) < 4, "no therma to run")
class Therma(unittest.TestCase):
    def draws(self, folder, name, *options, ranks):
        """What `therma sample` writes on so many ranks; 0 for a process on its own."""
        file = Path(folder) / name
        command = ["sample", "sk:n=32,seed=1", "--beta", "0.5", "--sweeps", "40", "--replicas", "8",
                   "--kernel", "scalar", "--threads", "1", "--samples", str(file), *options]
        if ranks == 0:
            subprocess.run([sys.argv[3], *command], capture_output=True, timeout=LIMIT_S)
        else:
            code, out, err = run(ranks, *command, program=sys.argv[3])
            self.assertLessEqual(code, 1, err)  # 1: nothing certifies so few draws
            self.assertEqual(out.count("energy   "), 1, out)  # rank 0 alone prints
        return file.read_bytes()

    def test_draws_the_same_on_any_number_of_ranks(self):
        with tempfile.TemporaryDirectory() as folder:
            alone = self.draws(folder, "alone.csv", "--seed", "5", ranks=0)
            self.assertEqual(self.draws(folder, "one.csv", "--seed", "5", ranks=1), alone)
            self.assertEqual(self.draws(folder, "four.csv", "--seed", "5", ranks=4), alone)
            self.assertNotEqual(self.draws(folder, "any.csv", ranks=2), alone)  # one seed for both

    def test_tells_an_error_once(self):
        code, out, err = run(3, "sample", "nosuch:L=1", program=sys.argv[3])
        self.assertEqual(code, 2)
        self.assertEqual(out, "")
        self.assertEqual(err.count("therma: "), 1, err)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
