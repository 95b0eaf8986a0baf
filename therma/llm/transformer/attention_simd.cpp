// SPDX-License-Identifier: Apache-2.0
// Attention in vectors: scores of 16 positions at once, values of 16 components at once.
//
// A tile of rows shares what it reads of the cache, so that reading and widening a key is paid once
// for all query heads of a group and for neighbouring positions of a prompt.
#include <algorithm>
#include <cmath>
#include <limits>

#include "therma/llm/half.hpp"
#include "therma/llm/transformer/attention.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/llm/transformer/attention_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After the line above, which chooses the target.

#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace therma::llm::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

constexpr std::size_t kTile = 6;  // rows at once

struct Half {
  static constexpr std::size_t kBytes = 2;
  static HWY_INLINE V load(D d, const std::byte* at) {
    const hn::Rebind<hwy::float16_t, D> half;
    return hn::PromoteTo(d, hn::LoadU(half, reinterpret_cast<const hwy::float16_t*>(at)));
  }
};
struct Code {
  static constexpr std::size_t kBytes = 1;
  static HWY_INLINE V load(D d, const std::byte* at) {
    const hn::Rebind<std::int8_t, D> code;
    const hn::Rebind<std::int32_t, D> wide;
    const auto bytes = hn::LoadU(code, reinterpret_cast<const std::int8_t*>(at));
    return hn::ConvertTo(d, hn::PromoteTo(wide, bytes));
  }
};

// scores[row, position] for one block of 16 positions.
template <class Type, std::size_t R>
HWY_INLINE void score_block(const std::byte* keys, const float* const* queries, std::size_t dim,
                            const float* scales, float* const* scores) {
  const D d;
  for (std::size_t lane = 0; lane < kKeyLanes; lane += hn::Lanes(d)) {
    V sum[R];
    for (std::size_t r = 0; r < R; ++r) sum[r] = hn::Zero(d);
    const std::byte* at = keys + lane * Type::kBytes;
    for (std::size_t k = 0; k < dim; ++k, at += kKeyLanes * Type::kBytes) {
      const V key = Type::load(d, at);
      for (std::size_t r = 0; r < R; ++r) {
        sum[r] = hn::MulAdd(hn::Set(d, queries[r][k]), key, sum[r]);
      }
    }
    for (std::size_t r = 0; r < R; ++r) {
      if (scales != nullptr) sum[r] = hn::Mul(sum[r], hn::LoadU(d, scales + lane));
      hn::StoreU(sum[r], d, scores[r] + lane);
    }
  }
}

// out[row, component] += sum over positions of weight times value.
template <class Type, std::size_t R>
HWY_INLINE void add_values(const std::byte* values, const float* scales, std::size_t count,
                           std::size_t dim, float* const* weights, float* const* out) {
  const D d;
  const std::size_t N = hn::Lanes(d);
  std::size_t k = 0;
  for (; k + N <= dim; k += N) {
    V sum[R];
    for (std::size_t r = 0; r < R; ++r) sum[r] = hn::LoadU(d, out[r] + k);
    for (std::size_t p = 0; p < count; ++p) {
      V value = Type::load(d, values + (p * dim + k) * Type::kBytes);
      if (scales != nullptr) value = hn::Mul(value, hn::Set(d, scales[p]));
      for (std::size_t r = 0; r < R; ++r) {
        sum[r] = hn::MulAdd(hn::Set(d, weights[r][p]), value, sum[r]);
      }
    }
    for (std::size_t r = 0; r < R; ++r) hn::StoreU(sum[r], d, out[r] + k);
  }
  for (; k < dim; ++k) {  // head sizes below a vector
    for (std::size_t p = 0; p < count; ++p) {
      float value;
      if (Type::kBytes == 2) {
        value = from_f16(reinterpret_cast<const std::uint16_t*>(values)[p * dim + k]);
      } else {
        value = static_cast<float>(reinterpret_cast<const std::int8_t*>(values)[p * dim + k]);
      }
      if (scales != nullptr) value *= scales[p];
      for (std::size_t r = 0; r < R; ++r) out[r][k] += weights[r][p] * value;
    }
  }
}

// scores <- exp(scores - max) within [begin, end) and 0 elsewhere; returns the sum. Lanes are
// summed in the order of positions modulo the vector, whatever the row begins with.
HWY_INLINE float exponentials(float* scores, std::size_t count, std::size_t begin,
                              std::size_t end) {
  const D d;
  const std::size_t N = hn::Lanes(d);
  constexpr float kLow = -std::numeric_limits<float>::infinity();
  for (std::size_t p = 0; p < begin; ++p) scores[p] = kLow;
  for (std::size_t p = end; p < count; ++p) scores[p] = kLow;
  V most = hn::Set(d, kLow);
  for (std::size_t p = 0; p < count; p += N) most = hn::Max(most, hn::LoadU(d, scores + p));
  const V top = hn::MaxOfLanes(d, most);
  V sum = hn::Zero(d);
  for (std::size_t p = 0; p < count; p += N) {
    const V x = hn::Sub(hn::LoadU(d, scores + p), top);
    const V y = hn::IfThenElseZero(hn::Gt(x, hn::Set(d, -87.0F)), hn::Exp(d, x));
    hn::StoreU(y, d, scores + p);
    sum = hn::Add(sum, y);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

template <class Type, std::size_t R>
void attend_tile(const AttendCall& call, std::size_t first, float* scratch) {
  const std::size_t dim = call.cache->shape().head_dim;
  const auto positions = call.positions.subspan(first, R);
  const auto last = *std::ranges::max_element(positions);
  std::uint32_t least = *std::ranges::min_element(positions);
  least = call.window == 0 || least + 1 < call.window ? 0 : least + 1 - call.window;
  const std::uint32_t from = least / kKeyLanes * kKeyLanes;
  const std::size_t count = (last + 1 - from + kKeyLanes - 1) / kKeyLanes * kKeyLanes;
  const float* queries[R];
  float* out[R];
  float* weights[R];
  for (std::size_t r = 0; r < R; ++r) {
    queries[r] = call.queries[first + r];
    out[r] = call.out[first + r];
    weights[r] = scratch + r * count;
    std::fill_n(out[r], dim, 0.0F);
  }
  for (std::uint32_t at = from; at <= last; at += kKeyLanes) {
    const auto part = call.cache->part(call.layer, call.kv_head, at / kPagePositions);
    const std::size_t within = at % kPagePositions;
    float* scores[R];
    for (std::size_t r = 0; r < R; ++r) scores[r] = weights[r] + (at - from);
    score_block<Type, R>(part.keys + within * dim * Type::kBytes, queries, dim,
                         part.key_scales != nullptr ? part.key_scales + within : nullptr, scores);
  }
  float inverse[R];
  for (std::size_t r = 0; r < R; ++r) {
    const auto position = positions[r];
    const std::uint32_t begin =
        call.window == 0 || position + 1 < call.window ? 0 : position + 1 - call.window;
    inverse[r] = 1.0F / exponentials(weights[r], count, begin > from ? begin - from : 0,
                                     position + 1 - from);
  }
  for (std::uint32_t at = from; at <= last;) {
    const auto page = at / kPagePositions;
    const auto part = call.cache->part(call.layer, call.kv_head, page);
    const std::size_t within = at % kPagePositions;
    const std::size_t size = std::min<std::size_t>(kPagePositions - within, last + 1 - at);
    float* here[R];
    for (std::size_t r = 0; r < R; ++r) here[r] = weights[r] + (at - from);
    add_values<Type, R>(part.values + within * dim * Type::kBytes,
                        part.value_scales != nullptr ? part.value_scales + within : nullptr, size,
                        dim, here, out);
    at += static_cast<std::uint32_t>(size);
  }
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t k = 0; k < dim; ++k) out[r][k] *= inverse[r];
  }
}

template <class Type>
void attend_rows(const AttendCall& call, float* scratch) {
  std::size_t row = 0;
  for (; row + kTile <= call.queries.size(); row += kTile) {
    attend_tile<Type, kTile>(call, row, scratch);
  }
  switch (call.queries.size() - row) {
    case 5:
      return attend_tile<Type, 5>(call, row, scratch);
    case 4:
      return attend_tile<Type, 4>(call, row, scratch);
    case 3:
      return attend_tile<Type, 3>(call, row, scratch);
    case 2:
      return attend_tile<Type, 2>(call, row, scratch);
    case 1:
      return attend_tile<Type, 1>(call, row, scratch);
    default:
      return;
  }
}

void attend_all(const AttendCall& call, float* scratch) {
  if (call.cache->shape().type == CacheAs::f16) {
    attend_rows<Half>(call, scratch);
  } else {
    attend_rows<Code>(call, scratch);
  }
}

void normalise(const float* x, const float* weight, double epsilon, std::uint32_t count,
               float* out) {
  const D d;
  const std::size_t N = hn::Lanes(d);
  V a = hn::Zero(d), b = hn::Zero(d);
  std::size_t k = 0;
  for (; k + 2 * N <= count; k += 2 * N) {
    const V u = hn::LoadU(d, x + k), v = hn::LoadU(d, x + k + N);
    a = hn::MulAdd(u, u, a), b = hn::MulAdd(v, v, b);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b)));
  for (; k < count; ++k) sum += double{x[k]} * x[k];
  const auto inverse = static_cast<float>(1.0 / std::sqrt(sum / count + epsilon));
  for (k = 0; k + N <= count; k += N) {
    const V y =
        hn::Mul(hn::Mul(hn::LoadU(d, x + k), hn::Set(d, inverse)), hn::LoadU(d, weight + k));
    hn::StoreU(y, d, out + k);
  }
  for (; k < count; ++k) out[k] = x[k] * inverse * weight[k];
}

void gate_up(float* gate, const float* up, std::uint32_t count) {
  const D d;
  const std::size_t N = hn::Lanes(d);
  std::size_t k = 0;
  for (; k + N <= count; k += N) {
    const V g = hn::LoadU(d, gate + k);
    const V e = hn::Exp(d, hn::Max(hn::Neg(g), hn::Set(d, -87.0F)));
    const V y = hn::Div(hn::Mul(g, hn::LoadU(d, up + k)), hn::Add(hn::Set(d, 1.0F), e));
    hn::StoreU(y, d, gate + k);
  }
  for (; k < count; ++k) gate[k] = gate[k] * up[k] / (1.0F + std::exp(-gate[k]));
}

}  // namespace
}  // namespace therma::llm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma::llm {

HWY_EXPORT(attend_all);
HWY_EXPORT(normalise);
HWY_EXPORT(gate_up);

void attend(const AttendCall& call, AttendScratch& scratch) {
  if (call.queries.empty()) return;
  const std::size_t count = *std::ranges::max_element(call.positions) + 2 * std::size_t{kKeyLanes};
  if (scratch.size() < 6 * count) scratch.resize(6 * count);
  HWY_DYNAMIC_DISPATCH(attend_all)(call, scratch.data());
}

void rms_norm(const float* x, const float* weight, double epsilon, std::uint32_t count,
              float* out) noexcept {
  HWY_DYNAMIC_DISPATCH(normalise)(x, weight, epsilon, count, out);
}

void swiglu(float* gate, const float* up, std::uint32_t count) noexcept {
  HWY_DYNAMIC_DISPATCH(gate_up)(gate, up, count);
}

}  // namespace therma::llm
#endif
