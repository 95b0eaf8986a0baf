# SPDX-License-Identifier: Apache-2.0
"""Tiny random GGUF models, laid out as llama.cpp's converter does, with what transformers computes:

    python3 tools/golden/gguf_models.py tests/llm/golden
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, Qwen2Config, Qwen2ForCausalLM
from transformers import Qwen3Config, Qwen3ForCausalLM

import reference
from checkpoints import LLAMA3, UNTIED, YARN
from quants import SCALES, random_blocks

FAMILIES = {
    "qwen2": (Qwen2Config, Qwen2ForCausalLM, gguf.MODEL_ARCH.QWEN2),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM, gguf.MODEL_ARCH.QWEN3),
    "llama": (LlamaConfig, LlamaForCausalLM, gguf.MODEL_ARCH.LLAMA),
}
VOCABULARY = 64
WORDS = [*"abcdefghijklmnopqrstuvwxyz", *"ABCDEFGHIJKLMNOPQRST", *".,!?-'", "Ġ", "Ċ"]
MERGES = ["t h", "th e", "Ġ the", "a n", "an d", "Ġ and", "i n", "o n"]
CONTROL = "<|endoftext|>"


@dataclass
class Case:
    family: str
    types: dict[str, str]  # part of a tensor's name -> its type; "" is the default
    hidden: int = 64
    layers: int = 2
    config: dict = field(default_factory=dict)
    rope: dict = field(default_factory=dict)


MIXED_K = {"": "Q4_K", "attn_v": "Q6_K", "ffn_down": "Q6_K", "ffn_up": "Q5_K", "token_embd": "Q8_0"}
CASES = {
    "gguf_qwen2_f32": Case("qwen2", {"": "F32"}, layers=1),
    "gguf_qwen2_f16": Case("qwen2", {"": "F16"}, layers=1),
    "gguf_qwen2_q8_0": Case("qwen2", {"": "Q8_0"}),
    "gguf_qwen2_q4_0": Case("qwen2", {"": "Q4_0", "output.weight": "Q8_0"}, config=UNTIED),
    "gguf_qwen2_q5": Case("qwen2", {"": "Q5_0", "ffn_": "Q5_1", "attn_v": "Q4_1", "token_embd": "BF16"}),
    "gguf_qwen3_q8_0": Case("qwen3", {"": "Q8_0"}, layers=1, config={"head_dim": 32}),
    "gguf_llama_f32": Case("llama", {"": "F32"}, layers=1, config=UNTIED),
    "gguf_llama_q8_0": Case("llama", {"": "Q8_0"}, config=UNTIED),
    "gguf_llama3_q8_0": Case("llama", {"": "Q8_0"}, layers=1, rope=LLAMA3),
    "gguf_qwen2_yarn": Case("qwen2", {"": "Q8_0"}, layers=1, rope=YARN),
    "gguf_llama_linear": Case("llama", {"": "Q8_0"}, layers=1, rope={"rope_type": "linear", "factor": 2.0}),
    "gguf_llama_q4_k": Case("llama", MIXED_K, hidden=256, layers=1),
}


def build(case: Case) -> PreTrainedModel:
    config_type, model_type, _ = FAMILIES[case.family]
    config = config_type(
        **{
            "vocab_size": VOCABULARY,
            "hidden_size": case.hidden,
            "intermediate_size": case.hidden,
            "num_hidden_layers": case.layers,
            "num_attention_heads": 4,
            "num_key_value_heads": 2 if case.hidden == 64 else 1,
            "max_position_embeddings": 128,
            "tie_word_embeddings": True,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, **case.rope},
            "attn_implementation": "eager",
            **case.config,
        }
    )
    return model_type(config)


def interleaved(rows: np.ndarray, heads: int) -> np.ndarray:
    """The row order that llama.cpp's rotary embedding wants: pairs side by side, not half a head apart."""
    return rows.reshape(heads, 2, -1, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def halved(rows: np.ndarray, heads: int) -> np.ndarray:
    """Undoes `interleaved`."""
    return rows.reshape(heads, -1, 2, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def heads_to_permute(case: Case, name: str, config) -> int:
    if case.family != "llama":
        return 0
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    return heads.get(name.split(".")[-2], 0)


def type_of(case: Case, name: str, value: np.ndarray) -> GGMLQuantizationType:
    if value.ndim == 1:
        return GGMLQuantizationType.F32
    part = max((p for p in case.types if p in name), key=len)
    return GGMLQuantizationType[case.types[part]]


def encoded(kind: GGMLQuantizationType, value: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The bytes of a tensor; gguf-py cannot write K types, whose blocks are drawn instead."""
    if kind.name not in SCALES:
        return quants.quantize(value, kind)
    block, size = GGML_QUANT_SIZES[kind]
    data = random_blocks(kind.name, value.size // block, random)
    return data.reshape(value.shape[0], value.shape[1] // block * size)


def describe(writer: gguf.GGUFWriter, case: Case, config) -> None:
    writer.add_type("model")
    writer.add_name("therma golden")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if case.rope.get("rope_type") in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(case.rope["rope_type"]))
        writer.add_rope_scaling_factor(case.rope["factor"])
    if case.rope.get("rope_type") == "yarn":
        writer.add_rope_scaling_orig_ctx_len(case.rope["original_max_position_embeddings"])
    if case.family == "qwen3":
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    if case.family == "llama":
        writer.add_vocab_size(config.vocab_size)
        writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def divisors(model: PreTrainedModel, theta: float) -> np.ndarray:
    """What each frequency of Llama 3 is divided by: written as a tensor, not as metadata."""
    scaled = model.model.rotary_emb.inv_freq.double().numpy()
    plain = theta ** -(np.arange(len(scaled)) / len(scaled))
    return (plain / scaled).astype(np.float32)


def describe_tokens(writer: gguf.GGUFWriter) -> None:
    words = [*WORDS, *(m.replace(" ", "") for m in MERGES), CONTROL]
    words += [f"[PAD{i}]" for i in range(len(words), VOCABULARY)]
    normal, unused = gguf.TokenType.NORMAL, gguf.TokenType.UNUSED
    kinds = [unused if w.startswith("[PAD") else normal for w in words]
    kinds[words.index(CONTROL)] = gguf.TokenType.CONTROL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(words)
    writer.add_token_types(kinds)
    writer.add_token_merges(MERGES)
    writer.add_eos_token_id(words.index(CONTROL))
    writer.add_add_bos_token(False)


def write(path: Path, case: Case, seed: int) -> PreTrainedModel:
    """Writes the file, and returns the model whose weights are what the file says."""
    model = build(case)
    config = model.config
    reference.randomise(model, seed)
    architecture = FAMILIES[case.family][2]
    names = gguf.get_tensor_name_map(architecture, config.num_hidden_layers)
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[architecture])
    describe(writer, case, config)
    describe_tokens(writer)
    if case.rope.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", divisors(model, config.rope_parameters["rope_theta"]))
    for hf_name, parameter in model.named_parameters():  # a tied output is not among them
        name = names.get_name(hf_name, try_suffixes=(".weight", ".bias"))
        value = parameter.detach().numpy()
        flat = value.ndim == 1
        heads = heads_to_permute(case, name, config)
        rows = value[:, None] if flat else value
        rows = interleaved(rows, heads) if heads else rows
        kind = type_of(case, name, value)
        data = encoded(kind, np.ascontiguousarray(rows[:, 0] if flat else rows), random)
        writer.add_tensor(name, data, raw_dtype=kind)
        stored = quants.dequantize(data, kind).astype(np.float32)
        if heads:
            stored = halved(stored, heads)
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(stored.copy()))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return model


def make(folder: Path, case: Case) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(100):
        model = write(folder / "model.gguf", case, seed)
        try:
            expected = reference.expectation(model, reference.tokens(24, VOCABULARY, seed))
        except ValueError:
            continue
        reference.write_expectation(folder, expected)
        return
    raise SystemExit(f"{folder.name}: no seed gives clear tokens")


def main() -> None:
    torch.set_num_threads(1)
    for name, case in CASES.items():
        make(Path(sys.argv[1]) / name, case)
        print(name)


if __name__ == "__main__":
    main()
