// SPDX-License-Identifier: Apache-2.0
// Noise and stationary laws of networks in lanes, against what is known exactly of them.
//
// Thresholds are 5 standard errors of independent draws or replicas: false alarms 6e-7 each, below
// 1e-4 in all.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/targets.hpp"
#include "therma/dynamics/kernels/kernels.hpp"
#include "therma/dynamics/kernels/network_lanes.hpp"
#include "therma/dynamics/observables.hpp"
#include "therma/dynamics/ornstein_uhlenbeck.hpp"

namespace therma {
namespace {

using kernels::kNetworkLanes;
using kernels::LaneRow;

TEST(LaneNoise, HasTheMomentsAndTailsOfANormal) {
  const auto keys = ars_round_keys(Rng(21).ars_key());
  constexpr std::uint32_t kRows = 1024, kSteps = 256;
  constexpr double kCount = 64.0 * kRows * kSteps;  // 1.7e7
  double powers[5] = {};                            // sums of x^k
  double tails[6] = {};                             // |x| > k
  double rows = 0.0, lanes = 0.0, steps = 0.0;      // products of neighbours
  std::vector<LaneRow> x(kRows), last(kRows);
  for (std::uint32_t step = 0; step < kSteps; ++step) {
    fill_lane_normals(keys, {.step = step}, 0, kRows, x.data());
    for (std::uint32_t row = 0; row < kRows; ++row) {
      for (std::uint32_t lane = 0; lane < 64; ++lane) {
        const double v = static_cast<double>(x[row].lane[lane]), v2 = v * v;
        powers[1] += v;
        powers[2] += v2;
        powers[3] += v * v2;
        powers[4] += v2 * v2;
        for (int k = 3; k < 6; ++k) tails[k] += v2 > k * k;
        rows += v * static_cast<double>(x[row ^ 1].lane[lane]);
        lanes += v * static_cast<double>(x[row].lane[lane ^ 1]);
        steps += v * static_cast<double>(last[row].lane[lane]);
      }
    }
    last.swap(x);
  }
  // Variances of x, x^2, x^3, x^4: 1, 2, 15, 96.
  EXPECT_NEAR(powers[1] / kCount, 0.0, 5.0 * std::sqrt(1.0 / kCount));
  EXPECT_NEAR(powers[2] / kCount, 1.0, 5.0 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(powers[3] / kCount, 0.0, 5.0 * std::sqrt(15.0 / kCount));
  EXPECT_NEAR(powers[4] / kCount, 3.0, 5.0 * std::sqrt(96.0 / kCount));
  // Pairs within rows and lanes are met twice.
  EXPECT_NEAR(rows / kCount, 0.0, 5.0 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(lanes / kCount, 0.0, 5.0 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(steps / kCount, 0.0, 5.0 * std::sqrt(1.0 / kCount));
  for (int k = 3; k < 5; ++k) {
    const double expected = kCount * testing::two_sided(k);
    EXPECT_NEAR(tails[k], expected, 5.0 * std::sqrt(expected)) << k;
  }
  // Beyond 5 sigma 9.6 are expected; by Poisson's law none has probability e^-9.6 = 7e-5, and 30 or
  // more 1e-7.
  EXPECT_NEAR(kCount * testing::two_sided(5.0), 9.6, 0.1);
  EXPECT_GT(tails[5], 0.0);
  EXPECT_LT(tails[5], 30.0);
}

// Sums over replicas after `steps` steps from standard normals.
std::vector<std::vector<double>> ends(const Target& target, const MachineConfig& config,
                                      double beta, std::uint64_t steps) {
  auto machine = kNetworkLanes.make(target, config, {0, config.replicas}, Rng(17));
  machine->advance({&beta, 1}, steps, {});
  std::vector<std::vector<double>> out(config.replicas,
                                       std::vector<double>(machine->num_variables()));
  for (std::uint32_t r = 0; r < config.replicas; ++r) machine->read(r, out[r]);
  return out;
}

TEST(NetworkLanes, HaveTheStationaryCovarianceOfAnOrnsteinUhlenbeckProcess) {
  // D = kT: C = kT K^-1. Leimkuhler-Matthews and BAOAB have it exactly at any stable step; the
  // start is forgotten as e^{-40 x 0.5}.
  const std::vector<double> K = {2.0, 0.5, 0.0, 0.5, 1.0, -0.3, 0.0, -0.3, 1.5};
  constexpr double kT = 0.4;
  const auto C = stationary_covariance({K, {kT, 0, 0, 0, kT, 0, 0, 0, kT}});
  const Target target = std::make_shared<const QuadraticEnergy>(K);
  for (const auto rule : {UpdateRule::leimkuhler_matthews, UpdateRule::baoab, UpdateRule::mala}) {
    const double dt = rule == UpdateRule::baoab ? 0.6 : 0.3;
    const auto xs = ends(target, {.rule = rule, .replicas = 25'600, .dt = dt, .friction = 2.0},
                         1.0 / kT, rule == UpdateRule::baoab ? 100 : 200);
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = i; j < 3; ++j) {
        Moments product;
        for (const auto& x : xs) product.add(x[i] * x[j]);
        EXPECT_NEAR(product.mean, C[3 * i + j], 5.0 * product.error())
            << enum_names(rule)[static_cast<std::size_t>(rule)];
      }
    }
  }
}

TEST(NetworkLanes, HaveTheMarginalsOfAQuarticUnit) {
  // <x^2> and <x^4> under e^{-V/kT}, V = x^2 + x^4, by quadrature; exact for mala at any step. The
  // step is small enough to come back from the start's outliers: V' dt < 4 at x = 4.5.
  const auto program = compile(QuarticModel{.num_units = 8});
  double weights = 0.0, second = 0.0, fourth = 0.0;
  const auto unit = compile(QuarticModel{.num_units = 1});
  for (double x = -4.0; x <= 4.0; x += 1e-3) {
    const double weight = std::exp(-unit.energy(std::vector<double>{x}) / 0.5);
    weights += weight;
    second += weight * x * x;
    fourth += weight * x * x * x * x;
  }
  const auto xs = ends(std::make_shared<const QuarticProgram>(program),
                       {.rule = UpdateRule::mala, .replicas = 6'400, .dt = 0.01}, 2.0, 500);
  Moments squares, fourths;
  for (const auto& x : xs) {
    double s = 0.0, f = 0.0;
    for (const double v : x) s += v * v / 8.0, f += v * v * v * v / 8.0;
    squares.add(s);
    fourths.add(f);
  }
  EXPECT_NEAR(squares.mean, second / weights, 5.0 * squares.error());
  EXPECT_NEAR(fourths.mean, fourth / weights, 5.0 * fourths.error());
}

}  // namespace
}  // namespace therma
