// SPDX-License-Identifier: Apache-2.0
// The lowest distinct states that a search saw, whichever chain saw them and whenever.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace therma {

class Machine;

struct FoundState {
  double energy = 0.0;
  std::vector<double> values;  // [variable] as Machine::read gives them
};

// Keeps the `capacity` states of lowest energy among those offered, no two of them equal. Of equal
// energies the one offered first stays in front, so that the answer does not depend on threads.
class BestStates {
 public:
  // fold_mirrors: a state and its mirror image (every sign turned) count as one; sound for spins
  // without fields. Throws Error{invalid_argument} for capacity 0.
  explicit BestStates(std::uint32_t capacity = 1, bool fold_mirrors = false);

  // Lowest first.
  [[nodiscard]] std::span<const FoundState> states() const noexcept { return states_; }
  // Infinite before the first state.
  [[nodiscard]] double lowest_energy() const noexcept;
  // Whether a state of this energy would be kept, unless it is there already. NaN never is.
  [[nodiscard]] bool wants(double energy) const noexcept;

  // Whether the state was kept. values: [variable]
  bool offer(double energy, std::span<const double> values);
  // Every replica that it wants, in index order. energies: [replica]. Cost: one comparison for each
  // replica, and a read of those that are wanted.
  void offer_all(const Machine& machine, std::span<const double> energies);

  [[nodiscard]] std::vector<FoundState> take() && { return std::move(states_); }

  // The states kept, for a checkpoint; restore() throws Error{bad_data} on anything else.
  [[nodiscard]] std::string save() const;
  void restore(std::string_view bytes);

 private:
  [[nodiscard]] std::uint64_t fingerprint(std::span<const double> values) const noexcept;
  [[nodiscard]] bool same(std::span<const double> a, std::span<const double> b) const noexcept;
  [[nodiscard]] bool holds(std::uint64_t print, std::span<const double> values) const noexcept;

  std::uint32_t capacity_;
  bool fold_mirrors_;
  std::vector<FoundState> states_;
  std::vector<std::uint64_t> prints_;  // [state] fingerprints: unequal prints, unequal states
  std::vector<double> scratch_;        // [variable]
};

// Writes the states to the machine's replicas, first to last and round again: a warm start.
// Throws Error{invalid_argument} where there are none, or one has not num_variables() values.
void write_states(Machine& machine, std::span<const FoundState> states);

}  // namespace therma
