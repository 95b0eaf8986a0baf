# SPDX-License-Identifier: Apache-2.0
"""The shape of the tiny model: Qwen2, 3.15 million parameters, 6.3 MB in BF16."""

from tokenizers import Tokenizer
from transformers import Qwen2Config, Qwen2ForCausalLM

from corpus import END_OF_TEXT

VOCABULARY = 4096
CONTEXT = 512


def shape() -> dict:
    """Every inner dimension is a multiple of 32, the block of the quantised formats."""
    return {
        "vocab_size": VOCABULARY,
        "hidden_size": 192,
        "intermediate_size": 512,
        "num_hidden_layers": 6,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "max_position_embeddings": CONTEXT,
        "rope_theta": 10000.0,
    }


def build(tokenizer: Tokenizer) -> Qwen2ForCausalLM:
    config = Qwen2Config(
        **shape(),
        rms_norm_eps=1e-6,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.token_to_id(END_OF_TEXT),
        use_cache=False,
    )
    return Qwen2ForCausalLM(config)
