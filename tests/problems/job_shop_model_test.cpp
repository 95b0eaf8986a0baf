// SPDX-License-Identifier: Apache-2.0
// From scheduling problems to job shops and back.
#include "therma/problems/job_shop/model.hpp"

#include <gtest/gtest.h>

#include "therma/core/error.hpp"

namespace therma::job_shop {
namespace {

using schedule::kNotEligible;

// Two machines; job 0 is tasks 2 then 0, job 1 is task 1 alone.
schedule::Problem two_jobs() {
  schedule::Problem p;
  for (const char* id : {"A", "B"}) {
    p.machines.push_back({.id = id, .windows = {schedule::Window{}}});
  }
  p.tasks.resize(3);
  p.tasks[0].duration_on = {6, kNotEligible};
  p.tasks[1].duration_on = {9, kNotEligible};
  p.tasks[2].duration_on = {kNotEligible, 3};
  p.precedences.push_back({.before = 2, .after = 0});
  return p;
}

TEST(JobShopModel, NumbersOperationsJobByJobInUnitsOfTheCommonDivisor) {
  const auto m = compile(two_jobs());
  ASSERT_TRUE(m.has_value());
  EXPECT_EQ(m->unit, 3);  // gcd of 6, 9, 3
  // Jobs in the order of their first tasks: task 1, then task 2 with task 0 behind it.
  EXPECT_EQ(m->task, (std::vector<std::uint32_t>{1, 2, 0}));
  EXPECT_EQ(m->duration, (std::vector<Time>{3, 1, 2, 0}));
  EXPECT_EQ(m->machine, (std::vector<std::uint32_t>{0, 1, 0}));
  EXPECT_EQ(m->job_after, (std::vector<Op>{3, 2, 3, 3}));
  EXPECT_EQ(m->job_before, (std::vector<Op>{3, 3, 1, 3}));
  EXPECT_EQ(m->num_jobs(), 2U);
  EXPECT_EQ(std::vector<Op>(m->ops_on(0).begin(), m->ops_on(0).end()), (std::vector<Op>{0, 2}));
}

TEST(JobShopModel, GivesStartsBackInTicks) {
  const auto m = compile(two_jobs());
  const std::vector<Time> starts{1, 0, 4};
  const auto solution = to_solution(*m, starts);
  EXPECT_EQ(solution.tasks[1].start, 3);
  EXPECT_EQ(solution.tasks[1].end, 12);
  EXPECT_EQ(solution.tasks[2].machine, 1U);
  EXPECT_EQ(solution.tasks[0].end, 18);
  EXPECT_EQ(starts_of(*m, solution), starts);
  EXPECT_THROW((void)starts_of(*m, {}), Error);
}

TEST(JobShopModel, RefusesWhatIsMoreThanAJobShop) {
  const auto refused = [](auto&& change) {
    auto p = two_jobs();
    change(p);
    return !compile(p).has_value();
  };
  EXPECT_FALSE(refused([](auto&) {}));
  EXPECT_TRUE(refused([](auto& p) { p.tasks.clear(); }));
  EXPECT_TRUE(refused([](auto& p) { p.tasks[0].duration_on[1] = 2; }));
  EXPECT_TRUE(refused([](auto& p) { p.tasks[0].duration_on[0] = kNotEligible; }));
  EXPECT_TRUE(refused([](auto& p) { p.tasks[0].release = 1; }));
  EXPECT_TRUE(refused([](auto& p) { p.tasks[0].deadline = 100; }));
  EXPECT_TRUE(refused([](auto& p) { p.tasks[0].demands = {{0, 1}}; }));
  EXPECT_TRUE(refused([](auto& p) { p.machines[1].windows = {{0, 8}}; }));
  EXPECT_TRUE(refused([](auto& p) { p.precedences[0].lag = 1; }));
  EXPECT_TRUE(refused([](auto& p) { p.precedences.push_back({.before = 1, .after = 0}); }));
  EXPECT_TRUE(refused([](auto& p) { p.precedences.push_back({.before = 0, .after = 2}); }));
  EXPECT_TRUE(refused([](auto& p) { p.objective.tardiness = 1.0; }));
  EXPECT_TRUE(refused([](auto& p) { p.setups.emplace_back(); }));
  EXPECT_TRUE(refused([](auto& p) { p.tasks[0].duration_on[0] = Time{1} << 30; }));
}

TEST(JobShopModel, NamesTheValueThatIsWrong) {
  const auto message = [](std::vector<std::vector<Step>> jobs) -> std::string {
    try {
      (void)from_jobs(jobs, 2);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(message({{{0, 1}}, {{2, 1}}}), "job 1: machine must be below 2, got 2");
  EXPECT_EQ(message({{{0, -1}}}), "job 0: duration must be >= 0, got -1");
  EXPECT_EQ(message({}), "jobs: must have an operation, got none");
}

}  // namespace
}  // namespace therma::job_shop
