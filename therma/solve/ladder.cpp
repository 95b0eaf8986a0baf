// SPDX-License-Identifier: Apache-2.0
// Ladders by bisection, geometric progression and piecewise interpolation.
#include "therma/solve/ladder.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "therma/dynamics/exchange.hpp"

namespace therma::solve {
namespace {

double mean_acceptance(std::span<const double> rises, double temperature) {
  double sum = 0.0;
  for (const double rise : rises) sum += std::exp(-rise / temperature);
  return sum / static_cast<double>(rises.size());
}

}  // namespace

double temperature_accepting(std::span<const double> rises, double acceptance) {
  if (rises.empty()) return 1.0;
  // At T = a the rise a is accepted with probability 1/e: both ends bracket any acceptance asked.
  double low = std::log(*std::min_element(rises.begin(), rises.end())) - 4.0;
  double high = std::log(*std::max_element(rises.begin(), rises.end())) + 12.0;
  for (int halving = 0; halving < 60; ++halving) {
    const double middle = 0.5 * (low + high);
    (mean_acceptance(rises, std::exp(middle)) < acceptance ? low : high) = middle;
  }
  return std::exp(0.5 * (low + high));
}

double coldest_temperature(std::span<const double> rises) {
  if (rises.empty()) return 1.0;
  std::vector<double> sorted(rises.begin(), rises.end());
  const auto nth = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 100);
  std::nth_element(sorted.begin(), nth, sorted.end());
  return 0.4 * *nth;
}

std::vector<double> geometric_ladder(double cold, double hot, std::size_t count) {
  std::vector<double> ladder(count, cold);
  for (std::size_t rung = 1; rung < count; ++rung) {
    const double share = static_cast<double>(rung) / static_cast<double>(count - 1);
    ladder[rung] = cold * std::pow(hot / cold, share);
  }
  return ladder;
}

std::vector<double> even_ladder(std::span<const double> ladder, std::span<const SwapCount> swaps) {
  std::vector<double> evened(ladder.begin(), ladder.end());
  if (ladder.size() < 3) return evened;
  constexpr double kFloor = 0.02;  // keeps rungs apart where all swaps succeed
  std::vector<double> rejections;
  for (std::size_t pair = 0; pair + 1 < ladder.size(); ++pair) {
    rejections.push_back(std::max(kFloor, 1.0 - swaps[pair].rate()));
  }
  std::size_t rung = 0;
  for (const auto& [pair, share] : equal_rejection_places(rejections)) {
    evened[++rung] = ladder[pair] * std::pow(ladder[pair + 1] / ladder[pair], share);
  }
  return evened;
}

}  // namespace therma::solve
