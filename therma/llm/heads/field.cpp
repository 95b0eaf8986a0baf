// SPDX-License-Identifier: Apache-2.0
// Fields from penalties, biases and steering.
#include "therma/llm/heads/field.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

std::span<const TokenId> last_of(std::span<const TokenId> tokens, std::size_t count) {
  return tokens.last(std::min(count, tokens.size()));
}

std::vector<TokenId> distinct(std::vector<TokenId> tokens) {
  std::ranges::sort(tokens);
  const auto rest = std::ranges::unique(tokens);
  tokens.erase(rest.begin(), rest.end());
  return tokens;
}

}  // namespace

void products_to_energies(const TokenField* field, TokenId first,
                          std::span<float> values) noexcept {
  const auto is_inside = [&](TokenId v) { return v >= first && v - first < values.size(); };
  if (field != nullptr) {
    for (const TokenId v : field->repeated) {
      if (is_inside(v)) values[v - first] = penalised(values[v - first], field->repeat_penalty);
    }
  }
  for (float& value : values) value = -value;
  if (field != nullptr) {
    for (const auto& [v, energy] : field->energies) {
      if (is_inside(v)) values[v - first] += energy;
    }
  }
}

FieldBuilder::FieldBuilder(std::uint32_t num_tokens, const PenaltyConfig& penalties)
    : num_tokens_(num_tokens), penalties_(checked(penalties)) {}

void FieldBuilder::add(TokenId token, double energy) {
  if (token >= num_tokens_) {
    fail(ErrorCode::invalid_argument, "field: tokens must be below {}, got {}", num_tokens_, token);
  }
  if (std::isnan(energy) || energy == -std::numeric_limits<double>::infinity()) {
    fail(ErrorCode::invalid_argument,
         "field: the energy of token {} must be a number or +infinity, got {}", token, energy);
  }
  const auto at =
      std::ranges::lower_bound(energies_, token, {}, &std::pair<TokenId, double>::first);
  if (at != energies_.end() && at->first == token) {
    at->second += energy;
  } else {
    energies_.insert(at, {token, energy});
  }
}

void FieldBuilder::bias(TokenId token, double logit) { add(token, -logit); }

void FieldBuilder::forbid(TokenId token) { add(token, std::numeric_limits<double>::infinity()); }

void FieldBuilder::steer(std::span<const TokenId> tokens, double nats) {
  for (const TokenId token : distinct({tokens.begin(), tokens.end()})) add(token, -nats);
}

TokenField FieldBuilder::field(std::span<const TokenId> prompt,
                               std::span<const TokenId> drawn) const {
  const std::size_t window = penalties_.penalty_window == 0
                                 ? std::numeric_limits<std::size_t>::max()
                                 : penalties_.penalty_window;
  const auto counted = last_of(drawn, window);
  auto total = *this;  // the energies of one token add up
  if (penalties_.presence_penalty != 0.0 || penalties_.frequency_penalty != 0.0) {
    for (const TokenId token : distinct({counted.begin(), counted.end()})) {
      total.add(token, penalties_.presence_penalty);
    }
    for (const TokenId token : counted) total.add(token, penalties_.frequency_penalty);
  }
  TokenField field;
  for (const auto& [token, energy] : total.energies_) {
    field.energies.emplace_back(token, static_cast<float>(energy));
  }
  if (penalties_.repeat_penalty != 1.0) {
    field.repeat_penalty = static_cast<float>(penalties_.repeat_penalty);
    const auto before = last_of(prompt, window - counted.size());
    std::vector<TokenId> seen(before.begin(), before.end());
    seen.insert(seen.end(), counted.begin(), counted.end());
    field.repeated = distinct(std::move(seen));
  }
  return field;
}

Steer parse_steer(std::string_view text) {
  const auto split = text.rfind('=');
  if (split != std::string_view::npos && split > 0) {
    Steer steer{.text = std::string(text.substr(0, split))};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + split + 1, end, steer.nats);
    if (error == std::errc{} && stop == end && std::isfinite(steer.nats)) return steer;
  }
  fail(ErrorCode::invalid_argument, "steer: must be TEXT=NATS, got \"{}\"", text);
}

}  // namespace therma::llm
