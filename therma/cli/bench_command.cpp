// SPDX-License-Identifier: Apache-2.0
// `therma bench`.
#include "therma/engine/bench.hpp"

#include <fmt/format.h>

#include "therma/cli/commands.hpp"
#include "therma/cli/interrupt.hpp"
#include "therma/cli/progress.hpp"
#include "therma/cli/terminal.hpp"
#include "therma/engine/doctor.hpp"
#include "therma/engine/files.hpp"

namespace therma::cli {
namespace {

std::string suites_text() {
  std::string out;
  for (const auto& suite : bench_suites()) {
    out += fmt::format("{:<12} {}\n", suite.name, suite.summary);
  }
  return out.empty() ? "this build has no suites\n" : out;
}

}  // namespace

int bench_command(const Invocation& call) {
  const auto& suite = call.arguments.front();
  if (suite == "list") {
    print(suites_text());
    return 0;
  }
  if (!call.output.out.empty()) check_writable(call.output.out);
  const auto& effort = call.counted_effort;
  const Interrupt interrupt;
  const Pool pool(effort.threads > 0 ? effort.threads : usable_cores());
  const auto deadline = effort.time_s > 0.0 ? Deadline::after(effort.time_s) : Deadline();
  ProgressLine line(!call.output.quiet, deadline);
  const auto outcome =
      bench_suite(suite, {.pool = &pool,
                          .stop = interrupt.token(),
                          .deadline = deadline,
                          .on_progress = [&line](const Progress& p) { line.show(p); }});
  line.clear();
  if (!call.output.out.empty()) write_file(call.output.out, outcome.json_lines);
  print(call.output.json ? outcome.json_lines : outcome.table);
  return 0;
}

}  // namespace therma::cli
