// SPDX-License-Identifier: Apache-2.0
// Rotary position embedding (Su et al., arXiv:2104.09864) and its scalings for long contexts.
#pragma once

#include <cstdint>
#include <vector>

#include "therma/llm/model_config.hpp"

namespace therma::llm {

// Which positions are read in one call. Dynamic scaling turns by the length that the text has at
// the end of the call; all others by the position alone.
struct RopeSpan {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t length = 0;
};

// Immutable. Frequencies and angles are computed in double, as transformers defines them.
class Rope {
 public:
  Rope(const RopeConfig& config, std::uint32_t head_dim, std::uint32_t max_context);

  // Cosines and sines of the angles, times the attention factor.  [count, head_dim / 2] each
  void turns(const RopeSpan& span, float* cosines, float* sines) const;
  // Turns one head by one row of each table.  head: [head_dim]
  void rotate(float* head, const float* cosines, const float* sines) const noexcept;

  // Radians per position of each pair, for texts of this length.  [head_dim / 2]
  [[nodiscard]] std::vector<double> frequencies(std::uint32_t length) const;
  [[nodiscard]] double attention_factor() const noexcept { return attention_factor_; }

 private:
  [[nodiscard]] std::vector<double> unscaled(double theta) const;
  [[nodiscard]] std::vector<double> yarn() const;
  [[nodiscard]] std::vector<double> llama3() const;
  [[nodiscard]] double dynamic_theta(std::uint32_t length) const;

  RopeConfig config_;
  std::uint32_t head_dim_;
  std::uint32_t original_context_;
  double attention_factor_ = 1.0;
};

}  // namespace therma::llm
