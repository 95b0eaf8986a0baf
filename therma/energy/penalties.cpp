// SPDX-License-Identifier: Apache-2.0
// Sums over terms in their order, so that the same terms give the same bits.
#include "therma/energy/penalties.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "therma/core/error.hpp"

namespace therma {
namespace {

void check_weight(std::string_view name, double weight) {
  if (!std::isfinite(weight) || weight < 0.0) {
    fail(ErrorCode::invalid_argument, "weight of {}: must be finite and >= 0, got {}", name,
         weight);
  }
}

void check_terms(std::span<const PenaltyTerm> terms) {
  std::set<std::string_view> names;
  for (const auto& term : terms) {
    if (term.name.empty()) fail(ErrorCode::invalid_argument, "a penalty term has no name");
    if (!names.insert(term.name).second) {
      fail(ErrorCode::invalid_argument, "penalty terms: two are named {}", term.name);
    }
    if (!term.evaluate) {
      fail(ErrorCode::invalid_argument, "penalty term {}: has no function", term.name);
    }
    check_weight(term.name, term.weight);
  }
}

}  // namespace

Penalties::Penalties(std::uint32_t dimension, std::vector<PenaltyTerm> terms)
    : dimension_(dimension) {
  check_terms(terms);
  for (const auto& term : terms) weights_.push_back(term.weight);
  terms_ = std::make_shared<const std::vector<PenaltyTerm>>(std::move(terms));
}

std::size_t Penalties::index_of(std::string_view name) const {
  const auto found = std::ranges::find(*terms_, name, &PenaltyTerm::name);
  if (found == terms_->end()) {
    fail(ErrorCode::invalid_argument, "penalty terms: none is named {}", name);
  }
  return static_cast<std::size_t>(found - terms_->begin());
}

double Penalties::energy(std::span<const double> z) const {
  double sum = 0.0;
  for (std::size_t a = 0; a < num_terms(); ++a) {
    sum += weights_[a] * term(a).evaluate(z, weights_[a], {});
  }
  return sum;
}

void Penalties::gradient(std::span<const double> z, std::span<double> g) const {
  (void)energy_and_gradient(z, g);
}

double Penalties::energy_and_gradient(std::span<const double> z, std::span<double> g) const {
  std::ranges::fill(g, 0.0);
  double sum = 0.0;
  for (std::size_t a = 0; a < num_terms(); ++a) {
    sum += weights_[a] * term(a).evaluate(z, weights_[a], g);
  }
  return sum;
}

void Penalties::values(std::span<const double> z, std::span<double> values) const {
  for (std::size_t a = 0; a < num_terms(); ++a) values[a] = term(a).evaluate(z, weights_[a], {});
}

void Penalties::set_weight(std::size_t a, double weight) {
  check_weight(term(a).name, weight);
  weights_[a] = weight;
}

void Penalties::ascend(std::span<const double> values, const DualAscent& rule) {
  for (std::size_t a = 0; a < num_terms(); ++a) {
    if (!term(a).is_constraint) continue;
    const double violation = std::max(values[a], 0.0);
    weights_[a] = std::clamp(weights_[a] + rule.rate * (violation - rule.tolerance),
                             rule.weight_min, std::max(rule.weight_min, rule.weight_max));
  }
}

}  // namespace therma
