// SPDX-License-Identifier: Apache-2.0
// Small random models of every architecture, with attention that is far from even.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/llm/load/checkpoint.hpp"
#include "therma/llm/transformer/random_checkpoint.hpp"

namespace therma::llm::testing {

inline ModelConfig small_config(Architecture architecture = Architecture::llama) {
  ModelConfig config;
  config.architecture = architecture;
  config.num_layers = 3;
  config.hidden = 64;
  config.num_heads = 6;
  config.num_kv_heads = 2;
  config.head_dim = 16;
  config.ffn = 96;
  config.vocabulary = 97;
  config.max_context = 1024;
  config.rms_epsilon = 1e-5;
  return config;
}

// Lets the checkpoint hold on to more bytes.
inline void keep(Checkpoint& checkpoint, std::shared_ptr<const void> bytes) {
  using Both = std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>;
  checkpoint.mapping = std::make_shared<Both>(checkpoint.mapping, std::move(bytes));
}

// Replaces the bytes of one tensor.
inline void replace(Checkpoint& checkpoint, const std::string& name,
                    const std::vector<float>& values) {
  const auto bytes = std::make_shared<std::vector<float>>(values);
  for (auto& tensor : checkpoint.tensors) {
    if (tensor.name != name) continue;
    tensor.type = DType::f32;
    tensor.bytes = std::as_bytes(std::span(*bytes));
  }
  keep(checkpoint, bytes);
}

// Adds an optional tensor that random_checkpoint leaves out.
inline void add_tensor(Checkpoint& checkpoint, const std::string& name,
                       const std::vector<float>& values) {
  checkpoint.tensors.push_back({name, DType::f32, {values.size()}, {}});
  std::ranges::sort(checkpoint.tensors, {}, &Tensor::name);
  replace(checkpoint, name, values);
}

inline std::vector<float> normal_values(std::size_t count, double mean, double deviation,
                                        std::uint64_t seed) {
  std::vector<float> values(count);
  for (std::size_t k = 0; k < count; ++k) {
    values[k] = static_cast<float>(
        mean + deviation * Rng(seed).normal({.site = static_cast<std::uint32_t>(k)}));
  }
  return values;
}

// Norms are uneven and large, so that scores differ by several units.
inline std::shared_ptr<Checkpoint> small_checkpoint(const ModelConfig& config,
                                                    DType type = DType::f32) {
  auto checkpoint = std::make_shared<Checkpoint>(random_checkpoint(config, type, 7));
  std::vector<std::pair<std::string, std::size_t>> norms;
  for (const auto& tensor : checkpoint->tensors) {
    if (tensor.name.ends_with("norm.weight")) norms.emplace_back(tensor.name, tensor.shape[0]);
  }
  std::uint64_t seed = 100;
  for (const auto& [name, size] : norms) {
    const bool is_last = name == "model.norm.weight", is_head = size == config.head_dim;
    const double mean = is_last ? 1.0 : is_head ? 1.5 : 12.0;
    replace(*checkpoint, name, normal_values(size, mean, 0.3 * mean, ++seed));
  }
  return checkpoint;
}

inline std::vector<TokenId> some_tokens(std::size_t count, std::uint32_t vocabulary = 97) {
  std::vector<TokenId> tokens(count);
  for (std::size_t k = 0; k < count; ++k) {
    tokens[k] = static_cast<TokenId>((k * k * 31 + k * 7 + 3) % vocabulary);
  }
  return tokens;
}

}  // namespace therma::llm::testing
