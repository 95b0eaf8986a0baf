// SPDX-License-Identifier: Apache-2.0
// Diagnostics on series whose answers are known.
//
// AR(1), x' = phi x + sqrt(1 - phi^2) xi, has unit variance and rho(k) = phi^k, so that
// tau = 1/2 + phi / (1 - phi). Thresholds are 5 standard errors: below 6e-7 for each comparison.
#include "therma/inference/diagnostics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "therma/core/random/rng.hpp"

namespace therma {
namespace {

// [chain][sample], each chain from its own stationary start.
std::vector<double> autoregressive(double phi, std::uint32_t chains, std::uint32_t samples,
                                   std::uint64_t seed) {
  const Rng rng(seed);
  std::vector<double> x;
  for (std::uint32_t c = 0; c < chains; ++c) {
    double at = rng.normal({.chain = c});
    for (std::uint32_t t = 0; t < samples; ++t) {
      x.push_back(at);
      at = phi * at + std::sqrt(1.0 - phi * phi) * rng.normal({.chain = c, .step = t + 1});
    }
  }
  return x;
}

double tau_of(double phi) { return 0.5 + phi / (1.0 - phi); }

TEST(Autocovariance, EqualsItsDefinition) {
  const auto x = autoregressive(0.5, 1, 37, 1);
  const auto c = autocovariance(x);
  const double mean = mean_of(x);
  for (std::size_t lag = 0; lag < x.size(); ++lag) {
    double sum = 0.0;
    for (std::size_t t = 0; t + lag < x.size(); ++t) sum += (x[t] - mean) * (x[t + lag] - mean);
    EXPECT_NEAR(c[lag], sum / static_cast<double>(x.size()), 1e-13);
  }
}

TEST(AutocorrelationTime, IsThatOfAnAutoregressiveSeries) {
  for (const double phi : {-0.5, 0.0, 0.6, 0.95}) {
    const auto x = autoregressive(phi, 4, 40'000, 2);
    const auto a = integrated_autocorrelation({.values = x, .chains = 4});
    EXPECT_TRUE(a.decided);
    // The window leaves e^-6 of the sum out; of the alternating one, 0.5^7.
    EXPECT_NEAR(a.tau, tau_of(phi), 5.0 * a.error + 0.006) << phi;
    EXPECT_LT(a.error, 0.06 * tau_of(phi));
  }
}

// 512 chains of 10 correlation times: each chain alone is hopeless, all together are not, once the
// loss from subtracting each chain's own mean is put back (here 60 % of tau).
TEST(AutocorrelationTime, IsRightOnAverageForManyShortChains) {
  const auto x = autoregressive(0.8, 512, 90, 3);
  const auto a = integrated_autocorrelation({.values = x, .chains = 512});
  EXPECT_NEAR(a.tau, tau_of(0.8), 0.1 * tau_of(0.8));
}

TEST(AutocorrelationTime, IsUndecidedOnAShortTrace) {
  const auto x = autoregressive(0.95, 1, 300, 4);  // 300 samples, 2 tau = 39
  EXPECT_FALSE(integrated_autocorrelation({.values = x}).decided);
}

TEST(AutocorrelationTime, DoesNotExistForConstantOrBrokenTraces) {
  std::vector<double> x(100, 3.7);
  EXPECT_TRUE(std::isnan(integrated_autocorrelation({.values = x}).tau));
  x[17] = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(std::isnan(integrated_autocorrelation({.values = x}).tau));
  EXPECT_FALSE(integrated_autocorrelation({.values = x}).decided);
}

TEST(WithoutDrift, LeavesTheAutocorrelationOfChainsThatDriftTogether) {
  auto x = autoregressive(0.6, 8, 4000, 5);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += 0.002 * static_cast<double>(i % 4000);
  const auto left = without_drift({.values = x, .chains = 8});
  const auto a = integrated_autocorrelation({.values = left, .chains = 8});
  EXPECT_NEAR(a.tau, tau_of(0.6), 5.0 * a.error);
  EXPECT_NEAR(a.variance, 1.0, 0.1);  // 32,000 samples, 2 tau = 4: within 5 of 1.6 %
}

// The effective size of n samples of AR(1) is n / (2 tau); its own error is some 2 tau error.
TEST(EffectiveSamples, AreThoseOfAnAutoregressiveSeries) {
  for (const double phi : {0.0, 0.6, 0.9}) {
    const auto x = autoregressive(phi, 4, 20'000, 6);
    const Traces traces{.values = x, .chains = 4};
    const double expected = 80'000.0 / (2.0 * tau_of(phi));
    EXPECT_NEAR(effective_samples(traces) / expected, 1.0, 0.15) << phi;
    EXPECT_NEAR(bulk_effective_samples(traces) / expected, 1.0, 0.15) << phi;
    EXPECT_GT(tail_effective_samples(traces), 0.8 * expected);  // tails forget sooner
    EXPECT_NEAR(standard_error(traces) * std::sqrt(expected), 1.0, 0.1);
  }
}

TEST(SplitRhat, IsOneForChainsOfOneLaw) {
  const auto x = autoregressive(0.6, 4, 4000, 7);
  EXPECT_LT(rank_rhat({.values = x, .chains = 4}), 1.01);
  EXPECT_LT(split_rhat({.values = x, .chains = 4}), 1.01);
}

// Two chains at means -d and d of unit variance: between the four halves' means the variance is
// 4 d^2 / 3, so that R-hat = sqrt(1 + 4 d^2 / 3) = 1.53 for d = 1.
TEST(SplitRhat, SeesTwoChainsThatDisagree) {
  auto x = autoregressive(0.0, 2, 5000, 8);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += i < 5000 ? -1.0 : 1.0;
  const Traces traces{.values = x, .chains = 2};
  EXPECT_NEAR(split_rhat(traces), std::sqrt(1.0 + 4.0 / 3.0), 0.02);
  EXPECT_GT(rank_rhat(traces), 1.3);
  EXPECT_LT(bulk_effective_samples(traces), 20.0);
}

TEST(SplitRhat, SeesChainsThatDifferInScaleAlone) {
  auto x = autoregressive(0.0, 2, 5000, 9);
  for (std::size_t i = 0; i < 5000; ++i) x[i] *= 3.0;
  EXPECT_LT(split_rhat({.values = x, .chains = 2}), 1.01);
  EXPECT_GT(rank_rhat({.values = x, .chains = 2}), 1.1);
}

TEST(SplitRhat, SeesOneChainThatDrifts) {
  auto x = autoregressive(0.0, 1, 2000, 10);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += 0.001 * static_cast<double>(i);
  EXPECT_GT(rank_rhat({.values = x}), 1.05);
}

TEST(NormalScores, DependOnOrderAlone) {
  const std::vector<double> x = {5.0, -1.0, 1e9, 5.0};
  const auto z = normal_scores(x);
  EXPECT_DOUBLE_EQ(z[0], z[3]);  // ties share their mean rank 2.5, which is the middle
  EXPECT_NEAR(z[0], 0.0, 1e-12);
  EXPECT_DOUBLE_EQ(z[1], -z[2]);
}

// 2000 independent series: z is standard normal to the accuracy of its own error estimate, so that
// some 5 % lie beyond 1.96 (sd 0.5 %), a little more since the first tenth's error is rough.
TEST(Geweke, IsStandardNormalForStationarySeries) {
  int beyond = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    beyond += std::abs(geweke_z(autoregressive(0.3, 1, 1500, 100 + seed))) > 1.96;
  }
  EXPECT_GT(beyond, 50);
  EXPECT_LT(beyond, 200);
}

TEST(Geweke, SeesADrift) {
  auto x = autoregressive(0.3, 1, 1500, 11);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += 0.001 * static_cast<double>(i);
  EXPECT_GT(std::abs(geweke_z(x)), 4.0);
}

TEST(Diagnostics, SayWhatIsWrongWithATrace) {
  const std::vector<double> constant(50, 2.0), brief = {1.0, 2.0, 3.0};
  auto broken = autoregressive(0.0, 2, 50, 12);
  broken[70] = std::nan("");
  EXPECT_EQ(trace_state({.values = constant}), TraceState::constant);
  EXPECT_EQ(trace_state({.values = brief}), TraceState::too_short);
  EXPECT_EQ(trace_state({.values = broken, .chains = 2}), TraceState::not_finite);
  for (const Traces traces : {Traces{.values = constant}, Traces{.values = brief},
                              Traces{.values = broken, .chains = 2}}) {
    EXPECT_TRUE(std::isnan(rank_rhat(traces)));
    EXPECT_TRUE(std::isnan(bulk_effective_samples(traces)));
    EXPECT_TRUE(std::isnan(tail_effective_samples(traces)));
    EXPECT_TRUE(std::isnan(standard_error(traces)));
    EXPECT_TRUE(std::isnan(geweke_z(traces.values)));
  }
}

}  // namespace
}  // namespace therma
