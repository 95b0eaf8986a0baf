// SPDX-License-Identifier: Apache-2.0
// Compiles Ising models: rows, fields, colour classes.
#include "therma/energy/ising.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr std::uint32_t kNoColour = ~0U;

// Greedy colouring, spins of many neighbours first (Welsh and Powell, Comput. J. 10, 1967): at
// most max degree + 1 colours, two on an even torus.
std::vector<std::uint32_t> greedy_colours(const SymmetricRows& rows, std::uint32_t size) {
  std::vector<std::uint32_t> by_degree(size);
  std::iota(by_degree.begin(), by_degree.end(), 0U);
  std::ranges::stable_sort(by_degree, std::ranges::greater{},
                           [&](std::uint32_t i) { return rows.columns(i).size(); });
  std::vector<std::uint32_t> colour(size, kNoColour);
  std::vector<std::uint32_t> taken_by(std::size_t{size} + 1, kNoColour);  // [colour] last asker
  for (const std::uint32_t site : by_degree) {
    for (const std::uint32_t neighbour : rows.columns(site)) {
      if (colour[neighbour] != kNoColour) taken_by[colour[neighbour]] = site;
    }
    std::uint32_t free = 0;
    while (taken_by[free] == site) ++free;
    colour[site] = free;
  }
  return colour;
}

}  // namespace

double energy(const IsingModel& model, std::span<const Spin> spins) noexcept {
  double sum = model.offset;
  for (const auto& c : model.couplings) sum -= c.value * spins[c.i] * spins[c.j];
  for (std::size_t i = 0; i < model.fields.size(); ++i) sum -= model.fields[i] * spins[i];
  return sum;
}

IsingProgram::IsingProgram(const IsingModel& model) : offset_(model.offset) {
  check_couplings(model.num_spins, model.couplings, "spins");
  check_numbers(model.num_spins, model.fields, "field");
  if (!std::isfinite(model.offset)) {
    fail(ErrorCode::bad_data, "offset: must be a finite number, got {}", model.offset);
  }
  rows_ = symmetric_rows(model.num_spins, model.couplings);
  fields_ = model.fields;
  fields_.resize(model.num_spins, 0.0);

  const auto colours = greedy_colours(rows_, model.num_spins);
  order_.resize(model.num_spins);
  std::iota(order_.begin(), order_.end(), 0U);
  std::ranges::stable_sort(order_, {}, [&](std::uint32_t site) { return colours[site]; });
  colour_start_ = {0};
  for (std::uint32_t k = 1; k < size(); ++k) {
    if (colours[order_[k]] != colours[order_[k - 1]]) colour_start_.push_back(k);
  }
  if (size() > 0) colour_start_.push_back(size());
}

double IsingProgram::energy(std::span<const Spin> spins) const noexcept {
  double sum = 0.0;
  for (std::uint32_t i = 0; i < size(); ++i) {
    // Each pair is met from both of its ends: half of the coupling part, all of the field's.
    sum += spins[i] * 0.5 * (fields_[i] + local_field(spins, i));
  }
  return offset_ - sum;
}

}  // namespace therma
