// SPDX-License-Identifier: Apache-2.0
#include "therma/cli/options.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace therma::cli {
namespace {

Invocation parsed(std::initializer_list<const char*> words) {
  std::vector<const char*> argv = {"therma"};
  argv.insert(argv.end(), words);
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

std::string complaint(std::initializer_list<const char*> words) {
  try {
    static_cast<void>(parsed(words));
  } catch (const Error& e) {
    EXPECT_EQ(traits(e.code()).exit_code, 2);
    return e.what();
  }
  ADD_FAILURE() << "no error was thrown";
  return "";
}

TEST(Options, SetTheFieldsOfTheConfigs) {
  const auto call = parsed({"solve", "p.json", "--seed", "42", "--dynamics", "tempering", "--time",
                            "2.5", "--threads", "2", "--json"});
  EXPECT_EQ(call.command, Command::solve);
  EXPECT_EQ(call.arguments, std::vector<std::string>{"p.json"});
  EXPECT_EQ(call.solve.seed, 42U);
  EXPECT_TRUE(call.seed_given);
  EXPECT_TRUE(call.time_given);
  EXPECT_EQ(call.solve.dynamics, solve::Dynamics::tempering);
  EXPECT_EQ(call.effort.time_s, 2.5);
  EXPECT_EQ(call.effort.threads, 2U);
  EXPECT_TRUE(call.output.json);
  EXPECT_FALSE(call.output.quiet);
}

TEST(Options, OfSampleSetItsConfigAndItsFiles) {
  const auto call = parsed({"sample", "sk:n=8", "--beta", "linear:0.2:1.5", "--method", "tempering",
                            "--rungs", "8", "--n-best", "3", "--samples", "d.npz", "--time", "2"});
  EXPECT_EQ(call.command, Command::sample);
  EXPECT_EQ(call.arguments, std::vector<std::string>{"sk:n=8"});
  EXPECT_EQ(call.sample.beta, "linear:0.2:1.5");
  EXPECT_EQ(call.sample.method, SampleMethod::tempering);
  EXPECT_EQ(call.sample.rungs, 8U);
  EXPECT_EQ(call.sample.n_best, 3U);
  EXPECT_EQ(call.sample_files.samples, "d.npz");
  EXPECT_EQ(call.counted_effort.time_s, 2.0);
  EXPECT_EQ(parsed({"sample", "-"}).counted_effort.time_s, 0.0);  // no limit unless asked for
}

TEST(Options, KeepTheirDefaultsWhereNotGiven) {
  const auto call = parsed({"solve", "-"});
  EXPECT_FALSE(call.seed_given);
  EXPECT_FALSE(call.time_given);
  EXPECT_EQ(call.effort.time_s, 10.0);
}

TEST(Options, MayComeBeforeTheSentence) {
  EXPECT_EQ(parsed({"solve", "--seed", "1", "plan"}).arguments, std::vector<std::string>{"plan"});
}

TEST(Options, OutOfRangeNameTheFlagTheRuleAndTheValue) {
  EXPECT_EQ(complaint({"solve", "x", "--replicas", "5000"}),
            "--replicas: must be in [0, 4096], got 5000");
  EXPECT_EQ(complaint({"solve", "x", "--time", "-1"}), "--time: must be > 0, got -1");
  EXPECT_NE(complaint({"solve", "x", "--time", "nan"}).find("--time: must be"), std::string::npos);
  EXPECT_NE(complaint({"solve", "x", "--seed", "-1"}).find("--seed: must be"), std::string::npos);
  EXPECT_NE(complaint({"solve", "x", "--vote", "loud"}).find("majority"), std::string::npos);
}

TEST(Options, UnknownGetASuggestion) {
  EXPECT_NE(complaint({"solve", "x", "--sede", "1"}).find("did you mean --seed?"),
            std::string::npos);
  EXPECT_NE(complaint({"slove", "x"}).find("did you mean \"solve\"?"), std::string::npos);
}

TEST(Options, SayWhichCommandsThisReleaseHas) {
  EXPECT_NE(complaint({"train"}).find("not in this release"), std::string::npos);
  EXPECT_NE(complaint({"solve", "x", "--data", "t.csv"}).find("--data"), std::string::npos);
}

TEST(Options, AskForQuotesAroundASentence) {
  EXPECT_NE(complaint({"solve", "plan", "three", "tasks"}).find("quotes"), std::string::npos);
  EXPECT_NE(complaint({"plan three tasks"}).find("therma solve \"plan three tasks\""),
            std::string::npos);
}

TEST(Options, ComplainInOneLine) {
  for (const auto words : {std::initializer_list<const char*>{},
                           {"solve"},
                           {"verify", "only-one"},
                           {"verify", "a", "b", "c"},
                           {"solve", "x", "--seed"},
                           {"solve", "x", "--json=maybe"},
                           {"--nonsense"},
                           {"doctor", "x"}}) {
    EXPECT_EQ(complaint(words).find('\n'), std::string::npos) << complaint(words);
  }
}

TEST(Options, HelpIsMadeOfTheFields) {
  const auto call = parsed({"solve", "--help"});
  EXPECT_EQ(call.command, Command::help);
  for (const auto* word : {"--replicas", "--dynamics", "auto, langevin, gibbs, tempering, hybrid",
                           "--scenarios", "--plot", "--format", "[random]"}) {
    EXPECT_NE(call.help.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(parsed({"--version"}).command, Command::version);
}

}  // namespace
}  // namespace therma::cli
