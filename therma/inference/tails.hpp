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

// Third and fourth moments of a statistic, standardised: 0 for a normal law.
struct Shape {
  double skewness = 0.0;
  double kurtosis = 0.0;  // less the normal law's 3
};
// Of the mean of `size` independent values of this shape.
[[nodiscard]] Shape shape_of_mean(const Shape& single, double size) noexcept;

// The w >= 0 at which a normal law is as unlikely as a statistic of this shape is at |z|, and back:
// |z| = w + (w^2 - 1) |skewness| / 6 + (w^3 - 3 w) excess / 24, excess = kurtosis - 4/3
// skewness^2 or 0 (Cornish and Fisher, Rev. ISI 5, 1938). Counts of few events need it: 23 where 5
// are expected is z = 8.0, but w = 5.7.
[[nodiscard]] double normal_equivalent(double z, const Shape& shape) noexcept;
[[nodiscard]] double stretched(double w, const Shape& shape) noexcept;

}  // namespace therma
