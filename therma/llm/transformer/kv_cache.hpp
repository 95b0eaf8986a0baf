// SPDX-License-Identifier: Apache-2.0
// Keys and values of the positions read so far, in pages of 256 positions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "therma/dynamics/kernels/aligned.hpp"
#include "therma/llm/model_config.hpp"
#include "therma/llm/transformer/transformer.hpp"

namespace therma::llm {

// Keys lie with 16 positions side by side, so that a vector holds one component of 16 keys; values
// lie position by position.
struct CacheShape {
  std::uint32_t num_layers = 0;
  std::uint32_t num_kv_heads = 0;
  std::uint32_t head_dim = 0;
  CacheAs type = CacheAs::f16;

  [[nodiscard]] std::size_t element_bytes() const noexcept { return type == CacheAs::f16 ? 2 : 1; }
  // One head of one layer in one page, keys or values.
  [[nodiscard]] std::size_t part_bytes() const noexcept;
  [[nodiscard]] std::size_t page_bytes() const noexcept;
};

inline constexpr std::uint32_t kPagePositions = 256;
inline constexpr std::uint32_t kKeyLanes = 16;

// One head of one layer in one page, as attention reads it.
struct CachePart {
  const std::byte* keys = nullptr;      // [position / 16, head_dim, 16]
  const std::byte* values = nullptr;    // [position, head_dim]
  const float* key_scales = nullptr;    // [position]; null for f16
  const float* value_scales = nullptr;  // [position]; null for f16
};

// A value: copies are deep.
class KvCache {
 public:
  explicit KvCache(const CacheShape& shape) : shape_(shape) {}

  [[nodiscard]] const CacheShape& shape() const noexcept { return shape_; }
  // Makes pages for positions below `length`.
  void reserve(std::uint32_t length);
  // Lets go of pages that hold no position below `length`.
  void truncate(std::uint32_t length) noexcept;
  // Stores one head's key and value.  [head_dim] each
  void put(std::uint32_t layer, std::uint32_t kv_head, std::uint32_t position, const float* key,
           const float* value) noexcept;
  [[nodiscard]] CachePart part(std::uint32_t layer, std::uint32_t kv_head,
                               std::uint32_t page) const noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept { return pages_.size() * shape_.page_bytes(); }

 private:
  using Page = kernels::AlignedVector<std::byte>;
  [[nodiscard]] std::size_t offset(std::uint32_t layer, std::uint32_t kv_head) const noexcept;
  CacheShape shape_;
  std::vector<Page> pages_;
};

}  // namespace therma::llm
