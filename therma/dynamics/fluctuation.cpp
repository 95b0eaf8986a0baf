// SPDX-License-Identifier: Apache-2.0
// Estimators of free energies, with shifted exponentials so that nothing overflows.
#include "therma/dynamics/fluctuation.hpp"

#include <algorithm>
#include <cmath>

#include "therma/core/error.hpp"
#include "therma/dynamics/observables.hpp"

namespace therma {
namespace {

void check(std::span<const double> work, double kT) {
  if (work.size() < 2) {
    fail(ErrorCode::invalid_argument, "work: must be of at least 2 trajectories, got {}",
         work.size());
  }
  if (!(kT > 0.0)) fail(ErrorCode::invalid_argument, "kT: must be > 0, got {}", kT);
}

// Moments of the Fermi functions 1 / (1 + e^{W/kT + shift}).
Moments fermi(std::span<const double> work, double shift, double kT) {
  Moments moments;
  for (const double w : work) moments.add(1.0 / (1.0 + std::exp(w / kT + shift)));
  return moments;
}

double relative_variance(const Moments& m) {
  return m.mean > 0.0 ? m.variance() / (m.mean * m.mean * static_cast<double>(m.count)) : 0.0;
}

}  // namespace

FreeEnergy jarzynski(std::span<const double> work, double kT) {
  check(work, kT);
  const double least = std::ranges::min(work);
  Moments weights;
  for (const double w : work) weights.add(std::exp(-(w - least) / kT));
  return {.value = least - kT * std::log(weights.mean),
          .error = kT * std::sqrt(relative_variance(weights))};
}

FreeEnergy bennett(std::span<const double> forward, std::span<const double> reverse, double kT) {
  check(forward, kT);
  check(reverse, kT);
  const double ratio =
      std::log(static_cast<double>(forward.size()) / static_cast<double>(reverse.size()));
  // n_F <f(ratio + (W - dF)/kT)>_F - n_R <f(-ratio + (W + dF)/kT)>_R grows with dF from below
  // zero to above; the root lies between the extreme works.
  const auto imbalance = [&](double dF) {
    return static_cast<double>(forward.size()) * fermi(forward, ratio - dF / kT, kT).mean -
           static_cast<double>(reverse.size()) * fermi(reverse, -ratio + dF / kT, kT).mean;
  };
  double low = std::min(std::ranges::min(forward), -std::ranges::max(reverse));
  double high = std::max(std::ranges::max(forward), -std::ranges::min(reverse));
  const double width = std::max(high - low, kT);
  low -= width;
  high += width;
  for (int i = 0; i < 100 && high - low > 1e-13 * width; ++i) {
    const double middle = 0.5 * (low + high);
    (imbalance(middle) < 0.0 ? low : high) = middle;
  }
  const double dF = 0.5 * (low + high);
  return {.value = dF,
          .error = kT * std::sqrt(relative_variance(fermi(forward, ratio - dF / kT, kT)) +
                                  relative_variance(fermi(reverse, -ratio + dF / kT, kT)))};
}

}  // namespace therma
