// SPDX-License-Identifier: Apache-2.0
// The incomplete beta function, and what follows from it.
#include "therma/inference/tails.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace therma {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The continued fraction of DLMF 8.17.22 by Lentz's method; converges fast for x < (a+1)/(a+b+2).
double beta_fraction(double x, double a, double b) noexcept {
  constexpr double kTiny = 1e-300;
  double c = 1.0, d = 0.0, value = 1.0;
  const auto multiply = [&](double numerator) {
    d = 1.0 + numerator * d;
    c = 1.0 + numerator / c;
    if (std::abs(d) < kTiny) d = kTiny;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1.0 / d;
    value *= c * d;
    return std::abs(c * d - 1.0);
  };
  multiply(-(a + b) * x / (a + 1.0));
  for (double m = 1.0; m < 20000.0; ++m) {
    multiply(m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)));
    const double change =
        multiply(-(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)));
    if (change < 1e-15) break;
  }
  return 1.0 / (value == 0.0 ? kTiny : value);
}

// ln Gamma, thread-safe (std::lgamma writes a global): Stirling's series above 10.
double log_gamma(double x) noexcept {
  double shift = 0.0;
  for (; x < 10.0; ++x) shift -= std::log(x);
  const double y = 1.0 / (x * x);
  const double series =
      (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y / 1188.0)))) / x;
  return shift + (x - 0.5) * std::log(x) - x + 0.5 * std::log(2.0 * std::numbers::pi) + series;
}

// I_x(a, b), regularised; y = 1 - x is given apart, since either may be tiny.
double incomplete_beta(double x, double y, double a, double b) noexcept {
  if (x <= 0.0) return 0.0;
  if (y <= 0.0) return 1.0;
  const double front =
      std::exp(a * std::log(x) + b * std::log(y) + log_gamma(a + b) - log_gamma(a) - log_gamma(b));
  if (x < (a + 1.0) / (a + b + 2.0)) return front / a * beta_fraction(x, a, b);
  return 1.0 - front / b * beta_fraction(y, b, a);
}

}  // namespace

// A rational start, made exact by two steps of Halley's method on erfc.
double normal_quantile(double p) noexcept {
  if (!(p >= 0.0 && p <= 1.0)) return kNaN;
  if (p == 0.0) return -std::numeric_limits<double>::infinity();
  if (p == 1.0) return std::numeric_limits<double>::infinity();
  const double tail = std::min(p, 1.0 - p);
  // Abramowitz and Stegun 26.2.23: within 4.5e-4.
  const double t = std::sqrt(-2.0 * std::log(tail));
  double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                     (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (int step = 0; step < 2; ++step) {  // of P(N > x) = tail
    const double above = 0.5 * std::erfc(x / std::numbers::sqrt2);
    const double density = std::exp(-0.5 * x * x) / std::sqrt(2.0 * std::numbers::pi);
    const double newton = (above - tail) / density;
    x += newton / (1.0 + 0.5 * x * newton);
  }
  return p < 0.5 ? -x : x;
}

double t_two_sided(double t, double df) noexcept {
  if (std::isnan(t) || !(df > 0.0)) return kNaN;
  if (std::isinf(t)) return 0.0;
  if (df > 1e7) return std::erfc(std::abs(t) / std::numbers::sqrt2);
  const double x = df / (df + t * t);
  return incomplete_beta(x, t * t / (df + t * t), 0.5 * df, 0.5);
}

double t_bound(double p, double df) noexcept {
  double low = 0.0, high = 1.0;
  while (t_two_sided(high, df) > p && high < 1e300) high *= 2.0;
  for (int step = 0; step < 200 && high - low > 1e-12 * high; ++step) {
    const double middle = 0.5 * (low + high);
    (t_two_sided(middle, df) > p ? low : high) = middle;
  }
  return high;
}

double f_above(double f, double d1, double d2) noexcept {
  if (std::isnan(f) || !(d1 > 0.0) || !(d2 > 0.0)) return kNaN;
  if (f <= 0.0) return 1.0;
  if (std::isinf(f)) return 0.0;
  d2 = std::min(d2, 1e9);
  const double sum = d1 * f + d2;
  return incomplete_beta(d2 / sum, d1 * f / sum, 0.5 * d2, 0.5 * d1);
}

Shape shape_of_mean(const Shape& single, double size) noexcept {
  return {.skewness = single.skewness / std::sqrt(size), .kurtosis = single.kurtosis / size};
}

double stretched(double w, const Shape& shape) noexcept {
  // The second order of skewness, -(2 w^3 - 5 w) s^2 / 36, is taken together with the kurtosis;
  // tails lighter than a normal law's are not made use of.
  const double s = std::abs(shape.skewness);
  const double excess = std::max(0.0, shape.kurtosis - 4.0 / 3.0 * s * s);
  return w + (w * w - 1.0) * s / 6.0 + (w * w * w - 3.0 * w) * excess / 24.0;
}

double normal_equivalent(double z, const Shape& shape) noexcept {
  z = std::abs(z);
  // Below w = sqrt 3 both terms may lower z; such values decide nothing.
  constexpr double kStart = std::numbers::sqrt3;
  if (!(z > stretched(kStart, shape))) return std::isnan(z) ? z : std::min(z, kStart);
  if (std::isinf(z)) return z;
  double low = kStart, high = std::max(z, kStart);
  for (int step = 0; step < 100 && high - low > 1e-9 * high; ++step) {
    const double middle = 0.5 * (low + high);
    (stretched(middle, shape) < z ? low : high) = middle;
  }
  return low;
}

}  // namespace therma
