// SPDX-License-Identifier: Apache-2.0
// Vectors of what the cache holds: included once for each target.
#if defined(THERMA_CACHED_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef THERMA_CACHED_LANES_INL
#undef THERMA_CACHED_LANES_INL
#else
#define THERMA_CACHED_LANES_INL
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#include "therma/llm/half.hpp"

HWY_BEFORE_NAMESPACE();
namespace therma::llm::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

struct Half {
  static constexpr std::size_t kBytes = 2;
  static HWY_INLINE V load(D d, const std::byte* at) {
    const hn::Rebind<hwy::float16_t, D> half;
    return hn::PromoteTo(d, hn::LoadU(half, reinterpret_cast<const hwy::float16_t*>(at)));
  }
  static float number(const std::byte* at) {
    return from_f16(*reinterpret_cast<const std::uint16_t*>(at));
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
  static float number(const std::byte* at) {
    return static_cast<float>(*reinterpret_cast<const std::int8_t*>(at));
  }
};

}  // namespace therma::llm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
