// SPDX-License-Identifier: Apache-2.0
// Programs as tables.
#include "therma/inference/discrete_model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "therma/core/error.hpp"
#include "therma/energy/ising.hpp"
#include "therma/energy/lattice.hpp"

namespace therma {
namespace {

DiscreteModel of_spins(const IsingProgram& program) {
  DiscreteModel model{.first_value = -1.0, .value_step = 2.0};
  model.states.assign(program.size(), 2);
  if (program.offset() != 0.0) model.tables.push_back({.energies = {program.offset()}});
  for (std::uint32_t i = 0; i < program.size(); ++i) {
    if (const double h = program.fields()[i]; h != 0.0) {
      model.tables.push_back({.variables = {i}, .energies = {h, -h}});
    }
    const auto columns = program.couplings().columns(i);
    const auto values = program.couplings().values(i);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const double J = values[k];
      if (columns[k] > i) {
        model.tables.push_back({.variables = {i, columns[k]}, .energies = {-J, J, J, -J}});
      }
    }
  }
  return model;
}

}  // namespace

void check(const DiscreteModel& model) {
  for (std::size_t v = 0; v < model.states.size(); ++v) {
    if (model.states[v] == 0) fail(ErrorCode::bad_data, "variable {}: has no states", v);
  }
  for (std::size_t t = 0; t < model.tables.size(); ++t) {
    const auto& table = model.tables[t];
    double size = 1.0;
    auto sorted = table.variables;
    std::ranges::sort(sorted);
    for (const auto v : sorted) {
      if (v >= model.states.size()) {
        fail(ErrorCode::bad_data, "table {}: variable {} is not below {}", t, v,
             model.states.size());
      }
      size *= model.states[v];
    }
    if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
      fail(ErrorCode::bad_data, "table {}: variable {} is there twice", t, *twice);
    }
    if (static_cast<double>(table.energies.size()) != size) {
      fail(ErrorCode::bad_data, "table {}: expected {} energies, found {}", t, size,
           table.energies.size());
    }
    for (const double e : table.energies) {
      if (!std::isfinite(e)) fail(ErrorCode::bad_data, "table {}: energy {} is not finite", t, e);
    }
  }
}

DiscreteModel discrete_model(const FactorModel& model) {
  constexpr std::size_t kMostSpins = 24;
  (void)compile(model);  // its checks
  if (!model.clamps.empty()) {
    fail(ErrorCode::invalid_argument, "exact: variable {} is clamped, which is not supported",
         model.clamps.front().variable);
  }
  DiscreteModel result{.states = model.num_states};
  const bool spins = std::ranges::all_of(model.num_states, [](auto n) { return n == 2; });
  if (spins) result.first_value = -1.0, result.value_step = 2.0;
  if (model.offset != 0.0) result.tables.push_back({.energies = {model.offset}});
  for (const auto& table : model.tables) {  // theirs has the first variable slowest
    result.tables.push_back({.variables = {table.variables.rbegin(), table.variables.rend()},
                             .energies = table.energies});
  }
  for (const auto& product : model.products) {
    const std::size_t order = product.spins.size();
    if (order > kMostSpins) {
      fail(ErrorCode::invalid_argument, "exact: a product of {} spins, at most {} fit", order,
           kMostSpins);
    }
    EnergyTable table{.variables = product.spins};
    for (std::size_t k = 0; k < std::size_t{1} << order; ++k) {
      const auto down = order - static_cast<std::size_t>(std::popcount(k));
      table.energies.push_back(down % 2 == 0 ? -product.coupling : product.coupling);
    }
    result.tables.push_back(std::move(table));
  }
  for (const auto& bond : model.equalities) {
    EnergyTable table{.variables = {bond.i, bond.j}};
    for (std::uint32_t b = 0; b < model.num_states[bond.j]; ++b) {
      for (std::uint32_t a = 0; a < model.num_states[bond.i]; ++a) {
        table.energies.push_back(a == b ? -bond.coupling : 0.0);
      }
    }
    result.tables.push_back(std::move(table));
  }
  return result;
}

// Compiled factors become one table over all their variables.
std::optional<DiscreteModel> small_model(const Target& target, double max_states) {
  if (!is_discrete(target)) return std::nullopt;
  const auto* factors = std::get_if<std::shared_ptr<const FactorProgram>>(&target);
  if (factors == nullptr) {
    auto model = discrete_model(target);
    return num_joint_states(model) <= max_states ? std::optional(std::move(model)) : std::nullopt;
  }
  const auto& program = **factors;
  DiscreteModel model;
  EnergyTable all;
  for (std::uint32_t v = 0; v < program.size(); ++v) {
    model.states.push_back(program.num_states(v));
    all.variables.push_back(v);
  }
  if (!program.clamps().empty() || num_joint_states(model) > max_states) return std::nullopt;
  std::vector<Category> x(program.size(), 0);
  const auto size = static_cast<std::size_t>(num_joint_states(model));
  for (std::size_t k = 0; k < size; ++k) {
    all.energies.push_back(program.energy(x));
    for (std::size_t v = 0; v < x.size() && ++x[v] == model.states[v]; ++v) x[v] = 0;
  }
  model.tables.push_back(std::move(all));
  return model;
}

DiscreteModel discrete_model(const Target& target) {
  if (const auto* ising = std::get_if<std::shared_ptr<const IsingProgram>>(&target)) {
    return of_spins(**ising);
  }
  if (const auto* lattice = std::get_if<std::shared_ptr<const LatticeProgram>>(&target)) {
    return of_spins(compile((*lattice)->to_ising()));
  }
  fail(ErrorCode::invalid_argument,
       "exact: needs spins; of categories and factors give the model, not the program");
}

double energy(const DiscreteModel& model, std::span<const std::uint32_t> x) noexcept {
  double sum = 0.0;
  for (const auto& table : model.tables) {
    std::size_t index = 0, stride = 1;
    for (const auto v : table.variables) {
      index += stride * x[v];
      stride *= model.states[v];
    }
    sum += table.energies[index];
  }
  return sum;
}

double num_joint_states(const DiscreteModel& model) noexcept {
  double count = 1.0;
  for (const auto states : model.states) count *= states;
  return count;
}

}  // namespace therma
