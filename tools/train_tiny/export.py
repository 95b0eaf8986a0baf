# SPDX-License-Identifier: Apache-2.0
"""Writes a checkpoint of train.py as a Hugging Face folder, in BF16:

    python3 tools/train_tiny/export.py WORK_FOLDER data/models/tiny
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

import bpe
from corpus import END_OF_TEXT, TURN_END
from model import build, shape


def config_of(tokenizer: Tokenizer) -> dict:
    """The keys of a published Qwen2 checkpoint, in the form that loaders of any age read."""
    return {
        "architectures": ["Qwen2ForCausalLM"],
        "attention_dropout": 0.0,
        "bos_token_id": None,
        "eos_token_id": tokenizer.token_to_id(END_OF_TEXT),
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "model_type": "qwen2",
        "rms_norm_eps": 1e-6,
        "sliding_window": None,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "use_cache": True,
        "use_sliding_window": False,
        **shape(),
    }


def generation_of(tokenizer: Tokenizer) -> dict:
    ends = [tokenizer.token_to_id(t) for t in (END_OF_TEXT, TURN_END)]
    return {
        "do_sample": True,
        "eos_token_id": ends,
        "pad_token_id": ends[0],
        "temperature": 0.8,
        "top_k": 40,
        "top_p": 0.95,
    }


def write_json(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def export(work: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    model = build(tokenizer)
    model.load_state_dict(torch.load(work / "model.pt", weights_only=True))
    weights = {
        name: value.to(torch.bfloat16).contiguous()
        for name, value in model.state_dict().items()
        if name != "lm_head.weight"  # tied to the embeddings
    }
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    write_json(out / "config.json", config_of(tokenizer))
    write_json(out / "generation_config.json", generation_of(tokenizer))
    bpe.write(tokenizer, out, shape()["max_position_embeddings"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder that train.py wrote")
    parser.add_argument("out", type=Path, help="folder of the model")
    arguments = parser.parse_args()
    export(arguments.work, arguments.out)


if __name__ == "__main__":
    main()
