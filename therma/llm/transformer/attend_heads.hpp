// SPDX-License-Identifier: Apache-2.0
// Attention of all heads of a layer for neighbouring positions, shared out over a team.
#pragma once

#include <cstdint>

#include "therma/core/team.hpp"
#include "therma/dynamics/kernels/aligned.hpp"
#include "therma/llm/transformer/kv_cache.hpp"

namespace therma::llm {

struct HeadsCall {
  const KvCache& cache;
  std::uint32_t layer = 0;
  std::uint32_t window = 0;  // as in AttendCall
  std::uint32_t first_position = 0;
  std::uint32_t num_positions = 0;
  std::uint32_t num_heads = 0;
  const float* queries = nullptr;  // [position, num_heads, head_dim], times 1 / sqrt(head_dim)
  float* out = nullptr;            // [position, num_heads, head_dim]
};

// out = softmax(q K) V for each head. The bits of a position depend neither on the team nor on the
// positions beside it. `parts` is scratch, grown as needed.
void attend_heads(const HeadsCall& call, const Team& team, kernels::AlignedVector<float>& parts);

}  // namespace therma::llm
