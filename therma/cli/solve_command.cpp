// SPDX-License-Identifier: Apache-2.0
// `therma solve` and `therma ask`.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "therma/cli/commands.hpp"
#include "therma/cli/interrupt.hpp"
#include "therma/cli/progress.hpp"
#include "therma/cli/terminal.hpp"
#include "therma/engine/doctor.hpp"
#include "therma/engine/plot_svg.hpp"
#include "therma/engine/render_text.hpp"
#include "therma/engine/run.hpp"
#include "therma/engine/utf8.hpp"

namespace therma::cli {
namespace {

// Found out before the work, not after it.
void check_targets(const Invocation& call) {
  const auto& plot = call.plan.plot;
  if (!plot.empty() && std::filesystem::path(plot).extension() != ".svg") {
    fail(ErrorCode::usage, "--plot: this release draws SVG; the file must end in .svg, got {}",
         plot);
  }
  if (!plot.empty()) check_writable(plot);
  if (!call.output.out.empty()) check_writable(call.output.out);
}

Source source_of(const Invocation& call) {
  const auto& argument = call.arguments.front();
  if (argument == "-") {
    return source_from_text(read_descriptor(STDIN_FILENO, "standard input"), "standard input");
  }
  if (call.command == Command::ask) return {argument, "text", true};
  return source_from_argument(argument);
}

Request request_of(const Invocation& call) {
  Request request{.source = source_of(call), .read = call.read, .solve = call.solve};
  if (!call.seed_given) request.solve.seed = std::random_device{}();
  return request;
}

// A number of rounds is a promise: only a limit that was asked for may cut it short.
Deadline deadline_of(const Invocation& call) {
  if (call.solve.rounds > 0 && !call.time_given) return {};
  return Deadline::after(call.effort.time_s);
}

Report solved(const Invocation& call, const Request& request, const Interrupt& interrupt) {
  const Pool pool(call.effort.threads > 0 ? call.effort.threads : usable_cores());
  const auto deadline = deadline_of(call);
  ProgressLine line(!call.output.quiet, deadline);
  return run(request, {.pool = &pool,
                       .stop = interrupt.token(),
                       .deadline = deadline,
                       .on_progress = [&line](const Progress& p) { line.show(p); }});
}

std::string plot_title(const Report& report) {
  return fmt::format("{} on {}", counted(report.timetable->num_bars(), "task"),
                     counted(report.timetable->rows.size(), "machine"));
}

void deliver(const Invocation& call, const Report& report) {
  const auto json = to_text(to_json(report));
  if (!call.output.out.empty()) write_file(call.output.out, json);
  if (!call.plan.plot.empty() && report.timetable) {
    write_file(call.plan.plot, plot_svg(*report.timetable, plot_title(report)));
  }
  print(call.output.json ? json
                         : render_text(report, {.width = terminal_width(STDOUT_FILENO),
                                                .colours = wants_colours(STDOUT_FILENO),
                                                .plan_only = call.output.quiet,
                                                .explain = call.plan.explain}));
}

}  // namespace

int solve_command(const Invocation& call) {
  check_targets(call);
  const auto request = request_of(call);
  const Interrupt interrupt;  // until the answer is out: a late Ctrl-C must not lose it
  const auto report = solved(call, request, interrupt);
  deliver(call, report);
  const auto code = shortfall(report);
  if (!code) return 0;
  print_notice(fmt::format("therma: {}\n", printable(shortfall_text(report))));
  return traits(*code).exit_code;
}

}  // namespace therma::cli
