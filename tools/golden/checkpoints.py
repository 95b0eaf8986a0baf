# SPDX-License-Identifier: Apache-2.0
"""Tiny random checkpoints in Hugging Face folders, each with what transformers computes from it:

    python3 tools/golden/checkpoints.py tests/llm/golden
"""

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM
from transformers import logging

import reference

FAMILIES = {
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
    "llama": (LlamaConfig, LlamaForCausalLM),
    "mistral": (MistralConfig, MistralForCausalLM),
}
SHAPE = {
    "vocab_size": 96,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2, "num_key_value_heads": 1}
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
LINEAR = {"rope_type": "linear", "factor": 4.0}
OLD_LINEAR = {"type": "linear", "factor": 2.0}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}
OLD_YARN = {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}


@dataclass
class Case:
    family: str
    dtype: torch.dtype
    old_config: bool  # rope_theta, rope_scaling, torch_dtype; otherwise rope_parameters, dtype
    theta: float = 10000.0
    scaling: dict = field(default_factory=dict)
    more: dict = field(default_factory=dict)
    num_tokens: int = 24
    shard: str = "5GB"


F32, F16, BF16 = torch.float32, torch.float16, torch.bfloat16
TIED, UNTIED = {"tie_word_embeddings": True}, {"tie_word_embeddings": False}
SMALL_TIED, SMALL_UNTIED = {**SMALL, **TIED}, {**SMALL, **UNTIED}
CASES = {
    "qwen2_f32_tied": Case("qwen2", F32, True, 1e6, more=SMALL_TIED),
    "qwen2_f16_tied": Case("qwen2", F16, True, more=TIED),
    "qwen2_bf16_untied": Case("qwen2", BF16, False, 1e6, more=UNTIED),
    "qwen2_window": Case(
        "qwen2",
        BF16,
        False,
        more={**SMALL_TIED, "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1},
        num_tokens=40,
    ),
    "qwen2_yarn_old": Case("qwen2", BF16, True, 1e6, OLD_YARN, SMALL_TIED, num_tokens=40),
    "qwen3_bf16": Case("qwen3", BF16, False, 1e6, more={**TIED, "head_dim": 32}),
    "qwen3_f16_old": Case("qwen3", F16, True, 1e6, more={**UNTIED, "head_dim": 32}),
    "llama2_f16": Case("llama", F16, True, more=UNTIED),
    "llama3": Case("llama", BF16, False, 5e5, LLAMA3, SMALL_UNTIED, num_tokens=96),
    "llama3_old": Case("llama", BF16, True, 5e5, LLAMA3, SMALL_TIED, num_tokens=96),
    "llama_linear_old": Case("llama", BF16, True, scaling=OLD_LINEAR, more=SMALL_TIED),
    "llama_linear": Case("llama", F16, False, scaling=LINEAR, more=SMALL_TIED),
    "llama_yarn": Case("llama", BF16, False, scaling=YARN, more=SMALL_TIED, num_tokens=48),
    "llama_yarn_tuned": Case(
        "llama",
        BF16,
        True,
        scaling={**YARN, "beta_fast": 16.0, "beta_slow": 2.0, "attention_factor": 1.25},
        more=SMALL_TIED,
        num_tokens=48,
    ),
    "llama_dynamic": Case(
        "llama",
        BF16,
        True,
        scaling={"type": "dynamic", "factor": 2.0},
        more={**SMALL_TIED, "max_position_embeddings": 16},
        num_tokens=40,
    ),
    "llama_biased": Case(
        "llama", BF16, False, more={**SMALL_TIED, "attention_bias": True, "mlp_bias": True}
    ),
    "mistral_window": Case("mistral", BF16, False, more={**UNTIED, "sliding_window": 8}, num_tokens=40),
    "mistral_window_old": Case(
        "mistral", F16, True, more={**SMALL_UNTIED, "sliding_window": 8}, num_tokens=40
    ),
    "llama_sharded": Case("llama", BF16, False, more=UNTIED, shard="60KB"),
}


def build(case: Case, seed: int) -> torch.nn.Module:
    config_type, model_type = FAMILIES[case.family]
    rope = {"rope_type": "default", "rope_theta": case.theta, **case.scaling}
    rope["rope_type"] = rope.pop("type", rope["rope_type"])
    config = config_type(**{**SHAPE, **case.more}, rope_parameters=rope)
    model = model_type(config)
    reference.randomise(model, seed)
    return model.to(case.dtype)


def age(path: Path, case: Case) -> None:
    """Rewrites a config.json as transformers 4 wrote it, which is what most published models have."""
    config = json.loads(path.read_text())
    config.pop("rope_parameters")
    config.pop("layer_types", None)
    config["rope_theta"] = case.theta
    config["rope_scaling"] = case.scaling or None
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.43.1"
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def make(folder: Path, case: Case) -> None:
    for seed in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        build(case, seed).save_pretrained(folder, max_shard_size=case.shard)
        (folder / "generation_config.json").unlink(missing_ok=True)
        for weights in folder.glob("*.safetensors"):
            weights.chmod(0o644)
        if case.old_config:
            age(folder / "config.json", case)
        prompt = reference.tokens(case.num_tokens, SHAPE["vocab_size"], seed)
        try:
            expected = reference.expectation(reference.load(folder), prompt)
        except ValueError:
            continue
        reference.write_expectation(folder, expected)
        return
    raise SystemExit(f"{folder.name}: no seed gives clear tokens")


def main() -> None:
    logging.set_verbosity_error()
    torch.set_num_threads(1)
    for name, case in CASES.items():
        make(Path(sys.argv[1]) / name, case)
        print(name)


if __name__ == "__main__":
    main()
