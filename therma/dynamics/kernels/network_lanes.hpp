// SPDX-License-Identifier: Apache-2.0
// Quartic networks and quadratic energies with 64 replicas in lanes: the program and its row
// kernels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "therma/dynamics/kernels/gemm.hpp"
#include "therma/dynamics/kernels/lane_row.hpp"

namespace therma {
class QuarticProgram;
class QuadraticEnergy;
}  // namespace therma

namespace therma::kernels {

// V = 1/2 x^T A x + l^T x + sum (d2 x^2 / 2 + d4 x^4 / 4), in float: docs/theory/langevin.md eq. 7
// with d2 = 2 J2, d4 = 4 J4, and any quadratic energy.
class LaneNetwork {
 public:
  explicit LaneNetwork(const QuarticProgram& program);
  explicit LaneNetwork(const QuadraticEnergy& energy);

  // Rows are worked on in blocks of so many, the units of work of the threads.
  static constexpr std::uint32_t kBlockRows = 8 * PackedMatrix::kPanelRows;

  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(linear_.size());
  }
  [[nodiscard]] std::uint32_t num_blocks() const noexcept {
    return (size() + kBlockRows - 1) / kBlockRows;
  }
  // Rows of a block: kBlockRows, but for the last.
  [[nodiscard]] std::uint32_t rows_of(std::uint32_t block) const noexcept;
  [[nodiscard]] std::span<const float> linear() const noexcept { return linear_; }  // l, [unit]
  [[nodiscard]] float quadratic() const noexcept { return quadratic_; }             // d2
  [[nodiscard]] float quartic() const noexcept { return quartic_; }                 // d4
  // Multiply-adds of one gradient of one group.
  [[nodiscard]] std::uint64_t multiply_adds() const noexcept;

  // l + A x for the rows of a block.  x: [unit]; field: [kBlockRows], all of them written.
  void fields(std::uint32_t block, const LaneRow* x, LaneRow* field) const noexcept;

 private:
  std::vector<float> linear_;
  float quadratic_ = 0.0F;
  float quartic_ = 0.0F;
  PackedMatrix dense_;                  // or none
  std::vector<std::size_t> row_start_;  // sparse rows, or none
  std::vector<std::uint32_t> column_;
  std::vector<float> value_;
};

// What follows works on `num_rows` rows of one group.

// Standard normals of rows first_row ... (an even number), by Box and Muller: rows 2j and 2j + 1
// are the two draws of site j. at: chain and step; its site and plane are ignored.
// Twin: fill_normals(LaneNoise); |difference| < 4e-6.
void fill_lane_normals(const ArsKeys& keys, const LaneDraw& at, std::uint32_t first_row,
                       std::uint32_t num_rows, LaneRow* normals) noexcept;

// y += sum_k value[k] x[column[k]] for one row of a sparse matrix.
void add_sparse_row(std::span<const std::uint32_t> column, const float* value, const LaneRow* x,
                    LaneRow* y) noexcept;

// g, given as l + A x, becomes the gradient: g + d2 x + d4 x^3.
void complete_gradient(const LaneNetwork& network, std::uint32_t num_rows, const LaneRow* x,
                       LaneRow* g) noexcept;

// docs/theory/langevin.md eqs. 2 and 5: x' = x - drift g + sigma (xi + xi').
void move_overdamped(std::uint32_t num_rows, float drift, const LaneRow& sigma, const LaneRow* x,
                     const LaneRow* g, const LaneRow* xi, const LaneRow* xi_next,
                     LaneRow* x_next) noexcept;

// docs/theory/langevin.md eq. 10, from one gradient to the next: the second kick of the step before
// and the first of this one together, then drift, thermostat, drift.
struct BaoabLanes {
  LaneRow kick;  // dt; half of it where there was no step before
  float half_dt = 0.0F;
  float keep = 1.0F;  // e^{-friction dt}
  LaneRow spread;     // sqrt(kT (1 - keep^2))
};
void move_baoab(std::uint32_t num_rows, const BaoabLanes& step, const LaneRow* x, const LaneRow* g,
                const LaneRow* xi, LaneRow* p, LaneRow* x_next) noexcept;

// Sums over rows, for each lane, in double.
struct alignas(64) LaneSums {
  double energy[kGroupLanes] = {};      // x (l + f) / 2 + d2 x^2 / 2 + d4 x^4 / 4, f = l + A x
  double along[kGroupLanes] = {};       // (g + g') (x' - x)
  double steepening[kGroupLanes] = {};  // g'^2 - g^2
};
// Adds the energies. field: l + A x.
void sum_energy(const LaneNetwork& network, std::uint32_t first_row, std::uint32_t num_rows,
                const LaneRow* x, const LaneRow* field, LaneSums& sums) noexcept;
// Adds what the acceptance of a move (x, g) -> (x', g') needs, docs/theory/langevin.md eq. 3.
void sum_action(std::uint32_t num_rows, const LaneRow* x, const LaneRow* g, const LaneRow* x_next,
                const LaneRow* g_next, LaneSums& sums) noexcept;

// to = from in the lanes whose bits are set.
void copy_lanes(std::uint32_t num_rows, std::uint64_t lanes, const LaneRow* from,
                LaneRow* to) noexcept;

}  // namespace therma::kernels
