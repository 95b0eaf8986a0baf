// SPDX-License-Identifier: Apache-2.0
// The tests of a certificate, each a pure function of traces; docs/theory/certificate.md.
#pragma once

#include <string>
#include <vector>

#include "therma/inference/certificate.hpp"
#include "therma/inference/tails.hpp"
#include "therma/inference/traces.hpp"

namespace therma {

// One observable of several chains, as kept: `stride` samples apart.
struct Observable {
  std::string name = {};
  std::vector<double> values = {};  // [chain][sample]
  std::size_t chains = 1;
  std::uint64_t stride = 1;

  [[nodiscard]] Traces traces() const noexcept { return {.values = values, .chains = chains}; }
};

// What is wanted of a run, beside that no test fails.
struct Thresholds {
  double false_alarm_rate = 1e-4;  // of each gate
  double effective_samples = 400;
  double rhat = 1.02;
};

[[nodiscard]] ObservableSummary summarise(const Observable& observable);

// Whether chains are long enough for their correlation times to be known, of every observable.
[[nodiscard]] Gate judge_length(const std::vector<Observable>& observables);
// The smallest effective size, bulk or tail.
[[nodiscard]] Gate judge_effective_samples(const std::vector<ObservableSummary>& summaries,
                                           const Thresholds& thresholds);
// Fails where halves of chains, or one chain against the rest, differ beyond chance; undecided
// where they agree but could hide an R-hat above the threshold.
[[nodiscard]] Gate judge_agreement(const std::vector<Observable>& observables,
                                   const Thresholds& thresholds);
// Geweke's comparison, of the first tenth with the last half, over all chains.
[[nodiscard]] Gate judge_stationarity(const std::vector<Observable>& observables,
                                      const Thresholds& thresholds);
// Fails where two chains, or all chains on average, move together.
[[nodiscard]] Gate judge_independence(const std::vector<Observable>& observables,
                                      const Thresholds& thresholds);

// A mean and its standard error: the larger of that from all chains and that from their average at
// each sample, which chains that share random numbers cannot make too small.
struct MeanError {
  double mean = 0.0;
  double error = 0.0;    // NaN where it cannot be known
  double freedom = 0.0;  // of Student's law
  Shape shape = {};      // of the mean
  bool decided = false;
};
[[nodiscard]] MeanError mean_error(const Traces& traces, double least_variance = 0.0);

}  // namespace therma
