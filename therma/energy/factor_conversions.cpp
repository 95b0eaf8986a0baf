// SPDX-License-Identifier: Apache-2.0
// Factor models from and to models of pairs of spins.
#include <string_view>

#include "therma/core/error.hpp"
#include "therma/energy/factor.hpp"

namespace therma {
namespace {

// A table of one or two spins as 1, s, s' and s s': docs/theory/factors.md eq. 4.
void add_table(const TableFactor& table, IsingModel& ising) {
  const auto& e = table.energies;
  if (table.variables.size() == 1) {
    ising.offset += 0.5 * (e[0] + e[1]);
    ising.fields[table.variables[0]] -= 0.5 * (e[1] - e[0]);
    return;
  }
  const std::uint32_t i = table.variables[0], j = table.variables[1];
  ising.offset += 0.25 * (e[0] + e[1] + e[2] + e[3]);
  ising.fields[i] -= 0.25 * (e[2] + e[3] - e[0] - e[1]);
  ising.fields[j] -= 0.25 * (e[1] + e[3] - e[0] - e[2]);
  ising.couplings.push_back({i, j, -0.25 * (e[0] + e[3] - e[1] - e[2])});
}

}  // namespace

FactorModel to_factors(const IsingModel& model) {
  check_couplings(model.num_spins, model.couplings, "spins");
  check_numbers(model.num_spins, model.fields, "field");
  FactorModel factors{.num_states = std::vector<std::uint32_t>(model.num_spins, 2),
                      .offset = model.offset};
  for (const auto& c : model.couplings) factors.products.push_back({{c.i, c.j}, c.value});
  for (std::uint32_t i = 0; i < model.fields.size(); ++i) {
    if (model.fields[i] != 0.0) factors.products.push_back({{i}, model.fields[i]});
  }
  return factors;
}

FactorModel to_factors(const QuboModel& model) {
  check_couplings(model.num_bits, model.terms, "bits", /*diagonal=*/true);
  FactorModel factors{.num_states = std::vector<std::uint32_t>(model.num_bits, 2),
                      .offset = model.offset};
  for (const auto& t : model.terms) {
    if (t.i == t.j) {
      factors.tables.push_back({{t.i}, {0.0, t.value}});
    } else {
      factors.tables.push_back({{t.i, t.j}, {0.0, 0.0, 0.0, t.value}});
    }
  }
  return factors;
}

IsingModel to_ising(const FactorModel& model) {
  (void)compile(model);  // its checks
  const auto refuse = [](std::string_view kind, std::size_t k, std::size_t order) {
    fail(ErrorCode::bad_data, "{} {}: joins {} spins, an Ising model joins pairs", kind, k, order);
  };
  for (std::size_t v = 0; v < model.num_states.size(); ++v) {
    if (model.num_states[v] == 2) continue;
    fail(ErrorCode::bad_data, "variable {}: has {} states, an Ising model has spins", v,
         model.num_states[v]);
  }
  if (!model.clamps.empty()) {
    fail(ErrorCode::bad_data, "clamp 0: an Ising model has no clamped spins");
  }
  IsingModel ising{.num_spins = static_cast<std::uint32_t>(model.num_states.size()),
                   .fields = std::vector<double>(model.num_states.size(), 0.0),
                   .offset = model.offset};
  for (std::size_t k = 0; k < model.tables.size(); ++k) {
    if (model.tables[k].variables.size() > 2) refuse("table", k, model.tables[k].variables.size());
    add_table(model.tables[k], ising);
  }
  for (std::size_t k = 0; k < model.products.size(); ++k) {
    const auto& [spins, coupling] = model.products[k];
    if (spins.size() > 2) refuse("product", k, spins.size());
    if (spins.size() == 1) {
      ising.fields[spins[0]] += coupling;
    } else {
      ising.couplings.push_back({spins[0], spins[1], coupling});
    }
  }
  for (const auto& e : model.equalities) {  // -J [s = s'] = -J/2 (1 + s s')
    ising.offset -= 0.5 * e.coupling;
    ising.couplings.push_back({e.i, e.j, 0.5 * e.coupling});
  }
  return ising;
}

}  // namespace therma
