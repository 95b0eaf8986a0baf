// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/targets.hpp"
#include "therma/core/error.hpp"
#include "therma/energy/qubo.hpp"

namespace therma {
namespace {

using testing::spins_of;

// Multiples of 1/8 below 128 in size: every sum in these tests is exact, so that energies compare
// with ==.
rc::Gen<double> eighths() {
  return rc::gen::map(rc::gen::inRange(-1000, 1001), [](int n) { return n / 8.0; });
}

rc::Gen<std::vector<Coupling>> couplings(std::uint32_t size, bool diagonal) {
  const auto index = rc::gen::inRange<std::uint32_t>(0, size);
  const auto coupling = rc::gen::map(rc::gen::tuple(index, index, eighths()), [](const auto& t) {
    return Coupling{std::get<0>(t), std::get<1>(t), std::get<2>(t)};
  });
  return rc::gen::container<std::vector<Coupling>>(
      rc::gen::suchThat(coupling, [=](const Coupling& c) { return diagonal || c.i != c.j; }));
}

constexpr std::uint32_t kSize = 5;
constexpr std::size_t kStates = 1 << kSize;

RC_GTEST_PROP(Qubo, KeepsEveryEnergyAsIsingAndBack, ()) {
  const QuboModel qubo{.num_bits = kSize, .terms = *couplings(kSize, true), .offset = *eighths()};
  const auto ising = to_ising(qubo);
  const auto back = to_qubo(ising);
  for (std::size_t k = 0; k < kStates; ++k) {
    const auto spins = spins_of(k, kSize);
    const auto bits = to_bits(spins);
    RC_ASSERT(energy(ising, spins) == energy(qubo, bits));
    RC_ASSERT(energy(back, bits) == energy(qubo, bits));
  }
}

RC_GTEST_PROP(Ising, KeepsEveryEnergyAsQuboAndBack, ()) {
  const auto fields = *rc::gen::container<std::vector<double>>(kSize, eighths());
  const IsingModel ising{.num_spins = kSize,
                         .couplings = *couplings(kSize, false),
                         .fields = *rc::gen::element(fields, std::vector<double>{}),
                         .offset = *eighths()};
  const auto qubo = to_qubo(ising);
  const auto back = to_ising(qubo);
  for (std::size_t k = 0; k < kStates; ++k) {
    const auto spins = spins_of(k, kSize);
    RC_ASSERT(energy(qubo, to_bits(spins)) == energy(ising, spins));
    RC_ASSERT(energy(back, spins) == energy(ising, spins));
  }
}

RC_GTEST_PROP(Dimod, KeepsEveryEnergyAsIsingAndBack, ()) {
  const DimodSpinModel dimod{.num_spins = kSize,
                             .linear = *rc::gen::container<std::vector<double>>(kSize, eighths()),
                             .quadratic = *couplings(kSize, false),
                             .offset = *eighths()};
  const auto ising = to_ising(dimod);
  const auto back = to_dimod(ising);
  for (std::size_t k = 0; k < kStates; ++k) {
    const auto spins = spins_of(k, kSize);
    RC_ASSERT(energy(ising, spins) == energy(dimod, spins));
    RC_ASSERT(energy(back, spins) == energy(dimod, spins));
  }
}

TEST(Dimod, HasTheOppositeSign) {
  // dimod's h = +1 favours s = -1; ours favours s = +1.
  const DimodSpinModel dimod{.num_spins = 1, .linear = {1.0}};
  EXPECT_EQ(energy(dimod, std::vector<Spin>{kDown}), -1.0);
  EXPECT_EQ(to_ising(dimod).fields[0], -1.0);
}

TEST(Qubo, CountsBothTriangles) {
  // q_01 and q_10 both given: 3 b0 b1 in all.
  const QuboModel qubo{.num_bits = 2, .terms = {{0, 1, 1.0}, {1, 0, 2.0}}};
  EXPECT_EQ(energy(qubo, std::vector<Bit>{1, 1}), 3.0);
  EXPECT_EQ(compile(to_ising(qubo)).energy(std::vector<Spin>{kUp, kUp}), 3.0);
}

TEST(Qubo, MapsBitOneToSpinUp) {
  EXPECT_EQ(to_spins(std::vector<Bit>{0, 1}), (std::vector<Spin>{kDown, kUp}));
  EXPECT_EQ(to_bits(std::vector<Spin>{kDown, kUp}), (std::vector<Bit>{0, 1}));
}

TEST(Qubo, RejectsAnIndexOutOfRange) {
  EXPECT_THROW((void)to_ising(QuboModel{.num_bits = 2, .terms = {{0, 2, 1.0}}}), Error);
}

}  // namespace
}  // namespace therma
