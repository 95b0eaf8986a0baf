// SPDX-License-Identifier: Apache-2.0
// Spins on a periodic square or cubic lattice, one bit each: E = offset - sum J_b s s - h sum s.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "therma/energy/ising.hpp"

namespace therma {

// Sites in row-major order, the last extent fastest. An axis of extent 2 joins its two sites by two
// bonds, as the torus does.
struct LatticeModel {
  std::vector<std::uint64_t> shape = {};        // two or three even extents, 2^31 sites at most
  double coupling = 1.0;                        // J of every bond; negative: antiferromagnet
  std::optional<std::uint64_t> bond_seed = {};  // J or -J with equal odds, drawn from this seed
  double field = 0.0;                           // h of every site
  double offset = 0.0;
};

// Where the bits are: sites of even x + y + z (colour 0) and of odd (colour 1) in a buffer each.
// A row of fixed (y, z) is n_x / 2 bits, bit i the site 2 i or 2 i + 1. Rows of one z lie one after
// another, with a copy of the last row before the first and of the first after the last, so that a
// neighbour in y is at one distance everywhere. docs/theory/lattice.md section 1.
struct LatticeLayout {
  std::uint64_t nx = 0, ny = 0, nz = 1;
  std::uint64_t row_sites = 0;     // bits of a row that are sites
  std::uint64_t row_bytes = 0;     // 1, 2, 4 or a multiple of 8
  std::uint64_t slab_bytes = 0;    // of the rows of one z
  std::uint64_t slab_stride = 0;   // from one z to the next
  std::uint64_t colour_bytes = 0;  // of a buffer

  struct Place {
    unsigned colour = 0;
    std::uint64_t byte = 0;
    unsigned bit = 0;
  };
  [[nodiscard]] std::uint64_t row_at(std::uint64_t y, std::uint64_t z) const noexcept {
    return kMargin + z * slab_stride + (y + 1) * row_bytes;
  }
  [[nodiscard]] Place place(std::uint64_t site) const noexcept {
    const std::uint64_t x = site % nx, y = site / nx % ny, z = site / nx / ny;
    return {static_cast<unsigned>((x + y + z) & 1U), row_at(y, z) + x / 16,
            static_cast<unsigned>(x / 2 % 8)};
  }
  // Which bytes of a row are sites, as a mask of its 64-bit word number `word`.
  [[nodiscard]] std::uint64_t site_mask(std::uint64_t word) const noexcept {
    const std::uint64_t left = row_sites - 64 * word;
    return left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
  }
  [[nodiscard]] std::uint64_t row_words() const noexcept { return (row_bytes + 7) / 8; }
  // Renews the copies of rows in one colour's buffer.
  void copy_edges(std::span<std::uint8_t> colour) const noexcept;

  static constexpr std::uint64_t kMargin = 64;       // readable before the first row
  static constexpr std::uint64_t kChunkBytes = 256;  // a slab may be overwritten in such pieces
};

// One configuration: both colours' buffers.
struct LatticeSpins {
  std::array<std::vector<std::uint8_t>, 2> colour;
};

// A compiled lattice: immutable, safe to share. Bonds take one bit each.
class LatticeProgram {
 public:
  // The six neighbours of a site, as the packed rows see them: `beside` has the same bit number,
  // `across` the one before or after it.
  enum Direction : unsigned { across, beside, above, below, behind, before };

  // Throws Error{bad_data}: extents that are not two or three even numbers, too many sites, numbers
  // that are not finite.
  explicit LatticeProgram(const LatticeModel& model);

  [[nodiscard]] std::uint64_t size() const noexcept { return layout_.nx * layout_.ny * layout_.nz; }
  [[nodiscard]] std::span<const std::uint64_t> shape() const noexcept { return model_.shape; }
  [[nodiscard]] std::uint64_t num_bonds() const noexcept { return size() * model_.shape.size(); }
  [[nodiscard]] unsigned num_neighbours() const noexcept {
    return static_cast<unsigned>(2 * model_.shape.size());
  }
  [[nodiscard]] double coupling() const noexcept { return model_.coupling; }
  [[nodiscard]] double field() const noexcept { return model_.field; }
  [[nodiscard]] double offset() const noexcept { return model_.offset; }
  [[nodiscard]] const LatticeLayout& layout() const noexcept { return layout_; }

  [[nodiscard]] bool has_disorder() const noexcept { return model_.bond_seed.has_value(); }
  // Bits of the bonds from each site of colour 0 in one direction, laid out as its colour; set
  // where the bond is -J. Empty without disorder.
  [[nodiscard]] std::span<const std::uint8_t> bonds(Direction direction) const noexcept {
    return bonds_[direction];
  }

  // All spins down, laid out.
  [[nodiscard]] LatticeSpins make_spins() const;
  // Bonds that cost energy and spins that are up, in rows first ... last - 1 (numbered z n_y + y).
  struct Counts {
    std::uint64_t unsatisfied = 0;
    std::uint64_t up = 0;
  };
  [[nodiscard]] Counts count(const LatticeSpins& spins, std::uint64_t first_row,
                             std::uint64_t last_row) const;
  [[nodiscard]] std::uint64_t num_up(const LatticeSpins& spins) const;
  // The energy that belongs to counts over all rows.
  [[nodiscard]] double energy(const Counts& counts) const noexcept;
  [[nodiscard]] double energy(const LatticeSpins& spins) const {
    return energy(count(spins, 0, layout_.ny * layout_.nz));
  }

  // The same model bond by bond, site numbers kept. Throws Error{invalid_argument} above
  // kMostIsing sites.
  [[nodiscard]] IsingModel to_ising() const;
  static constexpr std::uint64_t kMostIsing = std::uint64_t{1} << 24;

 private:
  void draw_bonds();

  LatticeModel model_;
  LatticeLayout layout_;
  std::array<std::vector<std::uint8_t>, 6> bonds_;  // [direction]
};

[[nodiscard]] inline LatticeProgram compile(const LatticeModel& model) {
  return LatticeProgram(model);
}

// Bytes that one configuration takes; with disorder the program itself takes two or three more.
[[nodiscard]] std::uint64_t packed_bytes(const LatticeLayout& layout) noexcept;

}  // namespace therma
