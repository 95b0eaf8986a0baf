// SPDX-License-Identifier: Apache-2.0
// Temperature ladders: measured from the energy changes of a walk, evened out by swap counts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace therma::solve {

// Exchanges tried and done between a rung and the next hotter one.
struct SwapCount {
  std::uint64_t tried = 0;
  std::uint64_t done = 0;

  [[nodiscard]] double rate() const noexcept {
    return tried == 0 ? 0.0 : static_cast<double>(done) / static_cast<double>(tried);
  }
};

// The temperature at which worsening moves of these sizes (all > 0) are accepted with mean
// probability `acceptance` in (0, 1); 1 where there are none.
[[nodiscard]] double temperature_accepting(std::span<const double> rises, double acceptance);

// The coldest temperature worth a rung: 0.4 times the smallest rise, where "smallest" leaves out
// the lowest hundredth, so that one odd value does not stretch the ladder. 1 where there are none.
[[nodiscard]] double coldest_temperature(std::span<const double> rises);

// `count` temperatures from cold to hot in geometric progression; one alone is cold.
[[nodiscard]] std::vector<double> geometric_ladder(double cold, double hot, std::size_t count);

// The same ends, with the rungs between them moved so that all pairs reject equally often if the
// rejection rates measured on `ladder` (one per neighbouring pair) spread evenly in ln T.
// Source: Syed, Bouchard-Cote, Deligiannidis, Doucet, "Non-reversible parallel tempering",
// J. R. Stat. Soc. B 84 (2022), algorithm 3.
[[nodiscard]] std::vector<double> even_ladder(std::span<const double> ladder,
                                              std::span<const SwapCount> swaps);

}  // namespace therma::solve
