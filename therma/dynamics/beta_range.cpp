// SPDX-License-Identifier: Apache-2.0
// Measures single-variable energy changes at random states.
#include "therma/dynamics/beta_range.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/dynamics/spins.hpp"
#include "therma/energy/factor.hpp"
#include "therma/energy/ising.hpp"
#include "therma/energy/lattice.hpp"

namespace therma {
namespace {

constexpr std::size_t kChanges = 8192;
constexpr double kRare = 1e-4;     // acceptance at the cold ends
constexpr double kUnlike = 200.0;  // typical over hot

}  // namespace

BetaRange beta_range_of(std::span<const double> changes) {
  double largest = 0.0;
  for (const double change : changes) largest = std::max(largest, change);
  std::vector<double> sizes;  // of those that are not zero
  for (const double change : changes) {
    if (change > 1e-9 * largest) sizes.push_back(change);
  }
  if (sizes.empty()) return {};
  const auto quantile = [&](std::size_t rank) {
    const auto at = sizes.begin() + static_cast<std::ptrdiff_t>(rank);
    std::ranges::nth_element(sizes, at);
    return *at;
  };
  return {.hot = std::log(2.0) / largest,
          .typical = -std::log(kRare) / quantile(sizes.size() / 2),
          .cold = -std::log(kRare) / quantile(sizes.size() / 20)};
}

BetaRange beta_range(const IsingProgram& program) {
  if (program.size() == 0) return {};
  const Rng rng = Rng(0).child("beta range");
  const auto num_states =
      static_cast<std::uint32_t>(std::clamp<std::size_t>(kChanges / program.size(), 1, kChanges));
  std::vector<double> changes;
  changes.reserve(std::size_t{num_states} * program.size());
  for (std::uint32_t k = 0; k < num_states; ++k) {
    const auto state = init_spins(program, rng, k);
    for (std::uint32_t site = 0; site < program.size(); ++site) {
      changes.push_back(2.0 * std::abs(program.local_field(state.spins, site)));
    }
  }
  return beta_range_of(changes);
}

BetaRange beta_range(const FactorProgram& program) {
  const auto order = program.sweep_order();
  if (order.empty()) return {};
  const auto num_states =
      static_cast<std::uint32_t>(std::clamp<std::size_t>(kChanges / order.size(), 1, kChanges));
  std::vector<Category> states(program.size(), 0);
  for (const auto& clamp : program.clamps()) states[clamp.variable] = clamp.state;
  std::vector<double> changes, energies;
  for (std::uint32_t k = 0; k < num_states; ++k) {
    Draws draws(Rng(0).child("beta range"), k, 0);
    for (const std::uint32_t v : order) {
      states[v] = static_cast<Category>(draws.below(program.num_states(v)));
    }
    for (const std::uint32_t v : order) {
      if (program.num_states(v) < 2) continue;
      energies.resize(program.num_states(v));
      program.conditional_energies(states, v, energies);
      const auto step = 1 + draws.below(program.num_states(v) - 1);
      const auto other = (states[v] + step) % program.num_states(v);
      changes.push_back(std::abs(energies[other] - energies[states[v]]));
    }
  }
  return beta_range_of(changes);
}

// Every combination of a site's neighbours and bonds is equally frequent.
BetaRange beta_range(const LatticeProgram& program) {
  std::vector<double> changes;
  for (unsigned signs = 0; signs < 1U << program.num_neighbours(); ++signs) {
    const int sum = 2 * std::popcount(signs) - static_cast<int>(program.num_neighbours());
    changes.push_back(2.0 * std::abs(program.field() + program.coupling() * sum));
  }
  return beta_range_of(changes);
}

BetaRange beta_range(const Target& target) {
  if (const auto* ising = std::get_if<std::shared_ptr<const IsingProgram>>(&target)) {
    return beta_range(**ising);
  }
  if (const auto* factors = std::get_if<std::shared_ptr<const FactorProgram>>(&target)) {
    return beta_range(**factors);
  }
  if (const auto* lattice = std::get_if<std::shared_ptr<const LatticeProgram>>(&target)) {
    return beta_range(**lattice);
  }
  fail(ErrorCode::invalid_argument,
       "beta: no default range for energies of reals; it must be given as a schedule");
}

Schedule default_schedule(const BetaRange& range) {
  if (range.typical > kUnlike * range.hot) return Schedule::exponential(range.hot, range.cold);
  if (range.cold <= range.typical) return Schedule::linear(range.hot, range.typical);
  constexpr std::uint64_t kLinear = 160, kGeometric = 40;
  const auto linear = Schedule::linear(range.hot, range.typical);
  const auto geometric = Schedule::exponential(range.typical, range.cold);
  std::vector<double> betas;
  for (std::uint64_t k = 0; k < kLinear; ++k) betas.push_back(linear.at(k, kLinear));
  for (std::uint64_t k = 0; k < kGeometric; ++k) betas.push_back(geometric.at(k, kGeometric));
  return Schedule::list(std::move(betas));
}

}  // namespace therma
