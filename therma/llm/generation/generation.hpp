// SPDX-License-Identifier: Apache-2.0
// A text, token by token: field, relaxation, read-out, one step of the body.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/llm/generation/body.hpp"
#include "therma/llm/generation/units.hpp"
#include "therma/llm/grammar/token_grammar.hpp"
#include "therma/llm/heads/field.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/heads/thermostat.hpp"
#include "therma/llm/language_model.hpp"

namespace therma::llm {

enum class Finish {
  length,       // as many tokens as were asked for
  end,          // the model's end token
  stop_string,  // a stop string; it is not part of the text
  complete,     // the grammar allows no more
  context,      // no room for another position
  stopped,      // the deadline or the caller
};
[[nodiscard]] std::string_view name_of(Finish finish) noexcept;

// What to draw, and when to end.
struct GenerationPlan {
  FieldBuilder field;  // penalties, biases, steering
  std::uint32_t max_tokens = 256;
  std::uint64_t seed = 0;
  std::uint32_t chain = 0;  // which of several texts of the same prompt
  BetaPlan beta;
  std::uint32_t steps = 1;               // of each relaxation, over which beta may run
  std::optional<Thermostat> thermostat;  // in place of the plan of beta
  Truncation truncation;
  std::optional<TokenGrammar> grammar;  // what the text must be, at its start
  std::vector<std::string> stop;
  std::uint32_t lookup = 0;  // tokens drafted by looking up the text so far
  bool ends = true;          // at an end token
  bool wants_thermodynamics = false;
  std::uint32_t alternatives = 0;  // likeliest tokens to report at each position
};

struct TokenReport {
  TokenId token = 0;
  HeadDraw draw;
  UnitTimes times;
  bool was_drafted = false;  // its position had been worked out before it was read out
  std::vector<std::pair<TokenId, double>> alternatives;  // log-probabilities, likeliest first
};

struct Generated {
  std::vector<TokenId> tokens;  // without the end token
  std::string text;
  Finish finish = Finish::length;
  std::vector<TokenReport> reports;  // one a token drawn, the end token included
  GuessTally guesses;
  double decode_s = 0.0;
};

// Whole characters as they come; the text so far is what was shown.
using OnText = std::function<void(std::string_view)>;

// Continues `body`, which has read the prompt `context`. Given equal arguments the tokens are the
// same for any teams, with one unit or two, with or without look-up.
// Throws Error{no_answer} where field and grammar allow no token.
[[nodiscard]] Generated generate(const LanguageModel& model, TokenHead& head, Body& body,
                                 std::span<const TokenId> context, const GenerationPlan& plan,
                                 const UnitTeams& teams, const Resources& resources = {},
                                 const OnText& on_text = {});

}  // namespace therma::llm
