// SPDX-License-Identifier: Apache-2.0
// Ising models: the description E = offset - sum J_ij s_i s_j - sum h_i s_i, and its program.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/energy/concepts.hpp"
#include "therma/energy/couplings.hpp"

namespace therma {

// Positive couplings align spins; a pair given twice counts twice. physics.md's sign throughout:
// dimod's is opposite (therma/energy/qubo.hpp).
struct IsingModel {
  std::uint32_t num_spins = 0;
  std::vector<Coupling> couplings = {};  // J
  std::vector<double> fields = {};       // h, [spin], or empty for none
  double offset = 0.0;
};

// The energy by its definition, the plain twin of IsingProgram::energy. spins: [spin]
[[nodiscard]] double energy(const IsingModel& model, std::span<const Spin> spins) noexcept;

// A compiled model: flat, immutable, safe to share. A SpinEnergy.
class IsingProgram {
 public:
  // Throws Error{bad_data} on an index out of range, a self-coupling, a number that is not finite.
  explicit IsingProgram(const IsingModel& model);

  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(fields_.size());
  }
  [[nodiscard]] std::size_t num_couplings() const noexcept { return rows_.column.size() / 2; }
  [[nodiscard]] const SymmetricRows& couplings() const noexcept { return rows_; }
  [[nodiscard]] std::span<const double> fields() const noexcept { return fields_; }  // [spin]
  [[nodiscard]] double offset() const noexcept { return offset_; }

  // f_i = h_i + sum_j J_ij s_j, docs/theory/gibbs.md eq. 2. Cost: the spin's degree.
  [[nodiscard]] double local_field(std::span<const Spin> spins, std::uint32_t site) const noexcept {
    double field = fields_[site];
    for (std::size_t k = rows_.row_start[site]; k < rows_.row_start[site + 1]; ++k) {
      field += rows_.value[k] * spins[rows_.column[k]];
    }
    return field;
  }
  [[nodiscard]] double energy(std::span<const Spin> spins) const noexcept;

  // Colour classes: no two spins of a class are coupled, so that a class updates in parallel.
  [[nodiscard]] std::size_t num_colours() const noexcept { return colour_start_.size() - 1; }
  [[nodiscard]] std::span<const std::uint32_t> colour_class(std::size_t colour) const noexcept {
    return std::span(order_).subspan(colour_start_[colour],
                                     colour_start_[colour + 1] - colour_start_[colour]);
  }
  // Every spin once, class after class: the order of a sweep.
  [[nodiscard]] std::span<const std::uint32_t> sweep_order() const noexcept { return order_; }

 private:
  SymmetricRows rows_;
  std::vector<double> fields_;  // [spin]
  double offset_ = 0.0;
  std::vector<std::uint32_t> order_;         // [spin] sites, by colour, then by index
  std::vector<std::uint32_t> colour_start_;  // [colour + 1] into order_
};

[[nodiscard]] inline IsingProgram compile(const IsingModel& model) { return IsingProgram(model); }

}  // namespace therma
