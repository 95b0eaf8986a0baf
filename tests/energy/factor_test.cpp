// SPDX-License-Identifier: Apache-2.0
#include "therma/energy/factor.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <limits>
#include <set>

#include "tests/support/targets.hpp"
#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"

namespace therma {
namespace {

// A spin, a three-state and a four-state variable and two more spins, with factors of every kind.
FactorModel mixed() {
  FactorModel model{.num_states = {2, 3, 4, 2, 2}, .offset = 0.25};
  const auto table = [](std::vector<std::uint32_t> variables, std::size_t entries) {
    TableFactor factor{std::move(variables), {}};
    for (std::size_t k = 0; k < entries; ++k) {
      factor.energies.push_back(Rng(entries).normal({.site = static_cast<std::uint32_t>(k)}));
    }
    return factor;
  };
  model.tables = {table({1}, 3), table({2, 0}, 8), table({3, 1, 2}, 24)};
  model.products = {{{0, 3, 4}, 0.7}, {{3, 4}, -0.4}, {{4}, 0.3}};
  model.equalities = {{1, 2, 0.9}, {0, 1, -0.5}};
  return model;
}

void each_state(const std::vector<std::uint32_t>& num_states,
                const std::function<void(std::vector<Category>&)>& visit) {
  std::vector<Category> states(num_states.size(), 0);
  for (;;) {
    visit(states);
    std::size_t v = 0;
    while (v < states.size() && ++states[v] == num_states[v]) states[v++] = 0;
    if (v == states.size()) return;
  }
}

TEST(Factors, CompileToTheEnergyOfTheDescription) {
  const auto model = mixed();
  const auto program = compile(model);
  each_state(model.num_states, [&](auto& states) {
    EXPECT_NEAR(program.energy(states), energy(model, states), 1e-12);
  });
}

TEST(Factors, HaveTheEnergiesOfAHandMadeExample) {
  const FactorModel model{.num_states = {2, 3},
                          .tables = {{{0, 1}, {0, 1, 2, 10, 11, 12}}},
                          .products = {{{0}, 0.5}},
                          .equalities = {{0, 1, 100.0}}};
  // First variable slowest: (1, 2) is entry 5. Up, so -0.5; states differ.
  EXPECT_DOUBLE_EQ(compile(model).energy(std::vector<Category>{1, 2}), 12.0 - 0.5);
  // (0, 0): entry 0, down, equal.
  EXPECT_DOUBLE_EQ(compile(model).energy(std::vector<Category>{0, 0}), 0.5 - 100.0);
}

TEST(Factors, PredictEveryChangeOfOneVariable) {
  const auto model = mixed();
  const auto program = compile(model);
  std::vector<double> conditional(program.most_states());
  each_state(model.num_states, [&](auto& states) {
    for (std::uint32_t v = 0; v < program.size(); ++v) {
      program.conditional_energies(states, v, conditional);
      const Category before = states[v];
      const double here = energy(model, states);
      for (Category q = 0; q < program.num_states(v); ++q) {
        states[v] = q;
        EXPECT_NEAR(energy(model, states) - here, conditional[q] - conditional[before], 1e-12);
      }
      states[v] = before;
    }
  });
}

TEST(Factors, AreColouredSoThatNoBlockHoldsTwoOfOneFactor) {
  auto model = mixed();
  model.clamps = {{3, 1}};
  const auto program = compile(model);
  std::set<std::uint32_t> seen;
  for (std::size_t b = 0; b < program.num_blocks(); ++b) {
    const std::set<std::uint32_t> block(program.block(b).begin(), program.block(b).end());
    for (const auto v : block) EXPECT_TRUE(seen.insert(v).second);
    for (const auto& t : model.tables) {
      EXPECT_LE(std::ranges::count_if(t.variables, [&](auto v) { return block.contains(v); }), 1);
    }
    for (const auto& p : model.products) {
      EXPECT_LE(std::ranges::count_if(p.spins, [&](auto v) { return block.contains(v); }), 1);
    }
    for (const auto& e : model.equalities) EXPECT_FALSE(block.contains(e.i) && block.contains(e.j));
  }
  EXPECT_EQ(seen, (std::set<std::uint32_t>{0, 1, 2, 4}));  // all but the clamped one
}

TEST(Factors, KeepTheOrderOfTheirBlocks) {
  FactorModel model{.num_states = {2, 3, 2}, .equalities = {{0, 1, 1.0}}};
  model.blocks = {{2, 1}, {0}};
  const auto program = compile(model);
  EXPECT_EQ(std::vector(program.sweep_order().begin(), program.sweep_order().end()),
            (std::vector<std::uint32_t>{2, 1, 0}));
}

RC_GTEST_PROP(Factors, KeepEnergiesOfIsingModelsBothWays, (std::uint64_t seed)) {
  auto model = testing::make_glass(6, seed);
  model.offset = 1.25;
  const auto factors = to_factors(model);
  const auto back = to_ising(factors);
  for (std::size_t k = 0; k < 64; ++k) {
    const auto spins = testing::spins_of(k, 6);
    std::vector<Category> states;
    for (const Spin s : spins) states.push_back(s == kUp ? 1 : 0);
    RC_ASSERT(std::abs(energy(factors, states) - energy(model, spins)) < 1e-12);
    RC_ASSERT(std::abs(energy(back, spins) - energy(model, spins)) < 1e-12);
  }
}

RC_GTEST_PROP(Factors, KeepEnergiesOfQubosBothWays, (std::uint64_t seed)) {
  QuboModel model{.num_bits = 5, .offset = -0.5};
  for (std::uint32_t i = 0; i < 5; ++i) {
    for (std::uint32_t j = 0; j < 5; ++j) {
      model.terms.push_back({i, j, Rng(seed).normal({.chain = i, .site = j})});
    }
  }
  const auto factors = to_factors(model);
  const auto qubo = to_qubo(to_ising(factors));
  for (std::size_t k = 0; k < 32; ++k) {
    const auto bits = to_bits(testing::spins_of(k, 5));
    const std::vector<Category> states(bits.begin(), bits.end());
    RC_ASSERT(std::abs(energy(factors, states) - energy(model, bits)) < 1e-12);
    RC_ASSERT(std::abs(energy(qubo, bits) - energy(model, bits)) < 1e-12);
  }
}

TEST(Factors, BecomePairsOfSpinsFromTwoStateEqualities) {
  const FactorModel model{.num_states = {2, 2}, .equalities = {{0, 1, 0.7}}};
  const auto ising = to_ising(model);
  for (std::size_t k = 0; k < 4; ++k) {
    const std::vector<Category> states{static_cast<Category>(k & 1U),
                                       static_cast<Category>(k >> 1)};
    EXPECT_NEAR(energy(ising, testing::spins_of(k, 2)), energy(model, states), 1e-12);
  }
}

TEST(Factors, RejectBadModelsInOneSentence) {
  const auto message = [](const FactorModel& model, bool convert = false) {
    try {
      convert ? (void)to_ising(model) : (void)compile(model);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::bad_data);
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message({.num_states = {2, 0}}), "variable 1: must have 1 to 65535 states, got 0");
  EXPECT_EQ(message({.num_states = {2, 3}, .tables = {{{0, 1}, {1, 2}}}}),
            "table 0: must be of 6 energies for its variables' states, got 2");
  EXPECT_EQ(message({.num_states = {2}, .tables = {{{0, 4}, {}}}}),
            "table 0: joins variable 4, but there are 1");
  EXPECT_EQ(message({.num_states = {2, 2}, .products = {{{1, 1}, 1.0}}}),
            "product 0: joins variable 1 twice");
  EXPECT_EQ(message({.num_states = {2, 3}, .products = {{{0, 1}, 1.0}}}),
            "product 0: variable 1 has 3 states, a spin has 2");
  EXPECT_EQ(message({.num_states = {60000, 60000}, .tables = {{{0, 1}, {}}}}),
            "table 0: has more than 16777216 entries; use products or smaller factors");
  EXPECT_EQ(message({.num_states = {3}, .clamps = {{0, 3}}}),
            "clamp 0: state must be below 3, got 3");
  EXPECT_EQ(message({.num_states = {2, 2}, .products = {{{0, 1}, 1.0}}, .blocks = {{0, 1}}}),
            "block 0: variables 0 and 1 share a factor");
  EXPECT_EQ(message({.num_states = {2, 2}, .blocks = {{0}}}),
            "blocks: variable 1 is in none and is not clamped");
  EXPECT_EQ(message({.num_states = {2, 2}, .blocks = {{0}, {1, 0}}}),
            "block 1: variable 0 is in block 0 already");
  EXPECT_EQ(message({.num_states = {2, 2, 2}, .products = {{{0, 1, 2}, 1.0}}}, true),
            "product 0: joins 3 spins, an Ising model joins pairs");
  EXPECT_EQ(
      message({.num_states = {2}, .products = {{{0}, std::numeric_limits<double>::quiet_NaN()}}}),
      "product 0: must be of finite numbers, got nan");
  // A clamped variable may stand in a block with what it is joined to: it is never updated.
  EXPECT_EQ(message({.num_states = {2, 2},
                     .products = {{{0, 1}, 1.0}},
                     .clamps = {{1, 0}},
                     .blocks = {{0, 1}}}),
            "accepted");
}

}  // namespace
}  // namespace therma
