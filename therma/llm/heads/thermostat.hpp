// SPDX-License-Identifier: Apache-2.0
// Beta over a text: schedules over its positions or over the steps of each relaxation, and a
// thermostat that holds entropy or surprisal at a target.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "therma/dynamics/schedule.hpp"
#include "therma/llm/heads/head.hpp"

namespace therma::llm {

// How a schedule is laid over a text.
struct BetaPlan {
  Schedule schedule = Schedule::constant(1.0);
  bool over_positions = false;  // one beta a token; otherwise over the steps of each relaxation

  // beta during each step of the relaxation at position t of n, for RelaxRequest::beta: one
  // number where it is held. steps >= 1.
  [[nodiscard]] std::vector<double> betas(std::uint64_t t, std::uint64_t n,
                                          std::uint32_t steps) const;
};

struct ThermostatConfig {
  double target = 1.0;      // nats
  double gain = 0.05;       // of the integral, per nat
  double beta_start = 1.0;  // of the first token
  double beta_low = 0.05;
  double beta_high = 20.0;

  static void each_field(auto& self, auto&& field) {
    field("target", self.target, "nats that are held", non_negative);
    field("gain", self.gain, "change of log beta per nat and token", positive);
    field("beta_start", self.beta_start, "beta of the first token", positive);
    field("beta_low", self.beta_low, "least beta", positive);
    field("beta_high", self.beta_high, "greatest beta", positive);
  }
};

// What is held at the target: the entropy of the law at beta, or the surprisal -ln P of the token
// drawn from it, whose mean is that entropy. Both need a full pass for each token
// (RelaxRequest::wants_thermodynamics).
enum class Held : std::uint8_t { entropy, surprisal };

// An integral controller: ln beta(t+1) = clamp(ln beta(t) + gain (S(t) - target)). Where beta stays
// inside its bounds, mean S over n tokens = target + (ln beta(n) - ln beta(0)) / (gain n).
// docs/theory/token-head-chains.md eqs. 8, 9.
class Thermostat {
 public:
  // Throws Error{invalid_argument} on a bad config or bounds that do not hold beta_start.
  Thermostat(Held held, const ThermostatConfig& config);

  [[nodiscard]] Held held() const noexcept { return held_; }
  [[nodiscard]] const ThermostatConfig& config() const noexcept { return config_; }
  [[nodiscard]] double beta() const noexcept;  // of the next token
  // Learns what the token drawn at beta() measured, in nats; not a number is passed over.
  void learn(double measured) noexcept;
  // The same from what a head reports.
  void learn(const TokenThermodynamics& token) noexcept;

 private:
  Held held_;
  ThermostatConfig config_;
  double log_beta_;
};

// "entropy=X" or "surprisal=X", in nats. Throws Error{invalid_argument}: one sentence with the text
// and the forms that are understood.
[[nodiscard]] Thermostat parse_thermostat(std::string_view text,
                                          const ThermostatConfig& config = {});

}  // namespace therma::llm
