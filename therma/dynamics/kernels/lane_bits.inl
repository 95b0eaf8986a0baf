// SPDX-License-Identifier: Apache-2.0
// Random bits for 64 chains in lanes, for the vector kernels: included once for each target.
#if defined(THERMA_LANE_BITS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef THERMA_LANE_BITS_INL
#undef THERMA_LANE_BITS_INL
#else
#define THERMA_LANE_BITS_INL
#endif

#include <hwy/highway.h>

#include "therma/dynamics/kernels/lane_bits.hpp"

HWY_BEFORE_NAMESPACE();
namespace therma::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// 16 blocks, whose counters differ by one in `word`.  words: [64], aligned to 64 bytes.
#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void fill_blocks(const ArsBlock* HWY_RESTRICT keys, ArsBlock counter, std::size_t word,
                            std::uint32_t* HWY_RESTRICT words) {
  for (std::uint32_t quad = 0; quad < kGroupLanes / 4; ++quad, ++counter[word]) {
    const auto block = ars_block(counter, keys[0]);
    for (std::uint32_t k = 0; k < 4; ++k) words[4 * quad + k] = block[k];
  }
}
#else
HWY_INLINE void fill_blocks(const ArsBlock* HWY_RESTRICT keys, const ArsBlock& first,
                            std::size_t word, std::uint32_t* HWY_RESTRICT words) {
  const hn::FixedTag<std::uint32_t, 4> d;
  const hn::FixedTag<std::uint8_t, 16> bytes;
  const auto key = [&](int round)
                       HWY_ATTR { return hn::BitCast(bytes, hn::LoadU(d, keys[round].data())); };
  const auto k0 = key(0), k1 = key(1), k2 = key(2), k3 = key(3), k4 = key(4), k5 = key(5);
  HWY_ALIGN std::uint32_t one[4] = {};
  one[word] = 1;
  const auto next = hn::Load(d, one);
  auto counter = hn::LoadU(d, first.data());
  // Four blocks at a time, so that their rounds overlap.
  for (std::uint32_t quad = 0; quad < kGroupLanes / 4; quad += 4) {
    auto a = hn::Xor(hn::BitCast(bytes, counter), k0);
    counter = hn::Add(counter, next);
    auto b = hn::Xor(hn::BitCast(bytes, counter), k0);
    counter = hn::Add(counter, next);
    auto c = hn::Xor(hn::BitCast(bytes, counter), k0);
    counter = hn::Add(counter, next);
    auto e = hn::Xor(hn::BitCast(bytes, counter), k0);
    counter = hn::Add(counter, next);
    const auto round = [&](auto k) HWY_ATTR {
      a = hn::AESRound(a, k), b = hn::AESRound(b, k);
      c = hn::AESRound(c, k), e = hn::AESRound(e, k);
    };
    round(k1), round(k2), round(k3), round(k4);
    std::uint32_t* out = words + std::size_t{4} * quad;
    hn::Store(hn::BitCast(d, hn::AESLastRound(a, k5)), d, out);
    hn::Store(hn::BitCast(d, hn::AESLastRound(b, k5)), d, out + 4);
    hn::Store(hn::BitCast(d, hn::AESLastRound(c, k5)), d, out + 8);
    hn::Store(hn::BitCast(d, hn::AESLastRound(e, k5)), d, out + 12);
  }
}
#endif

// words: [64], one for each chain of the group; aligned to 64 bytes.
HWY_INLINE void fill_lane_bits(const ArsBlock* HWY_RESTRICT keys, const LaneDraw& at,
                               std::uint32_t* HWY_RESTRICT words) {
  fill_blocks(keys, counter_of(at, 0), 3, words);
}

}  // namespace therma::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
