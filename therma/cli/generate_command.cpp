// SPDX-License-Identifier: Apache-2.0
// `therma generate`.
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "therma/cli/commands.hpp"
#include "therma/cli/interrupt.hpp"
#include "therma/cli/language.hpp"
#include "therma/cli/progress.hpp"
#include "therma/cli/terminal.hpp"
#include "therma/engine/files.hpp"
#include "therma/engine/language/generate_run.hpp"

namespace therma::cli {
namespace {

std::string text_of(const std::string& file) {
  return file == "-" ? read_descriptor(STDIN_FILENO, "standard input") : read_file(file);
}

std::string prompt_of(const Invocation& call) {
  const auto& file = call.generate.options.prompt_file;
  if (call.arguments.empty()) return file.empty() ? std::string() : text_of(file);
  if (!file.empty()) {
    fail(ErrorCode::usage, "a prompt and --prompt-file: give one of them");
  }
  return call.arguments.front() == "-" ? text_of("-") : call.arguments.front();
}

int print_perplexity(const Invocation& call, const LanguageTeams& teams,
                     const Interrupt& interrupt) {
  const auto& request = call.generate;
  const auto text = text_of(request.options.perplexity);
  const auto model = open_model(request.model, model_folders(), teams.all());
  const auto found = llm::likelihood_of(*model, text, teams.all(), resources_of(call, interrupt));
  const Json json = {{"therma", GenerateReport::kSchema},
                     {"kind", "perplexity"},
                     {"model", request.model.model},
                     {"tokens", found.num_tokens},
                     {"bytes", found.num_bytes},
                     {"perplexity", found.perplexity()},
                     {"log_likelihood", found.log_likelihood},
                     {"bits_per_byte", found.stopped ? Json(nullptr) : Json(found.bits_per_byte())},
                     {"stopped", found.stopped}};
  if (!call.output.out.empty()) write_file(call.output.out, to_text(json));
  if (wants_json(call)) {
    print(to_text(json));
  } else {
    print(fmt::format("perplexity {:.4f} per token over {} tokens", found.perplexity(),
                      found.num_tokens));
    print(found.stopped ? " (stopped early)\n"
                        : fmt::format(", {:.4f} bits per byte\n", found.bits_per_byte()));
  }
  return found.num_tokens > 0 ? 0 : traits(ErrorCode::stopped).exit_code;
}

}  // namespace

int generate_command(const Invocation& call) {
  if (!call.output.out.empty()) check_writable(call.output.out);
  const LanguageTeams teams(threads_of(call), call.generate.options.units);
  const Interrupt interrupt;
  if (!call.generate.options.perplexity.empty()) return print_perplexity(call, teams, interrupt);
  auto request = call.generate;
  request.prompt = prompt_of(call);
  if (!call.seed_given) request.options.seed = std::random_device{}();
  const auto resources = resources_of(call, interrupt);
  const LanguageMachine machine = loaded(call, request, teams, interrupt);
  for (const auto& notice : machine.notices()) {
    if (!call.output.quiet) print_notice("Note: " + notice + "\n");
  }
  const bool streams = !wants_json(call);
  // The prompt is shown with the first of the text, when nothing can be wrong with it any more.
  std::string before = call.output.quiet ? std::string() : request.prompt;
  const auto show = [&](std::string_view text) {
    if (streams) print(std::exchange(before, {}) + std::string(text));
  };
  const auto report = run_generate(request, machine, teams, resources, show);
  show({});
  const auto json = to_text(to_json(report, machine.model().tokenizer()));
  if (!call.output.out.empty()) write_file(call.output.out, json);
  if (!streams) {
    print(json);
    return 0;
  }
  for (std::size_t k = 1; k < report.texts.size(); ++k) {
    print("\n\n" + (call.output.quiet ? std::string() : request.prompt) + report.texts[k].text);
  }
  print("\n");
  if (!call.output.quiet) print_notice(ending_text(report) + summary_text(report));
  return 0;
}

}  // namespace therma::cli
