// SPDX-License-Identifier: Apache-2.0
// Sums out one variable after another, then hands joint laws back; docs/theory/elimination.md.
#include "therma/inference/elimination.hpp"

#include <algorithm>
#include <cmath>

#include "therma/core/error.hpp"

namespace therma {
namespace {

// Neumaier's compensated sum (ZAMM 54, 1974): 10^5 terms lose no digits.
class Sum {
 public:
  void add(double x) noexcept {
    const double next = sum_ + x;
    lost_ += std::abs(sum_) >= std::abs(x) ? (sum_ - next) + x : (x - next) + sum_;
    sum_ = next;
  }
  [[nodiscard]] double value() const noexcept { return sum_ + lost_; }

 private:
  double sum_ = 0.0;
  double lost_ = 0.0;
};

// Calls visit(entry of the whole, entry of the part) for all entries of a table over `variables`,
// where the part is a table over some of them.
template <class Visit>
void walk(std::span<const std::uint32_t> variables, std::span<const std::uint32_t> part,
          std::span<const std::uint32_t> states, const Visit& visit) {
  const std::size_t width = variables.size();
  std::vector<std::size_t> stride(width, 0);
  std::size_t step = 1, size = 1;
  for (const auto v : part) {
    const auto at = std::ranges::find(variables, v) - variables.begin();
    stride[static_cast<std::size_t>(at)] = step;
    step *= states[v];
  }
  for (const auto v : variables) size *= states[v];
  std::vector<std::uint32_t> digits(width, 0);
  std::size_t place = 0;
  for (std::size_t entry = 0; entry < size; ++entry) {
    visit(entry, place);
    for (std::size_t d = 0; d < width; ++d) {
      if (++digits[d] < states[variables[d]]) {
        place += stride[d];
        break;
      }
      place -= stride[d] * (digits[d] - 1);
      digits[d] = 0;
    }
  }
}

// Turns columns of log weights into conditional probabilities, and says their log sums.
std::vector<double> normalise_columns(std::span<double> table, std::uint32_t states) {
  std::vector<double> log_sums(table.size() / states);
  for (std::size_t k = 0; k < log_sums.size(); ++k) {
    const auto column = table.subspan(k * states, states);
    const double largest = *std::ranges::max_element(column);
    double sum = 0.0;
    for (auto& w : column) sum += w = std::exp(w - largest);
    for (auto& w : column) w /= sum;
    log_sums[k] = largest + std::log(sum);
  }
  return log_sums;
}

}  // namespace

Elimination::Elimination(DiscreteModel model, double beta, const EliminationConfig& config,
                         const Resources& resources)
    : model_(std::move(model)), beta_(beta) {
  check(model_);
  checked(config);
  if (!(beta >= 0.0) || std::isinf(beta)) {
    fail(ErrorCode::invalid_argument, "beta: must be finite and >= 0, got {}", beta);
  }
  order_ = elimination_order(model_, static_cast<double>(config.max_entries));
  if (!order_.complete) {
    fail(ErrorCode::invalid_argument,
         "exact: this model is too densely coupled; elimination needs tables of more than {} "
         "numbers, the most allowed (max_entries)",
         config.max_entries);
  }
  position_.resize(model_.states.size());
  start_.assign(1, 0);
  for (std::uint32_t p = 0; p < order_.order.size(); ++p) {
    position_[order_.order[p]] = p;
    std::size_t size = 1;
    for (const auto v : cluster_variables(p)) size *= model_.states[v];
    start_.push_back(start_.back() + size);
  }
  beliefs_.assign(start_.back(), 0.0);
  eliminate(resources);
  distribute(resources);
}

std::vector<std::uint32_t> Elimination::cluster_variables(std::size_t position) const {
  std::vector<std::uint32_t> variables{order_.order[position]};
  const auto& scope = order_.scopes[position];
  variables.insert(variables.end(), scope.begin(), scope.end());
  return variables;
}

void Elimination::eliminate(const Resources& resources) {
  Sum log_z;
  for (const auto& table : model_.tables) {
    if (table.variables.empty()) {
      log_z.add(-beta_ * table.energies[0]);
      continue;
    }
    // A table belongs to the first of its variables to go.
    std::uint32_t first = position_[table.variables[0]];
    for (const auto v : table.variables) first = std::min(first, position_[v]);
    const auto into = cluster(first);
    walk(cluster_variables(first), table.variables, model_.states,
         [&](std::size_t to, std::size_t from) { into[to] -= beta_ * table.energies[from]; });
  }
  for (std::size_t p = 0; p < order_.order.size(); ++p) {
    if (resources.should_stop()) fail(ErrorCode::stopped, "exact: stopped while eliminating");
    auto message = normalise_columns(cluster(p), model_.states[order_.order[p]]);
    // Only differences go on: the sum of the largest parts is kept apart, to full precision.
    const double largest = *std::ranges::max_element(message);
    log_z.add(largest);
    const auto& scope = order_.scopes[p];
    if (scope.empty()) continue;
    const std::size_t parent = position_[scope[0]];
    const auto into = cluster(parent);
    walk(cluster_variables(parent), scope, model_.states,
         [&](std::size_t to, std::size_t from) { into[to] += message[from] - largest; });
  }
  log_z_ = log_z.value();
}

void Elimination::distribute(const Resources& resources) {
  marginal_start_.resize(model_.states.size());
  std::size_t total = 0;
  for (std::size_t v = 0; v < model_.states.size(); ++v) {
    marginal_start_[v] = total;
    total += model_.states[v];
  }
  marginals_.assign(total, 0.0);
  Sum value;
  for (std::size_t p = order_.order.size(); p-- > 0;) {
    if (resources.should_stop()) fail(ErrorCode::stopped, "exact: stopped while distributing");
    const std::uint32_t v = order_.order[p];
    const std::uint32_t states = model_.states[v];
    const auto belief = cluster(p);
    if (const auto& scope = order_.scopes[p]; !scope.empty()) {
      std::vector<double> outside(belief.size() / states, 0.0);  // P(scope), from the parent
      const std::size_t parent = position_[scope[0]];
      const auto from = std::as_const(*this).cluster(parent);
      walk(cluster_variables(parent), scope, model_.states,
           [&](std::size_t whole, std::size_t part) { outside[part] += from[whole]; });
      for (std::size_t k = 0; k < belief.size(); ++k) belief[k] *= outside[k / states];
    }
    for (std::size_t k = 0; k < belief.size(); ++k) {
      marginals_[marginal_start_[v] + k % states] += belief[k];
    }
    for (std::uint32_t x = 0; x < states; ++x) value.add(x * marginal(v)[x]);
  }
  Sum energy;
  for (std::size_t t = 0; t < model_.tables.size(); ++t) {
    const auto joint = table_marginal(t);
    for (std::size_t k = 0; k < joint.size(); ++k)
      energy.add(joint[k] * model_.tables[t].energies[k]);
  }
  mean_energy_ = energy.value();
  mean_value_ = model_.first_value +
                model_.value_step * value.value() / static_cast<double>(model_.states.size());
}

std::vector<double> Elimination::table_marginal(std::size_t table) const {
  const auto& variables = model_.tables[table].variables;
  std::vector<double> joint(model_.tables[table].energies.size(), 0.0);
  if (variables.empty()) return {1.0};
  std::uint32_t first = position_[variables[0]];
  for (const auto v : variables) first = std::min(first, position_[v]);
  const auto belief = cluster(first);
  walk(cluster_variables(first), variables, model_.states,
       [&](std::size_t whole, std::size_t part) { joint[part] += belief[whole]; });
  return joint;
}

void Elimination::sample(const Rng& rng, std::uint64_t index,
                         std::span<std::uint32_t> x) const noexcept {
  for (std::size_t p = order_.order.size(); p-- > 0;) {
    const std::uint32_t v = order_.order[p];
    std::size_t column = 0, stride = model_.states[v];
    for (const auto u : order_.scopes[p]) {
      column += stride * x[u];
      stride *= model_.states[u];
    }
    const auto weights = cluster(p).subspan(column, model_.states[v]);
    double sum = 0.0;
    for (const double w : weights) sum += w;
    double left = rng.uniform({.step = index, .site = v}) * sum;
    std::uint32_t state = 0;
    while (state + 1 < weights.size() && left >= weights[state]) left -= weights[state++];
    while (state > 0 && weights[state] == 0.0) --state;  // rounding left something over
    x[v] = state;
  }
}

}  // namespace therma
