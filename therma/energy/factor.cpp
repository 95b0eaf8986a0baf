// SPDX-License-Identifier: Apache-2.0
// Checks factor models and lays them out: tables with strides, incidences, blocks.
#include "therma/energy/factor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string_view>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr std::uint32_t kMostStates = 65535;

void check_members(std::uint32_t size, std::span<const std::uint32_t> members,
                   std::string_view kind, std::size_t k) {
  if (members.empty()) fail(ErrorCode::bad_data, "{} {}: joins no variable", kind, k);
  for (const std::uint32_t v : members) {
    if (v >= size) {
      fail(ErrorCode::bad_data, "{} {}: joins variable {}, but there are {}", kind, k, v, size);
    }
  }
  std::vector<std::uint32_t> sorted(members.begin(), members.end());
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end()) {
    fail(ErrorCode::bad_data, "{} {}: joins variable {} twice", kind, k, *twice);
  }
}

void check_finite(double value, std::string_view kind, std::size_t k) {
  if (!std::isfinite(value)) {
    fail(ErrorCode::bad_data, "{} {}: must be of finite numbers, got {}", kind, k, value);
  }
}

void check_table(const FactorModel& model, std::size_t k) {
  const auto& table = model.tables[k];
  std::uint64_t entries = 1;
  for (const std::uint32_t v : table.variables) {
    entries *= model.num_states[v];
    if (entries > kMostTableEntries) {
      fail(ErrorCode::bad_data,
           "table {}: has more than {} entries; use products or smaller factors", k,
           kMostTableEntries);
    }
  }
  if (table.energies.size() != entries) {
    fail(ErrorCode::bad_data, "table {}: must be of {} energies for its variables' states, got {}",
         k, entries, table.energies.size());
  }
  for (const double e : table.energies) check_finite(e, "table", k);
}

void check_product(const FactorModel& model, std::size_t k) {
  const auto& product = model.products[k];
  check_finite(product.coupling, "product", k);
  for (const std::uint32_t v : product.spins) {
    if (model.num_states[v] != 2) {
      fail(ErrorCode::bad_data, "product {}: variable {} has {} states, a spin has 2", k, v,
           model.num_states[v]);
    }
  }
}

void check_clamps(const FactorModel& model) {
  std::vector<bool> seen(model.num_states.size(), false);
  for (std::size_t k = 0; k < model.clamps.size(); ++k) {
    const auto& [variable, state] = model.clamps[k];
    check_members(static_cast<std::uint32_t>(seen.size()), {&variable, 1}, "clamp", k);
    if (state >= model.num_states[variable]) {
      fail(ErrorCode::bad_data, "clamp {}: state must be below {}, got {}", k,
           model.num_states[variable], state);
    }
    if (seen[variable])
      fail(ErrorCode::bad_data, "clamp {}: variable {} is clamped twice", k, variable);
    seen[variable] = true;
  }
}

void check(const FactorModel& model) {
  if (model.num_states.size() >= ~0U) fail(ErrorCode::bad_data, "factors: too many variables");
  const auto size = static_cast<std::uint32_t>(model.num_states.size());
  for (std::uint32_t v = 0; v < size; ++v) {
    if (model.num_states[v] < 1 || model.num_states[v] > kMostStates) {
      fail(ErrorCode::bad_data, "variable {}: must have 1 to {} states, got {}", v, kMostStates,
           model.num_states[v]);
    }
  }
  std::uint64_t entries = 0;
  for (std::size_t k = 0; k < model.tables.size(); ++k) {
    check_members(size, model.tables[k].variables, "table", k);
    check_table(model, k);
    entries += model.tables[k].energies.size();
  }
  if (entries > kMostModelEntries) {
    fail(ErrorCode::bad_data, "factors: tables have {} entries, at most {} are taken", entries,
         kMostModelEntries);
  }
  for (std::size_t k = 0; k < model.products.size(); ++k) {
    check_members(size, model.products[k].spins, "product", k);
    check_product(model, k);
  }
  for (std::size_t k = 0; k < model.equalities.size(); ++k) {
    const auto& e = model.equalities[k];
    check_members(size, std::array{e.i, e.j}, "equality", k);
    check_finite(e.coupling, "equality", k);
  }
  check_clamps(model);
  if (!std::isfinite(model.offset)) {
    fail(ErrorCode::bad_data, "offset: must be a finite number, got {}", model.offset);
  }
}

double spin(Category state) noexcept { return state == 0 ? -1.0 : 1.0; }

}  // namespace

double energy(const FactorModel& model, std::span<const Category> states) noexcept {
  double sum = model.offset;
  for (const auto& table : model.tables) {
    std::size_t entry = 0;
    for (const std::uint32_t v : table.variables) entry = entry * model.num_states[v] + states[v];
    sum += table.energies[entry];
  }
  for (const auto& product : model.products) {
    double sign = 1.0;
    for (const std::uint32_t v : product.spins) sign *= spin(states[v]);
    sum -= product.coupling * sign;
  }
  for (const auto& e : model.equalities) sum -= states[e.i] == states[e.j] ? e.coupling : 0.0;
  return sum;
}

FactorProgram::FactorProgram(const FactorModel& model)
    : num_states_(model.num_states),
      offset_(model.offset),
      clamps_(model.clamps),
      clamped_(model.num_states.size(), kFree),
      equalities_(model.equalities) {
  check(model);
  for (const std::uint32_t q : num_states_) most_states_ = std::max(most_states_, q);
  for (const auto& clamp : clamps_) clamped_[clamp.variable] = clamp.state;
  add_factors(model);
  set_blocks(model);
}

void FactorProgram::add_factors(const FactorModel& model) {
  struct At {
    std::uint32_t variable;
    Incidence incidence;
  };
  std::vector<At> met;
  for (const auto& table : model.tables) {
    const auto order = static_cast<std::uint32_t>(table.variables.size());
    const auto factor = static_cast<std::uint32_t>(tables_.size());
    tables_.push_back({static_cast<std::uint32_t>(members_.size()), order, entries_.size()});
    std::uint64_t stride = table.energies.size();
    for (const std::uint32_t v : table.variables) {
      stride /= num_states_[v];
      members_.push_back(v);
      strides_.push_back(stride);
      met.push_back({v, {Kind::table, factor, stride}});
    }
    entries_.insert(entries_.end(), table.energies.begin(), table.energies.end());
  }
  for (const auto& product : model.products) {
    const auto factor = static_cast<std::uint32_t>(products_.size());
    products_.push_back({static_cast<std::uint32_t>(members_.size()),
                         static_cast<std::uint32_t>(product.spins.size()), product.coupling});
    for (const std::uint32_t v : product.spins) {
      members_.push_back(v);
      strides_.push_back(0);
      met.push_back({v, {Kind::product, factor, 0}});
    }
  }
  for (std::uint32_t factor = 0; factor < equalities_.size(); ++factor) {
    const auto& e = equalities_[factor];
    met.push_back({e.i, {Kind::equality, factor, e.j}});
    met.push_back({e.j, {Kind::equality, factor, e.i}});
  }
  std::ranges::stable_sort(met, {}, &At::variable);
  incidence_start_.assign(num_states_.size() + 1, 0);
  for (const auto& [variable, incidence] : met) {
    ++incidence_start_[variable + 1];
    incidences_.push_back(incidence);
  }
  for (std::size_t v = 0; v < num_states_.size(); ++v)
    incidence_start_[v + 1] += incidence_start_[v];
}

std::uint64_t FactorProgram::entry_of(const Table& table,
                                      std::span<const Category> states) const noexcept {
  std::uint64_t entry = table.first_entry;
  for (std::uint32_t m = table.first_member; m < table.first_member + table.order; ++m) {
    entry += strides_[m] * states[members_[m]];
  }
  return entry;
}

double FactorProgram::sign_of(const Product& product,
                              std::span<const Category> states) const noexcept {
  std::uint32_t down = 0;
  for (std::uint32_t m = product.first_member; m < product.first_member + product.order; ++m) {
    down += states[members_[m]] == 0 ? 1U : 0U;
  }
  return down % 2 == 0 ? 1.0 : -1.0;
}

double FactorProgram::energy(std::span<const Category> states) const noexcept {
  double sum = offset_;
  for (const auto& table : tables_) sum += entries_[entry_of(table, states)];
  for (const auto& product : products_) sum -= product.coupling * sign_of(product, states);
  for (const auto& e : equalities_) sum -= states[e.i] == states[e.j] ? e.coupling : 0.0;
  return sum;
}

void FactorProgram::conditional_energies(std::span<const Category> states, std::uint32_t variable,
                                         std::span<double> energies) const noexcept {
  const std::uint32_t q = num_states_[variable];
  std::fill_n(energies.begin(), q, 0.0);
  for (std::uint64_t k = incidence_start_[variable]; k < incidence_start_[variable + 1]; ++k) {
    const auto& at = incidences_[k];
    switch (at.kind) {
      case Kind::table: {
        const double* entry =
            entries_.data() + entry_of(tables_[at.factor], states) - at.stride * states[variable];
        for (std::uint32_t state = 0; state < q; ++state)
          energies[state] += entry[at.stride * state];
        break;
      }
      case Kind::product: {
        const auto& product = products_[at.factor];
        // The product of the others.
        const double rest = sign_of(product, states) * spin(states[variable]);
        energies[0] += product.coupling * rest;
        energies[1] -= product.coupling * rest;
        break;
      }
      case Kind::equality: {
        const Category partner = states[at.stride];
        if (partner < q) energies[partner] -= equalities_[at.factor].coupling;
        break;
      }
    }
  }
}

void FactorProgram::neighbours(std::uint32_t variable, std::vector<std::uint32_t>& out) const {
  out.clear();
  for (std::uint64_t k = incidence_start_[variable]; k < incidence_start_[variable + 1]; ++k) {
    const auto& at = incidences_[k];
    if (at.kind == Kind::equality) {
      out.push_back(static_cast<std::uint32_t>(at.stride));
      continue;
    }
    const bool table = at.kind == Kind::table;
    const std::uint32_t first =
        table ? tables_[at.factor].first_member : products_[at.factor].first_member;
    const std::uint32_t order = table ? tables_[at.factor].order : products_[at.factor].order;
    out.insert(out.end(), members_.begin() + first, members_.begin() + first + order);
  }
}

// Greedy, variables of many factors first, as IsingProgram colours (Welsh and Powell 1967).
std::vector<std::vector<std::uint32_t>> FactorProgram::colour_classes() const {
  std::vector<std::uint32_t> by_degree(size());
  std::iota(by_degree.begin(), by_degree.end(), 0U);
  std::erase_if(by_degree, [&](std::uint32_t v) { return is_clamped(v); });
  std::ranges::stable_sort(by_degree, std::ranges::greater{}, [&](std::uint32_t v) {
    return incidence_start_[v + 1] - incidence_start_[v];
  });
  std::vector<std::uint32_t> colour(size(), kFree);
  std::vector<std::uint32_t> taken_by(std::size_t{size()} + 1, kFree);  // [colour] last asker
  std::vector<std::vector<std::uint32_t>> classes;
  std::vector<std::uint32_t> near;
  for (const std::uint32_t v : by_degree) {
    neighbours(v, near);
    for (const std::uint32_t other : near) {
      if (colour[other] != kFree) taken_by[colour[other]] = v;
    }
    std::uint32_t free = 0;
    while (taken_by[free] == v) ++free;
    colour[v] = free;
    if (free == classes.size()) classes.emplace_back();
    classes[free].push_back(v);
  }
  for (auto& members : classes) std::ranges::sort(members);
  return classes;
}

void FactorProgram::set_blocks(const FactorModel& model) {
  const auto& blocks = model.blocks.empty() ? colour_classes() : model.blocks;
  std::vector<std::uint32_t> block_of(size(), kFree);
  std::vector<std::uint32_t> near;
  block_start_ = {0};
  for (std::uint32_t b = 0; b < blocks.size(); ++b) {
    for (const std::uint32_t v : blocks[b]) {
      check_members(size(), {&v, 1}, "block", b);
      if (block_of[v] != kFree) {
        fail(ErrorCode::bad_data, "block {}: variable {} is in block {} already", b, v,
             block_of[v]);
      }
      block_of[v] = b;
      if (is_clamped(v)) continue;
      neighbours(v, near);
      for (const std::uint32_t other : near) {
        if (other != v && block_of[other] == b && !is_clamped(other)) {
          fail(ErrorCode::bad_data, "block {}: variables {} and {} share a factor", b, other, v);
        }
      }
      order_.push_back(v);
    }
    block_start_.push_back(static_cast<std::uint32_t>(order_.size()));
  }
  for (std::uint32_t v = 0; v < size(); ++v) {
    if (block_of[v] == kFree && !is_clamped(v)) {
      fail(ErrorCode::bad_data, "blocks: variable {} is in none and is not clamped", v);
    }
  }
}

}  // namespace therma
