// SPDX-License-Identifier: Apache-2.0
// What a model thinks of given tokens: log-probabilities at beta = 1, from a full pass of the head.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/core/team.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/language_model.hpp"

namespace therma::llm {

// ln P of every token, in float64 from float32 logits; -infinity for rows that stand for none.
[[nodiscard]] std::vector<double> log_probabilities(const HeadMatrix& head,
                                                    std::span<const float> hidden,
                                                    const Team& team);

// The likeliest `count` tokens with their log-probabilities, likeliest first, ties by number.
[[nodiscard]] std::vector<std::pair<TokenId, double>> likeliest(const HeadMatrix& head,
                                                                std::span<const float> hidden,
                                                                std::uint32_t count,
                                                                const Team& team);

// The likelihood of a text, read in windows of the context that overlap by half, so that every
// token but the first has at least half a context before it where the text does.
struct TextLikelihood {
  std::uint64_t num_tokens = 0;  // predicted: all but the first
  std::uint64_t num_bytes = 0;
  double log_likelihood = 0.0;  // sum of ln P, nats
  bool stopped = false;         // by the deadline or the caller

  [[nodiscard]] double perplexity() const noexcept;
  [[nodiscard]] double bits_per_byte() const noexcept;
};

// One position of a text: the state that predicts `target`.
using OnPosition = std::function<void(std::span<const float> hidden, TokenId target)>;

// Calls on_position for each token but the first, in order.
// Throws Error{bad_data} for fewer than two tokens.
void for_each_position(const LanguageModel& model, std::span<const TokenId> tokens,
                       const Team& team, const Resources& resources, const OnPosition& on_position);

[[nodiscard]] TextLikelihood likelihood_of(const LanguageModel& model, std::string_view text,
                                           const Team& team, const Resources& resources = {});

}  // namespace therma::llm
