// SPDX-License-Identifier: Apache-2.0
// Tail probabilities of the laws that test statistics follow: normal, Student, Fisher.
#pragma once

namespace therma {

// x with P(N(0,1) < x) = p; -infinity at 0, infinity at 1, NaN outside.
[[nodiscard]] double normal_quantile(double p) noexcept;

// P(|T| >= |t|) for Student's law; df > 0 need not be whole. NaN for t NaN.
[[nodiscard]] double t_two_sided(double t, double df) noexcept;
// t > 0 with t_two_sided(t, df) = p, for p in (0, 1).
[[nodiscard]] double t_bound(double p, double df) noexcept;

// P(F >= f) for Fisher's law with d1 and d2 degrees of freedom. NaN for f NaN.
[[nodiscard]] double f_above(double f, double d1, double d2) noexcept;

// The z of a normal law as unlikely as z is of a sum with this skewness: solves
// w + (w^2 - 1) |skewness| / 6 = |z| for w (Cornish and Fisher, Rev. ISI 5, 1938, first term).
// Counts of few events need it: 23 where 5 are expected is z = 8.0, but w = 5.7.
[[nodiscard]] double without_skewness(double z, double skewness) noexcept;

}  // namespace therma
