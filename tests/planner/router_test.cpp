// SPDX-License-Identifier: Apache-2.0
// Intents, their traps, and the complexity of schedules.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "therma/planner/formalise.hpp"
#include "therma/planner/router.hpp"

namespace therma::planner {
namespace {

TEST(Router, TellsIntentsApart) {
  const std::pair<const char*, Intent> cases[] = {
      {"Zaplanuj harmonogram 10 zadań na 3 maszyny.", Intent::schedule},
      {"spawanie 2h, malowanie 3h, 2 maszyny", Intent::schedule},
      {"Schedule 5 tasks on 2 machines", Intent::schedule},
      {"Route 5 vehicles to 30 customers from the depot", Intent::route},
      {"Przydziel 100 GB pamięci do 5 procesów", Intent::allocate},
      {"Sample 1000 states of a 2D Ising model", Intent::sample},
      {"maksymalizuj funkcję x^2", Intent::optimize},
      {"Please plan the steps for the robot to reach the goal", Intent::plan},
      {"Deploy version 2 to production", Intent::deploy},
      {"wdróż kontener na klaster", Intent::deploy},
      {"Convert this CSV to JSON", Intent::transform},
      {"uruchom skrypt backup.sh", Intent::execute},
      {"Ile zadań jest w bazie?", Intent::query},
  };
  for (const auto& [text, intent] : cases)
    EXPECT_EQ(name(route(text).intent), name(intent)) << text;
}

TEST(Router, IsNotTrappedByWordsInsideWords) {
  EXPECT_EQ(route("traceroute to example.com").intent, Intent::execute);
  EXPECT_EQ(route("SELECT balance").intent, Intent::query);
  EXPECT_EQ(route("list all planets").intent, Intent::query);
  EXPECT_EQ(route("show me the schedule table").intent, Intent::query);
  EXPECT_EQ(route("show me the schedule table").decision, Decision::classic);
}

TEST(Router, RejectsWhatHasNoMeaning) {
  for (const char* text : {"", "asdf qwer zxcv", "...", "\xFF\xFE\x01"}) {
    EXPECT_EQ(route(text).decision, Decision::reject) << text;
  }
}

TEST(Router, AsksBelowHalfConfidence) {
  for (const char* text :
       {"plan", "Run the schedule job", "Schedule 5 tasks on 2 machines", "ls -la"}) {
    const auto r = route(text);
    EXPECT_EQ(r.confidence < 0.5, r.decision == Decision::clarify) << text;
  }
}

TEST(Router, SaysThatOtherKindsAreNotPlannedYet) {
  const std::string text = "Route 5 vehicles to 30 customers from the depot";
  const auto result = formalise(text, route(text));
  ASSERT_TRUE(std::holds_alternative<Clarify>(result));
  EXPECT_EQ(std::get<Clarify>(result).missing, std::vector<std::string>{"kind"});
}

TEST(Complexity, FollowsItsFormula) {
  // S = 3^10 * 10!: log10 = 4.771 + 6.560 = 11.331; every pair shares a machine: delta = 1.
  const double log10_states = 10 * std::log10(3.0) + std::log10(3628800.0);
  EXPECT_NEAR(schedule_log10_states(10, 3), log10_states, 1e-9);
  const double expected = 1 - std::exp(-log10_states / 30) + 0.1;
  EXPECT_NEAR(route("Zaplanuj 10 zadań po 1-4 h na 3 maszyny.").complexity, expected, 1e-9);
  EXPECT_EQ(complexity(0, 0), 0.0);
  EXPECT_EQ(complexity(1e9, 1), 1.0);
}

TEST(Complexity, CountsPairsThatAConstraintTies) {
  // t1 on A, t2 on B, t3 on B after t1: pairs (t2, t3) by machine and (t1, t3) by order, of three.
  const auto problem =
      parse_json(R"({"tasks": [{"id": "t1", "machines": ["A"]}, {"id": "t2", "machines": ["B"]},
    {"id": "t3", "machines": ["B"]}], "machines": [{"id": "A"}, {"id": "B"}],
    "precedence": [{"before": "t1", "after": "t3"}]})",
                 "test");
  EXPECT_NEAR(schedule_tied_share(problem), 2.0 / 3.0, 1e-12);
}

TEST(Complexity, SendsLargeSchedulesToLangevinFirst) {
  EXPECT_EQ(route("Schedule 60 tasks of 2 hours on 5 machines").decision, Decision::langevin);
  EXPECT_EQ(route("Schedule 6 tasks of 2 hours on 2 machines").decision, Decision::hybrid);
}

}  // namespace
}  // namespace therma::planner
