// SPDX-License-Identifier: Apache-2.0
// The laws that limited token heads sample, exactly, and how far they are from the ideal.
// docs/theory/head-limits.md
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/hardware/token_head.hpp"

namespace therma::hardware {

// P(v) = exp(-beta E_v) / Z in float64; tokens of energy +infinity have none. beta may be
// +infinity: the minima share it.
[[nodiscard]] std::vector<double> boltzmann_law(std::span<const float> energies, double beta);

// The law of a race whose energies carry independent normal noise of sigma kT in each draw:
//   P(v) = int f(t + beta E_v) prod_{u != v} F(t + beta E_u) dt,
// F and f distribution and density of Gumbel + sigma * normal. By quadrature, to about 1e-8 in
// total variation; O(tokens), and some 10^6 operations beside. Without noise, or at beta = infinity
// where kT is none, boltzmann_law. Immutable once made.
class NoisyRace {
 public:
  explicit NoisyRace(double sigma);  // throws Error{invalid_argument} unless in [0, 10]
  [[nodiscard]] std::vector<double> law(std::span<const float> energies, double beta) const;

 private:
  void tabulate(double x);
  [[nodiscard]] std::size_t first_node() const noexcept;
  // A table and what follows it, where F = exp(-e^(sigma^2 / 2 - x)).
  [[nodiscard]] std::vector<double> extended(std::span<const double> table, double sign,
                                             std::size_t points) const;

  double sigma_;
  double first_ = 0.0;
  std::vector<double> log_distribution_;  // ln F, at first_ + k / kPerUnit
  std::vector<double> hazard_;            // f / F
};

// After one read-out period with relaxation time tau: (1 - e^(-1/tau)) law + e^(-1/tau) of all
// tokens alike that the law's energies allow. In place.
void relax_for_one_period(std::span<double> law, std::span<const float> energies, double tau);

// Probabilities below 2e-308 count as that.
struct LawReport {
  double tv = 0.0;              // total variation between the laws
  double kl = 0.0;              // of the ideal law from the sampled one, sum p ln (p / p'), in nats
  double effective_beta = 0.0;  // at which the ideal energies have the mean they have under p':
                                // the least KL of p' from exp(-b E); 0 beyond hot, inf beyond cold
};

// ideal energies [token]; law: sampled by the device.
[[nodiscard]] LawReport compare_laws(std::span<const float> ideal_energies,
                                     std::span<const double> law, double beta);
// The same where the device samples exp(-beta E') of limited energies.
[[nodiscard]] LawReport compare_laws(std::span<const float> ideal_energies,
                                     std::span<const float> limited_energies, double beta);

struct SweepConfig {
  std::vector<std::uint32_t> dac_bits{0, 8, 6, 4, 3};  // 0: exact
  std::vector<double> noise_floors{0.0, 0.5, 1.0};     // kT
  HeadLimits others;  // what is the same for all; its dac_bits and noise_floor are not looked at
  double beta = 1.0;
};

// One device of the sweep, averaged over the positions of a text.
struct SweepRow {
  std::uint32_t dac_bits = 0;
  double noise_floor = 0.0;
  double perplexity = 0.0;  // exp of the mean of -ln P'(target)
  double tv = 0.0;
  double kl = 0.0;
  double effective_beta = 0.0;  // one for all positions: sum <E>_P' = sum <E>_b
};

// hidden: [n, hidden], after the final norm; targets: the tokens that came next [n]. The range of
// the converter of h is that of these states unless it is set. Rows in order of bits, then noise:
// the same for any team. Throws Error{invalid_argument} on a bad shape, target or config.
[[nodiscard]] std::vector<SweepRow> sweep_limits(const llm::HeadMatrix& matrix,
                                                 std::span<const float> hidden,
                                                 std::span<const llm::TokenId> targets,
                                                 const SweepConfig& config, const Team& team);

}  // namespace therma::hardware
