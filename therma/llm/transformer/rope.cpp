// SPDX-License-Identifier: Apache-2.0
// Frequencies of each scaling.
#include "therma/llm/transformer/rope.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace therma::llm {
namespace {

constexpr double kTurn = 2.0 * std::numbers::pi;

double attention_factor_of(const RopeConfig& config) {
  if (config.scaling != RopeScaling::yarn) return 1.0;
  if (config.attention_factor > 0.0) return config.attention_factor;
  return config.factor > 1.0 ? 0.1 * std::log(config.factor) + 1.0 : 1.0;
}

}  // namespace

Rope::Rope(const RopeConfig& config, std::uint32_t head_dim, std::uint32_t max_context)
    : config_(config),
      head_dim_(head_dim),
      original_context_(config.original_max_context > 0 ? config.original_max_context
                                                        : max_context),
      attention_factor_(attention_factor_of(config)) {}

// theta^(-2 i / head_dim)
std::vector<double> Rope::unscaled(double theta) const {
  std::vector<double> result(head_dim_ / 2);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = std::pow(theta, -2.0 * static_cast<double>(i) / head_dim_);
  }
  return result;
}

// The base grows with what lies beyond the context that the model was made for.
double Rope::dynamic_theta(std::uint32_t length) const {
  const double reach = std::max(length, original_context_);
  const double growth = config_.factor * reach / original_context_ - (config_.factor - 1.0);
  return config_.theta * std::pow(growth, head_dim_ / (head_dim_ - 2.0));
}

// Slow pairs turn slower by the factor, fast ones as before, with a linear ramp between them (Peng
// et al., arXiv:2309.00071).
std::vector<double> Rope::yarn() const {
  // The pair that makes so many turns within the original context.
  const auto pair_of = [&](double turns) {
    return head_dim_ * std::log(original_context_ / (turns * kTurn)) /
           (2.0 * std::log(config_.theta));
  };
  const double low = std::max(std::floor(pair_of(config_.beta_fast)), 0.0);
  double high = std::min(std::ceil(pair_of(config_.beta_slow)), head_dim_ - 1.0);
  if (low == high) high += 0.001;
  auto result = unscaled(config_.theta);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    result[i] *= ramp / config_.factor + (1.0 - ramp);
  }
  return result;
}

// As yarn, with a ramp in turns per original context.
std::vector<double> Rope::llama3() const {
  auto result = unscaled(config_.theta);
  for (auto& frequency : result) {
    const double turns = original_context_ * frequency / kTurn;
    const double smooth = std::clamp(
        (turns - config_.low_freq_factor) / (config_.high_freq_factor - config_.low_freq_factor),
        0.0, 1.0);
    frequency *= (1.0 - smooth) / config_.factor + smooth;
  }
  return result;
}

std::vector<double> Rope::frequencies(std::uint32_t length) const {
  std::vector<double> result;
  switch (config_.scaling) {
    case RopeScaling::none:
      result = unscaled(config_.theta);
      break;
    case RopeScaling::linear:
      result = unscaled(config_.theta);
      for (auto& frequency : result) frequency /= config_.factor;
      break;
    case RopeScaling::dynamic:
      result = unscaled(dynamic_theta(length));
      break;
    case RopeScaling::yarn:
      result = yarn();
      break;
    case RopeScaling::llama3:
      result = llama3();
      break;
  }
  for (std::size_t i = 0; i < config_.frequency_divisors.size() && i < result.size(); ++i) {
    result[i] /= double{config_.frequency_divisors[i]};
  }
  return result;
}

void Rope::turns(const RopeSpan& span, float* cosines, float* sines) const {
  const auto rates = frequencies(span.length);
  for (std::uint32_t p = 0; p < span.count; ++p) {
    for (const double rate : rates) {
      const double angle = rate * (span.first + p);
      *cosines++ = static_cast<float>(attention_factor_ * std::cos(angle));
      *sines++ = static_cast<float>(attention_factor_ * std::sin(angle));
    }
  }
}

void Rope::rotate(float* head, const float* cosines, const float* sines) const noexcept {
  const std::size_t half = head_dim_ / 2;
  const std::size_t step = config_.pairs_are_neighbours ? 2 : 1;
  float* second = head + (config_.pairs_are_neighbours ? 1 : half);
  for (std::size_t i = 0; i < half; ++i) {
    const float a = head[i * step], b = second[i * step];
    head[i * step] = a * cosines[i] - b * sines[i];
    second[i * step] = b * cosines[i] + a * sines[i];
  }
}

}  // namespace therma::llm
