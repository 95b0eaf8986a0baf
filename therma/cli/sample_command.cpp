// SPDX-License-Identifier: Apache-2.0
// `therma sample`.
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <random>

#include "therma/cli/commands.hpp"
#include "therma/cli/interrupt.hpp"
#include "therma/cli/progress.hpp"
#include "therma/cli/terminal.hpp"
#include "therma/engine/doctor.hpp"
#include "therma/engine/files.hpp"
#include "therma/engine/models/generated.hpp"
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

SampleRequest request_of(const Invocation& call) {
  SampleRequest request{.model = model_of(call),
                        .config = call.sample,
                        .files = call.sample_files,
                        .has_time_limit = call.counted_effort.time_s > 0.0};
  if (!call.seed_given) request.config.seed = std::random_device{}();
  return request;
}

SampleReport drawn(const Invocation& call, const SampleRequest& request,
                   const Interrupt& interrupt) {
  const auto& effort = call.counted_effort;
  const Pool pool(effort.threads > 0 ? effort.threads : usable_cores());
  const auto deadline = effort.time_s > 0.0 ? Deadline::after(effort.time_s) : Deadline();
  ProgressLine line(!call.output.quiet, deadline);
  return run_sample(request, {.pool = &pool,
                              .stop = interrupt.token(),
                              .deadline = deadline,
                              .on_progress = [&line](const Progress& p) { line.show(p); }});
}

}  // namespace

int sample_command(const Invocation& call) {
  if (call.arguments.front() == "list") {
    print(model_sources_text(terminal_width(STDOUT_FILENO)));
    return 0;
  }
  check_targets(call);
  const auto request = request_of(call);
  const Interrupt interrupt;  // until the answer is out: a late Ctrl-C must not lose it
  const auto report = drawn(call, request, interrupt);
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

}  // namespace therma::cli
