// SPDX-License-Identifier: Apache-2.0
// Malformed inputs, each with the one sentence that it gets.
#include <gtest/gtest.h>

#include "therma/core/error.hpp"
#include "therma/problems/schedule/parse.hpp"

namespace therma::schedule {
namespace {

struct Case {
  std::string input;
  std::string sentence;
};

std::string sentence_for(const std::string& input, Format format = Format::automatic) {
  try {
    (void)parse_problem(input, "x", format);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::bad_data);
    return e.what();
  }
  return "accepted";
}

// {"kind": "schedule", <rest>} with one machine and one task that the rest may replace.
std::string with(const std::string& rest) {
  std::string out = R"({"kind": "schedule")" + (rest.empty() ? rest : ", " + rest);
  if (!rest.starts_with("\"machines\"")) out += R"(, "machines": [{"id": "m"}])";
  if (!rest.starts_with("\"tasks\"")) out += R"(, "tasks": [{"id": "t", "duration": 1}])";
  return out + "}";
}
std::string task(const std::string& members) {
  return with(R"("tasks": [{"id": "t", )" + members + "}]");
}
std::string machine(const std::string& members) {
  return with(R"("machines": [{"id": "m", )" + members + "}]");
}

TEST(MalformedJson, GetsOneSentenceEach) {
  const Case cases[] = {
      {R"({"kind": "schedule", )",
       "x:1:22: not valid JSON: syntax error while parsing object key - unexpected end of input; "
       "expected string literal"},
      {R"({"kind": "route"})", "x.kind: must be \"schedule\", got \"route\""},
      {R"({"tasks": []})", "x: \"kind\" is missing"},
      {R"({"kind": "schedule", "tasks": [{"id": "t", "duration": 1}]})",
       "x: \"machines\" is missing"},
      {R"({"kind": "schedule", "machines": [{"id": "m"}]})", "x: \"tasks\" is missing"},
      {with(R"("tasks": [])"), "x: there must be at least one task"},
      {with(R"("machines": [])"), "x: there must be at least one machine"},
      {with(R"("therma": 2)"), "x.therma: must be 1, the version of the schema, got 2"},
      {with(R"("horizon": 8)"),
       "x: unknown key \"horizon\"; known are therma, kind, comment, time_unit, tasks, machines, "
       "resources, precedence, preferences, setup, objective"},
      {with(R"("time_unit": "")"), "x.time_unit: must be a unit's name, 1 to 32 bytes, got \"\""},
      {task(R"("duration": "long")"),
       "x.tasks[0].duration: must be a number, {\"min\", \"max\"} or a number per machine, got "
       "\"long\""},
      {task(R"("duration": -1)"), "x.tasks[0].duration: must be a number >= 0, got -1"},
      {task(R"("duration": {"min": 4, "max": 1})"),
       "x.tasks[0].duration: min must be <= max, got 4 > 1"},
      {task(R"("duration": {"min": 4})"), "x.tasks[0].duration: \"max\" is missing"},
      {task(R"("duration": {"z": 4})"), "x.tasks[0].duration.z: no machine has the id \"z\""},
      {task(R"("duration": {})"),
       "x.tasks[0].duration: must be a duration for at least one machine, got object"},
      {task(R"("duration": 1e300)"),
       "x: the time 1e+300 is beyond what can be kept exact (9.01e+15)"},
      {task(R"("duration": 0.12345678912345)"),
       "x: the times have no common tick down to 1e-9 of a unit; round them to fewer digits"},
      {task(R"("release": 1)"), "x.tasks[0]: \"duration\" is missing"},
      {task(R"("duration": 1, "machines": ["z"])"),
       "x.tasks[0].machines[0]: no machine has the id \"z\""},
      {task(R"("duration": 1, "machines": ["m", "m"])"), "x.tasks[0].machines[1]: is listed twice"},
      {task(R"("duration": 1, "machines": [])"),
       "x.tasks[0].machines: must be at least one machine, got array"},
      {task(R"("duration": 1, "demand": {"ram": 1})"),
       "x.tasks[0].demand.ram: no resource has the id \"ram\""},
      {task(R"("duration": 1, "deadline": -2)"),
       "x.tasks[0].deadline: must be a number >= 0, got -2"},
      {task(R"("operations": [{"machine": "m", "duration": 1}], "duration": 1)"),
       "x.tasks[0].duration: does not go together with operations"},
      {task(R"("modes": [{"machine": "m", "duration": 1, "demand": {"ram": 1}}])"),
       "x.tasks[0].modes[0]: modes with their own demands are not supported yet"},
      {with(R"("tasks": [{"id": "t", "duration": 1}, {"id": "t", "duration": 1}])"),
       "x.tasks[1]: two tasks have the id \"t\""},
      {machine(R"("speed": 0)"), "x.machines[0].speed: must be a number > 0, got 0"},
      {machine(R"("windows": [])"),
       "x.machines[0].windows: must be at least one [open, close] pair, got array"},
      {machine(R"("windows": [[0]])"),
       "x.machines[0].windows[0]: must be a pair [open, close], got array"},
      {machine(R"("windows": [[8, 4]])"),
       "x: machine \"m\": the window [8, 4] must close after it opens"},
      {machine(R"("windows": [[0, 8], [6, 9]])"),
       "x: machine \"m\": the window [6, 9] must start after the one before it ends, at 8"},
      {with(R"("machines": [{"id": "m"}, {"id": "m"}])"),
       "x.machines[1].id: two machines have the id \"m\""},
      {with(R"("resources": [{"id": "r", "capacity": 0}])"),
       "x.resources[0].capacity: must be a whole number > 0, got 0"},
      {with(R"("precedence": [{"before": "t", "after": "u"}])"),
       "x.precedence[0].after: no task has the id \"u\""},
      {with(R"("precedence": [{"before": "t", "after": "t"}])"),
       "x.precedence[0]: a task must not precede itself"},
      {with(R"("tasks": [{"id": "a", "duration": 1}, {"id": "b", "duration": 1},
                         {"id": "c", "duration": 1}],
               "precedence": [{"before": "a", "after": "b"}, {"before": "b", "after": "c"},
                              {"before": "c", "after": "a"}])"),
       "x: precedence has a cycle: a -> b -> c -> a"},
      {with(R"("preferences": [{"task": "t", "weight": 1}])"),
       "x.preferences[0]: exactly one of machine, start_after, end_before must be stated"},
      {with(R"("setup": [{"from": "red", "to": "blue", "time": 1}])"),
       "x.setup[0].from: no task family has the id \"red\""},
      {with(R"("objective": {"makespan": 0})"),
       "x.objective: must be weights of which at least one is > 0, got object"},
      {with(R"("objective": {"cost": 1})"),
       "x.objective: unknown key \"cost\"; known are makespan, tardiness, preference"},
  };
  for (const auto& [input, sentence] : cases) EXPECT_EQ(sentence_for(input), sentence) << input;
}

TEST(MalformedNumbers, GetOneSentenceEach) {
  const Case cases[] = {
      {"", "x:1: must start with the numbers of jobs and machines, got no number at all"},
      {"# only a comment\n",
       "x:1: must start with the numbers of jobs and machines, got no number at all"},
      {"3", "x:1: must start with the numbers of jobs and machines, got one number"},
      {"2 two", "x:1: must be a whole number, got \"two\""},
      {"2 2\n0 1.5 1 2\n", "x:2: must be a whole number, got \"1.5\""},
      {"2 0\n", "x:1: the numbers of jobs and machines must be >= 1, got 2 and 0"},
      {"1000000 5\n1 2\n",
       "x:1: at most 100000 jobs and 10000 machines are allowed, got 1000000 and 5"},
      {"2 2\n0 1 1 2\n0 1 1\n",
       "x:3: ends after 9 numbers; 2 jobs on 2 machines take 10 (read as jsplib; another format "
       "can be named with --format)"},
      {"2 2\n0 1 1 2\n0 1 1 3 7\n",
       "x:3: 2 jobs on 2 machines take 10 numbers, got 11 (read as jsplib; another format can be "
       "named with --format)"},
      {"2 2\n0 1 5 2\n0 1 1 3\n", "x:2: job 0: machine must be in [0, 1], got 5"},
      {"2 2\n0 -1 1 2\n0 1 1 3\n",
       "x:2: a duration must be >= 0 and at most 9007199254740992, got -1"},
      // As JSPLIB: machines 0 1, 1 0. As Taillard's the second job would visit machine 0.
      {"2 2\n0 1 1 1\n1 2 0 1\n", "accepted"},
      // As JSPLIB: machines 0 and 1. As Taillard's: times 0 1, machines 1 2.
      {"1 2\n0 1\n1 2\n", "x: reads as jsplib and as taillard; name one with --format"},
      {"2 2 1 1 5 5\nTimes\n1 2\n3 4\nMachines\n1 2\n2 3\n",
       "x:7: job 1: machine must be in [1, 2], got 3"},
      {"1 2\n1 5 3\n1 0 9\n0 1 1 4 4\n",
       "x: machine \"m0\": the window [5, 3] must close after it opens"},
  };
  for (const auto& [input, sentence] : cases) EXPECT_EQ(sentence_for(input), sentence) << input;
}

TEST(MalformedNumbers, AreExplainedInTheFormatThatWasNamed) {
  EXPECT_EQ(sentence_for("1 2\n0 1\n1 2\n", Format::taillard), "accepted");
  EXPECT_EQ(sentence_for("1 2\n1 0 9\n", Format::rmwin),
            "x:2: ends after 5 numbers; 1 jobs on 2 machines take more");
  EXPECT_EQ(sentence_for("1 1\n1 5 3\n0 1 1 4\n", Format::rmwin),
            "x: machine \"m0\": the window [5, 3] must close after it opens");
  EXPECT_EQ(sentence_for("2 2\n", Format::json),
            "x:1:3: not valid JSON: syntax error while parsing value - unexpected number literal; "
            "expected end of input");
}

TEST(MalformedSolutions, GetOneSentenceEach) {
  const auto problem = parse_problem(with(""), "p").problem;
  const Case cases[] = {
      {"[]", "x: must be an object, got array"},
      {"{}", "x: \"tasks\" is missing"},
      {R"({"solution": null})", "x.solution: the report holds no solution"},
      {R"({"tasks": [{"id": "t", "machine": "m", "start": 0}]})", "x.tasks[0]: \"end\" is missing"},
      {R"({"tasks": [{"id": "t", "machine": "m", "start": "0", "end": 1}]})",
       "x.tasks[0].start: must be a number, got \"0\""},
      {R"({"tasks": [{"id": "t", "machine": "m", "start": 0.123456789, "end": 1}]})",
       "x.tasks: the times have no common tick with the problem's; round them to fewer digits"},
  };
  for (const auto& [input, sentence] : cases) {
    try {
      (void)parse_solution(input, "x", problem);
      ADD_FAILURE() << "accepted: " << input;
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()), sentence);
    }
  }
}

}  // namespace
}  // namespace therma::schedule
