// SPDX-License-Identifier: Apache-2.0
// The rotary embedding of config.json, in the spelling of either generation of the library.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "therma/llm/load/byte_cursor.hpp"
#include "therma/llm/load/hf_config.hpp"
#include "therma/llm/load/model_limits.hpp"

namespace therma::llm {
namespace {

constexpr std::array<std::pair<std::string_view, RopeScaling>, 5> kScalings = {
    {{"default", RopeScaling::none},
     {"linear", RopeScaling::linear},
     {"dynamic", RopeScaling::dynamic},
     {"yarn", RopeScaling::yarn},
     {"llama3", RopeScaling::llama3}}};

RopeScaling scaling_of(const JsonReader& parameters) {
  const auto* const key = is_set(parameters, "rope_type") ? "rope_type" : "type";
  if (!is_set(parameters, key)) return RopeScaling::none;
  const auto reader = parameters.at(key);
  const auto name = reader.string();
  for (const auto& [known, scaling] : kScalings) {
    if (known == name) return scaling;
  }
  reader.reject(fmt::format(
      "the rotary scaling {} is not known; known are default, linear, dynamic, yarn and llama3",
      shown_text(name)));
}

double number_or(const JsonReader& parameters, std::string_view key, double fallback) {
  return is_set(parameters, key) ? parameters.at(key).number() : fallback;
}

double yarn_gain(double factor, double scale) {
  return factor <= 1.0 ? 1.0 : 0.1 * scale * std::log(factor) + 1.0;
}

// Given outright, as the quotient of two gains, or 0: by the rule of RopeConfig.
double attention_factor_of(const JsonReader& parameters, double factor) {
  if (is_set(parameters, "attention_factor")) return parameters.at("attention_factor").number();
  const double scale = number_or(parameters, "mscale", 0.0);
  const double scale_all = number_or(parameters, "mscale_all_dim", 0.0);
  if (scale == 0.0 || scale_all == 0.0) return 0.0;
  return yarn_gain(factor, scale) / yarn_gain(factor, scale_all);
}

void read_scaling(const JsonReader& parameters, std::uint32_t max_context, RopeConfig& rope) {
  const bool knows_original = is_set(parameters, "original_max_position_embeddings");
  rope.original_max_context =
      knows_original ? static_cast<std::uint32_t>(
                           parameters.at("original_max_position_embeddings").count(kMostContext))
                     : max_context;
  if (is_set(parameters, "factor") || !knows_original || rope.original_max_context == 0) {
    rope.factor = parameters.at("factor").number();
  } else {
    rope.factor = static_cast<double>(max_context) / rope.original_max_context;
  }
  if (rope.scaling == RopeScaling::dynamic) rope.original_max_context = max_context;
  if (rope.scaling == RopeScaling::llama3) {
    rope.low_freq_factor = parameters.at("low_freq_factor").number();
    rope.high_freq_factor = parameters.at("high_freq_factor").number();
  }
  if (rope.scaling == RopeScaling::yarn) {
    rope.attention_factor = attention_factor_of(parameters, rope.factor);
    rope.beta_fast = number_or(parameters, "beta_fast", rope.beta_fast);
    rope.beta_slow = number_or(parameters, "beta_slow", rope.beta_slow);
    if (is_set(parameters, "truncate") && !parameters.at("truncate").boolean()) {
      parameters.at("truncate").expected("true, the only ramp that is computed");
    }
  }
}

}  // namespace

RopeConfig read_hf_rope(const JsonReader& config, std::uint32_t max_context) {
  RopeConfig rope;
  if (is_set(config, "rope_theta")) rope.theta = config.at("rope_theta").number();
  const bool is_new_style = is_set(config, "rope_parameters");
  if (!is_new_style && !is_set(config, "rope_scaling")) return rope;

  const auto parameters = config.at(is_new_style ? "rope_parameters" : "rope_scaling");
  parameters.require_object();
  if (parameters.has("full_attention") || parameters.has("sliding_attention")) {
    parameters.reject("a rotary embedding for each kind of layer is not computed");
  }
  if (number_or(parameters, "partial_rotary_factor", 1.0) != 1.0) {
    parameters.at("partial_rotary_factor")
        .reject("a rotary embedding of part of a head is not computed");
  }
  if (is_set(parameters, "rope_theta")) rope.theta = parameters.at("rope_theta").number();
  rope.scaling = scaling_of(parameters);
  if (rope.scaling != RopeScaling::none) read_scaling(parameters, max_context, rope);
  return rope;
}

}  // namespace therma::llm
