// SPDX-License-Identifier: Apache-2.0
// Token fields: the arithmetic that every head shares, and fields built from penalties, biases and
// steering.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/llm/heads/head.hpp"

namespace therma::llm {

// r(l) of a token that is repeated.
[[nodiscard]] inline float penalised(float product, float repeat_penalty) noexcept {
  return product > 0.0F ? product / repeat_penalty : product * repeat_penalty;
}

// The energy of the token whose row gave this product; field may be null. `allows` is not asked.
[[nodiscard]] inline float energy_of(const TokenField* field, TokenId token,
                                     float product) noexcept {
  if (field == nullptr) return -product;
  if (!field->repeated.empty() && std::ranges::binary_search(field->repeated, token)) {
    product = penalised(product, field->repeat_penalty);
  }
  const auto at =
      std::ranges::lower_bound(field->energies, token, {}, &std::pair<TokenId, float>::first);
  return at != field->energies.end() && at->first == token ? -product + at->second : -product;
}

// The same for all tokens first, first + 1, ...: products go in, energies come out.
void products_to_energies(const TokenField* field, TokenId first, std::span<float> values) noexcept;

// What the tokens so far do to the next one.
struct PenaltyConfig {
  double repeat_penalty = 1.0;     // of tokens in prompt or text, on their logit: Hugging Face's
  double presence_penalty = 0.0;   // added to the energy of tokens that were drawn: OpenAI's
  double frequency_penalty = 0.0;  // the same, once for each time they were drawn
  std::uint32_t penalty_window = 0;

  static void each_field(auto& self, auto&& field) {
    field("repeat_penalty", self.repeat_penalty,
          "divides positive logits of tokens so far, multiplies negative ones", positive);
    field("presence_penalty", self.presence_penalty, "energy added to every token drawn so far");
    field("frequency_penalty", self.frequency_penalty,
          "energy added for each time a token was drawn");
    field("penalty_window", self.penalty_window,
          "tokens that penalties look at, from the end; 0: all");
  }
};

// What stays the same over a text. The energies of one token add up.
class FieldBuilder {
 public:
  // num_tokens: of the vocabulary. Throws Error{invalid_argument} on a bad config.
  explicit FieldBuilder(std::uint32_t num_tokens, const PenaltyConfig& penalties = {});

  // All throw Error{invalid_argument} for tokens outside the vocabulary and for NaN.
  void bias(TokenId token, double logit);  // raises its logit; -infinity forbids it
  void forbid(TokenId token);
  // Lowers the energy of each distinct token by so many nats: at beta, its odds against the
  // tokens that are not steered gain a factor exp(beta * nats).
  void steer(std::span<const TokenId> tokens, double nats);

  // The field of the next token: E = -r(l) + presence [c > 0] + frequency c - bias - nats, with c
  // the times it was drawn and r of the tokens in prompt or drawn. `allows` is left empty.
  [[nodiscard]] TokenField field(std::span<const TokenId> prompt,
                                 std::span<const TokenId> drawn) const;

 private:
  void add(TokenId token, double energy);

  std::uint32_t num_tokens_;
  PenaltyConfig penalties_;
  std::vector<std::pair<TokenId, double>> energies_;  // ascending, each once
};

// "TEXT=NATS", split at the last "=".
struct Steer {
  std::string text;
  double nats = 0.0;
};
// Throws Error{invalid_argument}: one sentence with the text and the form that is understood.
[[nodiscard]] Steer parse_steer(std::string_view text);

}  // namespace therma::llm
