// SPDX-License-Identifier: Apache-2.0
#include "therma/problems/schedule/encode.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "therma/core/random/rng.hpp"

namespace therma::schedule {
namespace {

// Six tasks on three machines with every kind of constraint: windows, speeds, a task that is bound
// to one machine, precedence with lag, a resource, deadlines, due dates and preferences.
Problem workshop() {
  Problem p;
  p.machines = {{.id = "A", .windows = {{0, 40}, {60, 200}}},
                {.id = "B", .windows = {{20, 90}}},
                {.id = "C", .windows = {{0, kNever}}}};
  p.resources = {{.id = "crew", .capacity = 3}};
  for (Ticks i = 0; i < 6; ++i) {
    Task task{.id = std::to_string(i), .duration_on = {10 + 3 * i, 12 + 2 * i, 8 + 5 * i}};
    task.release = 2 * i;
    task.demands = {{.resource = 0, .amount = 1 + i % 2}};
    p.tasks.push_back(task);
  }
  p.tasks[2].duration_on = {kNotEligible, 17, kNotEligible};
  p.tasks[3].deadline = 35;
  p.tasks[4].due = 30;
  p.precedences = {{.before = 0, .after = 3, .lag = 5}, {.before = 1, .after = 2}};
  p.preferences = {
      {.task = 0, .machine = 2}, {.task = 1, .start_after = 25}, {.task = 5, .end_before = 20}};
  p.objective = {.makespan = 1.0, .tardiness = 0.5, .preference = 0.3};
  return p;
}

std::vector<double> random_point(const RelaxedSchedule& relaxed, std::uint32_t chain) {
  Draws draws(Rng(7), chain, 0);
  std::vector<double> z(relaxed.dimension());
  for (std::size_t i = 0; i < z.size(); ++i) {
    z[i] = i < relaxed.num_tasks() ? 4.0 * draws.uniform() : 4.0 * draws.uniform() - 2.0;
  }
  return z;
}

class EachTerm : public testing::TestWithParam<std::size_t> {};

// Central differences with h = 1e-5 have errors of order h^2 and rounding of order 1e-16 / h. A
// kink of a term between x - h and x + h would spoil a point, so one in fifty may be off.
TEST_P(EachTerm, HasTheGradientThatFiniteDifferencesGive) {
  const RelaxedSchedule relaxed(workshop());
  const auto term = static_cast<Term>(GetParam());
  constexpr double kWeight = 1.7;
  std::vector<double> gradient(relaxed.dimension());
  const auto value = [&](const std::vector<double>& z) {
    return kWeight * relaxed.evaluate(term, z, kWeight, {});
  };
  int off = 0;
  double largest = 0.0;
  constexpr int kPoints = 50;
  for (std::uint32_t chain = 0; chain < kPoints; ++chain) {
    auto z = random_point(relaxed, chain);
    std::ranges::fill(gradient, 0.0);
    relaxed.evaluate(term, z, kWeight, gradient);
    bool matches = true;
    for (std::size_t i = 0; i < z.size(); ++i) {
      constexpr double kStep = 1e-5;
      const double at = z[i];
      z[i] = at + kStep;
      const double above = value(z);
      z[i] = at - kStep;
      const double below = value(z);
      z[i] = at;
      matches = matches && std::abs((above - below) / (2 * kStep) - gradient[i]) < 1e-5;
      largest = std::max(largest, std::abs(gradient[i]));
    }
    off += !matches;
  }
  EXPECT_LE(off, 1);
  EXPECT_GT(largest, 0.01) << "the term never pushed: the test saw nothing";
}

INSTANTIATE_TEST_SUITE_P(RelaxedSchedule, EachTerm, testing::Range<std::size_t>(0, kNumTerms),
                         [](const auto& term) { return std::string(kTermNames[term.param]); });

TEST(RelaxedSchedule, HasGradientsAtRandomPoints) {
  const auto relaxed = std::make_shared<const RelaxedSchedule>(workshop());
  const auto energy = relaxed_energy(relaxed);
  EXPECT_EQ(energy.num_terms(), kNumTerms);
  std::vector<double> gradient(relaxed->dimension());
  for (std::uint32_t chain = 0; chain < 100; ++chain) {
    energy.gradient(random_point(*relaxed, chain), gradient);
    std::size_t zero = 0;
    for (const double g : gradient) zero += g == 0.0;
    EXPECT_LE(zero, gradient.size() / 10);
  }
}

TEST(RelaxedSchedule, HardTermsVanishOnAFeasibleSchedule) {
  // Two tasks of 4 one after the other on their only machine, window [0, 10): times are in units of
  // the mean duration, 4.
  Problem p;
  p.machines = {{.id = "A", .windows = {{0, 10}}}};
  p.tasks = {{.id = "x", .duration_on = {4}}, {.id = "y", .duration_on = {4}}};
  p.precedences = {{.before = 0, .after = 1}};
  const RelaxedSchedule relaxed(p);
  for (std::size_t term = 0; term < kNumHardTerms; ++term) {
    EXPECT_EQ(relaxed.evaluate(static_cast<Term>(term), std::vector{0.0, 1.0}, 1.0, {}), 0.0);
  }
}

TEST(RelaxedSchedule, OverlapIsHalfTheSquareOfTheSharedTime) {
  // Starts 0 and 0.5 with durations 1: the shared time is 0.5, half its square 0.125.
  Problem p;
  p.machines = {{.id = "A", .windows = {{0, kNever}}}};
  p.tasks = {{.id = "x", .duration_on = {4}}, {.id = "y", .duration_on = {4}}};
  const RelaxedSchedule relaxed(p);
  EXPECT_DOUBLE_EQ(relaxed.evaluate(Term::no_overlap, std::vector{0.0, 0.5}, 1.0, {}), 0.125);
}

TEST(RelaxedSchedule, DecodesStartsToTicksAndLogitsToTheLikeliestMachine) {
  Problem p;
  p.machines = {{.id = "A", .windows = {{0, kNever}}}, {.id = "B", .windows = {{0, kNever}}}};
  p.tasks = {{.id = "x", .duration_on = {4, 8}}};  // mean duration 6
  const RelaxedSchedule relaxed(p);
  ASSERT_EQ(relaxed.dimension(), 3U);
  const auto plan = relaxed.decode(std::vector{1.5, -1.0, 2.0});
  EXPECT_EQ(plan.start[0], 9);
  EXPECT_EQ(plan.machine[0], 1U);
}

}  // namespace
}  // namespace therma::schedule
