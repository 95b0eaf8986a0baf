// SPDX-License-Identifier: Apache-2.0
// Counting through all states, updating the tables whose variables moved.
#include "therma/inference/enumerate.hpp"

#include <algorithm>
#include <cmath>

#include "therma/core/error.hpp"

namespace therma {
namespace {

// Walks through the states in order and keeps each table's place.
class Odometer {
 public:
  explicit Odometer(const DiscreteModel& model)
      : model_(model), x_(model.states.size(), 0), touched_(x_.size()), place_(num_tables(), 0) {
    for (std::size_t t = 0; t < num_tables(); ++t) {
      std::size_t stride = 1;
      for (const auto v : model.tables[t].variables) {
        touched_[v].push_back({t, stride});
        stride *= model.states[v];
      }
    }
  }

  // Moves on to the next state; about one variable on average changes beside the first.
  void advance() {
    for (std::size_t v = 0; v < x_.size(); ++v) {
      const bool carries = x_[v] + 1 == model_.states[v];
      const std::size_t steps = carries ? x_[v] : 1;
      for (const auto& [table, stride] : touched_[v]) {
        sum_ -= model_.tables[table].energies[place_[table]];
        place_[table] = carries ? place_[table] - steps * stride : place_[table] + stride;
        sum_ += model_.tables[table].energies[place_[table]];
      }
      total_ = carries ? total_ - steps : total_ + 1;
      x_[v] = carries ? 0 : x_[v] + 1;
      if (!carries) return;
    }
  }
  // Sums afresh, against the drift of adding and subtracting.
  void settle() {
    sum_ = 0.0;
    for (std::size_t t = 0; t < num_tables(); ++t) sum_ += model_.tables[t].energies[place_[t]];
  }
  [[nodiscard]] double energy() const noexcept { return sum_; }
  [[nodiscard]] double mean_value() const noexcept {
    const double mean = static_cast<double>(total_) / static_cast<double>(x_.size());
    return model_.first_value + model_.value_step * mean;
  }

 private:
  struct Place {
    std::size_t table;
    std::size_t stride;
  };
  [[nodiscard]] std::size_t num_tables() const noexcept { return model_.tables.size(); }

  const DiscreteModel& model_;
  std::vector<std::uint32_t> x_;             // [variable]
  std::vector<std::vector<Place>> touched_;  // [variable]
  std::vector<std::size_t> place_;           // [table]
  std::size_t total_ = 0;                    // sum of x
  double sum_ = 0.0;
};

void check_small(const DiscreteModel& model, double beta) {
  check(model);
  if (!(beta >= 0.0) || std::isinf(beta)) {
    fail(ErrorCode::invalid_argument, "beta: must be finite and >= 0, got {}", beta);
  }
  if (const double states = num_joint_states(model); states > kMostEnumerated) {
    fail(ErrorCode::invalid_argument, "enumerate: at most {} states fit, this model has {:.3g}",
         kMostEnumerated, states);
  }
}

}  // namespace

Enumeration enumerate(const DiscreteModel& model, double beta, const Resources& resources) {
  constexpr std::size_t kSettle = 1024;
  check_small(model, beta);
  const auto size = static_cast<std::size_t>(num_joint_states(model));
  Enumeration result;
  result.energies.resize(size);
  result.probabilities.resize(size);
  Odometer at(model);
  double lowest = INFINITY;
  for (std::size_t k = 0; k < size; ++k) {
    if (k % kSettle == 0) {
      if (resources.should_stop()) fail(ErrorCode::stopped, "enumerate: stopped");
      at.settle();
    }
    result.energies[k] = at.energy();
    result.probabilities[k] = at.mean_value();  // until the second pass
    lowest = std::min(lowest, at.energy());
    at.advance();
  }
  // Compared with the lowest energy, so that nothing overflows and the largest weight is 1.
  double z = 0.0, energy = 0.0, value = 0.0;
  for (std::size_t k = 0; k < size; ++k) {
    const double weight = std::exp(-beta * (result.energies[k] - lowest));
    z += weight;
    energy += weight * (result.energies[k] - lowest);
    value += weight * result.probabilities[k];
    result.probabilities[k] = weight;
  }
  const double above = energy / z;  // the lowest
  for (std::size_t k = 0; k < size; ++k) {
    auto& p = result.probabilities[k];
    p /= z;
    const double deviation = result.energies[k] - lowest - above;
    result.energy_variance += p * deviation * deviation;
  }
  result.log_z = std::log(z) - beta * lowest;
  result.mean_energy = lowest + above;
  result.mean_value = value / z;
  return result;
}

Enumeration enumerate(const Target& target, double beta, const Resources& resources) {
  return enumerate(discrete_model(target), beta, resources);
}

}  // namespace therma
