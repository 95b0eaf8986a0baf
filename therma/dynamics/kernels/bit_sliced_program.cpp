// SPDX-License-Identifier: Apache-2.0
// Finds the common unit of a program's numbers and lays its rows out by binary digit.
#include "therma/dynamics/kernels/bit_sliced_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace therma::kernels {
namespace {

constexpr double kTolerance = 1e-12;  // of the largest number: what rounding may have left

// Euclid's algorithm on reals; remainders within `noise` count as zero.
double common_divisor(double a, double b, double noise) {
  while (b > noise) {
    const double rest = std::abs(std::remainder(a, b));
    a = b;
    b = rest;
  }
  return a;
}

// A term of a row in units: the spin's position and its weight.
struct Term {
  std::uint32_t at;
  int weight;
};

class Slicer {
 public:
  Slicer(const IsingProgram& program, double unit) : program_(program) {
    out_.unit = unit;
    out_.offset = program.offset();
  }

  SlicedProgram run() && {
    out_.position_of.resize(program_.size());
    out_.site_at.reserve(program_.size());
    for (std::size_t c = 0; c < program_.num_colours(); ++c) place_class(program_.colour_class(c));
    out_.class_start = {0};
    std::uint32_t begin = 0;
    for (std::size_t c = 0; c < program_.num_colours(); ++c) {
      const auto end = begin + static_cast<std::uint32_t>(program_.colour_class(c).size());
      for (std::uint32_t at = begin; at < end; ++at) add_site(at, at == begin);
      out_.class_start.push_back(static_cast<std::uint32_t>(out_.runs.size()));
      begin = end;
    }
    add_bonds();
    return std::move(out_);
  }

 private:
  [[nodiscard]] int in_units(double value) const {
    return static_cast<int>(std::lround(value / out_.unit));
  }
  [[nodiscard]] bool has_field(std::uint32_t site) const { return program_.fields()[site] != 0.0; }

  // Rows of weight 1 throughout by their length, all others behind them.
  [[nodiscard]] std::uint32_t shape(std::uint32_t site) const {
    const auto values = program_.couplings().values(site);
    const auto is_unit = [&](double v) { return std::abs(in_units(v)) == 1; };
    const bool plain = std::ranges::all_of(values, is_unit) &&
                       (!has_field(site) || is_unit(program_.fields()[site]));
    const auto length = static_cast<std::uint32_t>(values.size()) + (has_field(site) ? 1 : 0);
    return plain && length <= kMostUnitInputs ? length : kByDigits;
  }

  void place_class(std::span<const std::uint32_t> sites) {
    std::vector<std::uint32_t> order(sites.begin(), sites.end());
    std::ranges::stable_sort(order, {}, [&](std::uint32_t site) { return shape(site); });
    for (const std::uint32_t site : order) {
      out_.position_of[site] = static_cast<std::uint32_t>(out_.site_at.size());
      out_.site_at.push_back(site);
    }
  }

  [[nodiscard]] std::vector<Term> terms(std::uint32_t site) const {
    std::vector<Term> row;
    const auto columns = program_.couplings().columns(site);
    const auto values = program_.couplings().values(site);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      row.push_back({out_.position_of[columns[k]], in_units(values[k])});
    }
    if (has_field(site)) row.push_back({program_.size(), in_units(program_.fields()[site])});
    return row;
  }

  void add_site(std::uint32_t at, bool opens_class) {
    const std::uint32_t kind = shape(out_.site_at[at]);
    if (opens_class || kind != last_shape_) {
      out_.runs.push_back({.begin = at,
                           .end = at,
                           .unit_inputs = kind == kByDigits ? 0 : kind,
                           .by_digits = kind == kByDigits});
      last_shape_ = kind;
    }
    out_.runs.back().end = at + 1;

    SlicedSite site{.first_input = out_.inputs.size(), .digit_end = {}, .weight = 0};
    const auto row = terms(out_.site_at[at]);
    for (unsigned digit = 0; digit < kSlicedDigits; ++digit) {
      for (const auto& term : row) {
        if ((std::abs(term.weight) >> digit & 1) == 0) continue;
        out_.inputs.push_back({term.at, term.weight < 0 ? ~0U : 0U});
      }
      site.digit_end[digit] = static_cast<std::uint16_t>(out_.inputs.size() - site.first_input);
    }
    for (const auto& term : row) site.weight += static_cast<std::uint16_t>(std::abs(term.weight));
    out_.most_weight = std::max(out_.most_weight, site.weight);
    out_.sites.push_back(site);
  }

  void add_bonds() {
    out_.digit_start = {0};
    for (unsigned digit = 0; digit < kSlicedDigits; ++digit) {
      for (std::uint32_t at = 0; at < program_.size(); ++at) {
        const auto& site = out_.sites[at];
        for (std::size_t k = digit == 0 ? 0 : site.digit_end[digit - 1]; k < site.digit_end[digit];
             ++k) {
          const auto& input = out_.inputs[site.first_input + k];
          if (input.at < at) continue;  // met from its other end
          out_.bonds.push_back({at, input.at, input.flip});
          out_.total_weight += std::uint64_t{1} << digit;
        }
      }
      out_.digit_start.push_back(out_.bonds.size());
    }
  }

  static constexpr std::uint32_t kByDigits = ~0U;
  const IsingProgram& program_;
  SlicedProgram out_;
  std::uint32_t last_shape_ = 0;
};

}  // namespace

std::optional<double> common_unit(std::span<const double> a, std::span<const double> b,
                                  double most) {
  double largest = 0.0;
  for (const auto values : {a, b}) {
    for (const double v : values) largest = std::max(largest, std::abs(v));
  }
  if (largest == 0.0) return 1.0;
  const double noise = kTolerance * largest;
  double unit = largest;
  for (const auto values : {a, b}) {
    for (const double v : values) {
      if (v == 0.0) continue;
      unit = common_divisor(unit, std::abs(v), most * noise);
      if (unit * (most + 0.5) < largest) return std::nullopt;
    }
  }
  unit = largest / std::round(largest / unit);  // Euclid's rounding errors go
  for (const auto values : {a, b}) {
    for (const double v : values) {
      if (std::abs(v - unit * std::round(v / unit)) > noise) return std::nullopt;
    }
  }
  return unit;
}

std::string sliced_refusal(const IsingProgram& program) {
  const auto unit = common_unit(program.couplings().value, program.fields(), kMostWeight);
  if (!unit) {
    return fmt::format(
        "needs couplings and fields that are integers times one unit, at most {} of them",
        kMostWeight);
  }
  for (std::uint32_t site = 0; site < program.size(); ++site) {
    double weight = std::round(std::abs(program.fields()[site]) / *unit);
    for (const double v : program.couplings().values(site)) {
      weight += std::round(std::abs(v) / *unit);
    }
    if (weight > kMostWeight) {
      return fmt::format(
          "needs |h| + sum |J| of each spin to be at most {} units, and spin {} has {}",
          kMostWeight, site, weight);
    }
  }
  return "";
}

SlicedProgram slice(const IsingProgram& program) {
  const auto unit = common_unit(program.couplings().value, program.fields(), kMostWeight);
  return Slicer(program, unit.value_or(1.0)).run();
}

}  // namespace therma::kernels
