// SPDX-License-Identifier: Apache-2.0
// The weights of a transformer, found by name and laid out for use.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/core/team.hpp"
#include "therma/llm/load/checkpoint.hpp"
#include "therma/llm/transformer/transformer.hpp"

namespace therma::llm {

// A matrix in the checkpoint's bytes, or in its own where it was quantised at load.
struct WeightMatrix {
  MatrixView view;
  std::shared_ptr<const std::byte> owned;
};

// Empty vectors are absent.
struct LayerWeights {
  std::vector<float> attention_norm, ffn_norm;  // [hidden]
  std::vector<float> query_norm, key_norm;      // [head_dim]
  std::vector<float> query_bias;                // [num_heads * head_dim]
  std::vector<float> key_bias, value_bias;      // [num_kv_heads * head_dim]
  std::vector<float> output_bias;               // [hidden]
  std::vector<float> gate_bias, up_bias;        // [ffn]
  std::vector<float> down_bias;                 // [hidden]
  WeightMatrix query, key, value;               // [heads * head_dim, hidden]
  WeightMatrix output;                          // [hidden, num_heads * head_dim]
  WeightMatrix gate, up;                        // [ffn, hidden]
  WeightMatrix down;                            // [hidden, ffn]
};

struct Weights {
  WeightMatrix embedding;   // [vocabulary, hidden]
  WeightMatrix output;      // the same where embeddings are tied
  std::vector<float> norm;  // [hidden]
  std::vector<LayerWeights> layers;
  std::size_t num_bytes = 0;  // of all matrices, each once
};

// Matrices stay where and as they are stored, or become q8_0 or q4_0 blocks: those whose columns
// are a multiple of 32 and that are stored in more bits. Under q4 the output rows become q8_0. An
// embedding that is not tied stays as stored, for one row of it is read for each token.
// Throws Error{bad_data} naming a tensor that is missing or misshapen, Error{stopped}.
[[nodiscard]] Weights bind_weights(const Checkpoint& checkpoint, WeightsAs as, const Team& team,
                                   const Resources& resources);

}  // namespace therma::llm
