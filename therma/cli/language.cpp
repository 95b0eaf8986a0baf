// SPDX-License-Identifier: Apache-2.0
// Folders, threads and lines shared by generate, chat and head-sweep.
#include "therma/cli/language.hpp"

#include <filesystem>

#include "therma/cli/progress.hpp"
#include "therma/engine/doctor.hpp"

namespace therma::cli {

ModelFolders model_folders() {
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const auto folder = program.parent_path();
  ModelFolders folders{folder / "../share/therma/models"};
  for (auto up = folder; up != up.root_path(); up = up.parent_path()) {
    if (std::filesystem::exists(up / "data" / "models" / "tiny", ignored)) {
      folders.push_back(up / "data" / "models");
      break;
    }
  }
  return folders;
}

unsigned threads_of(const Invocation& call) {
  const auto& effort = call.counted_effort;
  return effort.threads > 0 ? effort.threads : usable_cores();
}

bool wants_json(const Invocation& call) {
  return call.output.json || call.generate.options.report == ReportStyle::json;
}

Resources resources_of(const Invocation& call, const Interrupt& interrupt) {
  const auto time_s = call.counted_effort.time_s;
  return {.stop = interrupt.token(),
          .deadline = time_s > 0.0 ? Deadline::after(time_s) : Deadline()};
}

LanguageMachine loaded(const Invocation& call, const GenerateRequest& request,
                       const LanguageTeams& teams, const Interrupt& interrupt) {
  ProgressLine line(!call.output.quiet, {});
  Resources resources{.stop = interrupt.token()};
  resources.on_progress = [&line](const Progress& progress) { line.show(progress); };
  return {request, model_folders(), teams, resources};
}

std::string ending_text(const GenerateReport& report) {
  if (report.texts.empty()) return {};
  switch (report.texts.front().finish) {
    case llm::Finish::context:
      return "The context is full: a larger --context would go on.\n";
    case llm::Finish::stopped:
      return "Stopped before the end.\n";
    default:
      return {};
  }
}

}  // namespace therma::cli
