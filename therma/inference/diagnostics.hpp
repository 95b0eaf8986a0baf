// SPDX-License-Identifier: Apache-2.0
// Convergence diagnostics: pure functions of traces; docs/theory/certificate.md.
//
// Each gives NaN where its value does not exist: a number that is not finite, a constant trace, too
// few samples. Comparisons with NaN are false, so that such traces pass no gate.
#pragma once

#include <span>
#include <vector>

#include "therma/inference/traces.hpp"

namespace therma {

// What can be said about traces at all.
enum class TraceState {
  usable,
  not_finite,  // NaN or infinity somewhere
  constant,    // one value throughout
  too_short    // fewer than 8 samples in a chain
};
[[nodiscard]] TraceState trace_state(const Traces& traces) noexcept;

// Each chain cut in two halves (the middle sample of an odd number left out), [2 chain][half].
[[nodiscard]] std::vector<double> split_chains(const Traces& traces);
// Normal scores of all values together: Phi^-1((rank - 3/8)/(S + 1/4)), ties at their mean rank.
// Vehtari, Gelman, Simpson, Carpenter, Bürkner, Bayesian Analysis 16, 2021, eq. 14.
[[nodiscard]] std::vector<double> normal_scores(std::span<const double> values);
// |x - median of all|: scores of these see chains that differ in scale.
[[nodiscard]] std::vector<double> folded(std::span<const double> values);

// Potential scale reduction of split chains, without ranks (Vehtari eqs. 1-4).
[[nodiscard]] double split_rhat(const Traces& traces);
// The larger of split R-hat on normal scores and on normal scores of the folded values.
[[nodiscard]] double rank_rhat(const Traces& traces);

// Effective sample size of the mean over split chains (Vehtari eqs. 10-13: Geyer's initial monotone
// sequence); of normal scores (bulk); the smaller of both 5 % quantiles' indicators (tail).
[[nodiscard]] double effective_samples(const Traces& traces);
[[nodiscard]] double bulk_effective_samples(const Traces& traces);
[[nodiscard]] double tail_effective_samples(const Traces& traces);

// Standard error of the mean over all samples: standard deviation / sqrt(effective samples).
[[nodiscard]] double standard_error(const Traces& traces);

// The first tenth of a single series against its last half, in standard errors; standard normal for
// long stationary series (Geweke, Bayesian Statistics 4, 1992). Each part's error by Sokal's
// window.
[[nodiscard]] double geweke_z(std::span<const double> series);

}  // namespace therma
