// SPDX-License-Identifier: Apache-2.0
#include "therma/solve/schedule.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "therma/problems/schedule/parse.hpp"
#include "therma/problems/schedule/verify.hpp"

namespace therma::solve {
namespace {

schedule::Problem load(const std::string& path) {
  std::ifstream file(std::string(THERMA_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  return schedule::parse_problem(text.str(), path).problem;
}

// Four tasks of 1 to 3 h on two machines: too small to be anything but proven.
schedule::Problem uncertain() {
  return schedule::parse_problem(R"({"therma": 1, "kind": "schedule", "tasks": [
      {"id": "a", "duration": {"min": 1, "max": 3}}, {"id": "b", "duration": {"min": 1, "max": 3}},
      {"id": "c", "duration": {"min": 1, "max": 3}}, {"id": "d", "duration": 2}],
      "machines": [{"id": "A"}, {"id": "B"}]})",
                                 "test")
      .problem;
}

std::vector<schedule::Ticks> starts_of(const ScheduleAnswer& answer) {
  std::vector<schedule::Ticks> starts;
  if (!answer.solution) return starts;
  for (const auto& at : answer.solution->tasks) starts.push_back(at.start);
  return starts;
}

class EachDynamics : public testing::TestWithParam<Dynamics> {};

// The promise of every report: rounds and seed give the answer, threads only the time.
TEST_P(EachDynamics, GivesTheSameAnswerOnOneAndTwoThreads) {
  for (const auto* path : {"data/examples/warsztat.json", "data/job_shop/ft06"}) {
    const auto problem = load(path);
    const SolveConfig config{.dynamics = GetParam(), .replicas = 6, .rounds = 5, .seed = 11};
    const Pool two(2);
    const auto alone = solve_schedule(problem, config, {});
    const auto together = solve_schedule(problem, config, {.pool = &two});
    EXPECT_EQ(starts_of(alone), starts_of(together)) << path;
    EXPECT_EQ(alone.rounds, together.rounds) << path;
    EXPECT_EQ(alone.heat, together.heat) << path;
    EXPECT_EQ(alone.steps, together.steps) << path;
    EXPECT_EQ(alone.lower_bound, together.lower_bound) << path;
  }
}

TEST_P(EachDynamics, AnswersOnlyWhatTheVerifierAccepts) {
  const auto problem = load("data/examples/warsztat.json");
  const auto answer =
      solve_schedule(problem, {.dynamics = GetParam(), .rounds = 20, .seed = 5}, {});
  ASSERT_TRUE(answer.solution.has_value());
  const auto check = schedule::verify(problem, *answer.solution);
  EXPECT_TRUE(check.ok());
  EXPECT_DOUBLE_EQ(check.objective, *answer.objective);
  EXPECT_GE(*answer.objective, *answer.lower_bound * (1.0 - 1e-9));
}

INSTANTIATE_TEST_SUITE_P(Schedule, EachDynamics,
                         testing::Values(Dynamics::langevin, Dynamics::gibbs, Dynamics::tempering,
                                         Dynamics::hybrid),
                         [](const auto& dynamics) {
                           const auto names = enum_names(Dynamics{});
                           return std::string(names[static_cast<std::size_t>(dynamics.param)]);
                         });

TEST(SolveSchedule, ProvesFt06Optimal) {
  // Best known and proven since 1963: 55.
  const auto answer = solve_schedule(load("data/job_shop/ft06"), {.rounds = 200, .seed = 1}, {});
  EXPECT_EQ(answer.status, Status::optimal);
  EXPECT_EQ(answer.objective, 55.0);
}

TEST(SolveSchedule, SaysInfeasibleWhereTheWindowIsTooShort) {
  const auto problem =
      schedule::parse_problem(
          R"({"therma": 1, "kind": "schedule", "tasks": [{"id": "a", "duration": 3},
      {"id": "b", "duration": 3}], "machines": [{"id": "A", "windows": [[0, 5]]}]})",
          "test")
          .problem;
  const auto answer = solve_schedule(problem, {.rounds = 5}, {});
  EXPECT_EQ(answer.status, Status::infeasible);
  EXPECT_FALSE(answer.verified);
  EXPECT_FALSE(answer.solution.has_value());
}

TEST(SolveSchedule, DrawsUncertainDurationsFromTheSeed) {
  const auto first = solve_schedule(uncertain(), {.rounds = 5, .seed = 1}, {});
  const auto again = solve_schedule(uncertain(), {.rounds = 5, .seed = 1}, {});
  EXPECT_EQ(starts_of(first), starts_of(again));
  bool differs = false;
  for (std::uint64_t seed = 2; seed < 12; ++seed) {
    const auto other = solve_schedule(uncertain(), {.rounds = 5, .seed = seed}, {});
    differs = differs || *other.objective != *first.objective;
  }
  EXPECT_TRUE(differs);
}

TEST(SolveSchedule, ReportsQuantilesOverScenarios) {
  const auto answer = solve_schedule(uncertain(), {.rounds = 8, .scenarios = 30, .seed = 3}, {});
  ASSERT_TRUE(answer.scenarios.has_value());
  EXPECT_EQ(answer.scenarios->scenarios, 30U);
  EXPECT_LE(answer.scenarios->p50, answer.scenarios->p95);
  EXPECT_LE(answer.scenarios->p95, answer.scenarios->worst);
  EXPECT_GE(answer.scenarios->p50, 2.0 + 0.5);  // (2 + 1 + 1 + 1) h on two machines at the least
  EXPECT_LE(answer.scenarios->worst, 11.0);     // all tasks one after the other
}

TEST(SolveSchedule, HasNoEntropyProductionAfterCompoundMoves) {
  const auto problem = load("data/job_shop/ft10");
  const auto config = [](Dynamics dynamics) {
    return SolveConfig{.dynamics = dynamics, .rounds = 12, .seed = 2};
  };
  EXPECT_FALSE(solve_schedule(problem, config(Dynamics::tempering), {}).entropy_production);
  EXPECT_TRUE(solve_schedule(problem, config(Dynamics::gibbs), {}).entropy_production);
  EXPECT_TRUE(solve_schedule(problem, config(Dynamics::langevin), {}).entropy_production);
}

TEST(SolveSchedule, StopsWhenAskedTo) {
  std::stop_source stop;
  stop.request_stop();
  const auto answer =
      solve_schedule(load("data/job_shop/ft10"), {.seed = 1}, {.stop = stop.get_token()});
  EXPECT_EQ(answer.rounds, 1U);  // one round is always run, so that there is something to answer
}

}  // namespace
}  // namespace therma::solve
