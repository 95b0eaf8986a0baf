// SPDX-License-Identifier: Apache-2.0
// Runs a request for text.
#pragma once

#include <span>
#include <string>

#include "therma/core/resources.hpp"
#include "therma/engine/language/generate_report.hpp"
#include "therma/engine/language/language_machine.hpp"
#include "therma/llm/generation/likelihood.hpp"

namespace therma {

// Reads the prompt once and makes as many texts as were asked for. Texts but the first are not
// handed to on_text.
[[nodiscard]] GenerateReport run_generate(const GenerateRequest& request,
                                          const LanguageMachine& machine,
                                          const LanguageTeams& teams, const Resources& resources,
                                          const llm::OnText& on_text);

// A conversation: keeps what the body has read from turn to turn.
class Conversation {
 public:
  Conversation(const GenerateRequest& request, const LanguageMachine& machine,
               const LanguageTeams& teams);

  // Adds a message of the user and answers it. Throws Error{bad_data} where the model has no chat
  // template or it refuses the messages, Error{invalid_argument} where the context is full.
  [[nodiscard]] GenerateReport say(const std::string& message, const Resources& resources,
                                   const llm::OnText& on_text);
  void set_system(const std::string& message);
  void clear();  // but for the system message
  [[nodiscard]] Json messages() const;

 private:
  struct Message {
    std::string role;
    std::string content;
  };
  [[nodiscard]] std::vector<llm::TokenId> rendered() const;

  const GenerateRequest& request_;
  const LanguageMachine& machine_;
  const LanguageTeams& teams_;
  std::vector<Message> messages_;
  llm::Body body_;
  std::vector<llm::TokenId> read_;  // what the body holds
  std::uint32_t turn_ = 0;
};

}  // namespace therma
