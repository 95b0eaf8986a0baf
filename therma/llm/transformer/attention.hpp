// SPDX-License-Identifier: Apache-2.0
// Scaled dot-product attention over the cache of one key-value head, page by page.
#pragma once

#include <cstddef>
#include <cstdint>

#include "therma/llm/transformer/kv_cache.hpp"

namespace therma::llm {

// A softmax over some of the positions: [max, sum, values], where sum = sum_p exp(score_p - max)
// and values = sum_p exp(score_p - max) value_p.  [2 + head_dim]
[[nodiscard]] constexpr std::size_t attend_part_size(std::uint32_t head_dim) noexcept {
  return 2 + std::size_t{head_dim};
}

// Queries of neighbouring positions and of the heads that share keys and values. A query at
// position p sees the positions in (p - window, p].
struct AttendCall {
  const KvCache* cache = nullptr;
  std::uint32_t layer = 0;
  std::uint32_t kv_head = 0;
  std::uint32_t window = 0;  // 0: every position before it
  std::uint32_t first_position = 0;
  std::uint32_t num_positions = 0;
  std::uint32_t group = 0;         // heads that share keys and values
  const float* queries = nullptr;  // [position, group, head_dim], times 1 / sqrt(head_dim)
  std::size_t query_stride = 0;    // floats from one position to the next
  float* parts = nullptr;          // [position, group, attend_part_size(head_dim)]
  std::size_t part_stride = 0;
};

// The part of no position at all.
void clear_part(float* part, std::uint32_t head_dim) noexcept;
// Adds the positions of pages [begin, end) to the parts of all queries, page by page. The bits of a
// part depend neither on the queries beside it nor on whether its pages were added here or each to
// a part of its own that add_part then joins in their order.
void attend(const AttendCall& call, std::uint32_t begin_page, std::uint32_t end_page) noexcept;
void add_part(const float* part, std::uint32_t head_dim, float* to) noexcept;
// out = values / sum.
void finish_part(const float* part, std::uint32_t head_dim, float* out) noexcept;

// The plain twin of all of it, in double: out = softmax(q K) V over all that a query sees.
// out: [position, group, head_dim], positions query_stride apart
void attend_plain(const AttendCall& call, float* out);

}  // namespace therma::llm
