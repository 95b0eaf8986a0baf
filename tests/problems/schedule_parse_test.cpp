// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/problems/schedule_support.hpp"
#include "therma/core/error.hpp"
#include "therma/problems/schedule/decode.hpp"
#include "therma/problems/schedule/parse.hpp"

namespace therma::schedule {
namespace {

using testing::file_text;

Problem parsed(const std::string& text) { return parse_problem(text, "test").problem; }

// A one-task problem around a duration.
Problem with_duration(const std::string& duration, const std::string& machine = R"({"id": "m"})") {
  return parsed(R"({"kind": "schedule", "machines": [)" + machine +
                R"(], "tasks": [{"id": "t", "duration": )" + duration + "}]}");
}

TEST(Ticks, AreTheCoarsestGridThatMakesEveryStatedTimeWhole) {
  EXPECT_EQ(with_duration("90").ticks_per_unit, 1);                   // minutes
  EXPECT_EQ(with_duration("1.5").ticks_per_unit, 10);                 // hours, in tenths
  EXPECT_EQ(with_duration("0.25").ticks_per_unit, 60);                // a quarter: 15 minutes
  EXPECT_EQ(with_duration("0.3333333333333333").ticks_per_unit, 60);  // a third: 20 minutes
  EXPECT_EQ(with_duration("0.3333333333333333").tasks[0].duration_on[0], 20);
  EXPECT_EQ(with_duration("0.333").ticks_per_unit, 1000);  // not a third
  EXPECT_EQ(with_duration("0.01").ticks_per_unit, 100);
}

TEST(Ticks, DivideBySpeedExactlyWhereAGridAllows) {
  // 4 h at speed 1.5 take 2 h 40 min: 160 ticks of a minute.
  const auto p = with_duration("4", R"({"id": "m", "speed": 1.5})");
  EXPECT_EQ(p.ticks_per_unit, 60);
  EXPECT_EQ(p.tasks[0].duration_on[0], 160);
  // 1 h at speed 7 takes 514.28... s: up to the next second.
  const auto q = with_duration("1", R"({"id": "m", "speed": 7})");
  EXPECT_EQ(q.ticks_per_unit, 3600);
  EXPECT_EQ(q.tasks[0].duration_on[0], 515);
}

TEST(Ticks, RoundUpAtSpeedUnlessTheQuotientIsWholeToRounding) {
  EXPECT_EQ(ticks_at_speed(10, 3.0), 4);
  EXPECT_EQ(ticks_at_speed(9, 3.0), 3);
  EXPECT_EQ(ticks_at_speed(3, 0.1), 30);  // 3 / 0.1 is 30 to rounding
  EXPECT_EQ(ticks_at_speed(0, 2.0), 0);
}

TEST(ParseJson, ReadsTheWorkshop) {
  const auto p = parsed(file_text(THERMA_SOURCE_DIR "/data/examples/warsztat.json"));
  EXPECT_EQ(p.tasks.size(), 11u);
  EXPECT_EQ(p.machines[1].id, "frezarka");
  EXPECT_EQ(p.ticks_per_unit, 60);            // quarters of an hour occur
  EXPECT_EQ(p.tasks[0].duration_on[1], 120);  // 2.5 h at speed 1.25: 2 h
  EXPECT_EQ(p.tasks[0].duration_on[0], kNotEligible);
  EXPECT_EQ(p.tasks[3].duration_on[1], 270);  // stated per machine: no speed on top
  EXPECT_EQ(p.precedences[1].lag, 30);
  EXPECT_FALSE(is_job_shop(p));
}

TEST(ParseJson, MakesAChainOfOperations) {
  const auto p = parsed(R"({"kind": "schedule", "machines": [{"id": "x"}, {"id": "y"}],
      "tasks": [{"id": "j", "release": 0, "operations": [
                  {"machine": "y", "duration": 2}, {"machine": "x", "duration": 1}]},
                {"id": "k", "operations": [{"machine": "x", "duration": 3}]}],
      "precedence": []})");
  ASSERT_EQ(p.tasks.size(), 3u);
  EXPECT_EQ(p.tasks[1].id, "j.1");
  EXPECT_EQ(p.tasks[0].duration_on, (std::vector<Ticks>{kNotEligible, 2}));
  ASSERT_EQ(p.precedences.size(), 1u);
  EXPECT_TRUE(is_job_shop(p));
}

TEST(ParseJson, TakesTheShortestOfModesOnOneMachine) {
  const auto p = parsed(R"({"kind": "schedule", "machines": [{"id": "x"}, {"id": "y"}],
      "tasks": [{"id": "t", "modes": [{"machine": "x", "duration": 4},
                                      {"machines": ["x", "y"], "duration": 3}]}]})");
  EXPECT_EQ(p.tasks[0].duration_on, (std::vector<Ticks>{3, 3}));
}

TEST(ParseJson, CountsWhatIsStatedWhereNoObjectiveIs) {
  const auto read = parse_problem(R"({"kind": "schedule", "machines": [{"id": "m"}],
      "tasks": [{"id": "t", "duration": 1, "due": 3}],
      "preferences": [{"task": "t", "start_after": 1}]})",
                                  "test");
  EXPECT_EQ(read.problem.objective.tardiness, 1.0);
  EXPECT_EQ(read.problem.objective.preference, 1.0);
  EXPECT_EQ(read.assumptions,
            (std::vector<std::string>{"no objective stated: makespan + weighted tardiness + broken "
                                      "preferences"}));
}

RC_GTEST_PROP(ParseJson, ReadsBackWhatItWrites, (std::uint64_t seed)) {
  const auto problem = testing::random_problem(seed);
  const auto text = to_text(problem_to_json(problem));
  const auto back = parsed(text);
  RC_ASSERT(to_text(problem_to_json(back)) == text);
  // Times agree in units; a finer grid may have been chosen for quotients by speed.
  RC_ASSERT(back.tasks.size() == problem.tasks.size());
  for (std::size_t t = 0; t < back.tasks.size(); ++t) {
    RC_ASSERT(*back.tasks[t].work == *problem.tasks[t].work * back.ticks_per_unit);
    for (std::size_t k = 0; k < back.machines.size(); ++k) {
      const bool was = problem.tasks[t].duration_on[k] != kNotEligible;
      RC_ASSERT((back.tasks[t].duration_on[k] != kNotEligible) == was);
    }
  }
}

TEST(ParseText, ReadsAllPublishedJobShops) {
  const std::string folder = THERMA_SOURCE_DIR "/../shared/data/jsp";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is missing";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.find('.') != std::string::npos) continue;  // the tables beside the instances
    const auto read = parse_problem(file_text(entry.path()), name);
    EXPECT_EQ(read.format, Format::jsplib) << name;
    EXPECT_TRUE(is_job_shop(read.problem)) << name;
    ++count;
  }
  EXPECT_EQ(count, 121u);
}

// Two jobs on two machines: j0 visits m1 for 5, m0 for 7; j1 visits m0 for 3, m1 for 9.
constexpr const char* kJsplib = "# a comment\n2 2\n1 5 0 7\n0 3 1 9\n";
constexpr const char* kTaillard = "2 2\n5 7\n3 9\n2 1\n1 2\n";

TEST(ParseText, ReadsJsplibAndTaillardAlike) {
  const auto jsplib = parse_problem(kJsplib, "a");
  const auto taillard = parse_problem(kTaillard, "b");
  const auto headed = parse_problem(
      "Nb of jobs, Nb of Machines, Time seed, Machine seed, Upper bound, Lower bound\n"
      "2 2 840612802 398197754 1231 1005\nTimes\n5 7\n3 9\nMachines\n2 1\n1 2\n",
      "c");
  EXPECT_EQ(jsplib.format, Format::jsplib);
  EXPECT_EQ(taillard.format, Format::taillard);
  EXPECT_EQ(headed.format, Format::taillard);
  const auto text = to_text(problem_to_json(jsplib.problem));
  EXPECT_EQ(to_text(problem_to_json(taillard.problem)), text);
  EXPECT_EQ(to_text(problem_to_json(headed.problem)), text);
  EXPECT_EQ(jsplib.problem.tasks[1].id, "j0.1");
  EXPECT_EQ(jsplib.problem.tasks[1].duration_on, (std::vector<Ticks>{7, kNotEligible}));
}

TEST(ParseText, ReadsMachinesWithWindows) {
  const auto p = parse_problem("1 2\n1 0 9\n2 1 4 6 12\n3 8 2 5 -1\n", "w").problem;
  EXPECT_EQ(p.machines[1].windows[1].open, 6);
  EXPECT_EQ(p.tasks[0].release, 3);
  EXPECT_EQ(p.tasks[0].duration_on, (std::vector<Ticks>{5, kNotEligible}));
}

TEST(Draw, FillsEveryRangeFromTheSeedAlone) {
  const auto p = with_duration(R"({"min": 1, "max": 4})", R"({"id": "m", "speed": 2})");
  ASSERT_EQ(p.uncertain.size(), 1u);
  bool seen[5] = {};
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto drawn = draw_durations(p, seed);
    EXPECT_TRUE(drawn.problem.uncertain.empty());
    const Ticks work = *drawn.problem.tasks[0].work;
    ASSERT_EQ(work % p.ticks_per_unit, 0);  // both ends are whole: so is the draw
    const auto hours = work / p.ticks_per_unit;
    ASSERT_TRUE(hours >= 1 && hours <= 4);
    seen[hours] = true;
    EXPECT_EQ(drawn.problem.tasks[0].duration_on[0] * 2, work);
    EXPECT_EQ(*draw_durations(p, seed).problem.tasks[0].work, work);
  }
  // Each of the four misses 100 draws with probability (3/4)^100 < 1e-12.
  EXPECT_TRUE(seen[1] && seen[2] && seen[3] && seen[4]);
}

TEST(Draw, SaysWhatItAssumed) {
  const auto p = with_duration(R"({"min": 2, "max": 2})");
  EXPECT_EQ(draw_durations(p, 7).assumptions,
            (std::vector<std::string>{"durations of 2-2 h drawn once per task from seed 7: t 2"}));
}

TEST(Draw, StaysOnTheTickWhereEndsAreNotWhole) {
  const auto p = with_duration(R"({"min": 0.5, "max": 1.5})");
  EXPECT_GE(p.ticks_per_unit, 60);
  for (std::uint32_t scenario = 0; scenario < 50; ++scenario) {
    const double hours = to_units(p, *draw_durations(p, 1, scenario).problem.tasks[0].work);
    EXPECT_GE(hours, 0.5);
    EXPECT_LE(hours, 1.5);
  }
}

TEST(ParseSolution, ReadsAWholeReportWithItsSeed) {
  const auto p = with_duration("3");
  const auto read = parse_solution(R"({"status": "optimal", "seed": 5,
      "solution": {"tasks": [{"id": "t", "machine": "m", "start": 0.5, "end": 3.5}]}})",
                                   "report", p);
  EXPECT_EQ(read.seed, 5u);
  EXPECT_EQ(read.solution.ticks_per_unit, 2);
  EXPECT_TRUE(verify(p, read.solution).ok());
}

TEST(ParseSolution, ReadsBackWhatIsWritten) {
  const auto p = parsed(file_text(THERMA_SOURCE_DIR "/data/examples/warsztat.json"));
  const Decoder decoder(p);
  const std::vector<double> keys(p.tasks.size());
  const auto decoded = decoder.dispatch(order_by(decoder.tables(), keys));
  const auto text = to_text(solution_to_json(p, decoded.solution));
  const auto read = parse_solution(text, "solution", p);
  EXPECT_EQ(verify(p, read.solution).objective, objective(p, decoded.solution));
}

}  // namespace
}  // namespace therma::schedule
