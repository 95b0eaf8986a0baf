// SPDX-License-Identifier: Apache-2.0
// Constraints as an energy: V(z) = sum_a lambda_a phi_a(z), named terms with adaptable weights.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/core/config.hpp"

namespace therma {

// One phi_a; docs/theory/penalties.md eq. 1.
struct PenaltyTerm {
  std::string name = {};
  // Returns phi(z) and, unless `gradient` is empty, adds weight * dphi/dz to it. Pure: called from
  // many threads at once. One call does both, so that what they share is computed once.
  std::function<double(std::span<const double> z, double weight, std::span<double> gradient)>
      evaluate = {};
  double weight = 1.0;  // lambda at the start
  // Constraints have phi >= 0, zero where satisfied, and their weight adapts; an objective's
  // weight stays.
  bool is_constraint = true;
};

// Dual ascent, docs/theory/penalties.md eq. 3: lambda <- clamp(lambda + rate (phi - tolerance)).
struct DualAscent {
  double rate = 0.1;
  double tolerance = 0.0;
  double weight_min = 0.0;
  double weight_max = 1e6;

  static void each_field(auto& self, auto&& field) {
    field("rate", self.rate, "growth of a weight per unit of violation", non_negative);
    field("tolerance", self.tolerance, "violation at which a weight rests", non_negative);
    field("weight_min", self.weight_min, "smallest weight", non_negative);
    field("weight_max", self.weight_max, "largest weight", non_negative);
  }
};

// A GradientEnergy. Copies share the terms and own their weights, so that each replica may carry
// its own lambda; reading is safe from many threads.
class Penalties {
 public:
  // Throws Error{invalid_argument} on an unnamed, repeated or empty term, or a bad weight.
  Penalties(std::uint32_t dimension, std::vector<PenaltyTerm> terms);

  [[nodiscard]] std::uint32_t size() const noexcept { return dimension_; }
  [[nodiscard]] std::size_t num_terms() const noexcept { return weights_.size(); }
  [[nodiscard]] const PenaltyTerm& term(std::size_t a) const noexcept { return (*terms_)[a]; }
  // The place of a term; throws Error{invalid_argument} for a name that is not there.
  [[nodiscard]] std::size_t index_of(std::string_view name) const;

  [[nodiscard]] double energy(std::span<const double> z) const;
  void gradient(std::span<const double> z, std::span<double> g) const;
  [[nodiscard]] double energy_and_gradient(std::span<const double> z, std::span<double> g) const;
  // phi_a(z), without weights.  values: [term]
  void values(std::span<const double> z, std::span<double> values) const;

  [[nodiscard]] std::span<const double> weights() const noexcept { return weights_; }  // [term]
  // Changing a weight at fixed z is work: tell the sampler with perform_work().
  void set_weight(std::size_t a, double weight);
  // One step of dual ascent; values: [term], measured at one state or averaged over replicas.
  void ascend(std::span<const double> values, const DualAscent& rule);

 private:
  std::uint32_t dimension_;
  std::shared_ptr<const std::vector<PenaltyTerm>> terms_;
  std::vector<double> weights_;  // [term]
};

}  // namespace therma
