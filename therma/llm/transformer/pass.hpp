// SPDX-License-Identifier: Apache-2.0
// One run of neighbouring positions through the layers.
#pragma once

#include <cstdint>
#include <span>

#include "therma/core/team.hpp"
#include "therma/dynamics/kernels/aligned.hpp"
#include "therma/llm/kernels/batch.hpp"
#include "therma/llm/model_config.hpp"
#include "therma/llm/transformer/kv_cache.hpp"
#include "therma/llm/transformer/rope.hpp"
#include "therma/llm/transformer/weights.hpp"

namespace therma::llm {

// Numbers that live no longer than one run; kept so that the next one need not take memory.
struct Scratch {
  using Floats = kernels::AlignedVector<float>;
  Floats x;               // [position, hidden]
  Floats normalised;      // [position, hidden]
  Floats queries;         // [position, num_heads, head_dim]
  Floats keys, values;    // [position, num_kv_heads, head_dim]
  Floats attended;        // [position, num_heads, head_dim]
  Floats change;          // [position, hidden]
  Floats gate, up;        // [position, ffn]
  Floats cosines, sines;  // [position, head_dim / 2]
  Floats parts;           // [span, position, num_heads, attend_part_size(head_dim)]
  ActivationBatch input, attention, ffn;

  [[nodiscard]] std::size_t num_bytes() const noexcept;
};

// Positions that one run takes at most, so that scratch stays bounded.
inline constexpr std::uint32_t kMostPositions = 256;

// What a run borrows.
struct PassParts {
  const ModelConfig& config;
  const Weights& weights;
  const Rope& rope;
  KvCache& cache;
  Scratch& scratch;
  const Team& team;
};

// Reads tokens at positions span.first and on, at most kMostPositions of them, and writes the
// hidden states of the last hidden.size() / config.hidden. The cache has room for them.
void run_positions(const PassParts& parts, std::span<const TokenId> tokens, const RopeSpan& span,
                   std::span<float> hidden);

}  // namespace therma::llm
