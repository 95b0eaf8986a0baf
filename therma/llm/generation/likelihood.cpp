// SPDX-License-Identifier: Apache-2.0
// Full passes of the head, and its own sums over all states.
#include "therma/llm/generation/likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "therma/core/error.hpp"
#include "therma/llm/generation/body.hpp"
#include "therma/llm/heads/energies.hpp"
#include "therma/llm/heads/thermodynamics.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::llm {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

}  // namespace

std::vector<double> log_probabilities(const HeadMatrix& head, std::span<const float> hidden,
                                      const Team& team) {
  const TokenMask mask(head);
  Activation h;
  h.assign(hidden, false);
  kernels::AlignedVector<float> energies(std::min(head.num_tokens, head.weights.rows));
  for_each_chunk(static_cast<std::uint32_t>(energies.size()), team,
                 [&](std::uint32_t /*chunk*/, std::uint32_t first, std::uint32_t count) {
                   evaluate_energies(head.weights, mask, h, nullptr, first,
                                     std::span(energies).subspan(first, count));
                 });
  const auto moments = moments_of(energies, 1.0, team);
  const double log_z = std::log(moments.z);
  std::vector<double> out(energies.size());
  for (std::size_t token = 0; token < out.size(); ++token) {
    out[token] = static_cast<double>(moments.least) - static_cast<double>(energies[token]) - log_z;
  }
  return out;
}

std::vector<std::pair<TokenId, double>> likeliest(const HeadMatrix& head,
                                                  std::span<const float> hidden,
                                                  std::uint32_t count, const Team& team) {
  const auto log_p = log_probabilities(head, hidden, team);
  std::vector<std::pair<TokenId, double>> all;
  all.reserve(log_p.size());
  for (TokenId token = 0; token < log_p.size(); ++token) all.emplace_back(token, log_p[token]);
  const auto kept = std::min<std::size_t>(count, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(),
                    [](const auto& a, const auto& b) {
                      return a.second != b.second ? a.second > b.second : a.first < b.first;
                    });
  all.resize(kept);
  return all;
}

double TextLikelihood::perplexity() const noexcept {
  return num_tokens > 0 ? std::exp(-log_likelihood / static_cast<double>(num_tokens)) : 1.0;
}

double TextLikelihood::bits_per_byte() const noexcept {
  return num_bytes > 0 ? -log_likelihood / (std::numbers::ln2 * static_cast<double>(num_bytes))
                       : 0.0;
}

void for_each_position(const LanguageModel& model, std::span<const TokenId> tokens,
                       const Team& team, const Resources& resources,
                       const OnPosition& on_position) {
  if (tokens.size() < 2) {
    fail(ErrorCode::bad_data, "text: must have at least two tokens, got {}", tokens.size());
  }
  const std::size_t window = model.transformer().context();
  const std::size_t hidden = model.transformer().config().hidden;
  constexpr std::size_t kBatch = 128;
  std::vector<float> states(kBatch * hidden);
  for (std::size_t begin = 0, predicted = 1; predicted < tokens.size();) {
    const auto end = std::min(tokens.size(), begin + window);
    TransformerState state(model.transformer());
    for (std::size_t at = begin; at < end; at += kBatch) {
      if (resources.should_stop()) return;
      const auto count = std::min(kBatch, end - at);
      const auto out = std::span(states).first(count * hidden);
      model.transformer().forward(tokens.subspan(at, count), state, out, team);
      for (std::size_t k = 0; k < count; ++k) {
        const auto target = at + k + 1;
        if (target < predicted || target >= tokens.size()) continue;
        on_position(out.subspan(k * hidden, hidden), tokens[target]);
        predicted = target + 1;
      }
    }
    begin = predicted > window / 2 ? predicted - window / 2 : 0;
  }
}

TextLikelihood likelihood_of(const LanguageModel& model, std::string_view text, const Team& team,
                             const Resources& resources) {
  const auto tokens = model.tokenizer().encode(text);
  TextLikelihood out{.num_bytes = text.size()};
  for_each_position(model, tokens, team, resources,
                    [&](std::span<const float> hidden, TokenId target) {
                      const auto log_p = log_probabilities(model.head_matrix(), hidden, team);
                      out.log_likelihood += target < log_p.size() ? log_p[target] : kMinusInfinity;
                      ++out.num_tokens;
                    });
  out.stopped = out.num_tokens + 1 < tokens.size();
  return out;
}

}  // namespace therma::llm
