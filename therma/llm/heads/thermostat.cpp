// SPDX-License-Identifier: Apache-2.0
// The integral controller of beta.
#include "therma/llm/heads/thermostat.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "therma/core/error.hpp"

namespace therma::llm {

std::vector<double> BetaPlan::betas(std::uint64_t t, std::uint64_t n, std::uint32_t steps) const {
  if (over_positions) return {schedule.at(t, n)};
  std::vector<double> betas(steps);
  for (std::uint32_t k = 0; k < steps; ++k) betas[k] = schedule.at(k, steps);
  if (std::ranges::adjacent_find(betas, std::not_equal_to{}) == betas.end()) betas.resize(1);
  return betas;
}

Thermostat::Thermostat(Held held, const ThermostatConfig& config)
    : held_(held), config_(checked(config)), log_beta_(std::log(config.beta_start)) {
  if (!(config_.beta_low <= config_.beta_start && config_.beta_start <= config_.beta_high)) {
    fail(ErrorCode::invalid_argument, "beta_start: must be in [{}, {}], got {}", config_.beta_low,
         config_.beta_high, config_.beta_start);
  }
}

double Thermostat::beta() const noexcept { return std::exp(log_beta_); }

void Thermostat::learn(double measured) noexcept {
  if (std::isnan(measured)) return;
  log_beta_ = std::clamp(log_beta_ + config_.gain * (measured - config_.target),
                         std::log(config_.beta_low), std::log(config_.beta_high));
}

void Thermostat::learn(const TokenThermodynamics& token) noexcept {
  learn(held_ == Held::entropy ? token.entropy : -token.log_probability);
}

Thermostat parse_thermostat(std::string_view text, const ThermostatConfig& config) {
  const auto split = text.find('=');
  const auto what = text.substr(0, split);
  if (split != std::string_view::npos && (what == "entropy" || what == "surprisal")) {
    auto wanted = config;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + split + 1, end, wanted.target);
    if (error == std::errc{} && stop == end) {
      return {what == "entropy" ? Held::entropy : Held::surprisal, wanted};
    }
  }
  fail(ErrorCode::invalid_argument,
       "thermostat: must be entropy=NATS or surprisal=NATS, got \"{}\"", text);
}

}  // namespace therma::llm
