// SPDX-License-Identifier: Apache-2.0
// Lays lattices out in bits, draws their bonds, counts their energy.
#include "therma/energy/lattice.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"

namespace therma {
namespace {

constexpr std::uint64_t kMostSites = std::uint64_t{1} << 31;

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

void check(const LatticeModel& model) {
  const auto& shape = model.shape;
  if (shape.size() != 2 && shape.size() != 3) {
    fail(ErrorCode::bad_data, "lattice: expected two or three extents, got {}", shape.size());
  }
  std::uint64_t sites = 1;
  for (const std::uint64_t extent : shape) {
    if (extent < 2 || extent % 2 != 0) {
      fail(ErrorCode::bad_data,
           "lattice: extents must be even, so that two colours suffice on the torus; got {}",
           fmt::join(shape, " x "));
    }
    if (extent > kMostSites || (sites *= extent) > kMostSites) {
      fail(ErrorCode::bad_data, "lattice: 2^31 sites at most, got {}", fmt::join(shape, " x "));
    }
  }
  for (const double number : {model.coupling, model.field, model.offset}) {
    if (!std::isfinite(number)) {
      fail(ErrorCode::bad_data,
           "lattice: coupling, field and offset must be finite numbers, got {}, {}, {}",
           model.coupling, model.field, model.offset);
    }
  }
}

LatticeLayout layout_of(std::span<const std::uint64_t> shape) {
  LatticeLayout layout;
  layout.nx = shape.back();
  layout.ny = shape[shape.size() - 2];
  layout.nz = shape.size() == 3 ? shape[0] : 1;
  layout.row_sites = layout.nx / 2;
  const std::uint64_t bytes = (layout.row_sites + 7) / 8;
  layout.row_bytes = bytes <= 2 ? bytes : bytes <= 4 ? 4 : round_up(bytes, 8);
  layout.slab_bytes = layout.ny * layout.row_bytes;
  layout.slab_stride = round_up(2 * layout.row_bytes + LatticeLayout::kMargin +
                                    round_up(layout.slab_bytes, LatticeLayout::kChunkBytes),
                                LatticeLayout::kMargin);
  layout.colour_bytes = LatticeLayout::kMargin + layout.nz * layout.slab_stride;
  return layout;
}

// Up to 64 bits of a row from its word `word` on, sites only.
std::uint64_t word_of(const std::uint8_t* row, const LatticeLayout& layout, std::uint64_t word) {
  std::uint64_t bits;  // a buffer can be read past any row by this much
  std::memcpy(&bits, row + 8 * word, sizeof bits);
  return bits & layout.site_mask(word);
}

// Bits set, in pairs, nibbles, bytes: what compilers make vector code of without a popcount.
std::uint64_t num_set(std::uint64_t x) {
  x -= x >> 1 & 0x5555555555555555;
  x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
  x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0F;
  return x * 0x0101010101010101 >> 56;
}

// The row with bit i where bit i - 1 (forward) or i + 1 was, around the end.
std::uint64_t turned_word(const std::uint8_t* row, const LatticeLayout& layout, std::uint64_t word,
                          bool forward) {
  const std::uint64_t last = layout.row_words() - 1;
  const std::uint64_t here = word_of(row, layout, word);
  if (forward) {
    const std::uint64_t entering =
        word > 0 ? word_of(row, layout, word - 1) >> 63
                 : word_of(row, layout, last) >> ((layout.row_sites - 1) % 64);
    return (here << 1 | (entering & 1U)) & layout.site_mask(word);
  }
  if (word < last) return here >> 1 | word_of(row, layout, word + 1) << 63;
  return here >> 1 | (word_of(row, layout, 0) & 1U) << ((layout.row_sites - 1) % 64);
}

}  // namespace

void LatticeLayout::copy_edges(std::span<std::uint8_t> colour) const noexcept {
  for (std::uint64_t z = 0; z < nz; ++z) {
    std::uint8_t* first = colour.data() + row_at(0, z);
    std::memcpy(first - row_bytes, first + slab_bytes - row_bytes, row_bytes);
    std::memcpy(first + slab_bytes, first, row_bytes);
  }
}

std::uint64_t packed_bytes(const LatticeLayout& layout) noexcept { return 2 * layout.colour_bytes; }

LatticeProgram::LatticeProgram(const LatticeModel& model) : model_(model) {
  check(model_);
  layout_ = layout_of(model_.shape);
  if (has_disorder()) draw_bonds();
}

void LatticeProgram::draw_bonds() {
  const Rng rng = Rng(*model_.bond_seed).child("bonds");
  for (std::uint32_t direction = 0; direction < num_neighbours(); ++direction) {
    auto& bits = bonds_[direction];
    bits.assign(layout_.colour_bytes, 0);
    for (std::uint64_t row = 0; row < layout_.ny * layout_.nz; ++row) {
      std::uint8_t* out = bits.data() + layout_.row_at(row % layout_.ny, row / layout_.ny);
      for (std::uint64_t word = 0; word < layout_.row_words(); ++word) {
        const std::uint64_t drawn =
            rng.bits({.chain = direction, .step = row, .site = static_cast<std::uint32_t>(word)}) &
            layout_.site_mask(word);
        std::memcpy(out + 8 * word, &drawn,
                    std::min<std::uint64_t>(8, layout_.row_bytes - 8 * word));
      }
    }
    layout_.copy_edges(bits);
  }
}

LatticeSpins LatticeProgram::make_spins() const {
  LatticeSpins spins;
  for (auto& colour : spins.colour) colour.assign(layout_.colour_bytes, 0);
  return spins;
}

LatticeProgram::Counts LatticeProgram::count(const LatticeSpins& spins, std::uint64_t first_row,
                                             std::uint64_t last_row) const {
  Counts counts;
  const std::uint8_t* even = spins.colour[0].data();
  const std::uint8_t* odd = spins.colour[1].data();
  for (std::uint64_t row = first_row; row < last_row; ++row) {
    const std::uint64_t y = row % layout_.ny, z = row / layout_.ny;
    const std::uint64_t at = layout_.row_at(y, z);
    const std::uint64_t places[] = {at,
                                    at,
                                    at - layout_.row_bytes,
                                    at + layout_.row_bytes,
                                    layout_.row_at(y, (z + layout_.nz - 1) % layout_.nz),
                                    layout_.row_at(y, (z + 1) % layout_.nz)};
    for (std::uint64_t word = 0; word < layout_.row_words(); ++word) {
      const std::uint64_t own = word_of(even + at, layout_, word);
      counts.up += num_set(own) + num_set(word_of(odd + at, layout_, word));
      for (unsigned d = 0; d < num_neighbours(); ++d) {
        const std::uint64_t other = d == across
                                        ? turned_word(odd + at, layout_, word, (y + z) % 2 == 0)
                                        : word_of(odd + places[d], layout_, word);
        const std::uint64_t bond =
            has_disorder() ? word_of(bonds_[d].data() + at, layout_, word) : 0;
        counts.unsatisfied += num_set(own ^ other ^ bond);
      }
    }
  }
  return counts;
}

std::uint64_t LatticeProgram::num_up(const LatticeSpins& spins) const {
  std::uint64_t up = 0;
  for (const auto& colour : spins.colour) {
    for (std::uint64_t row = 0; row < layout_.ny * layout_.nz; ++row) {
      const std::uint8_t* first =
          colour.data() + layout_.row_at(row % layout_.ny, row / layout_.ny);
      for (std::uint64_t word = 0; word < layout_.row_words(); ++word) {
        up += num_set(word_of(first, layout_, word));
      }
    }
  }
  return up;
}

double LatticeProgram::energy(const Counts& counts) const noexcept {
  const double bonds =
      static_cast<double>(num_bonds()) - 2.0 * static_cast<double>(counts.unsatisfied);
  const double spins = 2.0 * static_cast<double>(counts.up) - static_cast<double>(size());
  return model_.offset - model_.coupling * bonds - model_.field * spins;
}

IsingModel LatticeProgram::to_ising() const {
  if (size() > kMostIsing) {
    fail(ErrorCode::invalid_argument, "lattice: {} sites are too many to list; {} at most", size(),
         kMostIsing);
  }
  IsingModel model{.num_spins = static_cast<std::uint32_t>(size()), .offset = model_.offset};
  if (model_.field != 0.0) model.fields.assign(size(), model_.field);
  const std::uint64_t nx = layout_.nx, ny = layout_.ny, nz = layout_.nz;
  const auto number = [&](std::uint64_t x, std::uint64_t y, std::uint64_t z) {
    return static_cast<std::uint32_t>((z % nz * ny + y % ny) * nx + x % nx);
  };
  for (std::uint64_t site = 0; site < size(); ++site) {
    const auto place = layout_.place(site);
    if (place.colour != 0) continue;
    const std::uint64_t x = site % nx, y = site / nx % ny, z = site / nx / ny;
    const bool even = x % 2 == 0;  // of an even x the site beside is to the right
    const std::uint32_t neighbours[] = {number(even ? x + nx - 1 : x + 1, y, z),
                                        number(even ? x + 1 : x - 1, y, z),
                                        number(x, y + ny - 1, z),
                                        number(x, y + 1, z),
                                        number(x, y, z + nz - 1),
                                        number(x, y, z + 1)};
    for (unsigned d = 0; d < num_neighbours(); ++d) {
      const bool turned = has_disorder() && (bonds_[d][place.byte] >> place.bit & 1U) != 0;
      model.couplings.push_back({static_cast<std::uint32_t>(site), neighbours[d],
                                 turned ? -model_.coupling : model_.coupling});
    }
  }
  return model;
}

}  // namespace therma
