// SPDX-License-Identifier: Apache-2.0
// Random draws as pure functions of (seed, purpose, chain, step, site, lane).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "therma/core/random/ars.hpp"
#include "therma/core/random/philox.hpp"

namespace therma {

// Where a draw belongs. Two draws with the same seed, purpose and place are the same draw.
struct DrawAt {
  std::uint32_t chain = 0;
  std::uint64_t step = 0;  // below 2^48
  std::uint32_t site = 0;
  std::uint16_t lane = 0;
};

// A double in [0, 1) from the top 53 of 64 bits; a double in (0, 1] for logarithms.
[[nodiscard]] constexpr double unit_interval(std::uint64_t bits) noexcept {
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}
[[nodiscard]] constexpr double open_unit_interval(std::uint64_t bits) noexcept {
  return (static_cast<double>(bits >> 11) + 1.0) * 0x1.0p-53;
}

// Holds a key, not a position: const, copyable, safe to share between threads.
class Rng {
 public:
  explicit constexpr Rng(std::uint64_t seed) noexcept
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)} {}

  // An independent generator for a named purpose, or for one of many equal parts.
  [[nodiscard]] Rng child(std::string_view purpose) const noexcept;
  [[nodiscard]] Rng child(std::uint64_t index) const noexcept;

  // 128 bits.
  [[nodiscard]] constexpr PhiloxCounter block(DrawAt at) const noexcept {
    return philox_block({at.site, at.chain, static_cast<std::uint32_t>(at.step),
                         static_cast<std::uint32_t>(at.step >> 32) << 16 | at.lane},
                        key_);
  }
  // 64 bits.
  [[nodiscard]] constexpr std::uint64_t bits(DrawAt at) const noexcept {
    const auto b = block(at);
    return static_cast<std::uint64_t>(b[1]) << 32 | b[0];
  }
  // Uniform in [0, 1), multiples of 2^-53.
  [[nodiscard]] constexpr double uniform(DrawAt at) const noexcept {
    return unit_interval(bits(at));
  }
  // Standard normal by Box and Muller (Ann. Math. Stat. 29, 1958); both draws of one block.
  [[nodiscard]] std::array<double, 2> normal_pair(DrawAt at) const noexcept;
  [[nodiscard]] double normal(DrawAt at) const noexcept { return normal_pair(at)[0]; }

  // The key under which kernels that need many bits draw ARS blocks; their counters are theirs.
  [[nodiscard]] ArsBlock ars_key() const noexcept;

 private:
  explicit constexpr Rng(PhiloxKey key) noexcept : key_(key) {}
  PhiloxKey key_;
};

// The draws of one (chain, step) in order, for steps that need a number of draws not known before.
// A value with an explicit position: copy it and the copy continues alike.
class Draws {
 public:
  Draws(const Rng& rng, std::uint32_t chain, std::uint64_t step) noexcept
      : rng_(rng), at_{.chain = chain, .step = step} {}

  [[nodiscard]] std::uint64_t bits() noexcept {
    if (half_ ^= true; half_) {
      block_ = rng_.block(at_);
      ++at_.site;
      return static_cast<std::uint64_t>(block_[1]) << 32 | block_[0];
    }
    return static_cast<std::uint64_t>(block_[3]) << 32 | block_[2];
  }
  [[nodiscard]] double uniform() noexcept { return unit_interval(bits()); }
  // Exponential with mean 1: minus the logarithm of a uniform in (0, 1].
  [[nodiscard]] double exponential() noexcept;
  // Uniform in {0, ..., bound - 1} for bound > 0; the bias is below bound / 2^64.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>((static_cast<Wide>(bits()) * bound) >> 64);
  }

 private:
  __extension__ using Wide = unsigned __int128;

  Rng rng_;
  DrawAt at_;
  PhiloxCounter block_{};
  bool half_ = false;
};

}  // namespace therma
