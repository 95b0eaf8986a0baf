// SPDX-License-Identifier: Apache-2.0
// Lays a program out by colour, and finds which neighbours of 32 sites lie side by side.
#include "therma/dynamics/kernels/colour_lanes_program.hpp"

#include <algorithm>
#include <cmath>

#include "therma/dynamics/kernels/bit_sliced_program.hpp"

namespace therma::kernels {
namespace {

constexpr double kMostNarrow = 127, kMostWide = 32767;
constexpr double kFloatRounding = 0x1.0p-21;  // of k: four roundings of 2^-24 and a margin

struct Neighbour {
  std::uint32_t position;
  double weight;
};

// Rows of one block, each by position; what a slot took is removed.
class Rows {
 public:
  explicit Rows(std::vector<std::vector<Neighbour>> rows) : rows_(std::move(rows)) {}

  [[nodiscard]] std::size_t count() const { return rows_.size(); }
  [[nodiscard]] const std::vector<Neighbour>& row(std::size_t t) const { return rows_[t]; }
  [[nodiscard]] bool has(std::size_t t, std::uint32_t position) const {
    return std::ranges::binary_search(rows_[t], position, {}, &Neighbour::position);
  }
  double take(std::size_t t, std::uint32_t position) {
    const auto found = std::ranges::lower_bound(rows_[t], position, {}, &Neighbour::position);
    const double weight = found->weight;
    rows_[t].erase(found);
    return weight;
  }
  double take_first(std::size_t t) {
    const double weight = rows_[t].front().weight;
    rows_[t].erase(rows_[t].begin());
    return weight;
  }
  // How many lanes from t on have the neighbour start + t (positions wrap below zero).
  [[nodiscard]] std::size_t lanes_up(std::size_t t, std::uint32_t start) const {
    std::size_t end = t;
    while (end < count() && has(end, start + static_cast<std::uint32_t>(end))) ++end;
    return end;
  }
  [[nodiscard]] std::size_t lanes_down(std::uint32_t start) const {
    std::size_t begin = count();
    while (begin > 0 && has(begin - 1, start + static_cast<std::uint32_t>(begin - 1))) --begin;
    return begin;
  }

 private:
  std::vector<std::vector<Neighbour>> rows_;
};

// The slots of one block: where spins are read, and the weights in lanes.
struct Slots {
  std::vector<std::uint32_t> runs, splits, gathers;
  std::vector<double> run_weights, split_weights, gather_weights;
};

void take_runs(Rows& rows, Slots& out) {
  const auto first = rows.row(0);
  for (const auto& n : first) {
    if (rows.lanes_up(0, n.position) < rows.count()) continue;
    out.runs.push_back(n.position + kSpinPadding);
    for (std::uint32_t t = 0; t < kSitesPerBlock; ++t) {
      out.run_weights.push_back(t < rows.count() ? rows.take(t, n.position + t) : 0.0);
    }
  }
}

void take_splits(Rows& rows, std::size_t shortest, Slots& out) {
  const auto first = rows.row(0);
  const auto last_lane = static_cast<std::uint32_t>(rows.count() - 1);
  for (const auto& n : first) {
    if (!rows.has(0, n.position)) continue;
    const std::size_t cut = rows.lanes_up(0, n.position);
    if (cut < shortest) continue;
    const auto last = rows.row(last_lane);
    const auto fits = std::ranges::find_if(
        last, [&](const Neighbour& m) { return rows.lanes_down(m.position - last_lane) <= cut; });
    if (fits == last.end()) continue;
    const std::uint32_t second = fits->position - last_lane;
    out.splits.insert(out.splits.end(), {n.position + kSpinPadding, second + kSpinPadding,
                                         static_cast<std::uint32_t>(cut)});
    for (std::uint32_t t = 0; t < kSitesPerBlock; ++t) {
      const std::uint32_t from = t < cut ? n.position : second;
      out.split_weights.push_back(t < rows.count() ? rows.take(t, from + t) : 0.0);
    }
  }
}

void take_gathers(Rows& rows, Slots& out) {
  const auto left = [&] {
    for (std::size_t t = 0; t < rows.count(); ++t) {
      if (!rows.row(t).empty()) return true;
    }
    return false;
  };
  while (left()) {
    for (std::uint32_t t = 0; t < kSitesPerBlock; ++t) {
      const bool has = t < rows.count() && !rows.row(t).empty();
      out.gathers.push_back((has ? rows.row(t).front().position : 0) + kSpinPadding);
      out.gather_weights.push_back(has ? rows.take_first(t) : 0.0);
    }
  }
}

class Layout {
 public:
  explicit Layout(const IsingProgram& program) : program_(program) {
    const auto& values = program.couplings().value;
    const auto unit = common_unit(values, program.fields(), kMostWide);
    for (std::uint32_t site = 0; site < program.size(); ++site) {
      most_ = std::max(most_, weight(site));
    }
    if (unit && most_ <= *unit * (kMostWide + 0.5)) out_.unit = *unit;
    out_.narrow = out_.unit > 0.0 && most_ <= out_.unit * (kMostNarrow + 0.5);
    if (out_.narrow) out_.most_weight = static_cast<std::uint32_t>(std::lround(most_ / out_.unit));
  }

  ColourProgram run() && {
    out_.position_of.resize(program_.size());
    out_.class_start = {0};
    for (std::size_t c = 0; c < program_.num_colours(); ++c) place(program_.colour_class(c));
    for (std::size_t b = 0; b < out_.site_at.size() / kSitesPerBlock; ++b) add_block(b);
    return std::move(out_);
  }

 private:
  [[nodiscard]] double weight(std::uint32_t site) const {
    double sum = std::abs(program_.fields()[site]);
    for (const double v : program_.couplings().values(site)) sum += std::abs(v);
    return sum;
  }

  // By degree, so that blocks waste few slots; regular graphs keep their order.
  void place(std::span<const std::uint32_t> sites) {
    std::vector<std::uint32_t> order(sites.begin(), sites.end());
    std::ranges::stable_sort(
        order, {}, [&](std::uint32_t site) { return program_.couplings().columns(site).size(); });
    for (const std::uint32_t site : order) {
      out_.position_of[site] = static_cast<std::uint32_t>(out_.site_at.size());
      out_.site_at.push_back(site);
    }
    while (out_.site_at.size() % kSitesPerBlock != 0) out_.site_at.push_back(kNoSite);
    out_.class_start.push_back(static_cast<std::uint32_t>(out_.site_at.size() / kSitesPerBlock));
  }

  [[nodiscard]] std::vector<Neighbour> neighbours(std::uint32_t site) const {
    std::vector<Neighbour> row;
    const auto columns = program_.couplings().columns(site);
    const auto values = program_.couplings().values(site);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      row.push_back({out_.position_of[columns[k]], values[k]});
    }
    std::ranges::sort(row, {}, &Neighbour::position);
    return row;
  }

  void add_block(std::size_t b) {
    const auto sites = std::span(out_.site_at).subspan(b * kSitesPerBlock, kSitesPerBlock);
    std::vector<std::vector<Neighbour>> rows;
    double most = 0.0;
    std::size_t most_terms = 0;
    for (const std::uint32_t site : sites) {
      if (site == kNoSite) break;
      rows.push_back(neighbours(site));
      most = std::max(most, weight(site));
      most_terms = std::max(most_terms, rows.back().size() + 1);
    }
    Rows left(std::move(rows));
    Slots slots;
    take_runs(left, slots);
    take_splits(left, 2, slots);  // one lane fits anything: those come last
    take_splits(left, 1, slots);
    take_gathers(left, slots);

    // Room for all roundings at once, by half a unit of the scale each.
    const double room = kMostWide - 0.5 * static_cast<double>(most_terms);
    const double scale = out_.unit > 0.0 ? out_.unit : std::max(most, 1e-300) / room;
    const double rounding = out_.unit > 0.0 ? 0.0 : rounding_of(sites, scale);
    out_.blocks.push_back(
        {.first_slot = num_slots_,
         .first_source = out_.sources.size(),
         .num_runs = static_cast<std::uint32_t>(slots.runs.size()),
         .num_splits = static_cast<std::uint32_t>(slots.splits.size() / 3),
         .num_gathers = static_cast<std::uint32_t>(slots.gathers.size() / kSitesPerBlock),
         .scale = static_cast<float>(scale),
         .slack = static_cast<float>(rounding + most / scale * kFloatRounding)});
    for (const auto* from : {&slots.runs, &slots.splits, &slots.gathers}) {
      out_.sources.insert(out_.sources.end(), from->begin(), from->end());
    }
    add_numbers(sites, slots, scale);
  }

  // The most by which a field can be off, in units of the scale: the sum of a row's roundings.
  [[nodiscard]] double rounding_of(std::span<const std::uint32_t> sites, double scale) const {
    const auto off = [&](double v) { return std::abs(v / scale - std::round(v / scale)); };
    double worst = 0.0;
    for (const std::uint32_t site : sites) {
      if (site == kNoSite) break;
      double sum = off(program_.fields()[site]);
      for (const double v : program_.couplings().values(site)) sum += off(v);
      worst = std::max(worst, sum);
    }
    return worst;
  }

  void add_numbers(std::span<const std::uint32_t> sites, const Slots& slots, double scale) {
    long bases[kSitesPerBlock] = {};
    for (std::size_t t = 0; t < kSitesPerBlock; ++t) {
      if (sites[t] != kNoSite) bases[t] = std::lround(program_.fields()[sites[t]] / scale);
    }
    for (const auto* from : {&slots.run_weights, &slots.split_weights, &slots.gather_weights}) {
      for (std::size_t k = 0; k < from->size(); ++k) {
        const long w = std::lround((*from)[k] / scale);
        bases[k % kSitesPerBlock] += w;
        put(w, out_.narrow_weights, out_.wide_weights);
      }
      num_slots_ += from->size() / kSitesPerBlock;
    }
    for (const long base : bases) put(base, out_.narrow_bases, out_.wide_bases);
  }

  void put(long value, std::vector<std::int8_t>& narrow, std::vector<std::int16_t>& wide) const {
    if (out_.narrow) {
      narrow.push_back(static_cast<std::int8_t>(value));
    } else {
      wide.push_back(static_cast<std::int16_t>(value));
    }
  }

  const IsingProgram& program_;
  double most_ = 0.0;
  std::uint64_t num_slots_ = 0;
  ColourProgram out_;
};

}  // namespace

ColourProgram lay_out_by_colour(const IsingProgram& program) { return Layout(program).run(); }

}  // namespace therma::kernels
