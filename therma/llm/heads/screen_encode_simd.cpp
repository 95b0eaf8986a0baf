// SPDX-License-Identifier: Apache-2.0
// Encodes a row of the head in four bits a weight.
#include <algorithm>
#include <cmath>

#include "therma/llm/heads/screen_kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/llm/heads/screen_encode_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace therma::llm::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::CappedTag<float, 16>;
using Words = hn::RebindToSigned<Floats>;

HWY_INLINE float largest(const float* HWY_RESTRICT y, std::size_t count) {
  const Floats d;
  auto most = hn::Zero(d);
  for (std::size_t k = 0; k < count; k += hn::Lanes(d)) {
    most = hn::Max(most, hn::Abs(hn::LoadU(d, y + k)));
  }
  return hn::GetLane(hn::MaxOfLanes(d, most));
}

// 32 codes; adds up the squares of what is left over and of 2 c - 15.
HWY_INLINE void encode_block(const float* HWY_RESTRICT y, float unit, std::int32_t* HWY_RESTRICT c,
                             hn::Vec<Floats>* rest_square, hn::Vec<Floats>* code_square) {
  const Floats d;
  const Words di;
  const auto step = hn::Set(d, unit), inverse = hn::Set(d, 0.5F / unit);
  const auto eight = hn::Set(d, 8.0F), most = hn::Set(d, 15.5F);
  for (std::size_t k = 0; k < 32; k += hn::Lanes(d)) {
    const auto value = hn::LoadU(d, y + k);
    const auto level = hn::Add(hn::Mul(value, inverse), eight);
    const auto code = hn::ConvertTo(di, hn::Min(hn::Max(level, hn::Zero(d)), most));
    hn::StoreU(code, di, c + k);
    const auto odd = hn::ConvertTo(d, hn::Sub(hn::Add(code, code), hn::Set(di, 15)));
    const auto rest = hn::Sub(value, hn::Mul(step, odd));
    *rest_square = hn::Add(*rest_square, hn::Mul(rest, rest));
    *code_square = hn::Add(*code_square, hn::Mul(odd, odd));
  }
}

HWY_INLINE float sum_of_squares(const float* HWY_RESTRICT y, std::size_t count) {
  const Floats d;
  auto sum = hn::Zero(d);
  for (std::size_t k = 0; k < count; k += hn::Lanes(d)) {
    const auto value = hn::LoadU(d, y + k);
    sum = hn::Add(sum, hn::Mul(value, value));
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

HWY_INLINE float sum_of(hn::Vec<Floats> v) { return hn::GetLane(hn::SumOfLanes(Floats(), v)); }

// A block's largest value is 16 of its units, so that levels -15, -13, ..., 15 are all within one
// of what they stand for; units are up to 255 times the row's scale.
EncodedRow encode(const float* HWY_RESTRICT y, std::uint32_t blocks, std::uint8_t* codes,
                  std::uint8_t* scales) {
  EncodedRow row;
  row.scale = largest(y, std::size_t{32} * blocks) / (16.0F * 255.0F);
  if (!(row.scale > 1e-30F)) return {0.0F, sum_of_squares(y, std::size_t{32} * blocks), 0.0F};
  auto rest_square = hn::Zero(Floats());
  for (std::uint32_t b = 0; b < blocks; ++b, y += 32) {
    HWY_ALIGN std::int32_t c[32];
    const float units = std::ceil(largest(y, 32) / (16.0F * row.scale));
    const auto scale = static_cast<std::uint8_t>(std::clamp(units, 1.0F, 255.0F));
    const float unit = row.scale * scale;
    auto code_square = hn::Zero(Floats());
    encode_block(y, unit, c, &rest_square, &code_square);
    row.code_square += sum_of(code_square) * unit * unit;
    scales[std::size_t{16} * b] = scale;
    for (std::uint32_t k = 0; k < 16; ++k) {
      codes[256 * std::size_t{b} + 64 * (k / 4) + k % 4] =
          static_cast<std::uint8_t>(c[k] | c[k + 16] << 4);
    }
  }
  row.residual_square = sum_of(rest_square);
  return row;
}

}  // namespace
}  // namespace therma::llm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma::llm {
HWY_EXPORT(encode);

EncodedRow encode_screen_row(const float* y, std::uint32_t blocks, std::uint8_t* codes,
                             std::uint8_t* scales) noexcept {
  return HWY_DYNAMIC_DISPATCH(encode)(y, blocks, codes, scales);
}
}  // namespace therma::llm
#endif
