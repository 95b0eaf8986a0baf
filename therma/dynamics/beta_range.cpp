// SPDX-License-Identifier: Apache-2.0
// Measures single-variable energy changes at random states.
#include "therma/dynamics/beta_range.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/dynamics/spins.hpp"
#include "therma/energy/ising.hpp"

namespace therma {
namespace {

constexpr std::size_t kChanges = 8192;

}  // namespace

BetaRange beta_range_of(std::span<const double> changes) {
  double largest = 0.0;
  for (const double change : changes) largest = std::max(largest, change);
  std::vector<double> sizes;  // of those that are not zero
  for (const double change : changes) {
    if (change > 1e-9 * largest) sizes.push_back(change);
  }
  if (sizes.empty()) return {};
  const auto small = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 20);
  std::ranges::nth_element(sizes, small);
  return {.hot = std::log(2.0) / largest, .cold = std::log(1000.0) / *small};
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

BetaRange beta_range(const Target& target) {
  if (const auto* ising = std::get_if<std::shared_ptr<const IsingProgram>>(&target)) {
    return beta_range(**ising);
  }
  fail(ErrorCode::invalid_argument,
       "beta: no default range for this energy; it must be given as a schedule");
}

Schedule default_schedule(const BetaRange& range) {
  return Schedule::exponential(range.hot, range.cold);
}

}  // namespace therma
