// SPDX-License-Identifier: Apache-2.0
// Single chains of dense spins: a flip adds one row of couplings to all fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "therma/dynamics/kernels/lane_bits.hpp"
#include "therma/energy/ising.hpp"

namespace therma::kernels {

// Spins are taken so many at a time; rows, fields and thresholds are filled up to a multiple of it.
inline constexpr std::uint32_t kChainBlock = 64;

// Where a chain's words are drawn: site i of sweep `step` takes word i % 4 of the block with
// counter {i / 4, step's low word, step's high half << 16 | plane, chain}; plane 8 for the
// decision, planes 9 and 10 for the 64 bits below it.
inline constexpr std::uint16_t kChainPlane = 8;
[[nodiscard]] constexpr ArsBlock chain_counter(std::uint32_t chain, std::uint64_t step,
                                               std::uint32_t site, std::uint16_t plane) noexcept {
  return {site / 4, static_cast<std::uint32_t>(step),
          static_cast<std::uint32_t>(step >> 32) << 16 | plane, chain};
}
[[nodiscard]] inline std::uint32_t chain_word(const ArsBlock& key, std::uint32_t chain,
                                              std::uint64_t step, std::uint32_t site,
                                              std::uint16_t plane) noexcept {
  return ars_block(chain_counter(chain, step, site, plane), key)[site % 4];
}
// The decision from all 96 bits.
[[nodiscard]] bool settle_chain_spin(const ArsBlock& key, std::uint32_t chain, std::uint64_t step,
                                     std::uint32_t site, double beta, double field) noexcept;

// One sweep of one chain. Row and Field: float and float, or, exact for small whole numbers, int8
// and int16. Arrays start on a cache line (AlignedVector).
template <class Row, class Field>
struct ChainSweep {
  const Row* rows = nullptr;  // [site, stride] couplings
  std::size_t stride = 0;     // sites, filled up
  std::uint32_t num_sites = 0;
  const ArsKeys* keys = nullptr;
  std::uint32_t chain = 0;
  std::uint64_t step = 0;
  double beta = 0.0;
  float twice_beta = 0.0F;      // infinity as the largest
  float* thresholds = nullptr;  // [stride] scratch: up where 2 beta f exceeds it
  Spin* spins = nullptr;        // [stride]
  Field* fields = nullptr;      // [stride] h + J s, kept up
};
// Returns the flips.
std::uint64_t sweep_chain(const ChainSweep<float, float>& sweep) noexcept;
std::uint64_t sweep_chain(const ChainSweep<std::int8_t, std::int16_t>& sweep) noexcept;

// fields += factor * row, both of `stride` numbers, on cache lines.
void add_row(const float* row, int factor, std::size_t stride, float* fields) noexcept;
void add_row(const std::int8_t* row, int factor, std::size_t stride, std::int16_t* fields) noexcept;

// The plain twin, fields summed in double, every decision from 96 bits: the same bits for whole
// numbers.
void sweep_single_chain_plain(const IsingProgram& program, double beta, const ArsBlock& key,
                              std::uint32_t chain, std::uint64_t step,
                              std::span<Spin> spins) noexcept;

}  // namespace therma::kernels
