# SPDX-License-Identifier: Apache-2.0
"""Trains the tiny model from a folder of books named en-*.txt and pl-*.txt:

    pip install torch transformers tokenizers safetensors numpy
    OMP_NUM_THREADS=1 python3 tools/train_tiny/train.py CORPORA WORK --minutes 85
    python3 tools/train_tiny/export.py WORK data/models/tiny
    python3 tools/train_tiny/evaluate.py CORPORA data/models/tiny

The schedule follows the clock: the learning rate has fallen to 5 % of its peak when the minutes are over.
Called again with the same WORK, it goes on from the last checkpoint.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import Qwen2ForCausalLM

import bpe
import corpus
from model import VOCABULARY, build

WINDOW = 256  # tokens of a training example
BATCH = 16
PEAK_RATE, FLOOR, WARM_UP = 3e-3, 0.05, 100
DECAY, BETAS, CLIP = 0.1, (0.9, 0.95), 1.0
SEED = 1
SAVE_EVERY_S = 300


def stream(tokenizer: Tokenizer, documents: list[str]) -> np.ndarray:
    """All documents in a row, each after an end of text."""
    end = tokenizer.token_to_id(corpus.END_OF_TEXT)
    encoded = tokenizer.encode_batch(documents, add_special_tokens=False)
    return np.concatenate([np.array([end, *e.ids], dtype=np.int64) for e in encoded])


def windows(tokens: np.ndarray, random: np.random.Generator) -> torch.Tensor:  # [batch, window + 1]
    starts = random.integers(0, len(tokens) - WINDOW - 1, BATCH)
    return torch.from_numpy(np.stack([tokens[s : s + WINDOW + 1] for s in starts]))


def loss_of(model: Qwen2ForCausalLM, ids: torch.Tensor) -> torch.Tensor:
    """Mean loss per token; matrix products in BF16, the rest in float32."""
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(ids[:, :-1]).logits
    return torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten())


def rate_at(step: int, done: float) -> float:
    cosine = 0.5 * (1 + math.cos(math.pi * done))
    return PEAK_RATE * min(1.0, (step + 1) / WARM_UP) * (FLOOR + (1 - FLOOR) * cosine)


def optimiser_of(model: Qwen2ForCausalLM) -> torch.optim.Optimizer:
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK_RATE, betas=BETAS)


class Run:
    """What a checkpoint holds: weights, optimiser, steps and seconds so far."""

    def __init__(self, tokenizer: Tokenizer, work: Path):
        torch.manual_seed(SEED)
        self.work, self.model = work, build(tokenizer)
        self.optimiser = optimiser_of(self.model)
        self.step, self.seconds = 0, 0.0
        if (work / "run.pt").exists():
            self.model.load_state_dict(torch.load(work / "model.pt", weights_only=True))
            saved = torch.load(work / "run.pt", weights_only=True)
            self.optimiser.load_state_dict(saved["optimiser"])
            self.step, self.seconds = saved["step"], saved["seconds"]

    def save(self) -> None:
        state = {"optimiser": self.optimiser.state_dict(), "step": self.step, "seconds": self.seconds}
        for name, value in {"model.pt": self.model.state_dict(), "run.pt": state}.items():
            torch.save(value, self.work / f"{name}.new")
            (self.work / f"{name}.new").replace(self.work / name)

    def advance(self, ids: torch.Tensor, done: float) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.step, done)
        loss = loss_of(self.model, ids)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        return loss.item()


def train(run: Run, tokens: np.ndarray, minutes: float) -> None:
    random = np.random.default_rng([SEED, run.step])
    began, saved = time.monotonic() - run.seconds, run.seconds
    while run.seconds < 60 * minutes:
        loss = run.advance(windows(tokens, random), run.seconds / (60 * minutes))
        run.seconds = time.monotonic() - began
        if run.step % 50 == 0:
            speed = run.step * BATCH * WINDOW / run.seconds
            print(f"step {run.step}, {run.seconds:.0f} s, loss {loss:.3f}, {speed:.0f} tokens/s", flush=True)
        if run.seconds - saved > SAVE_EVERY_S:
            saved = run.seconds
            run.save()
    run.save()


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("corpora", type=Path, help="folder of books")
    parser.add_argument("work", type=Path, help="folder for the tokenizer and the checkpoints")
    parser.add_argument("--minutes", type=float, default=85)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.work.mkdir(parents=True, exist_ok=True)
    documents, _ = corpus.load(arguments.corpora)
    vocabulary = arguments.work / "tokenizer.json"
    if not vocabulary.exists():
        bpe.train(documents, VOCABULARY).save(str(vocabulary), pretty=False)
    tokenizer = Tokenizer.from_file(str(vocabulary))
    train(Run(tokenizer, arguments.work), stream(tokenizer, documents), arguments.minutes)


if __name__ == "__main__":
    main()
