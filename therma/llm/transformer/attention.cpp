// SPDX-License-Identifier: Apache-2.0
// Parts, and the plain twin of attention.
#include "therma/llm/transformer/attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "therma/llm/half.hpp"

namespace therma::llm {
namespace {

double number(CacheAs type, const std::byte* from, std::size_t index) noexcept {
  if (type == CacheAs::q8) return reinterpret_cast<const std::int8_t*>(from)[index];
  return double{from_f16(reinterpret_cast<const std::uint16_t*>(from)[index])};
}

// Keys and values of one head as numbers.
class PlainReader {
 public:
  explicit PlainReader(const AttendCall& call) : call_(call) {}

  [[nodiscard]] double key(std::uint32_t position, std::size_t k) const {
    const auto part = part_of(position);
    const std::size_t at = position % kPagePositions;
    const std::size_t place = (at / kKeyLanes * dim() + k) * kKeyLanes + at % kKeyLanes;
    const double scale = part.key_scales != nullptr ? double{part.key_scales[at]} : 1.0;
    return number(shape().type, part.keys, place) * scale;
  }
  [[nodiscard]] double value(std::uint32_t position, std::size_t k) const {
    const auto part = part_of(position);
    const std::size_t at = position % kPagePositions;
    const double scale = part.value_scales != nullptr ? double{part.value_scales[at]} : 1.0;
    return number(shape().type, part.values, at * dim() + k) * scale;
  }

 private:
  [[nodiscard]] const CacheShape& shape() const { return call_.cache->shape(); }
  [[nodiscard]] std::size_t dim() const { return shape().head_dim; }
  [[nodiscard]] CachePart part_of(std::uint32_t position) const {
    return call_.cache->part(call_.layer, call_.kv_head, position / kPagePositions);
  }
  const AttendCall& call_;
};

void attend_plain_row(const AttendCall& call, const float* query, std::uint32_t position,
                      float* out) {
  const PlainReader cached(call);
  const std::size_t dim = call.cache->shape().head_dim;
  const auto oldest = call.window == 0 || position < call.window ? 0 : position + 1 - call.window;
  std::vector<double> weights;
  for (auto p = oldest; p <= position; ++p) {
    double score = 0.0;
    for (std::size_t k = 0; k < dim; ++k) score += double{query[k]} * cached.key(p, k);
    weights.push_back(score);
  }
  const double max = *std::ranges::max_element(weights);
  double sum = 0.0;
  for (auto& weight : weights) sum += weight = std::exp(weight - max);
  for (std::size_t k = 0; k < dim; ++k) {
    double value = 0.0;
    for (auto p = oldest; p <= position; ++p) value += weights[p - oldest] * cached.value(p, k);
    out[k] = static_cast<float>(value / sum);
  }
}

}  // namespace

void clear_part(float* part, std::uint32_t head_dim) noexcept {
  part[0] = -std::numeric_limits<float>::infinity();
  std::fill_n(part + 1, 1 + head_dim, 0.0F);
}

void finish_part(const float* part, std::uint32_t head_dim, float* out) noexcept {
  const float inverse = 1.0F / part[1];
  for (std::uint32_t k = 0; k < head_dim; ++k) out[k] = part[2 + k] * inverse;
}

void attend_plain(const AttendCall& call, float* out) {
  const std::size_t dim = call.cache->shape().head_dim;
  for (std::uint32_t p = 0; p < call.num_positions; ++p) {
    for (std::uint32_t head = 0; head < call.group; ++head) {
      const std::size_t at = p * call.query_stride + head * dim;
      attend_plain_row(call, call.queries + at, call.first_position + p, out + at);
    }
  }
}

}  // namespace therma::llm
