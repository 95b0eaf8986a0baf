// SPDX-License-Identifier: Apache-2.0
// Rows of hidden states: the current one and, behind it, those of the guesses.
#include "therma/llm/generation/body.hpp"

#include <algorithm>

#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

// Room for a row that is being read, the rows of its guesses, and as much again behind them.
constexpr std::uint32_t kRows = 2 * (Body::kMostGuesses + 1);

}  // namespace

Body::Body(const Transformer& transformer)
    : transformer_(&transformer),
      state_(transformer),
      hidden_(std::size_t{kRows} * transformer.config().hidden) {}

std::span<const float> Body::row(std::uint32_t index) const noexcept {
  const std::size_t width = transformer_->config().hidden;
  return std::span(hidden_).subspan(index * width, width);
}

std::span<float> Body::rows(std::uint32_t first, std::size_t count) noexcept {
  const std::size_t width = transformer_->config().hidden;
  return std::span(hidden_).subspan(first * width, count * width);
}

std::uint32_t Body::room() const noexcept {
  return transformer_->context() - std::min(transformer_->context(), length_);
}

std::size_t Body::bytes() const noexcept { return state_.bytes() + hidden_.size() * sizeof(float); }

void Body::forget_guesses() noexcept {
  tally_.discarded += guesses_.size();
  guesses_.clear();
  state_.truncate(length_);
}

std::span<const TokenId> Body::that_fit(std::span<const TokenId> guesses,
                                        std::uint32_t after) const noexcept {
  const std::uint32_t left = room() > after ? room() - after : 0;
  return guesses.first(std::min<std::size_t>({guesses.size(), kMostGuesses, left}));
}

void Body::read(std::span<const TokenId> tokens, const Team& team) {
  forget_guesses();
  transformer_->forward(tokens, state_, rows(0, 1), team);
  current_ = 0;
  length_ += static_cast<std::uint32_t>(tokens.size());
}

void Body::rewind(std::uint32_t length) noexcept {
  length_ = std::min(length_, length);
  forget_guesses();
}

void Body::advance(TokenId token, std::span<const TokenId> guesses, const Team& team) {
  if (!guesses_.empty() && guesses_.front() == token) {
    guesses_.erase(guesses_.begin());
    ++tally_.used;
    ++current_;
    ++length_;
    return;
  }
  forget_guesses();
  std::vector<TokenId> batch{token};
  const auto fitting = that_fit(guesses, 1);
  batch.insert(batch.end(), fitting.begin(), fitting.end());
  transformer_->forward(batch, state_, rows(0, batch.size()), team);
  guesses_.assign(batch.begin() + 1, batch.end());
  current_ = 0;
  ++length_;
}

void Body::guess(std::span<const TokenId> tokens, const Team& team) {
  const auto fitting = that_fit(tokens, 0);
  if (!guesses_.empty() || fitting.empty()) return;
  // The current row stays where it is, for it is being read; a copy of it is put before the new
  // rows where they would not fit behind it.
  if (current_ + fitting.size() >= kRows) {
    std::ranges::copy(row(current_), rows(0, 1).begin());
    current_ = 0;
  }
  transformer_->forward(fitting, state_, rows(current_ + 1, fitting.size()), team);
  guesses_.assign(fitting.begin(), fitting.end());
}

}  // namespace therma::llm
