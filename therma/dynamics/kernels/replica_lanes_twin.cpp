// SPDX-License-Identifier: Apache-2.0
// The plain twin of replica lanes: the same draws, every decision in double.
#include "therma/dynamics/gibbs.hpp"
#include "therma/dynamics/kernels/replica_lanes.hpp"

namespace therma::kernels::lanes {

std::uint64_t rest_of_draw(const Rng& rng, std::uint32_t chain, std::uint64_t step,
                           std::uint32_t visit) noexcept {
  return rng.bits({.chain = chain, .step = step, .site = visit}) >> 16;
}

std::uint32_t visited_position(const Rng& rng, std::uint32_t block, std::uint64_t step,
                               std::uint32_t visit, std::uint32_t num_sites) noexcept {
  const auto words = rng.block({.chain = block, .step = step, .site = visit / 4});
  return static_cast<std::uint32_t>(std::uint64_t{words[visit % 4]} * num_sites >> 32);
}

bool starts_up(const Rng& rng, std::uint32_t chain, std::uint32_t site) noexcept {
  const auto words = rng.block({.chain = chain, .site = site / 128});
  return (words[site % 128 / 32] >> (site % 32) & 1U) != 0;
}

void twin_sweep(LaneRule rule, const IsingProgram& program, const Rng& rng, std::uint32_t block,
                std::uint64_t step, std::span<const double> betas, std::span<Spin> spins) {
  const std::uint32_t n = program.size();
  const auto key = rng.ars_key();
  const Rng visits = rng.child("visits"), rest = rng.child("rest");
  std::vector<Spin> chain(n);
  for (std::uint32_t r = 0; r < kLanes; ++r) {
    const double beta = betas.size() == 1 ? betas[0] : betas[r];
    for (std::uint32_t site = 0; site < n; ++site)
      chain[site] = spins[std::size_t{site} * kLanes + r];
    for (std::uint32_t visit = 0; visit < n; ++visit) {
      const std::uint32_t position =
          rule == LaneRule::heat_bath ? visit : visited_position(visits, block, step, visit, n);
      const std::uint32_t site = program.sweep_order()[position];
      const std::uint32_t plane = word_of(r) / 8, word = word_of(r) % 8;
      const auto drawn = ars_block({visit, block, static_cast<std::uint32_t>(step),
                                    static_cast<std::uint32_t>(step >> 32) << 16 | plane},
                                   key);
      const bool up =
          decided_up(rule, beta, program.local_field(chain, site), chain[site] == kUp,
                     leading_bits(rule, drawn[word / 2] >> (16 * (word % 2)) & 0xFFFFU),
                     [&] { return rest_of_draw(rest, block * kLanes + r, step, visit); });
      chain[site] = up ? kUp : kDown;
    }
    for (std::uint32_t site = 0; site < n; ++site)
      spins[std::size_t{site} * kLanes + r] = chain[site];
  }
}

}  // namespace therma::kernels::lanes
