// SPDX-License-Identifier: Apache-2.0
// Running means and blocking.
#include "therma/dynamics/observables.hpp"

#include <algorithm>

namespace therma {

void Moments::add(double value) noexcept {
  ++count;
  const double deviation = value - mean;
  mean += deviation / static_cast<double>(count);
  sum_of_squares += deviation * (value - mean);
}

void Moments::merge(const Moments& other) noexcept {
  if (other.count == 0) return;
  const auto n = static_cast<double>(count), m = static_cast<double>(other.count);
  const double shift = other.mean - mean;
  mean += shift * m / (n + m);
  sum_of_squares += other.sum_of_squares + shift * shift * n * m / (n + m);
  count += other.count;
}

double Moments::variance() const noexcept {
  return count < 2 ? 0.0 : sum_of_squares / static_cast<double>(count - 1);
}

double Moments::error() const noexcept {
  return count < 2 ? 0.0 : std::sqrt(variance() / static_cast<double>(count));
}

void BlockedMean::add(double value) {
  for (std::size_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    auto& at = levels_[level];
    at.blocks.add(value);
    at.has_first = !at.has_first;
    if (at.has_first) {
      at.first = value;
      return;
    }
    value = 0.5 * (at.first + value);
  }
}

double BlockedMean::error() const noexcept {
  constexpr std::uint64_t kFewestBlocks = 32;
  double largest = levels_.front().blocks.error();
  for (const auto& level : levels_) {
    if (level.blocks.count >= kFewestBlocks) largest = std::max(largest, level.blocks.error());
  }
  return largest;
}

double BlockedMean::correlation() const noexcept {
  const double naive = levels_.front().blocks.error();
  return naive > 0.0 ? (error() / naive) * (error() / naive) : 1.0;
}

}  // namespace therma
