// SPDX-License-Identifier: Apache-2.0
// A language model with its head as a request wants them, ready to make texts.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/core/team.hpp"
#include "therma/engine/language/generate_request.hpp"
#include "therma/llm/generation/generation.hpp"
#include "therma/llm/language_model.hpp"

namespace therma {

// The threads of a generation; a program makes them.
class LanguageTeams {
 public:
  LanguageTeams(unsigned threads, std::uint32_t units);
  [[nodiscard]] const Team& all() const noexcept { return all_; }
  [[nodiscard]] llm::UnitTeams units() const noexcept;

 private:
  std::uint32_t num_units_;
  Team all_;
  Team a_;
  Team b_;
  Team pair_;
};

// Where models with a name are looked for, first to last: folders that hold "tiny".
using ModelFolders = std::vector<std::filesystem::path>;

// Throws Error{io} naming the folders that were searched, Error{bad_data} for a malformed model,
// Error{invalid_argument} for an unknown name after "random:".
[[nodiscard]] std::unique_ptr<llm::LanguageModel> open_model(const ModelOptions& options,
                                                             const ModelFolders& folders,
                                                             const Team& team,
                                                             const Resources& resources = {});

class LanguageMachine {
 public:
  // Throws Error for whatever of the request can't be.
  LanguageMachine(const GenerateRequest& request, const ModelFolders& folders,
                  const LanguageTeams& teams, const Resources& resources = {});

  [[nodiscard]] const llm::LanguageModel& model() const noexcept { return *model_; }
  [[nodiscard]] llm::TokenHead& head() const noexcept { return *head_; }
  // What to draw in text `chain` of the request.
  [[nodiscard]] llm::GenerationPlan plan(std::uint32_t chain) const;
  [[nodiscard]] double load_s() const noexcept { return load_s_; }
  // What the request asks and is not held.
  [[nodiscard]] const std::vector<std::string>& notices() const noexcept { return notices_; }

 private:
  std::unique_ptr<llm::LanguageModel> model_;
  std::unique_ptr<llm::TokenHead> head_;
  std::unique_ptr<const llm::GenerationPlan> plan_;
  std::vector<std::string> notices_;
  double load_s_ = 0.0;
};

}  // namespace therma
