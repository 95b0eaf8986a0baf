#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs `therma sample` as people do and checks what it prints, writes and how it ends.

usage: sample_transcripts.py PROGRAM SOURCE_DIR [unittest options]
"""
import csv
import json
import math
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import unittest
import zipfile

import harness
from harness import PROGRAM, SOURCE

DATA = os.path.join(SOURCE, "data", "models")
TRIANGLE_WEIGHTS = "3 3\n1 2 1\n2 3 2\n1 3 4\n"  # the best cut is 6: vertex 3 alone
RING = "ring:n=6,h=0.3"


class Run(harness.Run):
    def __init__(self, *args, stdin=""):
        super().__init__("sample", *args, stdin=stdin, timeout=120)


class Case(harness.Case):
    run_program = Run


class Usage(Case):
    def test_wrong_settings_get_one_sentence_and_code_2(self):
        for args in (["isng2d:L=4"], ["sk:"], ["sk:n=4,m=3"], ["sk:n=99999999"], ["ring:n=2"],
                     [RING, "--beta", "-1"], [RING, "--beta", "warm"], [RING, "--beta", "linear:1"],
                     [RING, "--kernel", "magic"], [RING, "--rule", "baoab"], [RING, "--dt", "0.1"],
                     [RING, "--burn-in", "long"], [RING, "--thin", "20", "--sweeps", "10"],
                     [RING, "--replicas", "99999999"], [RING, "--target", "nan"],
                     [RING, "--method", "sample", "--target", "1"],
                     [RING, "--method", "sample", "--polish"], [RING, "--rungs", "3"],
                     [RING, "--method", "bifurcation", "--beta", "1"],
                     [RING, "--method", "anneal", "--samples", "x.csv"],
                     [RING, "--method", "tempering", "--checkpoint", self.path("x")],
                     [RING, "--exact", "--beta", "linear:0:1"], [RING, "--exact", "--beta", "inf"],
                     ["sk:n=64", "--exact"], [RING, "--samples", "draws.txt"],
                     [RING, "--device", "abacus"], [RING, "--format", "dimod"], [RING, "--sede", "1"],
                     [os.path.join(DATA, "trap.json"), "--method", "anneal"],
                     [os.path.join(DATA, "trap.json"), "--exact"],
                     [os.path.join(DATA, "trap.json"), "--device", "z1"],
                     [os.path.join(DATA, "trap.json"), "--beta", "0"]):
            self.complains(2, *args)

    def test_malformed_files_get_one_sentence_and_code_3(self):
        for name, text in (("a.json", "{"), ("a.json", "{}"), ("a.json", "[" * 1000),
                           ("a.json", '{"therma": 1, "kind": "dance"}'), ("a.mc", "2 1\n1 3 1\n"),
                           ("a.mc", "3 2\n1 2 1\n"), ("a.txt", "2 1\n1 2 1\n"), ("a.mc", ""),
                           ("a.sparse", "1 1\n1 1 nan\n"), ("a.qubo", "p qubo 0 1 1 0\n"),
                           ("a.txt", "some words that are no model\n")):
            self.assertIn(name, self.complains(3, self.file(name, text)))
        self.complains(3, RING, "--resume", self.file("x", "no checkpoint"))
        self.complains(3, RING, "--beta", self.file("betas", "0.1 0.2 warm"))

    def test_files_that_cannot_be_used_get_code_4(self):
        self.complains(4, "./none.json")
        self.complains(4, "gset:none")
        self.complains(4, self.folder.name)
        self.complains(4, RING, "--out", self.path("no/such.json"))
        self.complains(4, RING, "--samples", self.path("no/such.csv"))
        self.complains(4, RING, "--checkpoint", self.path("no/such"))

    def test_the_sources_are_listed(self):
        run = Run("list")
        self.assertEqual((run.code, run.err), (0, ""))
        for word in ("ising2d", "glass3d", "sk", "gset", "z1", "regular", "dimod"):
            self.assertIn(word, run.out)


class Sampling(Case):
    # E/n of a closed chain of 6 at beta 1, J = 1, h = 0.3, by the transfer matrix.
    def exact_energy(self):
        states = [[(1 if k >> i & 1 else -1) for i in range(6)] for k in range(64)]
        energies = [-sum(s[i] * s[(i + 1) % 6] for i in range(6)) - 0.3 * sum(s) for s in states]
        weights = [math.exp(-e) for e in energies]
        return sum(w * e for w, e in zip(weights, energies)) / sum(weights) / 6

    def test_a_converged_run_ends_with_0_and_is_right(self):
        run = Run(RING, "--seed", "1", "--exact", "--json")
        self.assertEqual((run.code, run.err), (0, ""))
        report = run.json()
        self.assertEqual((report["kind"], report["status"]), ("sample", "converged"))
        energy = report["observables"]["energy_per_variable"]
        self.assertAlmostEqual(energy["exact"], self.exact_energy(), places=10)
        # Five standard errors: false alarms below 1e-6.
        self.assertLess(abs(energy["mean"] - energy["exact"]), 5 * energy["error"])
        low, high = report["certificate"]["beta_interval"]
        # The interval is of 95 %, 1.96 standard errors to each side; 5 have a false-alarm rate of 6e-7.
        self.assertLess(abs((low + high) / 2 - 1), 5 / 1.96 * (high - low) / 2)
        # Every spin of a translation-invariant chain has one marginal.
        marginals = report["exact"]["marginals"]
        self.assertEqual(len(marginals), 6)
        self.assertLess(max(marginals) - min(marginals), 1e-12)

    def test_every_field_is_there_whatever_the_method(self):
        graph = self.file("t.mc", TRIANGLE_WEIGHTS)
        for method in ("sample", "anneal", "tempering", "population", "bifurcation"):
            report = Run(graph, "--method", method, "--seed", "1", "--sweeps", "50", "--json").json()
            for field in ("therma kind seed time_s status model method rule kernel lanes replicas "
                          "updates cpu_s updates_per_ns peak_rss_bytes observables energy heat "
                          "entropy_production certificate ledger joules config best").split():
                self.assertIn(field, report, method)
            self.assertEqual((report["objective"], report["best"][0]["cut"]), (6, 6), method)
            self.assertEqual(len(report["solution"]["values"]), 3)
            self.assertGreater(report["updates"], 0)

    def test_the_same_seed_gives_the_same_report_on_any_number_of_threads(self):
        def report(threads, *args):
            found = Run(*args, "--seed", "5", "--threads", threads, "--json").json()
            for field in ("time_s", "cpu_s", "updates_per_ns", "peak_rss_bytes"):
                del found[field]
            return found
        graph = self.file("t.mc", TRIANGLE_WEIGHTS)
        for args in ((RING, "--sweeps", "300"), ("sk:n=40", "--sweeps", "200"), ("ising2d:L=64", "--sweeps", "20"),
                     (graph, "--sweeps", "50"), (graph, "--method", "tempering", "--sweeps", "50"),
                     (graph, "--method", "population", "--replicas", "100")):
            self.assertEqual(report("1", *args), report("3", *args), args)
        self.assertNotEqual(Run(RING, "--seed", "1", "--json").json()["observables"],
                            Run(RING, "--seed", "2", "--json").json()["observables"])

    def test_a_run_that_is_too_short_says_so_and_ends_with_1(self):
        run = Run(RING, "--seed", "1", "--sweeps", "20", "--json")
        self.assertEqual(run.code, 1)
        self.assertIn(run.json()["status"], ("undecided", "not_converged"))
        self.assertEqual(run.err.count("\n"), 1)

    def test_chains_that_have_not_settled_are_not_called_converged(self):
        run = Run("ising2d:L=128", "--beta", "0.6", "--seed", "1", "--sweeps", "200", "--replicas", "8", "--json")
        self.assertEqual(run.code, 1)
        self.assertNotEqual(run.json()["status"], "converged")

    def test_a_target_that_is_not_met_ends_with_1(self):
        graph = self.file("t.mc", TRIANGLE_WEIGHTS)
        self.assertEqual(Run(graph, "--target", "-5", "--seed", "1").code, 0)  # 7 - 2 * 6
        run = Run(graph, "--target", "-6", "--seed", "1", "--json")
        self.assertEqual((run.code, run.json()["target_reached"]), (1, False))

    def test_distinct_states_are_kept_lowest_first(self):
        report = Run(os.path.join(DATA, "knapsack.json"), "--n-best", "3", "--seed", "1", "--json").json()
        self.assertEqual([state["values"] for state in report["best"]][0], [0, 1, 0])
        energies = [state["energy"] for state in report["best"]]
        self.assertEqual(energies, sorted(energies))
        self.assertEqual(len({tuple(state["values"]) for state in report["best"]}), 3)

    def test_every_example_is_read_from_a_file_and_from_standard_input(self):
        for name in sorted(os.listdir(DATA)):
            file = os.path.join(DATA, name)
            if os.path.isdir(file):
                continue  # a language model
            with open(file, encoding="utf-8") as f:
                text = f.read()
            args = ("--seed", "1", "--sweeps", "100", "--json")
            direct = Run(file, *args).json()
            form = ["--format", "maxcut"] if name.endswith(".mc") else []
            piped = Run("-", *form, *args, stdin=text).json()
            self.assertEqual(direct["observables"], piped["observables"], name)

    def test_quiet_prints_the_answer_alone(self):
        graph = self.file("t.mc", TRIANGLE_WEIGHTS)
        run = Run(graph, "--seed", "1", "--quiet")
        self.assertEqual(run.err, "")
        self.assertEqual(run.out.splitlines()[0], "cut 6, energy -5")

    def test_nothing_is_wider_than_the_terminal(self):
        for args in ((RING, "--device", "z1"), ("ising2d:L=8", "--sweeps", "50"), ("list",)):
            self.assertLessEqual(max(map(len, Run(*args).out.splitlines())), 80, args)

    def test_unknown_prices_are_refused_and_not_taken_as_nothing(self):
        report = Run(RING, "--seed", "1", "--device", "dtm", "--json").json()
        self.assertIsNone(report["joules"]["value"])
        self.assertIn("no published price", report["joules"]["refused"])
        report = Run(RING, "--seed", "1", "--device", "z1", "--json").json()
        ledger, joules = report["ledger"], report["joules"]
        self.assertEqual(joules["method"], "projection")
        self.assertFalse(joules["measured"])
        self.assertEqual(ledger["reads"], ledger["samples"] * 6)
        self.assertAlmostEqual(joules["value"], ledger["updates"] * 7.09e-15 + ledger["reads"] * 1.69e-12 +
                               ledger["writes"] * 153.6e-12, delta=1e-9 * joules["value"])
        self.assertAlmostEqual(joules["per_independent_sample"] * report["certificate"]["independent_samples"],
                               joules["value"], delta=1e-9 * joules["value"])


class Files(Case):
    def drawn(self, name, model=RING, *args):
        file = self.path(name)
        run = Run(model, "--seed", "3", "--sweeps", "60", "--thin", "2", "--replicas", "5", "--samples", file,
                  "--json", *args)
        self.assertEqual(run.err.count("\n"), 1, run.err)  # undecided: too short
        return file, run.json()

    def rows(self, model=RING):
        """The draws by chain and number: energy and values."""
        with open(self.drawn("draws.csv", model)[0], newline="", encoding="utf-8") as f:
            lines = list(csv.reader(f))
        self.assertEqual(lines[0][:3], ["chain", "draw", "energy"])
        return {(int(r[0]), int(r[1])): (float(r[2]), [float(v) for v in r[3:]]) for r in lines[1:]}

    def test_csv_holds_states_with_their_energies(self):
        rows = self.rows()
        self.assertEqual(len(rows), 5 * 30)
        for energy, s in rows.values():
            self.assertAlmostEqual(energy, -sum(s[i] * s[i - 1] for i in range(6)) - 0.3 * sum(s), places=9)

    def test_bits_are_written_as_bits(self):
        for _, values in self.rows().values():
            self.assertTrue(set(values) <= {-1.0, 1.0})
        file, _ = self.drawn("bits.csv", os.path.join(DATA, "knapsack.json"), "--method", "sample")
        with open(file, newline="", encoding="utf-8") as f:
            for row in list(csv.reader(f))[1:]:
                self.assertTrue(set(row[3:]) <= {"0", "1"})

    @staticmethod
    def array(content):
        """An NPY file by the letter of its format: (type, shape, bytes)."""
        assert content[:8] == b"\x93NUMPY\x01\x00"
        (length,) = struct.unpack("<H", content[8:10])
        header = eval(content[10:10 + length].decode("latin1"), {"__builtins__": {}}, {})
        assert (10 + length) % 64 == 0 and header["fortran_order"] is False
        return header["descr"], header["shape"], content[10 + length:]

    def test_npz_holds_the_same_draws(self):
        file, _ = self.drawn("draws.npz")
        with zipfile.ZipFile(file) as archive:
            self.assertIsNone(archive.testzip())  # every checksum holds
            kind, shape, states = self.array(archive.read("states.npy"))
            self.assertEqual((kind, shape), ("|i1", (5, 30, 6)))
            kind, shape, energies = self.array(archive.read("energy.npy"))
            self.assertEqual((kind, shape), ("<f8", (5, 30)))
        energies = struct.unpack("<150d", energies)
        spins = struct.unpack("900b", states)
        for (chain, draw), (energy, values) in self.rows().items():
            at = chain * 30 + draw
            self.assertEqual(energies[at], energy)
            self.assertEqual(list(spins[6 * at:6 * at + 6]), values)

    def test_numpy_reads_the_archive(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("NumPy is not on this machine")
        with numpy.load(self.drawn("draws.npz")[0]) as archive:
            self.assertEqual(archive["states"].shape, (5, 30, 6))
            self.assertEqual(str(archive["seed"]), "3")

    def test_netcdf_has_the_groups_of_inference_data(self):
        if shutil.which("ncdump") is None:
            self.skipTest("ncdump is not on this machine")
        file, _ = self.drawn("draws.nc")
        text = subprocess.run(["ncdump", file], capture_output=True, text=True, check=True).stdout
        for words in ("group: posterior", "group: sample_stats", "byte x(chain, draw, x_dim_0)",
                      "double energy(chain, draw)", "int64 chain(chain)", "chain = 5", "draw = 30",
                      ':inference_library = "therma"'):
            self.assertIn(words, text)
        energies = text.split(" energy =")[1].split(";")[0].replace("\n", " ").split(",")
        rows = self.rows()
        self.assertAlmostEqual(float(energies[30 + 7]), rows[1, 7][0], places=9)

    def test_a_run_resumed_from_its_checkpoint_is_the_run_without_a_break(self):
        def report(*args):
            found = Run("sk:n=64", "--seed", "2", "--sweeps", "3000", "--json", *args).json()
            for field in ("time_s", "cpu_s", "updates_per_ns", "peak_rss_bytes"):
                del found[field]
            return found
        state = self.path("state")
        stopped = report("--checkpoint", state, "--time", "0.05")
        whole = report()
        resumed = report("--resume", state)
        self.assertEqual(resumed, whole)
        self.assertTrue(stopped["stopped"] or stopped == whole)
        self.complains(3, "sk:n=64", "--seed", "3", "--sweeps", "3000", "--resume", state)


class Robustness(Case):
    def test_ctrl_c_prints_what_there_is(self):
        process = subprocess.Popen([PROGRAM, "sample", "sk:n=400", "--sweeps", "100000000", "--seed", "1",
                                    "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, 1, 5), err)
        self.assertIn(b"stopping", err)
        report = json.loads(out)
        self.assertTrue(report["stopped"])

    def test_a_time_limit_is_kept(self):
        before = time.monotonic()
        report = Run("sk:n=200", "--sweeps", "100000000", "--thin", "1000", "--time", "1", "--json").json()
        self.assertTrue(report["stopped"])
        self.assertLess(time.monotonic() - before, 30)

    def test_a_search_uses_its_time_and_tells_how_to_repeat_it(self):
        graph = self.file("t.mc", TRIANGLE_WEIGHTS)
        report = Run(graph, "--time", "0.5", "--seed", "1", "--json").json()
        self.assertGreater(report["rounds"], 0)
        again = Run(graph, "--time", "60", "--rounds", str(report["rounds"]), "--seed", "1", "--json").json()
        self.assertEqual(report["best"], again["best"])
        self.assertEqual(report["updates"], again["updates"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=1)
