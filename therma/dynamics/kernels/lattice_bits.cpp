// SPDX-License-Identifier: Apache-2.0
// One lattice per replica, one bit per spin, both colours in turn; docs/theory/lattice.md.
#include "therma/dynamics/kernels/lattice_bits.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "therma/core/archive.hpp"

namespace therma::kernels {
namespace {

static_assert(LatticeLayout::kChunkBytes == kLatticeChunkBytes);

// Where counters hold the chain and the step: the bytes that blocks, planes and groups leave.
constexpr std::size_t kStepBytes[] = {1, 2, 3, 6, 7, 8};
constexpr std::size_t kChainBytes[] = {11, 12, 13, 14};

LatticeDraws draws_of(const ArsBlock& key, std::uint32_t chain, std::uint64_t step,
                      const LatticeBackend& backend) {
  LatticeDraws draws{};
  for (std::size_t k = 0; k < std::size(kStepBytes); ++k) {
    draws.counter[kStepBytes[k]] = static_cast<std::uint8_t>(step >> (8 * k));
  }
  for (std::size_t k = 0; k < std::size(kChainBytes); ++k) {
    draws.counter[kChainBytes[k]] = static_cast<std::uint8_t>(chain >> (8 * k));
  }
  const auto keys = ars_round_keys(key);
  static_assert(sizeof keys == sizeof draws.key);
  std::memcpy(draws.key, keys.data(), sizeof draws.key);
  backend.prepare(draws);
  return draws;
}

std::uint64_t chunks_per_slab(const LatticeLayout& layout) {
  return (layout.slab_bytes + kLatticeChunkBytes - 1) / kLatticeChunkBytes;
}

LatticeVariant variant_of(const LatticeProgram& program) {
  return static_cast<LatticeVariant>((program.num_neighbours() == 6 ? 4U : 0U) |
                                     (program.field() != 0.0 ? 2U : 0U) |
                                     (program.has_disorder() ? 1U : 0U));
}

// Probability that a spin in local field f points against it; 1/2 in none.
double against(double beta, double field) noexcept {
  return field == 0.0 ? 0.5 : 1.0 / (1.0 + std::exp(2.0 * beta * std::abs(field)));
}

// Lanes of a slab's chunks that are sites, or nothing where every lane of their words is.
std::vector<std::uint8_t> site_lanes(const LatticeLayout& layout) {
  if (layout.row_sites == 8 * layout.row_bytes && layout.slab_bytes % 8 == 0) return {};
  std::vector<std::uint8_t> lanes(chunks_per_slab(layout) * kLatticeChunkBytes, 0);
  for (std::uint64_t y = 0; y < layout.ny; ++y) {
    for (std::uint64_t k = 0; k < layout.row_bytes; ++k) {
      lanes[y * layout.row_bytes + k] =
          static_cast<std::uint8_t>(layout.site_mask(k / 8) >> (8 * (k % 8)));
    }
  }
  return lanes;
}

class LatticeMachine final : public Machine {
 public:
  LatticeMachine(std::shared_ptr<const LatticeProgram> program, ReplicaRange range, const Rng& rng,
                 const LatticeBackend& backend)
      : program_(std::move(program)),
        layout_(program_->layout()),
        backend_(backend),
        range_(range),
        key_(rng.ars_key()),
        mask_(site_lanes(layout_)) {
    for (std::uint32_t r = 0; r < range.count; ++r) {
      replicas_.push_back(program_->make_spins());
      randomise(replicas_.back(), rng.child("start"), range.first + r);
    }
  }

  [[nodiscard]] std::uint64_t num_variables() const noexcept override { return program_->size(); }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override { return range_.count; }
  [[nodiscard]] MachineTally tally() const noexcept override {
    return {.updates = step_ * program_->size() * range_.count, .changes = {}};
  }

  void advance(std::span<const double> betas, std::uint64_t steps,
               const Resources& resources) override {
    const bool share = replicas_.size() < resources.num_threads();
    if (!share) {
      resources.for_each(replicas_.size(), [&](std::size_t r) {
        const auto levels = lattice_levels(*program_, betas[betas.size() == 1 ? 0 : r]);
        for (std::uint64_t k = 0; k < steps; ++k) sweep(r, step_ + k, levels, {});
      });
    } else {
      for (std::size_t r = 0; r < replicas_.size(); ++r) {
        const auto levels = lattice_levels(*program_, betas[betas.size() == 1 ? 0 : r]);
        for (std::uint64_t k = 0; k < steps; ++k) sweep(r, step_ + k, levels, resources);
      }
    }
    step_ += steps;
  }

  void energies(std::span<double> energies, const Resources& resources) const override {
    const std::uint64_t num_rows = layout_.ny * layout_.nz;
    const std::uint64_t parts = std::min<std::uint64_t>(num_rows, 4 * resources.num_threads());
    std::vector<LatticeProgram::Counts> counts(replicas_.size() * parts);
    resources.for_each(counts.size(), [&](std::size_t k) {
      const std::uint64_t part = k % parts;
      counts[k] = program_->count(replicas_[k / parts], num_rows * part / parts,
                                  num_rows * (part + 1) / parts);
    });
    for (std::size_t r = 0; r < replicas_.size(); ++r) {
      LatticeProgram::Counts sum;
      for (std::uint64_t part = 0; part < parts; ++part) {
        sum.unsatisfied += counts[r * parts + part].unsatisfied;
        sum.up += counts[r * parts + part].up;
      }
      energies[r] = program_->energy(sum);
    }
  }
  [[nodiscard]] double mean_value(std::uint32_t replica) const override {
    const auto up = program_->num_up(replicas_[replica]);
    return 2.0 * static_cast<double>(up) / static_cast<double>(program_->size()) - 1.0;
  }

  void read(std::uint32_t replica, std::span<double> values) const override {
    for (std::uint64_t site = 0; site < values.size(); ++site) {
      const auto at = layout_.place(site);
      const unsigned byte = replicas_[replica].colour[at.colour][at.byte];
      values[site] = (byte >> at.bit & 1U) != 0 ? 1.0 : -1.0;
    }
  }
  void write(std::uint32_t replica, std::span<const double> values) override {
    for (std::uint64_t site = 0; site < values.size(); ++site) {
      const auto at = layout_.place(site);
      std::uint8_t& byte = replicas_[replica].colour[at.colour][at.byte];
      const unsigned bit = 1U << at.bit;
      byte = static_cast<std::uint8_t>(values[site] > 0.0 ? byte | bit : byte & ~bit);
    }
    for (auto& colour : replicas_[replica].colour) layout_.copy_edges(colour);
  }
  void resample(std::span<const std::uint32_t> parents) override {
    const auto before = replicas_;
    for (std::size_t r = 0; r < replicas_.size(); ++r) replicas_[r] = before[parents[r]];
  }

  [[nodiscard]] std::string save() const override {
    ArchiveWriter out("lattice bits", program_->size(), range_.count);
    out.put(step_);
    for (const auto& replica : replicas_) {
      for (const auto& colour : replica.colour) {
        each_word(colour.data(),
                  [&](const std::uint8_t* at, std::size_t num_bytes, std::uint64_t sites) {
                    std::uint64_t word = 0;
                    std::memcpy(&word, at, num_bytes);
                    word &= sites;
                    out.put(word);
                  });
      }
    }
    return std::move(out).bytes();
  }
  void restore(std::string_view bytes) override {
    ArchiveReader in(bytes, "lattice bits", program_->size(), range_.count);
    step_ = in.get<std::uint64_t>();
    for (auto& replica : replicas_) {
      for (auto& colour : replica.colour) {
        each_word(colour.data(), [&](std::uint8_t* at, std::size_t num_bytes, std::uint64_t) {
          const auto word = in.get<std::uint64_t>();
          std::memcpy(at, &word, num_bytes);
        });
        layout_.copy_edges(colour);
      }
    }
    in.finish();
  }

 private:
  // Calls visit(address, bytes, mask of sites) for each word of each row.
  template <class Byte, class Visit>
  void each_word(Byte* colour, Visit&& visit) const {
    for (std::uint64_t row = 0; row < layout_.ny * layout_.nz; ++row) {
      Byte* first = colour + layout_.row_at(row % layout_.ny, row / layout_.ny);
      for (std::uint64_t word = 0; word < layout_.row_words(); ++word) {
        visit(first + 8 * word, std::min<std::uint64_t>(8, layout_.row_bytes - 8 * word),
              layout_.site_mask(word));
      }
    }
  }

  void randomise(LatticeSpins& spins, const Rng& rng, std::uint32_t chain) const {
    for (std::uint64_t c = 0; c < 2; ++c) {
      std::uint64_t number = c << 40;
      each_word(spins.colour[c].data(),
                [&](std::uint8_t* at, std::size_t num_bytes, std::uint64_t sites) {
                  const std::uint64_t word = rng.bits({.chain = chain, .step = number++}) & sites;
                  std::memcpy(at, &word, num_bytes);
                });
      layout_.copy_edges(spins.colour[c]);
    }
  }

  // Both colours once, each in as many parts as there are threads to share it.
  void sweep(std::size_t replica, std::uint64_t step, const LatticeLevels& levels,
             const Resources& resources) {
    const auto chain = range_.first + static_cast<std::uint32_t>(replica);
    const auto draws = draws_of(key_, chain, step, backend_);
    const std::uint64_t num_chunks = chunks_per_slab(layout_) * layout_.nz;
    const std::uint64_t parts = std::min<std::uint64_t>(num_chunks, resources.num_threads());
    for (std::uint32_t c = 0; c < 2; ++c) {
      resources.for_each(parts, [&](std::size_t part) {
        auto work = colour_of(replicas_[replica], c);
        work.first_chunk = num_chunks * part / parts;
        work.last_chunk = num_chunks * (part + 1) / parts;
        backend_.update(variant_of(*program_), work, draws, levels);
      });
      layout_.copy_edges(replicas_[replica].colour[c]);
    }
  }

  [[nodiscard]] LatticeColour colour_of(LatticeSpins& spins, std::uint32_t colour) const {
    const std::uint64_t first = layout_.row_at(0, 0);
    LatticeColour work{};
    work.other = spins.colour[1 - colour].data() + first;
    work.own = spins.colour[colour].data() + first;
    for (unsigned d = 0; d < program_->num_neighbours() && program_->has_disorder(); ++d) {
      work.bonds[d] = program_->bonds(static_cast<LatticeProgram::Direction>(d)).data() + first;
    }
    work.mask = mask_.empty() ? nullptr : mask_.data();
    work.nx = layout_.nx, work.ny = layout_.ny, work.nz = layout_.nz;
    work.row_sites = layout_.row_sites, work.row_bytes = layout_.row_bytes;
    work.slab_bytes = layout_.slab_bytes, work.slab_stride = layout_.slab_stride;
    work.chunks_per_slab = chunks_per_slab(layout_);
    work.colour = colour;
    return work;
  }

  std::shared_ptr<const LatticeProgram> program_;
  LatticeLayout layout_;
  const LatticeBackend& backend_;
  ReplicaRange range_;
  ArsBlock key_;
  std::vector<std::uint8_t> mask_;
  std::vector<LatticeSpins> replicas_;  // [replica]
  std::uint64_t step_ = 0;
};

std::string refusal(const Target& target, const MachineConfig& config) {
  const auto* lattice = std::get_if<std::shared_ptr<const LatticeProgram>>(&target);
  if (lattice == nullptr) return "needs a periodic lattice";
  if (rule_for(target, config) != UpdateRule::heat_bath) return "has the heat bath alone";
  const auto& layout = (*lattice)->layout();
  if (chunks_per_slab(layout) * layout.nz > (std::uint64_t{1} << 31) / kLatticeBlocksPerChunk) {
    return "needs a lattice of fewer or longer layers: its last extents come in chunks of 2048 "
           "sites of one colour";
  }
  return "";
}

bool prefers(const Target& /*target*/, const MachineConfig& /*config*/) { return true; }

std::unique_ptr<Machine> make(const Target& target, const MachineConfig& /*config*/,
                              ReplicaRange range, const Rng& rng) {
  return make_lattice_machine(std::get<std::shared_ptr<const LatticeProgram>>(target), range, rng,
                              *lattice_backends().front());
}

}  // namespace

LatticeLevels lattice_levels(const LatticeProgram& program, double beta) noexcept {
  LatticeLevels levels{};
  const unsigned neighbours = program.num_neighbours();
  const bool has_field = program.field() != 0.0;
  const unsigned num_levels = has_field ? neighbours + 1 : neighbours / 2;
  levels.invert = !has_field && program.coupling() < 0.0 ? 0xFF : 0;
  for (unsigned l = 0; l < num_levels; ++l) {
    const double sum = has_field ? 2.0 * l - neighbours : 2.0 * (l + 1.0);
    const double field = program.coupling() * sum + program.field();
    if (field > 0.0) levels.up = static_cast<std::uint8_t>(levels.up | 1U << l);
    // At most 1/2: exact to 2^-49, and 0 for an infinite beta.
    levels.threshold[l] =
        static_cast<std::uint64_t>(std::llround(std::ldexp(against(beta, field), kLatticePlanes)));
    for (unsigned p = 0; p < kLatticePlanes; ++p) {
      const auto bit = levels.threshold[l] >> (kLatticePlanes - 1 - p) & 1U;
      levels.plane[p] = static_cast<std::uint8_t>(levels.plane[p] | bit << l);
    }
    const auto rest =
        levels.threshold[l] & ((std::uint64_t{1} << (kLatticePlanes - kLatticeHeadPlanes)) - 1);
    if (rest != 0) levels.unfinished = static_cast<std::uint8_t>(levels.unfinished | 1U << l);
  }
  return levels;
}

std::span<const LatticeBackend* const> lattice_backends() {
  struct Present {
    Present() {
      for (const auto* backend : {&kLatticeVaes, &kLatticeAes, &kLatticeTwin}) {
        if (backend->present()) backends.push_back(backend);
      }
    }
    std::vector<const LatticeBackend*> backends;
  };
  static const Present here;
  return here.backends;
}

std::unique_ptr<Machine> make_lattice_machine(std::shared_ptr<const LatticeProgram> program,
                                              ReplicaRange range, const Rng& rng,
                                              const LatticeBackend& backend) {
  return std::make_unique<LatticeMachine>(std::move(program), range, rng, backend);
}

std::uint64_t lattice_machine_bytes(const LatticeProgram& program) noexcept {
  const auto& layout = program.layout();
  const std::uint64_t bonds = program.has_disorder() ? program.num_neighbours() : 0;
  return packed_bytes(layout) + bonds * layout.colour_bytes + site_lanes(layout).size();
}

constinit const KernelEntry kLatticeBits{"lattice_bits",
                                         "one bit per spin of a lattice, 2048 at a time",
                                         1,
                                         Exactness::bitwise,
                                         refusal,
                                         prefers,
                                         make};

}  // namespace therma::kernels
