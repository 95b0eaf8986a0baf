# SPDX-License-Identifier: Apache-2.0
"""Random weights that tell positions apart, and what Hugging Face transformers computes from them."""

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

KEPT_POSITIONS = 16  # logits are kept for the last so many tokens
GREEDY_STEPS = 16
CLEAR_MARGIN = 0.01  # between the best and second logit, so that rounding cannot choose another token


def randomise(model: PreTrainedModel, seed: int) -> None:
    """Wider than an initialisation: attention has to look somewhere, and logits have to differ."""
    generator = torch.Generator().manual_seed(seed)

    def normal(shape: torch.Size, deviation: float) -> torch.Tensor:
        return torch.randn(shape, generator=generator) * deviation

    with torch.no_grad():
        for name, value in model.named_parameters():
            if "norm" in name:
                value.copy_(1.0 + normal(value.shape, 0.2))
            elif value.dim() == 1:  # a bias
                value.copy_(normal(value.shape, 0.3))
            elif "embed_tokens" in name or "lm_head" in name:
                value.copy_(normal(value.shape, 0.4))
            else:
                value.copy_(normal(value.shape, 1.6 / value.shape[1] ** 0.5))


def tokens(count: int, vocabulary: int, seed: int) -> list[int]:
    generator = torch.Generator().manual_seed(1000 + seed)
    return torch.randint(0, vocabulary, (count,), generator=generator).tolist()


def logits(model: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


def rounded(row: torch.Tensor) -> list[float]:
    return [float(f"{x:.7g}") for x in row.tolist()]


def expectation(model: PreTrainedModel, prompt: list[int]) -> dict:
    """Logits of the last positions, and the greedy continuation, the text read anew for each token."""
    model = model.float().eval()
    rows = logits(model, prompt)[-KEPT_POSITIONS:]  # first: dynamic scaling remembers the longest text
    ids = list(prompt)
    for _ in range(GREEDY_STEPS):
        best = logits(model, ids)[-1].topk(2)
        if best.values[0] - best.values[1] < CLEAR_MARGIN:
            raise ValueError("two tokens are nearly equal: choose another seed")
        ids.append(int(best.indices[0]))
    return {
        "tokens": prompt,
        "logits": [rounded(row) for row in rows],
        "greedy": ids[len(prompt) :],
    }


def write_expectation(folder: Path, expected: dict) -> None:
    rows = ",\n    ".join(json.dumps(row) for row in expected["logits"])
    text = (
        f'{{\n  "tokens": {json.dumps(expected["tokens"])},\n'
        f'  "logits": [\n    {rows}\n  ],\n'
        f'  "greedy": {json.dumps(expected["greedy"])}\n}}\n'
    )
    (folder / "expected.json").write_text(text)


def load(folder: Path) -> PreTrainedModel:
    """The stored weights, widened to float32 before anything is computed."""
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
