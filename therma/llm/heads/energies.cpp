// SPDX-License-Identifier: Apache-2.0
// Checks, masks and runs of rows.
#include "therma/llm/heads/energies.hpp"

#include <algorithm>

#include "therma/core/error.hpp"
#include "therma/llm/heads/field.hpp"

namespace therma::llm {
namespace {

constexpr double kMostNorm = 1e30;

void check_hidden(std::span<const float> hidden) {
  double square = 0.0;
  for (const float x : hidden) square += static_cast<double>(x) * x;
  if (!(square <= kMostNorm * kMostNorm)) {
    fail(ErrorCode::bad_data,
         "head: the hidden state must be finite with a norm below 1e30, its norm is {}",
         std::sqrt(square));
  }
}

}  // namespace

ScoreScale score_scale(double beta) noexcept {
  return beta > 1.0 ? ScoreScale{1.0, 1.0 / beta} : ScoreScale{beta, 1.0};
}

TokenMask::TokenMask(const HeadMatrix& matrix)
    : num_tokens_(std::min(matrix.num_tokens, matrix.weights.rows)), masked_(matrix.masked) {
  if (num_tokens_ == 0) fail(ErrorCode::invalid_argument, "head: the matrix has no tokens");
  if (!std::ranges::is_sorted(masked_)) {
    fail(ErrorCode::invalid_argument, "head: masked rows must be ascending");
  }
}

bool TokenMask::holds(TokenId token) const noexcept {
  return token < num_tokens_ && !std::ranges::binary_search(masked_, token);
}

void TokenMask::overwrite(TokenId first, std::span<float> values, float value) const noexcept {
  const auto end = first + values.size();
  for (auto at = std::ranges::lower_bound(masked_, first); at != masked_.end() && *at < end; ++at) {
    values[*at - first] = value;
  }
  if (end > num_tokens_) {
    std::ranges::fill(values.subspan(std::max(num_tokens_, first) - first), value);
  }
}

double checked_beta(const RelaxRequest& request, const MatrixView& weights) {
  if (request.hidden.size() != weights.columns) {
    fail(ErrorCode::invalid_argument, "head: the hidden state must have {} numbers, got {}",
         weights.columns, request.hidden.size());
  }
  if (request.beta.empty()) fail(ErrorCode::invalid_argument, "beta: must have a value, got none");
  const double beta = request.beta.back();
  if (!(beta >= 0.0)) {
    fail(ErrorCode::invalid_argument, "beta: must be a number >= 0, got {}", beta);
  }
  const auto& cut = request.truncation;
  if (!(cut.min_p >= 0.0 && cut.min_p <= 1.0)) {
    fail(ErrorCode::invalid_argument, "min_p: must be in [0, 1], got {}", cut.min_p);
  }
  if (!(cut.top_p > 0.0 && cut.top_p <= 1.0)) {
    fail(ErrorCode::invalid_argument, "top_p: must be in (0, 1], got {}", cut.top_p);
  }
  check_hidden(request.hidden);
  return beta;
}

void fail_none_allowed() {
  fail(ErrorCode::no_answer, "head: the field allows no token of the vocabulary");
}

void for_each_chunk(std::uint32_t rows, const Team& team,
                    const std::function<void(std::uint32_t, std::uint32_t, std::uint32_t)>& job) {
  team.split(rows, kChunk, [&](std::uint32_t begin, std::uint32_t end) {
    for (auto first = begin; first < end; first += kChunk) {
      job(first / kChunk, first, std::min(kChunk, end - first));
    }
  });
}

void evaluate_energies(const MatrixView& weights, const TokenMask& mask, const Activation& hidden,
                       const TokenField* field, TokenId first, std::span<float> energies) noexcept {
  const auto count = static_cast<std::uint32_t>(energies.size());
  multiply_rows(weights, first, count, hidden, Product::exact, energies.data());
  products_to_energies(field, first, energies);
  mask.overwrite(first, energies, std::numeric_limits<float>::infinity());
}

}  // namespace therma::llm
