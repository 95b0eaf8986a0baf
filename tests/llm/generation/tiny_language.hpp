// SPDX-License-Identifier: Apache-2.0
// A language model small enough for tests: random weights, one token for each byte.
#pragma once

#include <memory>
#include <string>

#include "tests/llm/transformer/small_models.hpp"
#include "therma/llm/language_model.hpp"

namespace therma::llm {

inline std::shared_ptr<const Checkpoint> tiny_checkpoint(std::uint32_t context = 512) {
  auto config = testing::small_config(Architecture::qwen2);
  config.vocabulary = 288;  // 256 bytes, one end token, and rows that stand for none
  config.max_context = context;
  config.tied_embeddings = true;
  auto checkpoint = std::make_shared<Checkpoint>(random_checkpoint(config, DType::f32, 5));
  auto& spec = checkpoint->tokenizer;
  spec.kind = TokenizerKind::byte_bpe;
  for (int byte = 0; byte < 256; ++byte) spec.pieces.emplace_back(1, static_cast<char>(byte));
  spec.pieces.emplace_back("<|endoftext|>");
  spec.added.push_back({.id = 256, .text = "<|endoftext|>", .special = true});
  spec.eos = 256;
  return checkpoint;
}

inline std::unique_ptr<LanguageModel> tiny_language(std::uint32_t context = 512) {
  return std::make_unique<LanguageModel>(tiny_checkpoint(context), TransformerConfig{}, Team());
}

}  // namespace therma::llm
