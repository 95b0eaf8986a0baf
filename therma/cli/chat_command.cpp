// SPDX-License-Identifier: Apache-2.0
// `therma chat`.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "therma/cli/commands.hpp"
#include "therma/cli/interrupt.hpp"
#include "therma/cli/language.hpp"
#include "therma/cli/terminal.hpp"
#include "therma/engine/files.hpp"
#include "therma/engine/language/generate_run.hpp"

namespace therma::cli {
namespace {

constexpr std::string_view kHelp =
    "Type a message and press Enter. /clear begins anew, /system TEXT sets the system message, "
    "/quit or Ctrl-D ends.\n";

void answer(const Invocation& call, Conversation& conversation, const std::string& message,
            const Interrupt& interrupt) {
  const auto report = conversation.say(message, resources_of(call, interrupt),
                                       [](std::string_view text) { print(text); });
  print("\n");
  if (!call.output.quiet) print_notice(ending_text(report) + summary_text(report));
}

// False at /quit.
bool obey(const Invocation& call, Conversation& conversation, const std::string& line,
          const Interrupt& interrupt) {
  if (line == "/quit" || line == "/exit") return false;
  if (line == "/clear") {
    conversation.clear();
  } else if (line.starts_with("/system ")) {
    conversation.set_system(line.substr(8));
  } else if (line == "/help") {
    print_notice(kHelp);
  } else if (!line.empty()) {
    answer(call, conversation, line, interrupt);
  }
  return true;
}

void converse(const Invocation& call, Conversation& conversation, const Interrupt& interrupt) {
  const bool asks = is_terminal(STDIN_FILENO);
  if (asks && !call.output.quiet) print_notice(kHelp);
  for (std::string line; !interrupt.token().stop_requested();) {
    if (asks) print_notice("> ");
    if (!std::getline(std::cin, line)) return;
    if (!obey(call, conversation, line, interrupt)) return;
  }
}

}  // namespace

int chat_command(const Invocation& call) {
  for (const auto& path : {call.output.out, call.chat.save}) {
    if (!path.empty()) check_writable(path);
  }
  const LanguageTeams teams(threads_of(call), call.generate.options.units);
  const Interrupt interrupt;
  auto request = call.generate;
  if (!call.seed_given) request.options.seed = std::random_device{}();
  for (const auto* option : {"beta", "top-k", "top-p", "repeat-penalty"}) {
    std::string name = option;
    if (std::ranges::find(call.given, "--" + name) != call.given.end()) continue;
    std::ranges::replace(name, '-', '_');
    request.as_suggested.push_back(name);
  }
  const LanguageMachine machine = loaded(call, request, teams, interrupt);
  Conversation conversation(request, machine, teams);
  conversation.set_system(call.chat.system);
  if (call.arguments.empty()) {
    converse(call, conversation, interrupt);
  } else {
    answer(call, conversation, call.arguments.front(), interrupt);
  }
  for (const auto& path : {call.output.out, call.chat.save}) {
    if (!path.empty()) write_file(path, to_text(conversation.messages()));
  }
  return 0;
}

}  // namespace therma::cli
