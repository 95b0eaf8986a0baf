// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/gradient_check.hpp"
#include "tests/support/targets.hpp"
#include "therma/core/error.hpp"
#include "therma/energy/harmonic.hpp"

namespace therma {
namespace {

using testing::gradient_error;
using testing::make_quartic;

static_assert(GradientEnergy<QuarticProgram> && GradientEnergy<HarmonicTrap> &&
              GradientEnergy<QuadraticEnergy>);

std::vector<double> random_point(std::uint32_t size, std::uint64_t seed) {
  std::vector<double> x(size);
  const Rng rng(seed);
  for (std::uint32_t i = 0; i < size; ++i) x[i] = rng.normal({.site = i});
  return x;
}

TEST(Quartic, GivesTwoUnitsTheirKnownEnergy) {
  const auto v = compile(QuarticModel{.num_units = 2,
                                      .quadratic = 1.0,
                                      .quartic = 2.0,
                                      .biases = {0.5, 0.0},
                                      .couplings = {{0, 1, 3.0}}});
  const std::vector<double> x = {1.0, 2.0};
  // (1 + 4) + 2 (1 + 16) + 0.5 + 3 * 2
  EXPECT_DOUBLE_EQ(v.energy(x), 5.0 + 34.0 + 0.5 + 6.0);
  std::vector<double> g(2);
  v.gradient(x, g);
  EXPECT_DOUBLE_EQ(g[0], 2.0 + 8.0 + 0.5 + 6.0);
  EXPECT_DOUBLE_EQ(g[1], 4.0 + 64.0 + 3.0);
}

TEST(Quartic, HasTheGradientOfItsEnergySparseAndDense) {
  const auto sparse = compile(make_quartic(20, 7, 1));
  const auto dense = compile(make_quartic(20, 1, 2));
  ASSERT_FALSE(sparse.is_dense());
  ASSERT_TRUE(dense.is_dense());
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto x = random_point(20, seed);
    EXPECT_LT(gradient_error(sparse, x), 1e-7);
    EXPECT_LT(gradient_error(dense, x), 1e-7);
  }
}

TEST(Quartic, ComputesTheFusedEnergyAlike) {
  const auto v = compile(make_quartic(20, 1, 3));
  const auto x = random_point(20, 4);
  std::vector<double> g(20), fused(20);
  v.gradient(x, g);
  EXPECT_DOUBLE_EQ(v.energy_and_gradient(x, fused), v.energy(x));
  EXPECT_EQ(g, fused);
}

TEST(Quartic, IsTheSameSparseAsDense) {
  // Every fourth pair is dense by the rule; the same couplings inside a larger network are sparse.
  auto model = make_quartic(12, 4, 5);
  const auto dense = compile(model);
  model.num_units = 60;
  model.biases.resize(60, 0.0);
  const auto sparse = compile(model);
  ASSERT_TRUE(dense.is_dense());
  ASSERT_FALSE(sparse.is_dense());
  auto x = random_point(12, 6);
  const double expected = dense.energy(x);
  x.resize(60, 0.0);
  EXPECT_NEAR(sparse.energy(x), expected, 1e-12);
}

TEST(Quartic, HasAGradientAtRandomPoints) {
  const auto v = compile(make_quartic(16, 3, 7));
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    std::vector<double> g(16);
    v.gradient(random_point(16, seed), g);
    for (const double gi : g) EXPECT_NE(gi, 0.0);
  }
}

TEST(Quartic, RejectsUnitsThatWouldEscape) {
  EXPECT_THROW((void)compile(QuarticModel{.num_units = 1, .quartic = 0.0}), Error);
  EXPECT_THROW((void)compile(QuarticModel{.num_units = 1, .couplings = {{0, 0, 1.0}}}), Error);
}

TEST(Harmonic, HasTheGradientOfItsEnergy) {
  const HarmonicTrap trap{.stiffness = 2.5, .centre = -0.7, .dimension = 3};
  const std::vector<double> x = {0.3, -0.7, 2.0};
  EXPECT_DOUBLE_EQ(trap.energy(x), 0.5 * 2.5 * (1.0 + 0.0 + 2.7 * 2.7));
  EXPECT_LT(gradient_error(trap, x), 1e-8);
  const QuadraticEnergy form({2.0, 0.5, 0.5, 1.0}, {1.0, -1.0});
  EXPECT_LT(gradient_error(form, std::vector<double>{0.4, 1.3}), 1e-8);
}

TEST(Harmonic, RejectsFormsThatAreNotSymmetric) {
  EXPECT_THROW(QuadraticEnergy({1.0, 0.5, 0.0, 1.0}), Error);
  EXPECT_THROW(QuadraticEnergy({1.0, 0.5, 0.5}), Error);
  EXPECT_THROW(QuadraticEnergy({1.0}, {1.0, 2.0}), Error);
}

}  // namespace
}  // namespace therma
