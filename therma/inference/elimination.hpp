// SPDX-License-Identifier: Apache-2.0
// Boltzmann's law of models of low treewidth, exactly, by variable elimination.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/core/resources.hpp"
#include "therma/inference/elimination_order.hpp"

namespace therma {

struct EliminationConfig {
  std::uint64_t max_entries = std::uint64_t{1} << 26;

  static void each_field(auto& self, auto&& field) {
    field("max_entries", self.max_entries, "numbers in all tables together, 8 bytes each",
          at_least(1));
  }
};

// docs/theory/elimination.md. All results are there once it is constructed; immutable, safe to
// share. Time and memory: the tables' entries, times the states of one variable.
class Elimination {
 public:
  // beta is not negative and finite. Throws Error{invalid_argument}: a bad beta, reals, tables
  // beyond the cap (one sentence with both numbers); Error{bad_data}: check(); Error{stopped}.
  Elimination(DiscreteModel model, double beta, const EliminationConfig& config = {},
              const Resources& resources = {});
  Elimination(const Target& target, double beta, const EliminationConfig& config = {},
              const Resources& resources = {})
      : Elimination(discrete_model(target), beta, config, resources) {}

  [[nodiscard]] double log_z() const noexcept { return log_z_; }
  [[nodiscard]] double mean_energy() const noexcept { return mean_energy_; }
  [[nodiscard]] double entropy() const noexcept { return log_z_ + beta_ * mean_energy_; }
  // Over variables, of what read() shows: the magnetisation of spins.
  [[nodiscard]] double mean_value() const noexcept { return mean_value_; }
  [[nodiscard]] std::uint32_t width() const noexcept { return order_.width; }
  [[nodiscard]] double entries() const noexcept { return order_.entries; }
  [[nodiscard]] const DiscreteModel& model() const noexcept { return model_; }

  // P(x_v), [state]
  [[nodiscard]] std::span<const double> marginal(std::uint32_t variable) const noexcept {
    return std::span(marginals_).subspan(marginal_start_[variable], model_.states[variable]);
  }
  // The joint law of one table's variables, laid out as its energies: pairs of coupled spins.
  [[nodiscard]] std::vector<double> table_marginal(std::size_t table) const;

  // An exact, independent sample: a pure function of (rng, index). x: [variable], states.
  void sample(const Rng& rng, std::uint64_t index, std::span<std::uint32_t> x) const noexcept;

 private:
  void eliminate(const Resources& resources);   // leaves P(v | scope) in the clusters
  void distribute(const Resources& resources);  // leaves P(v, scope) there, and the means
  [[nodiscard]] std::vector<std::uint32_t> cluster_variables(std::size_t position) const;
  [[nodiscard]] std::span<double> cluster(std::size_t position) noexcept {
    return std::span(beliefs_).subspan(start_[position], start_[position + 1] - start_[position]);
  }
  [[nodiscard]] std::span<const double> cluster(std::size_t position) const noexcept {
    return std::span(beliefs_).subspan(start_[position], start_[position + 1] - start_[position]);
  }

  DiscreteModel model_;
  double beta_;
  EliminationOrder order_;
  std::vector<std::uint32_t> position_;  // [variable]
  std::vector<std::size_t> start_;       // [position + 1] into beliefs_
  std::vector<double> beliefs_;  // [position][scope ..., variable]: the eliminated one fastest
  std::vector<std::size_t> marginal_start_;  // [variable]
  std::vector<double> marginals_;            // [variable][state]
  double log_z_ = 0.0;
  double mean_energy_ = 0.0;
  double mean_value_ = 0.0;
};

}  // namespace therma
