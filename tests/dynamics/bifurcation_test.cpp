// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <hwy/targets.h>

#include <cmath>

#include "tests/support/search.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/bifurcation.hpp"

namespace therma {
namespace {

constexpr BifurcationKind kKinds[] = {BifurcationKind::ballistic, BifurcationKind::discrete};

BifurcationResult bifurcate_of(const IsingModel& model, const BifurcationConfig& config,
                               std::uint64_t seed = 1, const Resources& resources = {}) {
  return bifurcate(compile(model), config, Rng(seed), resources);
}

// Runs the rest of a scope on one Highway target.
class OnTarget {
 public:
  explicit OnTarget(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
  }
  ~OnTarget() {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
  }
};

TEST(Bifurcation, GivesTheBitsOfItsPlainTwinOnEveryTarget) {
  const auto model = testing::make_glass(37, 2);
  for (const auto kind : kKinds) {
    BifurcationConfig config{.kind = kind, .replicas = 24, .steps = 120};
    config.plain = true;
    const auto expected = bifurcate_of(model, config);
    config.plain = false;
    std::uint32_t tried = 0;
    for (std::int64_t targets = hwy::SupportedTargets(); targets != 0; targets &= targets - 1) {
      const std::int64_t target = targets & -targets;
      if ((target & HWY_TARGETS) == 0) continue;
      const OnTarget on(target);
      const auto result = bifurcate_of(model, config);
      EXPECT_EQ(result.replica_best, expected.replica_best) << hwy::TargetName(target);
      EXPECT_EQ(result.best[0].values, expected.best[0].values) << hwy::TargetName(target);
      ++tried;
    }
    EXPECT_GE(tried, 1U);
  }
}

TEST(Bifurcation, FindsGroundStatesByManyReplicasWhereGuessesDoNot) {
  for (const auto kind : kKinds) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      const auto model = testing::make_glass(14, seed);  // with fields
      const double ground = testing::all_energies(model).front();
      const auto result = bifurcate_of(model, {.kind = kind, .replicas = 32, .steps = 1000});
      EXPECT_NEAR(result.best_energy(), ground, 1e-9) << enum_names(kind)[0];
      EXPECT_NEAR(energy(model, std::vector<Spin>(result.best[0].values.begin(),
                                                  result.best[0].values.end())),
                  result.best_energy(), 1e-12);
      EXPECT_GE(testing::share_at(result.replica_best, ground), 0.2);
      EXPECT_LE(testing::share_at(testing::guessed_energies(compile(model), 32), ground), 1.0 / 32);
    }
  }
}

TEST(Bifurcation, FollowsAFieldAgainstTheCouplings) {
  // An open chain of three that wants to align, its ends pulled apart by fields: up up down or
  // up down down, -1 - 2 * 2 = -4 + 0.
  const IsingModel model{
      .num_spins = 3, .couplings = {{0, 1, 0.5}, {1, 2, 0.5}}, .fields = {2.0, 0.25, -2.0}};
  for (const auto kind : kKinds) {
    const auto result = bifurcate_of(model, {.kind = kind, .replicas = 16, .steps = 300});
    EXPECT_EQ(result.best[0].values, (std::vector<double>{1.0, 1.0, -1.0}));
    EXPECT_EQ(result.best_energy(), -4.25);
  }
}

TEST(Bifurcation, SolvesPlantedPlaquettes) {
  const auto planted = testing::plant_plaquettes(8, 5);
  const auto result = bifurcate_of(
      planted.model,
      {.goal = {.target_energy = planted.lowest}, .replicas = 32, .steps = 3000, .runs = 20});
  EXPECT_EQ(result.best_energy(), planted.lowest);
  EXPECT_EQ(result.reason, StopReason::target);
}

TEST(Bifurcation, DoesNotDependOnThreadsOrOnHowManyReplicasThereAre) {
  const auto model = testing::make_signs(30, 2);
  const BifurcationConfig config{.replicas = 40, .steps = 200, .runs = 2};
  const auto expected = bifurcate_of(model, config);
  for (const unsigned threads : {2U, 3U, 7U}) {
    const Pool pool(threads);
    EXPECT_EQ(bifurcate_of(model, config, 1, {.pool = &pool}).replica_best, expected.replica_best);
  }
  auto fewer = config;
  fewer.replicas = 20;
  const auto part = bifurcate_of(model, fewer).replica_best;
  EXPECT_TRUE(std::ranges::equal(part, std::span(expected.replica_best).first(20)));
  EXPECT_NE(bifurcate_of(model, config, 2).replica_best, expected.replica_best);
}

TEST(Bifurcation, IsReproducedByItsRoundsAndStopsWhenToldTo) {
  const auto model = testing::make_signs(30, 2);
  std::stop_source source;
  std::uint64_t rounds = 0;
  Resources resources;
  resources.stop = source.get_token();
  resources.on_progress = [&](const Progress&) {
    if (++rounds == 130) source.request_stop();
  };
  BifurcationConfig config{.replicas = 16, .steps = 200, .runs = 0};
  const auto cut = bifurcate_of(model, config, 1, resources);
  EXPECT_EQ(cut.reason, StopReason::stopped);
  EXPECT_EQ(cut.rounds, 130U);
  config.rounds = 130;
  EXPECT_EQ(bifurcate_of(model, config).replica_best, cut.replica_best);
  const auto none = bifurcate_of(model, config, 1, {.deadline = Deadline::after(0.0)});
  EXPECT_EQ(none.sweeps, 0U);
  EXPECT_EQ(none.best.size(), 1U);
}

TEST(Bifurcation, TakesItsCouplingFromTheirNorm) {
  // +-1 on all of n (n - 1) ordered pairs: 1/2 sqrt(n - 1) / sqrt(n (n - 1)) = 1 / (2 sqrt n).
  EXPECT_DOUBLE_EQ(default_coupling(compile(testing::make_signs(16, 1))), 0.125);
  EXPECT_EQ(default_coupling(compile({.num_spins = 3})), 1.0);
  static_assert(!BifurcationResult::is_sampler);
}

TEST(Bifurcation, KeepsItsTimeStepWithinTheStiffestMode) {
  // A ring of couplings -1, even: its least eigenvalue is -2.
  const auto ring = compile(testing::make_ring({.spins = 30, .coupling = -1.0}));
  EXPECT_NEAR(default_time_step(ring, 1.0), std::sqrt(1.9 / 3.0), 0.02);
  // Of n spins that all repel each other -(n - 1); c0 = 1 / (2 sqrt n) makes it a stiff mode.
  IsingModel all{.num_spins = 101};
  for (std::uint32_t i = 0; i < 101; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) all.couplings.push_back({i, j, -1.0});
  }
  const auto program = compile(all);
  const double c0 = default_coupling(program);
  EXPECT_NEAR(default_time_step(program, c0), std::sqrt(1.9 / (1.0 + 100.0 * c0)), 1e-6);
  // Its lowest states have 50 spins on one side and 51 on the other: (1 - 101) / 2 = -50.
  const auto result = bifurcate(
      program, {.kind = BifurcationKind::ballistic, .replicas = 16, .steps = 500}, Rng(1), {});
  EXPECT_EQ(result.best_energy(), -50.0);
}

TEST(Bifurcation, RefusesToRunForever) {
  EXPECT_THROW((void)bifurcate_of(testing::make_signs(6, 1), {.runs = 0}), Error);
  EXPECT_THROW((void)bifurcate_of(testing::make_signs(6, 1), {.replicas = 0}), Error);
}

}  // namespace
}  // namespace therma
