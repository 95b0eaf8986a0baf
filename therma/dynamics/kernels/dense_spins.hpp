// SPDX-License-Identifier: Apache-2.0
// Dense spin glasses: what both of their kernels share, and the block sweep of 64 replicas in
// lanes.
//
// The heat bath is exact for the field it is given: u < 1 / (1 + e^{-2 beta f}) is decided in float
// where float can tell, else in double from 96 random bits. The field itself is a float sum, exact
// for whole-number couplings and otherwise kept within the bound of kRefreshSweeps.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "therma/dynamics/kernels/gemm.hpp"
#include "therma/dynamics/kernels/lane_row.hpp"
#include "therma/energy/ising.hpp"

namespace therma::kernels {

// Float fields are measured afresh every so many sweeps. In between a field takes one rounding for
// each of its spin's neighbours' flips at most: with F the largest sum |h| + sum |J| of a row the
// error is below kRefreshSweeps n 2^-24 F, and as roundings are as good as independent it is about
// sqrt(kRefreshSweeps n) 2^-25 times a typical field: 1e-5 at n = 2048.
inline constexpr std::uint64_t kRefreshSweeps = 64;

// Words of one decision: plane 0 always, planes 1 and 2 where it takes more than 32 bits.
// Whether the spin of `chain` is up, from all 96 bits: U = (word + rest / 2^64) / 2^32.
[[nodiscard]] bool settle_spin(std::uint32_t word, std::uint64_t rest, double beta,
                               double field) noexcept;

// Empty where dense kernels can run the heat bath on this program; else why not.
[[nodiscard]] std::string dense_refusal(const IsingProgram& program);
// A quarter of all pairs or more are coupled, and there are 64 spins or more.
[[nodiscard]] bool is_dense(const IsingProgram& program) noexcept;
// Couplings and fields are whole numbers, none of which a float or its sums would round.
[[nodiscard]] bool has_whole_numbers(const IsingProgram& program) noexcept;
// They are whole, couplings fit int8, and no sum of a row exceeds int16.
[[nodiscard]] bool has_small_numbers(const IsingProgram& program) noexcept;

// Sites of a block: their replicas' flips go into the fields together, by one panel multiply.
inline constexpr std::uint32_t kSpinBlock = 64;

// One block of one group. Sites are visited in order; the fields that they meet contain the flips
// of the block's earlier sites, so that the law is that of a sweep site by site.
struct SpinBlock {
  const PackedMatrix* couplings = nullptr;
  const ArsKeys* keys = nullptr;
  LaneDraw at;  // of the block's first site
  std::uint32_t num_sites = 0;
  const double* betas = nullptr;         // [64]
  const LaneRow* twice_betas = nullptr;  // as float, infinity as the largest
  const LaneRow* fields = nullptr;       // [site of the block] before its sweep
  std::uint64_t* spins = nullptr;        // [site of the block] bit r: replica r's spin is up
  // Out: the sites that changed in any replica, and by how much.
  std::uint32_t* changed = nullptr;  // [kSpinBlock]
  LaneRow* changes = nullptr;        // [kSpinBlock] -2, 0 or +2
  std::uint64_t flips = 0;           // over all replicas in counted
  std::uint64_t counted = ~std::uint64_t{0};
};
// Returns how many sites changed.
std::uint32_t sweep_block(SpinBlock& block) noexcept;

// The plain twin: one sweep of one chain, fields summed in double, every decision from 96 bits.
// For whole-number couplings it gives the same bits.
void sweep_chain_plain(const IsingProgram& program, double beta, const ArsBlock& key,
                       std::uint32_t chain, std::uint64_t step, std::span<Spin> spins) noexcept;

}  // namespace therma::kernels
