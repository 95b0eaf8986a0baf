#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs `therma generate`, `chat` and `head-sweep` as people do, on the model that comes with Therma.

usage: generate_transcripts.py PROGRAM SOURCE_DIR [unittest options]
"""
import json
import math
import os
import re
import sys
import unittest

import harness
from harness import SOURCE, Run

HEADS = ["softmax", "race", "screened", "metropolis", "gibbs"]
STORIES = os.path.join(SOURCE, "..", "shared", "data", "models", "stories260K")


class Case(harness.Case):
    def text(self, *args, **kwargs):
        run = Run("generate", *args, "--quiet", **kwargs)
        self.assertEqual((run.code, run.err), (0, ""), args)
        return run.out


class Generate(Case):
    def test_the_readmes_command_makes_a_text_that_begins_with_the_prompt(self):
        run = Run("generate", "The", "-n", "24", "--seed", "1")
        self.assertEqual(run.code, 0, run.err)
        self.assertTrue(run.out.startswith("The"), run.out)
        self.assertGreater(len(run.out), 10)
        self.assertIn("tokens/s", run.err)

    def test_the_same_seed_gives_the_same_text_however_the_work_is_arranged(self):
        base = ["He said", "-n", "48", "--seed", "7"]
        for head in HEADS:
            alone = self.text(*base, "--head", head, "--threads", "1")
            self.assertEqual(self.text(*base, "--head", head, "--threads", "2"), alone, head)
            self.assertEqual(self.text(*base, "--head", head, "--units", "2"), alone, head)
            self.assertEqual(self.text(*base, "--head", head, "--lookup", "4"), alone, head)
        self.assertNotEqual(self.text("He said", "-n", "48", "--seed", "8"), self.text(*base))

    def test_screened_and_race_draw_the_same_tokens(self):
        base = ["Anna", "-n", "64", "--seed", "3"]
        self.assertEqual(self.text(*base, "--head", "screened"), self.text(*base, "--head", "race"))

    def test_beta_inf_is_greedy_and_needs_no_seed(self):
        base = ["The", "-n", "24", "--beta", "inf"]
        texts = {self.text(*base, "--head", head, "--seed", str(seed))
                 for seed in (1, 2) for head in ("softmax", "race", "screened")}
        self.assertEqual(len(texts), 1, texts)

    def test_the_report_tells_energy_beta_steps_rows_and_units_of_each_token(self):
        run = Run("generate", "The", "-n", "6", "--seed", "1", "--report", "json", "--logprobs", "3")
        report = run.json()
        self.assertEqual(report["kind"], "generate")
        text = report["texts"][0]
        self.assertEqual(len(text["tokens"]), text["num_tokens"])
        for token in text["tokens"]:
            self.assertLess(token["energy"], 0.0)
            # -ln P = beta (E - F), by the definition of the free energy
            self.assertAlmostEqual(-token["log_probability"],
                                   token["beta"] * (token["energy"] - token["free_energy"]), places=3)
            self.assertEqual(len(token["alternatives"]), 3)
            self.assertLessEqual(sum(math.exp(a["log_probability"]) for a in token["alternatives"]),
                                 1 + 1e-6)
            begin, end = token["unit_s"]["a"]
            self.assertLess(begin, end)
        self.assertGreater(report["tokens_per_s"], 0)
        self.assertGreater(report["peak_rss_bytes"], report["model"]["weight_bytes"])

    def test_samples_are_independent_texts_of_one_prompt(self):
        report = Run("generate", "The", "-n", "16", "--samples", "3", "--seed", "1", "--json").json()
        texts = [text["text"] for text in report["texts"]]
        self.assertEqual(len(set(texts)), 3)
        alone = Run("generate", "The", "-n", "16", "--seed", "1", "--json").json()
        self.assertEqual(alone["texts"][0]["text"], texts[0])

    def test_stop_strings_end_the_text_before_them(self):
        whole = self.text("The", "-n", "64", "--seed", "1")
        stop = whole[len(whole) // 2:len(whole) // 2 + 3]
        cut = self.text("The", "-n", "64", "--seed", "1", "--stop", stop)
        self.assertEqual(cut, whole[:whole.index(stop)] + "\n")

    def test_a_regular_expression_and_a_schema_hold(self):
        out = self.text("", "--regex", "[A-Z][a-z]{2,8} (is|was) [a-z]{3,9}\\.", "--seed", "2")
        self.assertRegex(out, r"^[A-Z][a-z]{2,8} (is|was) [a-z]{3,9}\.\n$")
        schema = self.file("s.json", json.dumps(
            {"type": "object", "required": ["name", "age"],
             "properties": {"name": {"type": "string", "maxLength": 12},
                            "age": {"type": "integer", "minimum": 0, "maximum": 120}}}))
        for seed in range(3):
            made = json.loads(self.text("A person: ", "--json-schema", schema, "--seed", str(seed)))
            self.assertLessEqual(len(made["name"]), 12)
            self.assertIn(made["age"], range(121))

    def test_biases_and_steering_change_the_odds(self):
        plain = self.text("The", "-n", "80", "--seed", "4").count(" the")
        steered = self.text("The", "-n", "80", "--seed", "4", "--steer", " the=3").count(" the")
        self.assertGreater(steered, plain)
        banned = self.text("The", "-n", "80", "--seed", "4", "--logit-bias", " the=-100")
        self.assertIsNone(re.search(r" the\b", banned))

    def test_a_thermostat_holds_the_mean_entropy(self):
        report = Run("generate", "The", "-n", "200", "--seed", "1", "--thermostat", "entropy=2",
                     "--ignore-end", "--json").json()
        entropies = [token["entropy"] for token in report["texts"][0]["tokens"]]
        self.assertAlmostEqual(sum(entropies[50:]) / len(entropies[50:]), 2.0, delta=0.4)

    def test_limits_of_a_device_are_switched_on(self):
        ideal = self.text("The", "-n", "32", "--seed", "1", "--head", "race")
        self.assertNotEqual(self.text("The", "-n", "32", "--seed", "1", "--dac-bits", "3"), ideal)
        self.assertNotEqual(self.text("The", "-n", "32", "--seed", "1", "--noise-floor", "2"), ideal)

    def test_prompts_come_from_files_and_standard_input(self):
        said = self.text("The sea", "-n", "8", "--seed", "1")
        self.assertEqual(self.text("--prompt-file", self.file("p.txt", "The sea"), "-n", "8",
                                   "--seed", "1"), said)
        self.assertEqual(self.text("-", "-n", "8", "--seed", "1", stdin="The sea"), said)

    def test_a_full_context_is_told(self):
        run = Run("generate", "The", "-n", "400", "--context", "16", "--seed", "1", "--ignore-end")
        self.assertEqual(run.code, 0)
        self.assertIn("context is full", run.err)
        self.assertIn("--context", self.complains(2, "generate", "word " * 60, "--context", "16"))

    def test_quantised_weights_and_cache_still_speak(self):
        for extra in (["--weights", "q8"], ["--weights", "q4"], ["--cache", "q8"]):
            self.assertGreater(len(self.text("The", "-n", "16", "--seed", "1", *extra)), 10)

    def test_perplexity_of_a_text(self):
        file = self.file("t.txt", "It was a bright cold day, and the clocks were striking. " * 4)
        report = Run("generate", "--perplexity", file, "--json").json()
        self.assertAlmostEqual(report["perplexity"],
                               math.exp(-report["log_likelihood"] / report["tokens"]), places=6)
        self.assertLess(report["perplexity"], 4096)  # better than all tokens alike

    def test_what_is_wrong_is_said_in_one_sentence(self):
        self.assertIn("nosuch", self.complains(4, "generate", "--model", "nosuch", "x"))
        self.assertIn("screened", self.complains(2, "generate", "--head", "nosuch", "x"))
        self.complains(2, "generate", "x", "--top-p", "2")
        self.complains(2, "generate", "x", "--beta", "warm")
        self.complains(2, "generate", "x", "--thermostat", "warm")
        self.complains(2, "generate", "x", "--steer", "word")
        self.complains(2, "generate", "x", "--logit-bias", "word")
        self.complains(2, "generate", "x", "-n", "0")
        self.complains(3, "generate", "x", "--regex", "(")
        self.complains(3, "generate", "x", "--json-schema", self.file("s.json", "{"))
        self.complains(4, "generate", "--prompt-file", self.path("none"))
        self.complains(3, "generate", "--model", self.file("m.gguf", "GGUF"), "x")
        self.complains(2, "generate", "--model", "random:nosuch", "x")


class Stories(Case):
    @unittest.skipUnless(os.path.isdir(STORIES), f"{STORIES} is not there: a real tiny model")
    def test_two_hundred_greedy_tokens_are_those_of_the_reference(self):
        with open(os.path.join(STORIES, "greedy200.txt"), encoding="utf-8") as f:
            expected = f.read()
        model = os.path.join(STORIES, "stories260K.gguf")
        for head in ("softmax", "race", "screened"):
            self.assertEqual(self.text("", "--model", model, "--beta", "inf", "-n", "200",
                                       "--head", head), expected)


class Chat(Case):
    def test_a_message_gets_an_answer(self):
        run = Run("chat", "Hello", "-n", "16", "--seed", "1", "--quiet")
        self.assertEqual((run.code, run.err), (0, ""))
        self.assertTrue(run.out.endswith("\n"))

    def test_a_conversation_goes_on_over_turns_and_is_saved(self):
        saved = self.path("chat.json")
        run = Run("chat", "-n", "12", "--seed", "1", "--quiet", "--save", saved, "--system", "Be brief.",
                  stdin="Hello\nAnd then?\n/quit\nnever read\n")
        self.assertEqual(run.code, 0, run.err)
        with open(saved, encoding="utf-8") as f:
            messages = json.load(f)
        self.assertEqual([m["role"] for m in messages],
                         ["system", "user", "assistant", "user", "assistant"])
        self.assertEqual(messages[3]["content"], "And then?")


    def test_it_follows_the_checkpoint_where_an_option_is_not_given(self):
        with open(os.path.join(SOURCE, "data", "models", "tiny", "generation_config.json"),
                  encoding="utf-8") as f:
            suggested = json.load(f)
        base = ["chat", "Hello", "-n", "24", "--seed", "3", "--quiet"]
        told = [*base, "--beta", repr(1 / suggested.get("temperature", 1)),
                "--top-k", str(suggested.get("top_k", 0)), "--top-p", str(suggested.get("top_p", 1)),
                "--repeat-penalty", str(suggested.get("repetition_penalty", 1))]
        self.assertEqual(Run(*base).out, Run(*told).out)


class HeadSweep(Case):
    def test_more_bits_bring_the_law_nearer_and_the_plot_is_a_picture(self):
        plot = self.path("sweep.svg")
        run = Run("head-sweep", "--bits", "3,5,8,inf", "--noise", "0,1", "--positions", "48", "--plot",
                  plot, "--json")
        self.assertEqual(run.code, 0, run.err)
        rows = run.json()["rows"]
        quiet = [row for row in rows if row["noise_floor"] == 0]
        distances = [row["total_variation"] for row in quiet]
        self.assertEqual(distances, sorted(distances, reverse=True))
        self.assertEqual(distances[-1], 0.0)
        self.assertAlmostEqual(quiet[-1]["perplexity"], run.json()["ideal_perplexity"], places=6)
        with open(plot, encoding="utf-8") as f:
            self.assertTrue(f.read().startswith("<svg"))

    def test_bad_numbers_are_refused(self):
        self.complains(2, "head-sweep", "--bits", "3,x")
        self.complains(2, "head-sweep", "--bits", "3.5")
        self.complains(3, "head-sweep", "--text", self.file("t.txt", ""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=1)
