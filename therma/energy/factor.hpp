// SPDX-License-Identifier: Apache-2.0
// Factor models: variables of any number of states, energies of any order among them, blocks and
// clamped variables.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/energy/ising.hpp"
#include "therma/energy/qubo.hpp"

namespace therma {

// A state 0 ... n - 1. A variable of two states is a spin: 0 is down (-1), 1 is up (+1).
using Category = std::uint16_t;

// An energy for each combination of its variables' states, the first variable slowest.
struct TableFactor {
  std::vector<std::uint32_t> variables = {};
  std::vector<double> energies = {};
};

// E = -J s_a s_b s_c ... of spins, any number of them.
struct ProductFactor {
  std::vector<std::uint32_t> spins = {};
  double coupling = 0.0;  // J
};

// E = -J where both are in the same state (a Potts bond), else 0.
struct EqualityFactor {
  std::uint32_t i = 0;
  std::uint32_t j = 0;
  double coupling = 0.0;  // J
};

struct Clamp {
  std::uint32_t variable = 0;
  Category state = 0;
};

// Factors add up; docs/theory/factors.md eq. 1.
struct FactorModel {
  std::vector<std::uint32_t> num_states = {};  // [variable], 1 to 65535
  std::vector<TableFactor> tables = {};
  std::vector<ProductFactor> products = {};
  std::vector<EqualityFactor> equalities = {};
  std::vector<Clamp> clamps = {};  // these condition the others and are never updated
  // The order of a sweep: every variable that is not clamped in one of them. No two of a block may
  // share a factor. Empty: colour classes, found by the program.
  std::vector<std::vector<std::uint32_t>> blocks = {};
  double offset = 0.0;
};

// Largest table, and all tables of a model together (8 bytes each).
inline constexpr std::uint64_t kMostTableEntries = std::uint64_t{1} << 24;
inline constexpr std::uint64_t kMostModelEntries = std::uint64_t{1} << 27;

// The energy by its definition, the plain twin of FactorProgram::energy. states: [variable]
[[nodiscard]] double energy(const FactorModel& model, std::span<const Category> states) noexcept;

// A compiled model: flat, immutable, safe to share.
class FactorProgram {
 public:
  // Throws Error{bad_data}, in one sentence: an index or a state out of range, a variable twice in
  // one factor, a table of the wrong or too large a size, a product over a variable that is no
  // spin, a number that is not finite, blocks that miss or repeat a variable or hold two that share
  // a factor.
  explicit FactorProgram(const FactorModel& model);

  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(num_states_.size());
  }
  [[nodiscard]] std::uint32_t num_states(std::uint32_t variable) const noexcept {
    return num_states_[variable];
  }
  [[nodiscard]] bool is_spin(std::uint32_t variable) const noexcept {
    return num_states_[variable] == 2;
  }
  [[nodiscard]] std::uint32_t most_states() const noexcept { return most_states_; }
  [[nodiscard]] double offset() const noexcept { return offset_; }

  [[nodiscard]] bool is_clamped(std::uint32_t variable) const noexcept {
    return clamped_[variable] != kFree;
  }
  [[nodiscard]] std::span<const Clamp> clamps() const noexcept { return clamps_; }

  // Blocks of variables that share no factor; clamped ones are in none.
  [[nodiscard]] std::size_t num_blocks() const noexcept { return block_start_.size() - 1; }
  [[nodiscard]] std::span<const std::uint32_t> block(std::size_t k) const noexcept {
    return std::span(order_).subspan(block_start_[k], block_start_[k + 1] - block_start_[k]);
  }
  // Every variable that is not clamped once, block after block: the order of a sweep.
  [[nodiscard]] std::span<const std::uint32_t> sweep_order() const noexcept { return order_; }

  // states: [variable]
  [[nodiscard]] double energy(std::span<const Category> states) const noexcept;

  // For each state of one variable the energy of its own factors, the others as they are: all that
  // its conditional law needs, docs/theory/factors.md eq. 2. energies: [num_states(variable)].
  // Cost: its factors, times its states for tables.
  void conditional_energies(std::span<const Category> states, std::uint32_t variable,
                            std::span<double> energies) const noexcept;

 private:
  static constexpr std::uint32_t kFree = ~0U;

  struct Table {
    std::uint32_t first_member;  // into members_ and strides_
    std::uint32_t order;
    std::uint64_t first_entry;  // into entries_
  };
  struct Product {
    std::uint32_t first_member;
    std::uint32_t order;
    double coupling;
  };
  enum class Kind : std::uint32_t { table, product, equality };
  // A factor as one of its variables meets it.
  struct Incidence {
    Kind kind;
    std::uint32_t factor;
    std::uint64_t stride;  // of the variable in a table; its partner in an equality
  };

  void add_factors(const FactorModel& model);
  void set_blocks(const FactorModel& model);
  // Variables that share a factor with this one, itself and repeats included.
  void neighbours(std::uint32_t variable, std::vector<std::uint32_t>& out) const;
  [[nodiscard]] std::vector<std::vector<std::uint32_t>> colour_classes() const;
  [[nodiscard]] std::uint64_t entry_of(const Table& table,
                                       std::span<const Category> states) const noexcept;
  [[nodiscard]] double sign_of(const Product& product,
                               std::span<const Category> states) const noexcept;

  std::vector<std::uint32_t> num_states_;  // [variable]
  std::uint32_t most_states_ = 1;
  double offset_ = 0.0;
  std::vector<Clamp> clamps_;
  std::vector<std::uint32_t> clamped_;  // [variable] its state, or kFree
  std::vector<Table> tables_;
  std::vector<Product> products_;
  std::vector<EqualityFactor> equalities_;
  std::vector<std::uint32_t> members_;  // variables of tables and products
  std::vector<std::uint64_t> strides_;  // the same places; 0 for products
  std::vector<double> entries_;
  std::vector<std::uint64_t> incidence_start_;  // [variable + 1]
  std::vector<Incidence> incidences_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> block_start_;  // [block + 1]
};

[[nodiscard]] inline FactorProgram compile(const FactorModel& model) {
  return FactorProgram(model);
}

// Each conversion keeps the energy of every state, offset included. Spins stay spins; a bit b is
// the spin in state b. to_ising throws Error{bad_data} where the model has no such form: a variable
// that is no spin, a factor of three or more of them, a clamp.
[[nodiscard]] FactorModel to_factors(const IsingModel& model);
[[nodiscard]] FactorModel to_factors(const QuboModel& model);
[[nodiscard]] IsingModel to_ising(const FactorModel& model);

}  // namespace therma
