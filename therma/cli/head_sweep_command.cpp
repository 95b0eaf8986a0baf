// SPDX-License-Identifier: Apache-2.0
// `therma head-sweep`.
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "therma/cli/commands.hpp"
#include "therma/cli/interrupt.hpp"
#include "therma/cli/language.hpp"
#include "therma/cli/terminal.hpp"
#include "therma/engine/files.hpp"
#include "therma/engine/language/head_sweep.hpp"

namespace therma::cli {
namespace {

// A few pages of a novel in the public domain, beside the model that comes with Therma.
std::string text_of(const HeadSweepConfig& config) {
  if (config.text == "-") return read_descriptor(STDIN_FILENO, "standard input");
  if (!config.text.empty()) return read_file(config.text);
  for (const auto& folder : model_folders()) {
    std::error_code ignored;
    const auto file = folder / "tiny" / "text.en.txt";
    if (std::filesystem::exists(file, ignored)) return read_file(file);
  }
  fail(ErrorCode::usage, "head-sweep: give a text with --text FILE");
}

}  // namespace

int head_sweep_command(const Invocation& call) {
  auto request = call.head_sweep;
  for (const auto& path : {call.output.out, request.config.plot}) {
    if (!path.empty()) check_writable(path);
  }
  request.text = text_of(request.config);
  const Team team(threads_of(call));
  const Interrupt interrupt;
  const auto resources = resources_of(call, interrupt);
  const auto model = open_model(request.model, model_folders(), team, resources);
  const auto report = run_head_sweep(*model, request, team, resources);
  const auto json = to_text(to_json(report));
  if (!call.output.out.empty()) write_file(call.output.out, json);
  if (!request.config.plot.empty()) write_file(request.config.plot, plot_svg(report));
  print(call.output.json ? json : render_text(report));
  return 0;
}

}  // namespace therma::cli
