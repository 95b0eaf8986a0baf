// SPDX-License-Identifier: Apache-2.0
// The only place that knows the command-line library; options come from the fields of configs.
#include "therma/cli/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "therma/cli/suggest.hpp"

namespace therma::cli {
namespace {

struct CommandRow {
  std::string_view name;
  Command command;
  std::string_view help;
};

constexpr std::array kCommands = {
    CommandRow{"solve", Command::solve, "plan a sentence or a problem file, verify, report"},
    CommandRow{"ask", Command::ask, "route a sentence; a planning problem is solved"},
    CommandRow{"verify", Command::verify, "check a solution against its problem, independently"},
    CommandRow{"generate", Command::generate,
               "text from a language model, by a thermodynamic head"},
    CommandRow{"chat", Command::chat, "the same as a conversation, with the model's chat template"},
    CommandRow{"head-sweep", Command::head_sweep,
               "what DAC bits and noise do to a model's head, measured on a text"},
    CommandRow{"sample", Command::sample, "draw from an energy model, with a certificate"},
    CommandRow{"bench", Command::bench, "run a suite of benchmarks"},
    CommandRow{"doctor", Command::doctor, "what this machine offers and what this build uses"},
};

// Commands that later releases have.
constexpr std::array<std::string_view, 4> kPlanned = {"train", "dream", "serve", "cache"};

constexpr std::string_view kAbout =
    "Therma: a thermodynamic computer in software. From a sentence to a verified plan.";

constexpr std::string_view kFooter =
    "Examples:\n"
    "  therma solve \"Plan 3 tasks on 2 machines. Cutting 2h, welding 90 min after cutting, "
    "painting 1h.\"\n"
    "  therma solve problem.json --out plan.json --plot plan.svg\n"
    "  therma verify problem.json plan.json\n"
    "  therma sample ising2d:L=32 --beta 0.4\n\n"
    "Exit codes: 0 answer, 1 no acceptable answer, 2 usage, 3 bad input or unclear sentence,\n"
    "4 file or device, 5 stopped before any answer, 70 a bug of ours.";

std::string flag_name(std::string_view field) {
  std::string name = "--" + std::string(field);
  std::ranges::replace(name, '_', '-');
  return field == "tokens" ? "-n," + name : name;
}

std::string placeholder(const Field& field) {
  const auto type = field.type();
  constexpr std::array<std::string_view, 9> kFiles = {"out",        "plot",        "samples",
                                                      "checkpoint", "resume",      "prompt_file",
                                                      "perplexity", "json_schema", "text"};
  if (type == "text" && std::ranges::find(kFiles, field.name) != kFiles.end()) return "FILE";
  if (field.name == "model") return "DIR|FILE|NAME";
  if (field.name == "beta") return "B|SCHEDULE";
  if (type == "number" || type == "count") return "N";
  return type == "word" ? "WORD" : "TEXT";
}

// One option per field. The fields point into the invocation, which outlives the parser.
void add_fields(CLI::App& app, const std::vector<Field>& fields) {
  for (const auto& field : fields) {
    const auto name = flag_name(field.name);
    if (field.type() == "flag") {
      app.add_flag_callback(
          name, [field] { field.set("true"); }, std::string(field.help));
      continue;
    }
    const auto set = [field, name](const std::string& text) {
      try {
        field.set(text);
      } catch (const Error& e) {
        fail(ErrorCode::invalid_argument, "--{}", e.what());
      }
    };
    auto help = field.help_text();
    if (field.name == "seed") help = "seed of every random draw [random]";
    app.add_option_function<std::string>(name, set, help)->type_name(placeholder(field));
  }
}

void add_solve_options(CLI::App& app, Invocation& call) {
  add_fields(app, fields_of(call.effort));
  add_fields(app, fields_of(call.output));
  add_fields(app, fields_of(call.solve));
  add_fields(app, fields_of(call.read));
  add_fields(app, fields_of(call.plan));
  app.add_option_function<std::vector<std::string>>(
         "--data",
         [](const auto&) {
           fail(ErrorCode::usage,
                "--data: tables are not read in this release; put the numbers in "
                "the sentence or in a problem file");
         },
         "a CSV table for the sentence; not in this release")
      ->type_name("FILE");
}

void add_sample_options(CLI::App& app, Invocation& call) {
  add_fields(app, fields_of(call.sample));
  add_fields(app, fields_of(call.sample_files));
  add_fields(app, fields_of(call.counted_effort));
  add_fields(app, fields_of(call.output));
}

// An option that may be given several times.
void add_list(CLI::App& app, const char* name, std::vector<std::string>& values, const char* help) {
  app.add_option_function<std::string>(
         name, [&values](const std::string& text) { values.push_back(text); }, help)
      ->type_name("TEXT")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->trigger_on_parse();
}

void add_generate_options(CLI::App& app, Invocation& call) {
  auto& request = call.generate;
  add_fields(app, fields_of(request.model));
  add_fields(app, fields_of(request.head));
  add_fields(app, fields_of(request.truncation));
  add_fields(app, fields_of(request.penalties));
  add_fields(app, fields_of(request.machine));
  add_fields(app, fields_of(request.limits));
  add_fields(app, fields_of(request.options));
  add_list(app, "--stop", request.stop, "end the text before this string; may be repeated");
  add_list(
      app, "--steer", request.steer,
      "\"words=2.0\" lowers the energy of the tokens of these words so many nats; may be repeated");
  add_list(app, "--logit-bias", request.logit_bias,
           "\"token=1.5\", by number or spelling, lowers its energy; may be repeated");
  add_fields(app, fields_of(call.counted_effort));
  add_fields(app, fields_of(call.output));
}

void add_head_sweep_options(CLI::App& app, Invocation& call) {
  add_fields(app, fields_of(call.head_sweep.model));
  add_fields(app, fields_of(call.head_sweep.config));
  add_fields(app, fields_of(call.counted_effort));
  add_fields(app, fields_of(call.output));
}

// How `name` is called with its arguments.
void add_command(CLI::App& app, const CommandRow& row, Invocation& call) {
  auto* sub = app.add_subcommand(std::string(row.name), std::string(row.help));
  sub->callback([&call, &row] { call.command = row.command; });
  const auto argument = [&](const char* name, const char* help, bool required = true) {
    const auto add = [&call](const std::string& text) { call.arguments.push_back(text); };
    sub->add_option_function<std::string>(name, add, help)->required(required)->type_name("");
  };
  switch (row.command) {
    case Command::solve:
      argument("TEXT|FILE|-", "a sentence, a problem file, or - for standard input");
      add_solve_options(*sub, call);
      break;
    case Command::ask:
      argument("TEXT", "a sentence");
      add_solve_options(*sub, call);
      break;
    case Command::verify:
      argument("PROBLEM", "what was to be planned: a file or a sentence");
      argument("SOLUTION", "a file with the solution, or with a whole report");
      add_fields(*sub, fields_of(call.output));
      add_fields(*sub, fields_of(call.read));
      sub->add_option_function<std::string>(
             "--seed",
             [&call](const std::string& text) {
               for (const auto& field : fields_of(call.solve)) {
                 if (field.name == "seed") field.set(text);
               }
             },
             "the seed that uncertain durations were drawn from, where the solution does not say")
          ->type_name("N");
      break;
    case Command::generate:
      argument("PROMPT", "what the text begins with; - reads standard input", false);
      add_generate_options(*sub, call);
      break;
    case Command::chat:
      argument("MESSAGE", "one message, answered once; not given: a conversation", false);
      add_generate_options(*sub, call);
      add_fields(*sub, fields_of(call.chat));
      break;
    case Command::head_sweep:
      add_head_sweep_options(*sub, call);
      break;
    case Command::sample:
      argument("MODEL",
               "a source (therma sample list shows them), a file, or - for standard input");
      add_sample_options(*sub, call);
      break;
    case Command::bench:
      argument("SUITE", "the name of a suite; therma bench list shows them");
      add_fields(*sub, fields_of(call.bench));
      add_fields(*sub, fields_of(call.counted_effort));
      add_fields(*sub, fields_of(call.output));
      break;
    default:
      add_fields(*sub, fields_of(call.output));
  }
}

// A first word that is no command is told apart before anything else is read.
void check_command(std::string_view word) {
  std::vector<std::string_view> known;
  for (const auto& row : kCommands) known.push_back(row.name);
  if (std::ranges::find(known, word) != known.end()) return;
  if (std::ranges::find(kPlanned, word) != kPlanned.end()) {
    fail(ErrorCode::usage, "{}: not in this release, which has {}", word, fmt::join(known, ", "));
  }
  if (word.find(' ') != std::string_view::npos) {
    fail(ErrorCode::usage, "a command comes first: therma solve \"{}\"", word);
  }
  const auto guess = nearest(word, known);
  const auto hint = guess.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", guess);
  fail(ErrorCode::usage, "unknown command \"{}\"{} See therma --help", word,
       hint.empty() ? "." : hint);
}

// What is wrong with words that belong to no option.
std::string extras_text(const CLI::App& command) {
  const auto extras = command.remaining();
  const auto option =
      std::ranges::find_if(extras, [](const auto& word) { return word.starts_with('-'); });
  if (option == extras.end()) {
    return fmt::format("unexpected \"{}\", a sentence goes in quotes", extras.front());
  }
  std::vector<std::string> names;
  for (const auto* each : command.get_options()) names.push_back(each->get_name());
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto guess = nearest(option->substr(0, option->find('=')), known);
  return fmt::format("unknown option {}{}", *option,
                     guess.empty() ? "" : fmt::format("; did you mean {}?", guess));
}

// One sentence from what the library says in several.
[[noreturn]] void usage_error(const CLI::App& app, const CLI::ParseError& error) {
  std::string what = error.what();
  if (const auto end = what.find('\n'); end != std::string::npos) what.resize(end);
  while (what.ends_with('.')) what.pop_back();
  const auto used = app.get_subcommands();
  const auto name = used.empty() ? std::string() : used.front()->get_name() + " ";
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !used.empty()) {
    what = extras_text(*used.front());
  }
  fail(ErrorCode::usage, "{}: see therma {}--help", what, name);
}

bool was_given(const CLI::App& app, const std::string& option) {
  const auto used = app.get_subcommands();
  if (used.empty()) return false;
  const auto* found = used.front()->get_option_no_throw(option);
  return found != nullptr && found->count() > 0;
}

std::vector<std::string> given_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* used : app.get_subcommands()) {
    for (const auto* option : used->get_options()) {
      if (option->count() > 0 && !option->get_lnames().empty()) {
        names.push_back("--" + option->get_lnames().front());
      }
    }
  }
  return names;
}

}  // namespace

Invocation parse_command_line(int argc, const char* const* argv) {
  Invocation call;
  CLI::App app{std::string(kAbout), "therma"};
  app.footer(std::string(kFooter));
  app.set_version_flag("--version", [] { return std::string("therma " THERMA_VERSION); });
  for (const auto& row : kCommands) add_command(app, row, call);
  if (argc > 1 && argv[1][0] != '-') check_command(argv[1]);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto used = app.get_subcommands();
    call.help = used.empty() ? app.help() : used.front()->help("therma");
    call.command = Command::help;
    return call;
  } catch (const CLI::CallForVersion& version) {
    call.help = std::string(version.what()) + "\n";
    call.command = Command::version;
    return call;
  } catch (const CLI::ParseError& error) {
    usage_error(app, error);
  }
  if (app.get_subcommands().empty())
    fail(ErrorCode::usage, "a command is needed: see therma --help");
  call.given = given_options(app);
  call.seed_given = was_given(app, "--seed");
  call.time_given = was_given(app, "--time");
  return call;
}

}  // namespace therma::cli
