// SPDX-License-Identifier: Apache-2.0
#include "therma/engine/report.hpp"

#include <gtest/gtest.h>

#include "therma/engine/render_text.hpp"

namespace therma {
namespace {

// One task of 2 h on a machine, planned and proven.
Report solved() {
  Report report;
  report.kind = "schedule";
  report.seed = 7;
  report.status = "optimal";
  solve::Outcome outcome;
  outcome.status = solve::Status::optimal;
  outcome.verified = true;
  outcome.objective = 2.0;
  outcome.lower_bound = 2.0;
  outcome.bound_from = "job length";
  outcome.steps = {{"gibbs", 10}};
  outcome.dynamics = "tempering";
  outcome.replicas = 8;
  outcome.rounds = 1;
  outcome.vote = "energy";
  outcome.agreement = 1.0;
  report.outcome = outcome;
  report.timetable = Timetable{"h", 2.0, {{"A", {{"t1", "", 0, 2, 0}}, {}}}, {}};
  report.assumptions = {"work starts at 0"};
  return report;
}

TEST(ReportJson, HasEveryFieldOfTheContractWhateverHappened) {
  for (const auto& report : {Report{}, solved()}) {
    const auto json = to_json(report);
    for (const auto* field :
         {"therma",      "kind",       "seed",        "time_s", "status",
          "verified",    "objective",  "lower_bound", "gap",    "bound_from",
          "solution",    "violations", "energy",      "heat",   "entropy_production",
          "steps",       "replicas",   "vote",        "llm",    "joules",
          "assumptions", "missing"}) {
      EXPECT_TRUE(json.contains(field)) << field;
    }
  }
}

TEST(ReportJson, IsNullWhereNothingIsKnown) {
  const auto json = to_json(Report{});
  EXPECT_TRUE(json["kind"].is_null());
  EXPECT_TRUE(json["objective"].is_null());
  EXPECT_TRUE(json["gap"].is_null());
  EXPECT_EQ(json["verified"], false);
  EXPECT_EQ(json["violations"], Json::array());
}

TEST(ReportJson, GivesTheGapInTheProblemsUnits) {
  auto report = solved();
  report.outcome->objective = 3.0;
  EXPECT_EQ(to_json(report)["gap"], 1.0);
  EXPECT_EQ(to_json(report)["steps"]["gibbs"], 10);
  EXPECT_EQ(to_json(report)["vote"]["agreement"], 1.0);
}

TEST(Shortfall, IsNoneOnlyForAVerifiedPlan) {
  auto report = solved();
  EXPECT_FALSE(shortfall(report));
  report.outcome->verified = false;
  EXPECT_EQ(shortfall(report), ErrorCode::no_answer);
  report.status = "infeasible";
  EXPECT_EQ(shortfall(report), ErrorCode::no_answer);
  report.status = "cancelled";
  EXPECT_EQ(shortfall(report), ErrorCode::stopped);
  report.status = "clarify";
  EXPECT_EQ(shortfall(report), ErrorCode::bad_data);
}

TEST(RenderText, OpensWithThePlanAndItsQuality) {
  const auto text = render_text(solved(), {.width = 80});
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "1 task on 1 machine, all done after 2 h: proven optimal.");
  EXPECT_NE(text.find("bound: job length"), std::string::npos);
  EXPECT_NE(text.find("- work starts at 0"), std::string::npos);
  EXPECT_NE(text.find("--rounds 1 --seed 7"), std::string::npos);
}

TEST(RenderText, IsThePlanAloneWhereAsked) {
  EXPECT_EQ(render_text(solved(), {.plan_only = true}),
            "task  machine     start       end  (h)\n"
            "t1    A               0         2\n");
}

TEST(RenderText, SaysWhatStoodInTheWayWhereThereIsNoPlan) {
  auto report = solved();
  report.timetable.reset();
  report.status = "time_limit";
  report.outcome->status = solve::Status::time_limit;
  report.outcome->verified = false;
  report.outcome->violations = {{"deadline", "t1", 2.0}};
  EXPECT_NE(render_text(report, {}).find("deadline: t1, by 2"), std::string::npos);
  EXPECT_NE(shortfall_text(report).find("--time"), std::string::npos);
}

}  // namespace
}  // namespace therma
