// SPDX-License-Identifier: Apache-2.0
// Scaled dot-product attention of a few queries over the cache of one key-value head.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/llm/transformer/kv_cache.hpp"

namespace therma::llm {

// Queries that share keys and values: query r stands at position `positions[r]` and sees the
// positions in [positions[r] + 1 - window, positions[r]].
struct AttendCall {
  const KvCache* cache = nullptr;
  std::uint32_t layer = 0;
  std::uint32_t kv_head = 0;
  std::uint32_t window = 0;                  // 0: every position before it
  std::span<const float* const> queries;     // [row] -> [head_dim], scaled by 1 / sqrt(head_dim)
  std::span<const std::uint32_t> positions;  // [row]
  std::span<float* const> out;               // [row] -> [head_dim]
};

// Scratch of one thread, grown as needed.
using AttendScratch = kernels::AlignedVector<float>;

// out = softmax(q K) V. The bits of a row do not depend on the rows beside it.
void attend(const AttendCall& call, AttendScratch& scratch);
// The plain twin, in double.
void attend_plain(const AttendCall& call);

// x_i <- x_i / rms(x) * weight_i with rms over `count` numbers.
void rms_norm(const float* x, const float* weight, double epsilon, std::uint32_t count,
              float* out) noexcept;
// gate_i <- gate_i sigma(gate_i) up_i.
void swiglu(float* gate, const float* up, std::uint32_t count) noexcept;

}  // namespace therma::llm
