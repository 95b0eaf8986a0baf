#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the program as people do and checks what it prints and how it ends.

usage: transcripts.py PROGRAM SOURCE_DIR [unittest options]
"""
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
import unittest
import xml.etree.ElementTree as xml

import harness
from harness import PROGRAM, SOURCE, Run

SENTENCE = """Zaplanuj harmonogram 10 zadań na 3 maszyny.
Każde zadanie trwa 1-4 godziny.
Maszyna A może pracować 0-8h, B: 8-16h, C: całą dobę.
Minimalizuj czas zakończenia wszystkich zadań."""

# Three tasks on two machines. A closes at 8, cut goes before weld, paint is due on B after 2.
PROBLEM = {
    "therma": 1, "kind": "schedule", "time_unit": "h",
    "tasks": [{"id": "cut", "duration": 3}, {"id": "weld", "duration": 2, "machines": ["A"]},
              {"id": "paint", "duration": 4, "demand": {"crew": 1}}],
    "machines": [{"id": "A", "windows": [[0, 8]]}, {"id": "B", "windows": [[2, 16]]}],
    "resources": [{"id": "crew", "capacity": 1}],
    "precedence": [{"before": "cut", "after": "weld"}],
    "objective": {"makespan": 1},
}

# The 2 x 2 job shop with jobs (0: 3, 1: 2) and (1: 2, 0: 4). Machine 0 has 7 units of work and its
# first operation may start at 0, so 7 is a bound; job 1 on machine 0 at 0-3, job 2 at 3-7: met.
JOB_SHOP = "2 2\n0 3 1 2\n1 2 0 4\n"


class Case(harness.Case):
    longest_sentence = 600

    def problem(self, **changes):
        return self.file("problem.json", {**PROBLEM, **changes})


class Usage(Case):
    def test_wrong_command_lines_get_one_sentence_and_code_2(self):
        for args in ([], ["slove", "x"], ["solve"], ["solve", "a b", "c d"], ["solve", "x y", "--nope"],
                     ["solve", "x y", "--seed"], ["solve", "x y", "--seed", "many"],
                     ["solve", "x y", "--time", "0"], ["solve", "x y", "--threads", "5000"],
                     ["solve", "x y", "--vote", "loud"], ["solve", "x y", "--dynamics", "magic"],
                     ["solve", "x y", "--formalizer", "model:x"], ["solve", "x y", "--data", "t.csv"],
                     ["solve", "x y", "--plot", "plan.png"], ["verify", "a"], ["train"],
                     ["solve", "x y", "--format", "word"]):
            self.complains(2, *args)

    def test_a_typing_error_gets_a_suggestion(self):
        self.assertIn('did you mean "solve"?', self.complains(2, "slove"))

    def test_help_and_version_go_to_standard_output(self):
        for args in (["--help"], ["solve", "--help"], ["--version"], ["doctor"]):
            run = Run(*args)
            self.assertEqual((run.code, run.err), (0, ""), args)
            self.assertTrue(run.out)

    def test_it_starts_within_50_ms(self):
        if Run("doctor", "--json").json()["checked"]:
            self.skipTest("a build with assertions or sanitizers starts slower")
        best = 1.0
        for _ in range(10):
            before = time.perf_counter()
            Run("--version")
            best = min(best, time.perf_counter() - before)
        self.assertLess(best, 0.05)


class BadInput(Case):
    def test_malformed_problems_get_one_sentence_and_code_3(self):
        task = {"id": "t", "duration": 1}
        machine = {"id": "A"}
        good = {"therma": 1, "kind": "schedule", "tasks": [task], "machines": [machine]}
        broken = [
            "{", "{}", "[]", '{"therma": 1, "therma": 1}', "[" * 100, '{"therma": 1} x', "\xff\xfe",
            {**good, "therma": 2}, {**good, "kind": "dance"}, {**good, "tasks": []},
            {**good, "machines": []}, {**good, "tasks": [task, task]},
            {**good, "tasks": [{"id": "t", "duration": -1}]},
            {**good, "tasks": [{"id": "t", "duration": "long"}]},
            {**good, "tasks": [{"id": "t"}]}, {**good, "tasks": [{"duration": 1}]},
            {**good, "tasks": [{**task, "machines": ["Z"]}]},
            {**good, "tasks": [{**task, "typo": 1}]},
            {**good, "tasks": [{"id": "t", "duration": {"min": 3, "max": 1}}]},
            {**good, "machines": [{"id": "A", "windows": [[8, 0]]}]},
            {**good, "machines": [{"id": "A", "speed": 0}]},
            {**good, "precedence": [{"before": "t", "after": "t"}]},
            {**good, "precedence": [{"before": "t", "after": "u"}]},
            {**good, "objective": {"fame": 1}}, {**good, "tasks": [{**task, "demand": {"ram": 1}}]},
            {**good, "tasks": [{"id": "t", "duration": 1e300}]},
        ]
        for content in broken:
            self.complains(3, "solve", self.file("bad.json", content))
        for content in ("2 2\n0 3 1\n", "2 2\n0 3 9 2\n1 2 0 4\n", "0 0\n", "2 2\n0 x 1 2\n1 2 0 4\n",
                        "99999999 99999999\n1 2\n", "2 2\n0 -3 1 2\n1 2 0 4\n", ""):
            message = self.complains(3, "solve", self.file("bad.jsp", content))
            self.assertIn("bad.jsp", message)

    def test_unreadable_files_get_code_4(self):
        self.assertIn("none.json", self.complains(4, "solve", self.path("none.json")))
        self.assertIn("directory", self.complains(4, "solve", self.folder.name))
        self.complains(4, "solve", self.problem(), "--out", self.path("no/such/folder.json"))
        self.complains(4, "verify", self.problem(), self.path("none.json"))

    def test_unclear_sentences_get_code_3_and_a_question(self):
        for text in ("Zaplanuj zadania.", "What a lovely day it is today", "plan something for me", "x"):
            run = Run("solve", text, "--json")
            self.assertEqual(run.code, 3, text)
            self.assertEqual(run.err.count("\n"), 1, run.err)
            self.assertIn(run.json()["status"], ("clarify", "reject"), text)
            self.assertIsNone(run.json()["solution"])

    def test_classic_requests_are_turned_down_clearly(self):
        run = Run("ask", "Wdróż aplikację na klaster kubernetes w trzech replikach")
        self.assertEqual((run.code, run.err.count("\n")), (3, 1), run.err)

    def test_empty_input_is_said_to_be_empty(self):
        self.complains(3, "solve", "-")
        self.complains(3, "solve", "")


class Solving(Case):
    def solved(self, *args, **kwargs):
        run = Run("solve", *args, "--json", "--quiet", **kwargs)
        self.assertEqual((run.code, run.err), (0, ""), run.out)
        return run.json()

    # cut 0-3 and weld 3-5 on A, paint 2-6 on B: B opens at 2 and paint lasts 4, or A takes all 9 h
    # and is closed at 8; so 6 is the best.
    def test_a_small_problem_is_solved_and_its_answer_passes_the_verifier(self):
        out = self.path("plan.json")
        report = self.solved(self.problem(), "--rounds", "5", "--seed", "1", "--out", out)
        self.assertEqual(report["objective"], 6)
        self.assertTrue(report["verified"])
        run = Run("verify", self.problem(), out)
        self.assertEqual((run.code, run.err), (0, ""), run.out)
        bare = self.file("bare.json", report["solution"])
        self.assertEqual(Run("verify", self.problem(), bare).code, 0)

    def test_a_job_shop_is_solved_from_standard_input(self):
        self.assertEqual(self.solved("-", "--rounds", "5", stdin=JOB_SHOP)["objective"], 7)

    def test_every_field_of_the_contract_is_there(self):
        report = self.solved(self.problem(), "--rounds", "2")
        for field in ("therma kind seed time_s status verified objective lower_bound gap bound_from "
                      "solution violations energy heat entropy_production steps replicas vote llm "
                      "joules assumptions").split():
            self.assertIn(field, report)
        self.assertEqual((report["therma"], report["kind"]), (1, "schedule"))

    def test_the_same_seed_and_rounds_give_the_same_answer_on_any_number_of_threads(self):
        def answer(threads):
            report = self.solved(SENTENCE, "--rounds", "3", "--seed", "5", "--threads", threads)
            del report["time_s"], report["joules"]["estimate"]
            return report
        self.assertEqual(answer("1"), answer("2"))

    def test_a_sentence_round_trips_through_the_verifier(self):
        out = self.path("plan.json")
        report = self.solved(SENTENCE, "--rounds", "3", "--seed", "5", "--out", out)
        self.assertEqual(len(report["solution"]["tasks"]), 10)
        self.assertTrue(report["assumptions"])
        self.assertEqual(Run("verify", SENTENCE, out).code, 0)

    def test_quiet_prints_the_plan_alone(self):
        run = Run("solve", self.problem(), "--rounds", "5", "--quiet")
        self.assertEqual(run.out.splitlines()[0].split(), ["task", "machine", "start", "end", "(h)"])
        self.assertEqual(len(run.out.splitlines()), 4)

    def test_nothing_is_wider_than_the_terminal(self):
        for width in (40, 80, 200):
            run = Run("solve", SENTENCE, "--rounds", "2", "--seed", "5", width=str(width))
            lines = run.out.splitlines()
            axis = next(line for line in lines if "└" in line)
            self.assertEqual(len(axis), width)
            self.assertLessEqual(max(map(len, lines)), width)
            self.assertNotIn("\x1b", run.out)

    def test_an_infeasible_problem_has_no_plan(self):
        task = {"id": "t", "duration": 5, "deadline": 3}
        run = Run("solve", self.problem(tasks=[task], precedence=[]), "--time", "1", "--json")
        self.assertEqual(run.code, 1, run.out)
        self.assertEqual(run.err.count("\n"), 1)
        self.assertIn(run.json()["status"], ("infeasible", "time_limit", "not_converged"))
        self.assertIsNone(run.json()["solution"])

    def test_a_plot_is_well_formed_and_drawn_whole(self):
        plot = self.path("plan.svg")
        self.solved(self.problem(), "--rounds", "2", "--plot", plot)
        text = xml.parse(plot).getroot()
        titles = [t.text for t in text.iter("{http://www.w3.org/2000/svg}title")]
        self.assertTrue(any(t.startswith("weld on A") for t in titles), titles)
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["plan.svg", "problem.json"])


class Verifying(Case):
    PLAN = {"tasks": [{"id": "cut", "machine": "A", "start": 0, "end": 3},
                      {"id": "weld", "machine": "A", "start": 3, "end": 5},
                      {"id": "paint", "machine": "B", "start": 2, "end": 6}]}

    def verdict(self, task=None, **changes):
        plan = {"tasks": [dict(t, **changes) if t["id"] == task else t for t in self.PLAN["tasks"]]}
        run = Run("verify", self.problem(), self.file("plan.json", plan), "--json")
        return run.code, [v["constraint"] for v in run.json()["violations"]]

    def test_a_right_plan_is_valid(self):
        self.assertEqual(self.verdict(), (0, []))

    def test_each_corruption_is_named(self):
        for task, changes, constraint in (
                ("paint", {"start": 1, "end": 5}, "availability"),
                ("weld", {"start": 2, "end": 4}, "no_overlap"),
                ("weld", {"start": 2, "end": 4}, "precedence"),
                ("weld", {"machine": "B", "start": 6, "end": 8}, "eligibility"),
                ("weld", {"machine": "Z"}, "unknown_machine"),
                ("cut", {"end": 2}, "duration"), ("cut", {"id": "cat"}, "unknown_task"),
                ("cut", {"id": "cat"}, "missing_task")):
            code, names = self.verdict(task, **changes)
            self.assertEqual(code, 1)
            self.assertIn(constraint, names)

    def test_a_claim_that_the_plan_does_not_bear_out_is_named(self):
        report = self.file("report.json", {"solution": self.PLAN, "objective": 5})
        run = Run("verify", self.problem(), report)
        self.assertEqual(run.code, 1)
        self.assertIn("claims 5", run.out)

    def test_what_is_no_solution_is_bad_input(self):
        for content in ("{", "{}", "[1]", {"tasks": 3}, {"solution": None, "status": "time_limit"}):
            self.complains(3, "verify", self.problem(), self.file("plan.json", content))


class Robustness(Case):
    # As many jobs as machines: no bound is met, so that the run lasts until it is stopped.
    def long_run(self, *args):
        draw = random.Random(1)
        jobs = "\n".join(" ".join(f"{k} {draw.randint(1, 99)}" for k in draw.sample(range(20), 20))
                         for _ in range(20))
        file = self.file("large.jsp", f"20 20\n{jobs}\n")
        return subprocess.Popen([PROGRAM, "solve", file, "--time", "60", *args], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def test_ctrl_c_prints_the_best_so_far(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.long_run("--json")
            time.sleep(2)
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 0)
            self.assertIn(b"stopping", err)
            report = json.loads(out)
            self.assertEqual((report["status"], report["verified"]), ("feasible", True))

    def test_a_second_ctrl_c_ends_at_once(self):
        process = self.long_run()
        time.sleep(1)
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.001)
        process.communicate()
        self.assertIn(process.returncode, (130, 0))  # 0: done before the second arrived

    def test_a_reader_that_leaves_is_no_error(self):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([PROGRAM, "doctor"], stdout=write, stderr=subprocess.PIPE)
        os.close(write)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_a_full_disk_is_an_error_and_not_silence(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "doctor"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 4)
        self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_a_report_that_cannot_be_written_leaves_the_old_one(self):
        out = self.file("plan.json", "old")
        done = subprocess.run([PROGRAM, "solve", self.problem(), "--rounds", "2", "--out", out],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)))
        self.assertEqual((done.returncode, done.stderr.count(b"\n")), (4, 1))
        with open(out) as f:
            self.assertEqual(f.read(), "old")
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["plan.json", "problem.json"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=1)
