// SPDX-License-Identifier: Apache-2.0
// Layout of pages, and rounding of what is stored.
#include "therma/llm/transformer/kv_cache.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "therma/llm/half.hpp"

namespace therma::llm {
namespace {

// Keys, values, and the scales of both: in this order within a head of a layer.
struct Offsets {
  std::size_t values;
  std::size_t key_scales;
  std::size_t value_scales;
  std::size_t end;
};

Offsets offsets_of(const CacheShape& shape) noexcept {
  const std::size_t numbers = std::size_t{kPagePositions} * shape.head_dim * shape.element_bytes();
  const std::size_t scales = shape.type == CacheAs::q8 ? kPagePositions * sizeof(float) : 0;
  return {numbers, 2 * numbers, 2 * numbers + scales, 2 * numbers + 2 * scales};
}

float scale_of(const float* x, std::uint32_t count) noexcept {
  float most = 0.0F;
  for (std::uint32_t k = 0; k < count; ++k) most = std::max(most, std::fabs(x[k]));
  return most / 127.0F;
}

void put_half(std::byte* at, float value) noexcept {
  const auto bits = to_f16(value);
  std::memcpy(at, &bits, sizeof bits);
}

std::byte code_of(float value, float scale) noexcept {
  const float inverse = scale > 0.0F ? 1.0F / scale : 0.0F;
  const auto code = static_cast<int>(std::nearbyint(value * inverse));
  return static_cast<std::byte>(static_cast<std::int8_t>(std::clamp(code, -127, 127)));
}

}  // namespace

std::size_t CacheShape::part_bytes() const noexcept { return offsets_of(*this).end; }

std::size_t CacheShape::page_bytes() const noexcept {
  return part_bytes() * num_layers * num_kv_heads;
}

void KvCache::reserve(std::uint32_t length) {
  while (pages_.size() * kPagePositions < length) pages_.emplace_back(shape_.page_bytes());
}

void KvCache::truncate(std::uint32_t length) noexcept {
  const std::size_t needed = (std::size_t{length} + kPagePositions - 1) / kPagePositions;
  if (pages_.size() > needed) pages_.resize(needed);
}

std::size_t KvCache::offset(std::uint32_t layer, std::uint32_t kv_head) const noexcept {
  return (std::size_t{layer} * shape_.num_kv_heads + kv_head) * shape_.part_bytes();
}

void KvCache::put(std::uint32_t layer, std::uint32_t kv_head, std::uint32_t position,
                  const float* key, const float* value) noexcept {
  const std::size_t dim = shape_.head_dim, at = position % kPagePositions;
  std::byte* part = pages_[position / kPagePositions].data() + offset(layer, kv_head);
  const auto places = offsets_of(shape_);
  const std::size_t first_key = at / kKeyLanes * kKeyLanes * dim + at % kKeyLanes;
  const std::size_t first_value = at * dim;
  if (shape_.type == CacheAs::f16) {
    for (std::size_t k = 0; k < dim; ++k) {
      put_half(part + 2 * (first_key + k * kKeyLanes), key[k]);
      put_half(part + places.values + 2 * (first_value + k), value[k]);
    }
    return;
  }
  const float scales[2] = {scale_of(key, shape_.head_dim), scale_of(value, shape_.head_dim)};
  for (std::size_t k = 0; k < dim; ++k) {
    part[first_key + k * kKeyLanes] = code_of(key[k], scales[0]);
    part[places.values + first_value + k] = code_of(value[k], scales[1]);
  }
  std::memcpy(part + places.key_scales + at * sizeof(float), &scales[0], sizeof(float));
  std::memcpy(part + places.value_scales + at * sizeof(float), &scales[1], sizeof(float));
}

CachePart KvCache::part(std::uint32_t layer, std::uint32_t kv_head,
                        std::uint32_t page) const noexcept {
  const std::byte* part = pages_[page].data() + offset(layer, kv_head);
  const auto places = offsets_of(shape_);
  if (shape_.type == CacheAs::f16) return {part, part + places.values, nullptr, nullptr};
  return {part, part + places.values, reinterpret_cast<const float*>(part + places.key_scales),
          reinterpret_cast<const float*>(part + places.value_scales)};
}

}  // namespace therma::llm
