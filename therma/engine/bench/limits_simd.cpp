// SPDX-License-Identifier: Apache-2.0
// The yardsticks' inner loops on the widest vectors of this processor.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/engine/bench/limits_simd.cpp"
#include <hwy/foreach_target.h>  // first: includes this file once for each target
#include <hwy/highway.h>

#include "therma/engine/bench/limits_simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace therma::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Ten independent chains cover latency 4 at two operations a cycle with some to spare.
double multiply_adds(std::size_t rounds) {
  const hn::ScalableTag<float> d;
  const auto factor = hn::Set(d, 0.999F), term = hn::Set(d, 0.001F);
  // Apart from each other from the start, or the compiler would make one chain of them.
  const auto from = [&](float first) HWY_ATTR { return hn::Iota(d, first); };
  auto a = from(0), b = from(1), c = from(2), e = from(3), f = from(4);
  auto g = from(5), h = from(6), i = from(7), j = from(8), k = from(9);
  for (std::size_t round = 0; round < rounds; ++round) {
    a = hn::MulAdd(a, factor, term);
    b = hn::MulAdd(b, factor, term);
    c = hn::MulAdd(c, factor, term);
    e = hn::MulAdd(e, factor, term);
    f = hn::MulAdd(f, factor, term);
    g = hn::MulAdd(g, factor, term);
    h = hn::MulAdd(h, factor, term);
    i = hn::MulAdd(i, factor, term);
    j = hn::MulAdd(j, factor, term);
    k = hn::MulAdd(k, factor, term);
  }
  const auto sum = hn::Add(hn::Add(hn::Add(a, b), hn::Add(c, e)),
                           hn::Add(hn::Add(f, g), hn::Add(hn::Add(h, i), hn::Add(j, k))));
  return static_cast<double>(hn::GetLane(sum));
}

// Each line rotates what it mixes, so that no two steps fold into one.
std::uint64_t logic(std::size_t rounds) {
  const hn::ScalableTag<std::uint64_t> d;
  auto a = hn::Iota(d, 1), b = hn::Iota(d, 2), c = hn::Iota(d, 3), e = hn::Iota(d, 4);
  auto f = hn::Iota(d, 5), g = hn::Iota(d, 6), h = hn::Iota(d, 7), i = hn::Iota(d, 8);
  for (std::size_t round = 0; round < rounds; ++round) {
    a = hn::AndNot(b, a);
    c = hn::Xor(e, c);
    f = hn::Or(g, f);
    h = hn::AndNot(i, h);
    b = hn::Xor(a, b);
    e = hn::AndNot(c, e);
    g = hn::Xor(f, g);
    i = hn::Or(h, i);
  }
  const auto sum =
      hn::Xor(hn::Xor(hn::Xor(a, b), hn::Xor(c, e)), hn::Xor(hn::Xor(f, g), hn::Xor(h, i)));
  return hn::GetLane(sum);
}

std::uint64_t read_all(const std::uint64_t* HWY_RESTRICT data, std::size_t count) {
  const hn::ScalableTag<std::uint64_t> d;
  const std::size_t lanes = hn::Lanes(d);
  auto a = hn::Zero(d), b = a, c = a, e = a;
  for (std::size_t i = 0; i + 4 * lanes <= count; i += 4 * lanes) {
    a = hn::Add(a, hn::LoadU(d, data + i));
    b = hn::Add(b, hn::LoadU(d, data + i + lanes));
    c = hn::Add(c, hn::LoadU(d, data + i + 2 * lanes));
    e = hn::Add(e, hn::LoadU(d, data + i + 3 * lanes));
  }
  return hn::GetLane(hn::Add(hn::Add(a, b), hn::Add(c, e)));
}

std::size_t vector_bits() { return 8 * hn::Lanes(hn::ScalableTag<std::uint8_t>()); }

}  // namespace therma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma {
HWY_EXPORT(multiply_adds);
HWY_EXPORT(logic);
HWY_EXPORT(read_all);
HWY_EXPORT(vector_bits);

double run_multiply_adds(std::size_t rounds) { return HWY_DYNAMIC_DISPATCH(multiply_adds)(rounds); }
std::uint64_t run_logic(std::size_t rounds) { return HWY_DYNAMIC_DISPATCH(logic)(rounds); }
std::uint64_t run_read(const std::uint64_t* data, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(read_all)(data, count);
}
std::size_t widest_vector_bits() { return HWY_DYNAMIC_DISPATCH(vector_bits)(); }
}  // namespace therma
#endif
