// SPDX-License-Identifier: Apache-2.0
// Each bit-sliced kernel of this processor gives the bits of the plain twin.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/targets.hpp"
#include "therma/dynamics/kernels/bit_sliced.hpp"
#include "therma/dynamics/kernels/bit_sliced_program.hpp"
#include "therma/dynamics/kernels/bit_sliced_thresholds.hpp"

namespace therma::kernels {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Graph {
  std::uint32_t spins = 60;
  std::uint32_t degree = 6;  // drawn so many times for each spin: degrees spread around twice that
  int largest = 1;           // weights -largest ... largest, in units
  bool fields = false;
  double unit = 1.0;
};

IsingModel make_graph(const Graph& g) {
  const Rng rng(g.degree * 1000 + static_cast<unsigned>(g.largest));
  IsingModel model{.num_spins = g.spins};
  const auto weight = [&](const Rng& from, std::uint32_t i, std::uint32_t k) {
    const int w = 1 + static_cast<int>(from.uniform({.chain = k, .site = i}) * g.largest);
    return g.unit * (from.bits({.chain = k, .site = i, .lane = 1}) >> 63 != 0 ? w : -w);
  };
  for (std::uint32_t i = 0; i < g.spins; ++i) {
    if (g.fields) model.fields.push_back(weight(rng.child("fields"), i, 0));
    for (std::uint32_t k = 0; k < g.degree / 2; ++k) {
      const auto j =
          static_cast<std::uint32_t>(rng.child("ends").uniform({.chain = k, .site = i}) * g.spins);
      if (j != i) model.couplings.push_back({i, j, weight(rng, i, k)});
    }
  }
  return model;
}

// All words and the energies after a few sweeps.
struct Outcome {
  std::string words;
  std::vector<double> energies;
  bool operator==(const Outcome&) const = default;
};
Outcome outcome(const IsingModel& model, std::span<const double> betas,
                const SlicedKernels& kernels) {
  const auto machine =
      make_bit_sliced(std::make_shared<const IsingProgram>(model), {512, 700}, Rng(9), kernels);
  machine->advance(betas, 3, {});
  Outcome out{machine->save(), std::vector<double>(700)};
  machine->energies(out.energies, {});
  return out;
}

void expect_the_twins_bits(const IsingModel& model, std::span<const double> betas) {
  ASSERT_EQ(sliced_refusal(IsingProgram(model)), "");
  const auto expected = outcome(model, betas, kSlicedTwin);
  for (const auto* kernels : {sliced_aesni(), sliced_vaes()}) {
    if (kernels == nullptr) continue;
    EXPECT_EQ(outcome(model, betas, *kernels), expected) << kernels->name;
  }
}

// A beta for each lane, cold and hot, 0 and infinite among them.
std::vector<double> many_betas() {
  std::vector<double> betas(700);
  for (std::size_t r = 0; r < betas.size(); ++r) betas[r] = 0.003 * static_cast<double>(r);
  betas[5] = kInfinity;
  return betas;
}

TEST(BitSlicedBackends, AgreeOnUnitWeightsOfAnyDegree) {
  for (const std::uint32_t degree : {0U, 2U, 3U, 6U, 12U, 20U}) {  // rows of 0 to more than 16
    for (const bool fields : {false, true}) {
      const auto model = make_graph({.degree = degree, .fields = fields});
      expect_the_twins_bits(model, std::vector{0.4});
      expect_the_twins_bits(model, many_betas());
    }
  }
}

TEST(BitSlicedBackends, AgreeOnWeightsOfManyDigits) {
  for (const int largest : {2, 5, 20}) {
    const auto model = make_graph({.largest = largest, .fields = true, .unit = 0.1});
    expect_the_twins_bits(model, std::vector{0.9});
    expect_the_twins_bits(model, many_betas());
  }
}

TEST(BitSlicedBackends, AgreeAtTheLargestWeight) {
  const auto star = [](std::uint32_t leaves) {
    IsingModel model{.num_spins = leaves + 1, .fields = {}};
    for (std::uint32_t k = 1; k <= leaves; ++k) model.couplings.push_back({0, k, -1.0});
    return model;
  };
  for (const std::uint32_t leaves : {200U, 254U, 255U}) {
    expect_the_twins_bits(star(leaves), std::vector{0.02});
    expect_the_twins_bits(star(leaves), many_betas());
  }
  EXPECT_NE(sliced_refusal(IsingProgram(star(256))), "");
}

TEST(BitSlicedBackends, AgreeAtBetaZeroAndInfinity) {
  const auto model = make_graph({.degree = 5});
  expect_the_twins_bits(model, std::vector{0.0});
  expect_the_twins_bits(model, std::vector{kInfinity});
}

// At infinite beta a lone spin follows its field, or tosses a coin where there is none.
TEST(BitSlicedBackends, KeepSitesApartPastSixteenBits) {
  constexpr std::uint32_t kSpins = 140'000;
  IsingModel model{.num_spins = kSpins, .fields = std::vector<double>(kSpins)};
  for (std::uint32_t i = 0; i < kSpins; ++i) model.fields[i] = static_cast<double>(i % 3) - 1.0;
  const auto machine = make_bit_sliced(std::make_shared<const IsingProgram>(model), {0, 64}, Rng(2),
                                       best_sliced_kernels());
  machine->advance(std::vector{kInfinity}, 1, {});
  std::vector<double> values(kSpins);
  machine->read(40, values);
  std::vector<double> coins;
  for (std::uint32_t i = 0; i < kSpins; ++i) {
    if (model.fields[i] == 0.0) {
      coins.push_back(values[i]);
    } else {
      ASSERT_EQ(values[i], model.fields[i]) << i;
    }
  }
  double same = 0.0;
  const std::size_t half = coins.size() / 2;
  for (std::size_t k = 0; k < half; ++k) same += coins[k] == coins[k + half] ? 1.0 : 0.0;
  // A binomial count, 4.5 sigma: false alarms 7e-6.
  const auto pairs = static_cast<double>(half);
  EXPECT_NEAR(same, 0.5 * pairs, 4.5 * 0.5 * std::sqrt(pairs));
}

TEST(BitSlicedBackends, MeasureTheProgramsEnergy) {
  for (const auto& model : {make_graph({.largest = 7, .fields = true, .unit = 0.25}),
                            make_graph({.spins = 300, .degree = 8})}) {
    const auto program = std::make_shared<const IsingProgram>(model);
    const auto machine = make_bit_sliced(program, {0, 520}, Rng(2), best_sliced_kernels());
    machine->advance(std::vector{0.3}, 2, {});
    std::vector<double> energies(520), values(program->size());
    machine->energies(energies, {});
    for (const std::uint32_t r : {0U, 77U, 511U, 519U}) {
      machine->read(r, values);
      const std::vector<Spin> spins(values.begin(), values.end());
      EXPECT_NEAR(energies[r], program->energy(spins), 1e-9);
    }
  }
}

TEST(CommonUnit, IsTheGreatestCommonDivisor) {
  const auto unit = [](std::vector<double> values) { return common_unit(values, {}, 255); };
  EXPECT_DOUBLE_EQ(unit({6.0, -10.0, 0.0}).value(), 2.0);
  EXPECT_DOUBLE_EQ(unit({0.1, 0.3, -0.7}).value(), 0.1);
  EXPECT_DOUBLE_EQ(unit({1.0 / 3.0, 0.5}).value(), 1.0 / 6.0);
  EXPECT_DOUBLE_EQ(unit({}).value(), 1.0);
  EXPECT_FALSE(unit({1.0, std::sqrt(2.0)}));
  EXPECT_FALSE(unit({1.0, 256.0}));
}

TEST(TransposeBits, PutsRowsWhereColumnsWere) {
  std::uint64_t words[64], turned[64];
  for (std::uint32_t k = 0; k < 64; ++k) turned[k] = words[k] = Rng(3).bits({.site = k});
  transpose_bits(turned);
  for (unsigned i = 0; i < 64; ++i) {
    for (unsigned k = 0; k < 64; ++k) EXPECT_EQ(words[i] >> k & 1, turned[k] >> i & 1);
  }
}

}  // namespace
}  // namespace therma::kernels
