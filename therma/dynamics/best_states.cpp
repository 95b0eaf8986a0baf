// SPDX-License-Identifier: Apache-2.0
// Keeps the lowest distinct states.
#include "therma/dynamics/best_states.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>

#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/machine.hpp"

namespace therma {
namespace {

// The sign that makes the first value that is not zero positive.
double canonical_sign(std::span<const double> values) noexcept {
  for (const double value : values) {
    if (value != 0.0) return value < 0.0 ? -1.0 : 1.0;
  }
  return 1.0;
}

}  // namespace

BestStates::BestStates(std::uint32_t capacity, bool fold_mirrors)
    : capacity_(capacity), fold_mirrors_(fold_mirrors) {
  if (capacity == 0) {
    fail(ErrorCode::invalid_argument, "num_best: must be >= 1, got 0");
  }
}

double BestStates::lowest_energy() const noexcept {
  return states_.empty() ? std::numeric_limits<double>::infinity() : states_.front().energy;
}

bool BestStates::wants(double energy) const noexcept {
  if (states_.size() < capacity_) return energy == energy;
  return energy < states_.back().energy;
}

bool BestStates::offer(double energy, std::span<const double> values) {
  if (!wants(energy)) return false;
  const auto print = fingerprint(values);
  if (holds(print, values)) return false;
  const auto place = std::ranges::upper_bound(states_, energy, {}, &FoundState::energy);
  prints_.insert(prints_.begin() + (place - states_.begin()), print);
  states_.insert(place, {energy, {values.begin(), values.end()}});
  if (states_.size() > capacity_) {
    states_.pop_back();
    prints_.pop_back();
  }
  return true;
}

void BestStates::offer_all(const Machine& machine, std::span<const double> energies) {
  for (std::size_t r = 0; r < energies.size(); ++r) {
    if (!wants(energies[r])) continue;
    scratch_.resize(machine.num_variables());
    machine.read(static_cast<std::uint32_t>(r), scratch_);
    offer(energies[r], scratch_);
  }
}

// FNV-1a over the words of the values, mirrored where mirrors are one.
std::uint64_t BestStates::fingerprint(std::span<const double> values) const noexcept {
  const double sign = fold_mirrors_ ? canonical_sign(values) : 1.0;
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const double value : values) {
    hash = (hash ^ std::bit_cast<std::uint64_t>(sign * value + 0.0)) * 0x100000001B3;
    hash ^= hash >> 29;  // the low bits of most values are zero
  }
  return hash;
}

bool BestStates::same(std::span<const double> a, std::span<const double> b) const noexcept {
  if (std::ranges::equal(a, b)) return true;
  return fold_mirrors_ && std::ranges::equal(a, b, {}, {}, std::negate<>{});
}

bool BestStates::holds(std::uint64_t print, std::span<const double> values) const noexcept {
  for (std::size_t k = 0; k < states_.size(); ++k) {
    if (prints_[k] == print && same(states_[k].values, values)) return true;
  }
  return false;
}

std::string BestStates::save() const {
  const std::uint64_t size = states_.empty() ? 0 : states_.front().values.size();
  ArchiveWriter out("best states", capacity_, 0);
  out.put(std::uint64_t{states_.size()});
  out.put(size);
  for (const auto& state : states_) {
    out.put(state.energy);
    out.put_all<double>(state.values);
  }
  return std::move(out).bytes();
}

void BestStates::restore(std::string_view bytes) {
  ArchiveReader in(bytes, "best states", capacity_, 0);
  const auto count = in.get<std::uint64_t>();
  const auto size = in.get<std::uint64_t>();
  if (count > capacity_) {
    fail(ErrorCode::bad_data, "best states: {} states where {} are kept", count, capacity_);
  }
  in.require(size, sizeof(double));
  states_.clear();
  prints_.clear();
  for (std::uint64_t k = 0; k < count; ++k) {
    FoundState state{.energy = in.get<double>(), .values = std::vector<double>(size)};
    in.get_all<double>(state.values);
    prints_.push_back(fingerprint(state.values));
    states_.push_back(std::move(state));
  }
  in.finish();
}

void write_states(Machine& machine, std::span<const FoundState> states) {
  if (states.empty()) fail(ErrorCode::invalid_argument, "initial states: must be at least one");
  for (const auto& state : states) {
    if (state.values.size() != machine.num_variables()) {
      fail(ErrorCode::invalid_argument, "initial states: must have {} values each, got {}",
           machine.num_variables(), state.values.size());
    }
  }
  for (std::uint32_t r = 0; r < machine.num_replicas(); ++r) {
    machine.write(r, states[r % states.size()].values);
  }
}

}  // namespace therma
