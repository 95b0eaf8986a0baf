# SPDX-License-Identifier: Apache-2.0
"""Trains the tiny model from a folder of books named en-*.txt and pl-*.txt:

    pip install torch transformers tokenizers safetensors numpy
    OMP_NUM_THREADS=1 python3 tools/train_tiny/train.py CORPORA WORK --minutes 85
    python3 tools/train_tiny/export.py WORK MODEL
    python3 tools/train_tiny/evaluate.py CORPORA MODEL

The schedule follows the clock: a cosine that ends when the minutes are over. Called again with the same WORK, a
run that was stopped goes on from its last checkpoint. A second run may start from the weights of a first:

    python3 tools/train_tiny/train.py CORPORA WORK2 --minutes 25 \\
        --resume MODEL --learning-rate 1.2e-3 --last-rate 0 --seed 2
"""

import argparse
import math
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import Qwen2ForCausalLM

import bpe
import corpus
from model import VOCABULARY, build

WINDOW = 256  # tokens of a training example
BATCH = 16
WARM_UP = 100  # steps
DECAY, BETAS, CLIP = 0.1, (0.9, 0.95), 1.0
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


@dataclass
class Schedule:
    minutes: float
    peak: float
    last: float  # as a part of the peak

    def rate(self, step: int, seconds: float) -> float:
        cosine = 0.5 * (1 + math.cos(math.pi * seconds / (60 * self.minutes)))
        return self.peak * min(1.0, (step + 1) / WARM_UP) * (self.last + (1 - self.last) * cosine)


def optimiser_of(model: Qwen2ForCausalLM) -> torch.optim.Optimizer:
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=BETAS)  # Schedule sets the rate of each step


class Run:
    """What a checkpoint holds: weights, optimiser, steps and seconds so far."""

    def __init__(self, tokenizer: Tokenizer, work: Path, seed: int, resume: Path | None):
        torch.manual_seed(seed)
        self.work, self.model, self.seed = work, build(tokenizer), seed
        if resume:  # the output is tied to the embeddings, and not in the file
            self.model.load_state_dict(load_file(resume / "model.safetensors"), strict=False)
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

    def advance(self, ids: torch.Tensor, rate: float) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = loss_of(self.model, ids)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        return loss.item()


def train(run: Run, tokens: np.ndarray, schedule: Schedule) -> None:
    random = np.random.default_rng([run.seed, run.step])
    began, saved = time.monotonic() - run.seconds, run.seconds
    while run.seconds < 60 * schedule.minutes:
        loss = run.advance(windows(tokens, random), schedule.rate(run.step, run.seconds))
        run.seconds = time.monotonic() - began
        if run.step % 50 == 0:
            speed = run.step * BATCH * WINDOW / run.seconds
            print(f"step {run.step}, {run.seconds:.0f} s, loss {loss:.3f}, {speed:.0f} tokens/s", flush=True)
        if run.seconds - saved > SAVE_EVERY_S:
            saved = run.seconds
            run.save()
    run.save()


def vocabulary(work: Path, resume: Path | None, documents: list[str]) -> Tokenizer:
    """The tokenizer of an earlier run, or one trained on the documents."""
    path = work / "tokenizer.json"
    if resume and not path.exists():
        shutil.copy(resume / "tokenizer.json", path)
    if not path.exists():
        bpe.train(documents, VOCABULARY).save(str(path), pretty=False)
    return Tokenizer.from_file(str(path))


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("corpora", type=Path, help="folder of books")
    parser.add_argument("work", type=Path, help="folder for the tokenizer and the checkpoints")
    parser.add_argument("--minutes", type=float, default=85)
    parser.add_argument("--learning-rate", type=float, default=3e-3, help="at the peak, after the warm-up")
    parser.add_argument("--last-rate", type=float, default=0.05, help="at the end, as a part of the peak")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, help="model folder to take weights and tokenizer from")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.work.mkdir(parents=True, exist_ok=True)
    documents, _ = corpus.load(arguments.corpora)
    tokenizer = vocabulary(arguments.work, arguments.resume, documents)
    run = Run(tokenizer, arguments.work, arguments.seed, arguments.resume)
    schedule = Schedule(arguments.minutes, arguments.learning_rate, arguments.last_rate)
    train(run, stream(tokenizer, documents), schedule)


if __name__ == "__main__":
    main()
