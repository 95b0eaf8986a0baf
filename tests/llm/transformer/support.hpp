// SPDX-License-Identifier: Apache-2.0
// What the tests of the transformer share: logits, and how far they are from others.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "therma/llm/kernels/rows.hpp"
#include "therma/llm/load/checkpoint.hpp"
#include "therma/llm/transformer/transformer.hpp"

namespace therma::llm::testing {

inline std::string stories_folder() {
  return THERMA_SOURCE_DIR "/../shared/data/models/stories260K";
}

// The head's rows times a hidden state, as the softmax head does.
inline std::vector<float> logits_of(const Transformer& model, std::span<const float> hidden) {
  const auto rows = model.output();
  Activation x;
  x.assign(hidden, false);
  std::vector<float> logits(rows.rows);
  multiply_rows(rows, 0, rows.rows, x, Product::exact, logits.data());
  return logits;
}

// Appends the tokens; the logits that follow the last one.
inline std::vector<float> last_logits(const Transformer& model, TransformerState& state,
                                      std::span<const TokenId> tokens, const Team& team) {
  std::vector<float> hidden(model.config().hidden);
  model.forward(tokens, state, hidden, team);
  return logits_of(model, hidden);
}

inline TokenId argmax(std::span<const float> logits) {
  return static_cast<TokenId>(std::ranges::max_element(logits) - logits.begin());
}

inline float spread(std::span<const float> values) {
  const auto [least, most] = std::ranges::minmax(values);
  return most - least;
}

// Infinite where sizes differ or a number is none.
inline float largest_difference(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return INFINITY;
  float most = 0.0F;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const float difference = std::fabs(a[k] - b[k]);
    if (!(difference <= most)) most = std::isnan(difference) ? INFINITY : difference;
  }
  return most;
}

}  // namespace therma::llm::testing
