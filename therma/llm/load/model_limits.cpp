// SPDX-License-Identifier: Apache-2.0
// The checks that both formats share.
#include "therma/llm/load/model_limits.hpp"

#include <algorithm>
#include <cmath>

#include "therma/core/error.hpp"

namespace therma::llm {
namespace {

class Checks {
 public:
  explicit Checks(std::string_view where) : where_(where) {}

  void size(std::string_view name, std::uint32_t value, std::uint32_t most) const {
    if (value >= 1 && value <= most) return;
    fail(ErrorCode::bad_data, "{}: {} must be in [1, {}], got {}", where_, name, most, value);
  }
  void range(std::string_view name, double value, double least, double most) const {
    if (value >= least && value <= most) return;  // false for NaN
    fail(ErrorCode::bad_data, "{}: {} must be in [{}, {}], got {}", where_, name, least, most,
         value);
  }
  void divides(std::string_view name, std::uint32_t divisor, std::string_view whole_name,
               std::uint32_t whole) const {
    if (whole % divisor == 0) return;
    fail(ErrorCode::bad_data, "{}: {} must be a multiple of {}, got {} and {}", where_, whole_name,
         name, whole, divisor);
  }
  void require(bool holds, std::string_view rule) const {
    if (!holds) fail(ErrorCode::bad_data, "{}: {}", where_, rule);
  }

 private:
  std::string_view where_;
};

void check_sizes(const ModelConfig& config, const Checks& checks) {
  checks.size("the number of layers", config.num_layers, kMostLayers);
  checks.size("the hidden size", config.hidden, kMostHidden);
  checks.size("the number of attention heads", config.num_heads, kMostHeads);
  checks.size("the number of key-value heads", config.num_kv_heads, kMostHeads);
  checks.size("the size of a head", config.head_dim, kMostHeadDim);
  checks.size("the feed-forward size", config.ffn, kMostFfn);
  checks.size("the vocabulary", config.vocabulary, kMostVocabulary);
  checks.size("the context length", config.max_context, kMostContext);
  checks.divides("the number of key-value heads", config.num_kv_heads,
                 "the number of attention heads", config.num_heads);
  checks.divides("2", 2, "the size of a head", config.head_dim);
  checks.range("the sliding window", config.sliding_window, 0, kMostContext);
  checks.require(
      config.layer_has_window.empty() || config.layer_has_window.size() == config.num_layers,
      "there must be one kind of attention for each layer");
}

void check_rope(const RopeConfig& rope, std::uint32_t head_dim, const Checks& checks) {
  constexpr double kLarge = 1e15;
  checks.range("the base of the rotary embedding", rope.theta, 1.0, kLarge);
  checks.range("the factor of the rotary scaling", rope.factor, 1.0, 1e6);
  if (rope.scaling == RopeScaling::llama3) {
    checks.range("low_freq_factor", rope.low_freq_factor, 1e-6, 1e6);
    checks.range("high_freq_factor", rope.high_freq_factor, 1e-6, 1e6);
    checks.require(rope.low_freq_factor < rope.high_freq_factor,
                   "low_freq_factor must be below high_freq_factor");
  }
  if (rope.scaling == RopeScaling::yarn) {
    checks.range("attention_factor", rope.attention_factor, 0.0, 1e3);
    checks.range("beta_fast", rope.beta_fast, 1e-6, 1e6);
    checks.range("beta_slow", rope.beta_slow, 1e-6, 1e6);
    checks.require(rope.beta_slow < rope.beta_fast, "beta_slow must be below beta_fast");
  }
  if (rope.scaling != RopeScaling::none && rope.scaling != RopeScaling::linear) {
    checks.size("the original context length", rope.original_max_context, kMostContext);
  }
  const auto& divisors = rope.frequency_divisors;
  checks.require(divisors.empty() || divisors.size() == head_dim / 2,
                 "there must be one frequency divisor for each pair of a head");
  checks.require(std::ranges::all_of(divisors, [](float x) { return x > 0 && std::isfinite(x); }),
                 "frequency divisors must be positive numbers");
}

}  // namespace

void check_model_config(const ModelConfig& config, std::string_view where) {
  const Checks checks(where);
  check_sizes(config, checks);
  checks.range("the epsilon of the norms", config.rms_epsilon, 1e-12, 1.0);
  check_rope(config.rope, config.head_dim, checks);
}

}  // namespace therma::llm
