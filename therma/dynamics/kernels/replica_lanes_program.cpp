// SPDX-License-Identifier: Apache-2.0
// Lays an Ising program out for replica lanes, and what a beta makes of it.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "therma/dynamics/kernels/replica_lanes.hpp"

namespace therma::kernels::lanes {
namespace {

constexpr double kLargestSum = 32767.0;
constexpr double kReducedUnit = 2048.0;  // of the reduced field, per factor of two

// The size that every coupling and field is a whole multiple of, or 0.
double common_unit(const IsingProgram& program) {
  double unit = 0.0;
  const auto meet = [&](double value) {
    if (value != 0.0) unit = unit == 0.0 ? std::abs(value) : std::min(unit, std::abs(value));
  };
  std::ranges::for_each(program.couplings().value, meet);
  std::ranges::for_each(program.fields(), meet);
  const auto is_multiple = [&](double value) {
    return std::abs(value / unit - std::round(value / unit)) < 1e-9;
  };
  const bool all = unit > 0.0 && std::ranges::all_of(program.couplings().value, is_multiple) &&
                   std::ranges::all_of(program.fields(), is_multiple);
  return all ? unit : 0.0;
}

struct Reach {
  double total = 0.0;  // |h| + sum |J|
  double groups = 0.0;
  // The least unit in which no sum leaves 16 bits, each group's rounding included.
  [[nodiscard]] double least_unit() const {
    return total / (kLargestSum - 0.5 * (groups + 1.0) - 1.0);
  }
};

Reach reach_of(const IsingProgram& program, std::uint32_t site) {
  const auto values = program.couplings().values(site);
  Reach reach{.total = std::abs(program.fields()[site]),
              .groups = std::ceil(static_cast<double>(values.size()) / 4.0)};
  for (const double value : values) reach.total += std::abs(value);
  return reach;
}

// Sums of +-value for the 16 states of four spins, by a bit for each: up as 1.
std::array<double, 16> sums_of_four(const std::array<double, 4>& values) {
  std::array<double, 16> sums{};
  for (std::size_t state = 0; state < 16; ++state) {
    for (std::size_t k = 0; k < 4; ++k) {
      sums[state] += (state >> k & 1U) != 0 ? values[k] : -values[k];
    }
  }
  return sums;
}

// Fills `group` and returns the largest rounding error, in units.
double round_sums(const std::array<double, 4>& values, double unit, FieldGroup& group) {
  const auto sums = sums_of_four(values);
  double worst = 0.0;
  for (std::size_t state = 0; state < 16; ++state) {
    const double rounded = std::round(sums[state] / unit);
    worst = std::max(worst, std::abs(sums[state] / unit - rounded));
    const auto bits = static_cast<std::uint16_t>(static_cast<std::int16_t>(rounded));
    group.low[state] = static_cast<std::uint8_t>(bits & 0xFFU);
    group.high[state] = static_cast<std::uint8_t>(bits >> 8);
  }
  return worst;
}

// Pairs of a list in groups of four, the last one filled up with the site that is always down.
struct Pair {
  std::uint32_t position;
  double value;
};
template <class Visit>
void in_fours(std::span<const Pair> pairs, std::uint32_t nobody, Visit&& visit) {
  for (std::size_t first = 0; first < pairs.size(); first += 4) {
    std::array<std::uint32_t, 4> offsets;
    offsets.fill(nobody * kSiteBytes);
    std::array<double, 4> values{};
    for (std::size_t k = 0; k < std::min<std::size_t>(4, pairs.size() - first); ++k) {
      offsets[k] = pairs[first + k].position * kSiteBytes;
      values[k] = pairs[first + k].value;
    }
    visit(offsets, values);
  }
}

// How often sites' units are told apart: factors of sqrt(2), 20 octaves.
constexpr double kClassesPerOctave = 2.0;
constexpr double kMostClasses = 40.0;

void drop_unused_classes(LaneProgram& lanes) {
  std::vector<bool> used(lanes.classes.size(), false);
  for (const auto& site : lanes.sites) used[site.site_class] = true;
  std::vector<std::uint16_t> number(used.size(), 0);
  std::vector<SiteClass> kept;
  for (std::size_t c = 0; c < used.size(); ++c) {
    number[c] = static_cast<std::uint16_t>(kept.size());
    if (used[c]) kept.push_back(lanes.classes[c]);
  }
  for (auto& site : lanes.sites) site.site_class = number[site.site_class];
  lanes.classes = std::move(kept);
}

void add_fields(LaneProgram& lanes, const IsingProgram& program,
                std::span<const std::uint32_t> position_of) {
  double largest = 0.0, largest_total = 0.0;
  for (std::uint32_t site = 0; site < lanes.num_sites; ++site) {
    const auto reach = reach_of(program, site);
    largest = std::max(largest, reach.least_unit());
    largest_total = std::max(largest_total, reach.total);
  }
  double common = common_unit(program);
  const bool whole = common > 0.0 && largest <= common;
  if (whole) {
    // As fine as the sums allow: the first 16 bits decide little where one unit is a large step.
    while (largest > 0.0 && largest <= 0.5 * common) common *= 0.5;
    largest = common;
  }
  if (largest == 0.0) largest = 1.0;
  lanes.classes.resize(whole ? 1 : static_cast<std::size_t>(kMostClasses) + 1);
  for (std::size_t c = 0; c < lanes.classes.size(); ++c) {
    lanes.classes[c].unit = largest * std::exp2(-static_cast<double>(c) / kClassesPerOctave);
  }
  std::vector<Pair> pairs;
  for (const std::uint32_t site : lanes.site_at) {
    const double finest =
        std::floor(kClassesPerOctave * std::log2(largest / reach_of(program, site).least_unit()));
    std::size_t c = whole ? 0 : static_cast<std::size_t>(std::clamp(finest, 0.0, kMostClasses));
    // Rounding of log2 may have made the unit a hair too fine.
    while (c > 0 && lanes.classes[c].unit < reach_of(program, site).least_unit()) --c;
    auto& site_class = lanes.classes[c];
    const double field = program.fields()[site] / site_class.unit;
    double error = std::abs(field - std::round(field));
    lanes.sites.push_back({.first_group = static_cast<std::uint32_t>(lanes.groups.size()),
                           .field = static_cast<std::int16_t>(std::round(field)),
                           .site_class = static_cast<std::uint16_t>(c)});
    lanes.fields.push_back(program.fields()[site]);
    pairs.clear();
    const auto columns = program.couplings().columns(site);
    const auto values = program.couplings().values(site);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      pairs.push_back({position_of[columns[k]], values[k]});
    }
    in_fours(pairs, lanes.num_sites, [&](const auto& offsets, const auto& four) {
      FieldGroup group{.low = {}, .high = {}, .offsets = offsets};
      error += round_sums(four, site_class.unit, group);
      lanes.groups.push_back(group);
      lanes.couplings.push_back(four);
    });
    site_class.error = std::max(site_class.error, error);
  }
  lanes.sites.push_back({.first_group = static_cast<std::uint32_t>(lanes.groups.size())});
  drop_unused_classes(lanes);
}

void add_energies(LaneProgram& lanes, const IsingProgram& program,
                  std::span<const std::uint32_t> position_of) {
  const auto pairs_of = [&](std::uint32_t site) {
    std::vector<Pair> pairs;
    const auto columns = program.couplings().columns(site);
    const auto values = program.couplings().values(site);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      if (columns[k] > site) pairs.push_back({position_of[columns[k]], values[k]});
    }
    // A field is a coupling to a spin that is up: minus that to one that is down.
    if (program.fields()[site] != 0.0) pairs.push_back({lanes.num_sites, -program.fields()[site]});
    return pairs;
  };
  double largest = 0.0;
  for (const std::uint32_t site : lanes.site_at) {
    in_fours(pairs_of(site), lanes.num_sites, [&](const auto&, const auto& values) {
      double total = 0.0;
      for (const double v : values) total += std::abs(v);
      largest = std::max(largest, total);
    });
  }
  constexpr double kMost = 0x1.0p24 - 1.0;
  const double common = common_unit(program);
  if (largest > 0.0) lanes.energy_unit = largest <= common * kMost ? common : largest / kMost;
  lanes.energy_start.push_back(0);
  for (const std::uint32_t site : lanes.site_at) {
    in_fours(pairs_of(site), lanes.num_sites, [&](const auto& offsets, const auto& values) {
      EnergyGroup group{.planes = {}, .offsets = offsets};
      const auto sums = sums_of_four(values);  // a bit means here that the spins differ: E = +J
      for (std::size_t state = 0; state < 16; ++state) {
        const auto bits = static_cast<std::uint32_t>(
            static_cast<std::int32_t>(std::round(sums[state] / lanes.energy_unit)));
        for (std::size_t p = 0; p < 4; ++p) {
          group.planes[p][state] = static_cast<std::uint8_t>(bits >> (8 * p) & 0xFFU);
        }
      }
      lanes.energy_groups.push_back(group);
    });
    lanes.energy_start.push_back(static_cast<std::uint32_t>(lanes.energy_groups.size()));
  }
}

// Coefficients of powers 0 to 3 of the cubic through f at the Chebyshev nodes of [-1, 1].
template <class F>
std::array<double, 4> cubic(F&& f) {
  std::array<double, 4> x{}, y{};
  for (std::size_t k = 0; k < 4; ++k) {
    x[k] = std::cos(std::numbers::pi * (2.0 * static_cast<double>(k) + 1.0) / 8.0);
    y[k] = f(x[k]);
  }
  for (std::size_t order = 1; order < 4; ++order) {  // divided differences
    for (std::size_t k = 3; k >= order; --k) y[k] = (y[k] - y[k - 1]) / (x[k] - x[k - order]);
  }
  std::array<double, 4> c{y[3], 0.0, 0.0, 0.0};
  for (std::size_t k = 3; k-- > 0;) {  // c = c (x - x[k]) + y[k]
    for (std::size_t power = 3; power > 0; --power) c[power] = c[power - 1] - x[k] * c[power];
    c[0] = y[k] - x[k] * c[0];
  }
  return c;
}

double threshold_at(LaneRule rule, double reduced) {
  return rule == LaneRule::heat_bath ? 0x1.0p16 / (1.0 + std::exp2(reduced)) - 0x1.0p15
                                     : 0x1.0p15 * std::exp2(-reduced);
}

ThresholdTable make_table(LaneRule rule) {
  ThresholdTable table{.coefficients = {}, .bytes = {}};
  for (std::size_t piece = 0; piece < 8; ++piece) {
    const auto c = cubic(
        [&](double r) { return threshold_at(rule, 2.0 * static_cast<double>(piece) + 1.0 + r); });
    for (std::size_t power = 0; power < 4; ++power) {
      const auto value =
          static_cast<std::int16_t>(std::clamp(std::round(c[power]), -32768.0, kLargestSum));
      const auto bits = static_cast<std::uint16_t>(value);
      table.coefficients[power][piece] = value;
      table.bytes[power][2 * piece + 1] = static_cast<std::uint8_t>(bits & 0xFFU);
      table.bytes[power][(2 * piece + 2) % 16] = static_cast<std::uint8_t>(bits >> 8);
    }
  }
  double worst = 0.0;
  for (std::uint32_t t = 0; t <= kLargestReduced; ++t) {
    const auto at = static_cast<std::uint16_t>(t);
    worst = std::max(worst, std::abs(threshold(table, at) - exact_threshold(rule, at)));
  }
  table.error = static_cast<std::int32_t>(std::ceil(worst));
  return table;
}

struct LaneParameters {
  std::uint16_t m = 0, limit = 0, power = 1, shrink = 0, slack = 0, spread = 0;
};

// Of the reduced field: its size per unit of the sum, and the error of rounding the sum, the
// product before it is shifted, and m.
struct Scale {
  double lambda = 0.0;
  int shift = 0;         // k: lambda 2^-k < 1
  double error = 0.0;    // in units of t
  bool is_cold = false;  // then only the sign and a lower bound of the field are known
};

Scale scale_of(const SiteClass& site_class, double beta) noexcept {
  const double exact = 2.0 * beta * site_class.unit * std::numbers::log2e * kReducedUnit;
  const double cap = std::min(1024.0, 8000.0 / (site_class.error + 1.0));
  Scale scale{.lambda = std::min(exact, cap)};
  scale.shift = scale.lambda < 1.0 ? 0 : std::ilogb(scale.lambda) + 1;
  scale.error = site_class.error * scale.lambda + std::ldexp(0.5, scale.shift) + 2.0;
  scale.is_cold = exact > cap || scale.error > 0.5 * kReducedUnit;
  return scale;
}

// The margin is at least (slope + slack) spread with slope = R, or R (1 - R) where warm; spread is
// e ln2 2^e for an error e of the reduced field, docs/theory/replica-lanes.md eq. 6.
LaneParameters parameters_of(LaneRule rule, bool cold, const SiteClass& site_class, double beta) {
  const Scale scale = scale_of(site_class, beta);
  const int k = scale.shift;
  LaneParameters p{.power = static_cast<std::uint16_t>(1U << k)};
  p.m = static_cast<std::uint16_t>(
      std::min(std::round(std::ldexp(scale.lambda, 15 - k)), kLargestSum));
  p.limit = static_cast<std::uint16_t>(kLargestReduced >> k);
  const double e = scale.error / kReducedUnit;
  double spread = e * std::numbers::ln2 * std::exp2(e);
  if (scale.is_cold) {
    p.shrink = static_cast<std::uint16_t>(std::ceil(scale.error));
    spread = 1.0;
  }
  // The cubic's error, here and in the margin itself; R of the largest t; the word's own width.
  const double margin = threshold_table(rule).error * (1.0 + spread) + 6.0;
  const bool warm = rule == LaneRule::heat_bath && !cold;
  const double most_slack = warm ? 65535.0 - 0x1.0p14 : kLargestSum;
  const double scaled =
      std::max(std::ceil(0x1.0p16 * spread), std::ceil(0x1.0p16 * margin / most_slack));
  p.spread = static_cast<std::uint16_t>(std::min(scaled, 65535.0));
  auto slack = static_cast<std::uint32_t>(std::ceil(0x1.0p16 * margin / p.spread));
  if (rule == LaneRule::heat_bath) slack += warm ? 0x4000U : 0x8000U;  // R is stored less 2^15
  p.slack = static_cast<std::uint16_t>(slack);
  return p;
}

}  // namespace

LaneProgram::LaneProgram(const IsingProgram& program)
    : num_sites(program.size()),
      site_at(program.sweep_order().begin(), program.sweep_order().end()) {
  std::vector<std::uint32_t> position_of(num_sites);
  for (std::uint32_t k = 0; k < num_sites; ++k) position_of[site_at[k]] = k;
  for (std::size_t c = 0; c < program.num_colours(); ++c) {
    const auto end = class_end.size() + program.colour_class(c).size();
    class_end.resize(end, static_cast<std::uint32_t>(end));
  }
  add_fields(*this, program, position_of);
  add_energies(*this, program, position_of);
}

double exact_threshold(LaneRule rule, std::uint16_t t) noexcept {
  return threshold_at(rule, t / kReducedUnit);
}

std::int16_t threshold(const ThresholdTable& table, std::uint16_t t) noexcept {
  const auto piece = static_cast<std::size_t>(t >> 12);
  const auto r = static_cast<std::int16_t>(static_cast<std::uint16_t>(t << 4 ^ 0x8000));
  std::int32_t sum = table.coefficients[3][piece];
  for (std::size_t power = 3; power-- > 0;) {
    sum =
        static_cast<std::int16_t>(((sum * r + (1 << 14)) >> 15) + table.coefficients[power][piece]);
  }
  return static_cast<std::int16_t>(sum);
}

const ThresholdTable& threshold_table(LaneRule rule) noexcept {
  static const ThresholdTable kHeatBath = make_table(LaneRule::heat_bath);
  static const ThresholdTable kMetropolis = make_table(LaneRule::metropolis);
  return rule == LaneRule::heat_bath ? kHeatBath : kMetropolis;
}

bool is_cold(const SiteClass& site_class, double beta) noexcept {
  return scale_of(site_class, beta).is_cold;
}

void fill_parameters(LaneRule rule, bool cold, const SiteClass& site_class,
                     std::span<const double> betas, Parameters& parameters) {
  LaneParameters p;
  for (std::uint32_t r = 0; r < kLanes; ++r) {
    const bool same = r > 0 && (betas.size() == 1 || betas[r] == betas[r - 1]);
    if (!same) p = parameters_of(rule, cold, site_class, betas[r]);
    const std::uint32_t w = word_of(r);
    parameters.m[w] = p.m;
    parameters.limit[w] = p.limit;
    parameters.power[w] = p.power;
    parameters.shrink[w] = p.shrink;
    parameters.slack[w] = p.slack;
    parameters.spread[w] = p.spread;
  }
}

}  // namespace therma::kernels::lanes
