// SPDX-License-Identifier: Apache-2.0
// `therma sample`.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>

#include "therma/cli/commands.hpp"
#include "therma/cli/interrupt.hpp"
#include "therma/cli/progress.hpp"
#include "therma/cli/terminal.hpp"
#include "therma/engine/doctor.hpp"
#include "therma/engine/files.hpp"
#include "therma/engine/models/generated.hpp"
#include "therma/engine/ranks.hpp"
#include "therma/engine/sample_run.hpp"
#include "therma/engine/samples/table.hpp"
#include "therma/engine/utf8.hpp"

namespace therma::cli {
namespace {

// Found out before the work, not after it.
void check_targets(const Invocation& call) {
  const auto& files = call.sample_files;
  if (!files.samples.empty()) static_cast<void>(sample_format_of(files.samples));
  for (const auto& path : {call.output.out, files.samples, files.checkpoint}) {
    if (!path.empty()) check_writable(path);
  }
}

SampleModel model_of(const Invocation& call) {
  const auto& argument = call.arguments.front();
  if (argument != "-") return load_model(argument, call.sample.format);
  return parse_model(read_descriptor(STDIN_FILENO, "standard input"), "standard input",
                     call.sample.format);
}

// Whether mpirun started this process, as one of several or alone.
bool is_launched() {
  return std::ranges::any_of(Ranks::launch_variables(),
                             [](const char* name) { return std::getenv(name) != nullptr; });
}

SampleRequest request_of(const Invocation& call, const Ranks& ranks) {
  SampleRequest request{.model = model_of(call),
                        .config = call.sample,
                        .files = call.sample_files,
                        .ranks = ranks.transport(),
                        .has_time_limit = call.counted_effort.time_s > 0.0};
  if (!call.seed_given) request.config.seed = ranks.of_first(std::random_device{}());
  return request;
}

SampleReport drawn(const Invocation& call, const SampleRequest& request,
                   const Interrupt& interrupt) {
  const auto& effort = call.counted_effort;
  const Pool pool(effort.threads > 0 ? effort.threads : usable_cores());
  const auto deadline = effort.time_s > 0.0 ? Deadline::after(effort.time_s) : Deadline();
  const bool shows = request.ranks == nullptr || request.ranks->rank() == 0;
  ProgressLine line(shows && !call.output.quiet, deadline);
  return run_sample(request, {.pool = &pool,
                              .stop = interrupt.token(),
                              .deadline = deadline,
                              .on_progress = [&line](const Progress& p) { line.show(p); }});
}

// Draws and prints; of several ranks, the first one prints, and its exit code is that of all.
int sample_on(const Invocation& call, const Ranks& ranks) {
  if (ranks.is_first()) check_targets(call);
  const auto request = request_of(call, ranks);
  const Interrupt interrupt;  // until the answer is out: a late Ctrl-C must not lose it
  const auto report = drawn(call, request, interrupt);
  if (!ranks.is_first()) return 0;
  const auto json = to_text(to_json(report));
  if (!call.output.out.empty()) write_file(call.output.out, json);
  print(call.output.json ? json
                         : render_text(report, {.width = terminal_width(STDOUT_FILENO),
                                                .answer_only = call.output.quiet}));
  const auto code = shortfall(report);
  if (!code) return 0;
  print_notice(fmt::format("therma: {}\n", printable(report.message)));
  return traits(*code).exit_code;
}

}  // namespace

int sample_command(const Invocation& call) {
  if (call.arguments.front() == "list") {
    print(model_sources_text(terminal_width(STDOUT_FILENO)));
    return 0;
  }
  const Ranks ranks(is_launched());
  if (ranks.transport() == nullptr) return sample_on(call, ranks);
  try {
    return sample_on(call, ranks);
  } catch (const Error& e) {
    const int status = traits(e.code()).exit_code;
    ranks.end(status, [&] { print_notice(fmt::format("therma: {}\n", printable(e.what()))); });
    return status;
  }
}

}  // namespace therma::cli
