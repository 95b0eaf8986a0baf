# SPDX-License-Identifier: Apache-2.0
"""Prints the losses of a model folder on trained and held-out text, and three samples:

    python3 tools/train_tiny/evaluate.py CORPORA data/models/tiny
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen2ForCausalLM

import corpus
from train import WINDOW, stream

PROMPTS = ["", "Prince Andrew", "Winicjusz"]
SAMPLE_TOKENS, TEMPERATURE, SEED = 120, 0.8, 1


def losses(model: Qwen2ForCausalLM, tokens: np.ndarray, window: int) -> np.ndarray:  # [window, position]
    """The loss of every token, given what stands before it in its window; windows do not overlap."""
    rows = []
    for start in range(0, len(tokens) - window, window):
        ids = torch.from_numpy(tokens[start : start + window + 1])[None]
        with torch.no_grad():
            logits = model(ids[:, :-1]).logits[0]
        rows.append(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none").numpy())
    return np.stack(rows)


def report(name: str, model: Qwen2ForCausalLM, tokenizer: Tokenizer, documents: list[str]) -> None:
    tokens = stream(tokenizer, documents)
    per_token = float(losses(model, tokens, WINDOW).mean())
    bytes_per_token = sum(len(d.encode()) for d in documents) / len(tokens)
    bits_per_byte = per_token / math.log(2) / bytes_per_token
    print(f"{name}: {len(tokens)} tokens, {per_token:.3f} nats per token, {bits_per_byte:.3f} bits per byte")


def report_long(model: Qwen2ForCausalLM, tokenizer: Tokenizer, documents: list[str]) -> None:
    """Whether positions beyond the training window still predict."""
    by_position = losses(model, stream(tokenizer, documents), 2 * WINDOW).mean(axis=0)
    near, far = by_position[WINDOW // 2 : WINDOW].mean(), by_position[WINDOW + WINDOW // 2 :].mean()
    print(f"positions {WINDOW // 2} to {WINDOW}: {near:.3f}; {3 * WINDOW // 2} to {2 * WINDOW}: {far:.3f}")


def sample(folder: Path, model: Qwen2ForCausalLM, prompt: str) -> str:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer(prompt or corpus.END_OF_TEXT, return_tensors="pt")
    torch.manual_seed(SEED)
    ids = model.generate(
        **inputs, max_new_tokens=SAMPLE_TOKENS, do_sample=True, temperature=TEMPERATURE, top_k=0, top_p=1.0
    )
    return tokenizer.decode(ids[0])


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("corpora", type=Path, help="folder of books")
    parser.add_argument("model", type=Path, help="folder that export.py wrote")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32).eval()
    tokenizer = Tokenizer.from_file(str(arguments.model / "tokenizer.json"))
    training, held_out = corpus.load(arguments.corpora)
    novels = [d for d in training if corpus.TURN not in d]
    report("trained", model, tokenizer, novels[:: len(novels) // 24])
    for language, documents in held_out.items():
        report(f"held out, {language}", model, tokenizer, documents)
        report_long(model, tokenizer, documents)
    for prompt in PROMPTS:
        print(f"\n--- {prompt or '(empty)'}\n{sample(arguments.model, model, prompt)}")


if __name__ == "__main__":
    main()
