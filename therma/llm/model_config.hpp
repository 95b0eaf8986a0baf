// SPDX-License-Identifier: Apache-2.0
// What a checkpoint says about its transformer: sizes, constants, rotary scaling.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace therma::llm {

using TokenId = std::uint32_t;

enum class Architecture { llama, mistral, qwen2, qwen3 };

enum class RopeScaling { none, linear, dynamic, yarn, llama3 };

// Rotary position embedding.
struct RopeConfig {
  double theta = 10000.0;
  // Rotates neighbours (2i, 2i + 1), as GGUF files of the llama family are stored, instead of
  // (i, i + head_dim / 2).
  bool pairs_are_neighbours = false;
  RopeScaling scaling = RopeScaling::none;
  double factor = 1.0;
  double low_freq_factor = 1.0;            // llama3
  double high_freq_factor = 4.0;           // llama3
  std::uint32_t original_max_context = 0;  // llama3, yarn, dynamic
  double attention_factor = 0.0;           // yarn; 0: 0.1 ln(factor) + 1
  double beta_fast = 32.0;                 // yarn
  double beta_slow = 1.0;                  // yarn
  // Divides each frequency: GGUF's tensor rope_freqs; empty: none.  [head_dim / 2]
  std::vector<float> frequency_divisors;
};

struct ModelConfig {
  Architecture architecture = Architecture::llama;
  std::string name;  // as the file calls it; may be empty
  std::uint32_t num_layers = 0;
  std::uint32_t hidden = 0;
  std::uint32_t num_heads = 0;
  std::uint32_t num_kv_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t ffn = 0;
  std::uint32_t vocabulary = 0;      // rows of the embedding
  std::uint32_t max_context = 0;     // positions the model was made for
  std::uint32_t sliding_window = 0;  // a position sees so many, itself included; 0: all before it
  // Layers with the window; empty: all of them.  [layer]
  std::vector<bool> layer_has_window;
  double rms_epsilon = 1e-6;
  bool tied_embeddings = false;  // the output rows are the embedding's
  RopeConfig rope;
};

}  // namespace therma::llm
