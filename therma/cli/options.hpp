// SPDX-License-Identifier: Apache-2.0
// The command line as values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/engine/bench/bench.hpp"
#include "therma/engine/language/generate_request.hpp"
#include "therma/engine/language/head_sweep.hpp"
#include "therma/engine/request.hpp"
#include "therma/engine/sample_request.hpp"

namespace therma::cli {

enum class Command {
  help,
  version,
  ask,
  solve,
  verify,
  generate,
  chat,
  head_sweep,
  sample,
  bench,
  doctor
};

// What a run may use.
struct EffortOptions {
  std::uint32_t threads = 0;
  double time_s = 10.0;

  static void each_field(auto& self, auto&& field) {
    field("threads", self.threads, "threads to use; 0: every core", within(0, 1024));
    field("time", self.time_s, "limit in seconds; a proof of optimality ends the run earlier",
          positive);
  }
};

// The same where the work is counted and no clock is set.
struct CountedEffortOptions {
  std::uint32_t threads = 0;
  double time_s = 0.0;

  static void each_field(auto& self, auto&& field) {
    field("threads", self.threads, "threads to use; 0: every core", within(0, 1024));
    field("time", self.time_s, "limit in seconds; 0: none, the counted work ends the run",
          non_negative);
  }
};

// Where results go.
struct OutputOptions {
  bool json = false;
  bool quiet = false;
  std::string out;

  static void each_field(auto& self, auto&& field) {
    field("json", self.json, "print the report as JSON");
    field("quiet", self.quiet, "no progress, and no more than the answer itself");
    field("out", self.out, "also write the report, as JSON, to this file");
  }
};

// What else is shown of a plan.
struct PlanOptions {
  std::string plot;
  bool explain = false;

  static void each_field(auto& self, auto&& field) {
    field("plot", self.plot, "draw the plan to this SVG file");
    field("explain", self.explain, "say how each number was read and how the answer was found");
  }
};

// Of a conversation.
struct ChatOptions {
  std::string system;
  std::string save;

  static void each_field(auto& self, auto&& field) {
    field("system", self.system, "the system message");
    field("save", self.save, "also write the conversation, as JSON, to this file");
  }
};

struct Invocation {
  Command command = Command::help;
  std::string help;                    // the text asked for
  std::vector<std::string> arguments;  // TEXT, FILE or -; PROBLEM SOLUTION
  EffortOptions effort;
  CountedEffortOptions counted_effort;  // of sample and bench
  OutputOptions output;
  PlanOptions plan;
  ReadConfig read;
  solve::SolveConfig solve;
  SampleConfig sample;
  SampleFiles sample_files;
  BenchConfig bench;
  GenerateRequest generate;
  HeadSweepRequest head_sweep;
  ChatOptions chat;
  std::vector<std::string> given;  // names of the options that were given, "--beta"
  bool seed_given = false;
  bool time_given = false;
};

// Throws Error{usage or invalid_argument}.
[[nodiscard]] Invocation parse_command_line(int argc, const char* const* argv);

}  // namespace therma::cli
