// SPDX-License-Identifier: Apache-2.0
// Bit-sliced machines: blocks of 512 replicas, swept by the kernels of this processor.
#include "therma/dynamics/kernels/bit_sliced.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"
#include "therma/core/large_pages.hpp"
#include "therma/core/random/ars.hpp"
#include "therma/dynamics/kernels/bit_sliced_program.hpp"
#include "therma/dynamics/kernels/bit_sliced_thresholds.hpp"
#include "therma/dynamics/kernels/kernels.hpp"

namespace therma::kernels {
namespace {

constexpr std::uint32_t kSitesPerPiece = 128;  // 10 us of work: a task's own cost vanishes
constexpr std::size_t kBondsPerPiece = 1U << 16;
constexpr std::uint32_t kWorthwhileReplicas = 128;
constexpr double kWorthwhileWeight = 24.0;  // units per spin, on average

// Bit r % 64 of word r / 64 is the spin of replica r, 1 for up.
struct alignas(64) Word {
  std::array<std::uint64_t, kSlicedWords> bits{};
};

// Part of a run.
struct Piece {
  SlicedRun run;
  std::uint32_t begin = 0, end = 0;
};

// What one block of replicas is called with.
struct Block {
  SlicedThresholds thresholds;
  SlicedCall call{};
  alignas(64) std::array<std::uint64_t, kSlicedPlanes * kSlicedWords> counters{};
};

class BitSlicedMachine final : public Machine {
 public:
  BitSlicedMachine(std::shared_ptr<const IsingProgram> program, ReplicaRange range, const Rng& rng,
                   const SlicedKernels& kernels)
      : program_(slice(*program)),
        range_(range),
        kernels_(kernels),
        keys_(ars_round_keys(rng.child("bit sliced").ars_key())) {
    if (range.first % kSlicedLanes != 0) {
      fail(ErrorCode::invalid_argument,
           "replicas: bit_sliced ensembles split at multiples of {}, got a part that begins at {}",
           kSlicedLanes, range.first);
    }
    cut_into_pieces();
    make_blocks();
    draw_start(rng.child("start"));
  }

  [[nodiscard]] std::uint64_t num_variables() const noexcept override { return size(); }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override { return range_.count; }
  [[nodiscard]] MachineTally tally() const noexcept override { return {.updates = updates_}; }

  void advance(std::span<const double> betas, std::uint64_t steps,
               const Resources& resources) override {
    set_betas(betas);
    if (blocks_.size() >= resources.num_threads()) {
      resources.for_each(blocks_.size(), [&](std::size_t b) {
        for (std::uint64_t k = 0; k < steps; ++k) {
          set_counters(b, step_ + k);
          for (const auto& run : program_.runs) {
            kernels_.sweep(blocks_[b].call, run, run.begin, run.end);
          }
        }
      });
    } else {
      for (std::uint64_t k = 0; k < steps; ++k) sweep_together(step_ + k, resources);
    }
    step_ += steps;
    updates_ += steps * size() * range_.count;
  }

  void energies(std::span<double> energies, const Resources& resources) const override {
    struct Part {
      std::size_t block, begin, end;
      unsigned digit;
    };
    std::vector<Part> parts;
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      for (unsigned digit = 0; digit < kSlicedDigits; ++digit) {
        const std::size_t end = program_.digit_start[digit + 1];
        for (std::size_t k = program_.digit_start[digit]; k < end; k += kBondsPerPiece) {
          parts.push_back({b, k, std::min(end, k + kBondsPerPiece), digit});
        }
      }
    }
    std::vector<std::array<Word, kCounterPlanes>> counts(parts.size());
    resources.for_each(parts.size(), [&](std::size_t p) {
      const auto& part = parts[p];
      kernels_.count(spins(part.block), program_.bonds.data() + part.begin, part.end - part.begin,
                     counts[p][0].bits.data());
    });
    std::vector<std::uint64_t> broken(blocks_.size() * kSlicedLanes);
    for (std::size_t p = 0; p < parts.size(); ++p) {
      add_counts(counts[p], parts[p].digit, broken.data() + parts[p].block * kSlicedLanes);
    }
    for (std::uint32_t r = 0; r < range_.count; ++r) {
      const auto sum =
          static_cast<double>(program_.total_weight) - 2.0 * static_cast<double>(broken[r]);
      energies[r] = program_.offset - program_.unit * sum;
    }
  }

  void read(std::uint32_t replica, std::span<double> values) const override {
    for (std::uint32_t at = 0; at < size(); ++at) {
      values[program_.site_at[at]] = is_up(at, replica) ? 1.0 : -1.0;
    }
  }
  void write(std::uint32_t replica, std::span<const double> values) override {
    for (std::uint32_t at = 0; at < size(); ++at) {
      auto& word = word_of(at, replica);
      const std::uint64_t bit = std::uint64_t{1} << replica % 64;
      word = values[program_.site_at[at]] > 0.0 ? word | bit : word & ~bit;
    }
  }
  [[nodiscard]] double mean_value(std::uint32_t replica) const override {
    std::uint64_t up = 0;
    for (std::uint32_t at = 0; at < size(); ++at) up += is_up(at, replica) ? 1 : 0;
    return 2.0 * static_cast<double>(up) / static_cast<double>(size()) - 1.0;
  }

  // Site by site: the words of all blocks are copied, then each replica picks its parent's bit.
  void resample(std::span<const std::uint32_t> parents) override {
    std::vector<std::uint64_t> before(blocks_.size() * kSlicedWords);
    for (std::uint32_t at = 0; at < size(); ++at) {
      for (std::size_t w = 0; w < before.size(); ++w) before[w] = word_of(at, 64 * w);
      for (std::size_t first = 0; first < parents.size(); first += 64) {
        const std::size_t lanes = std::min<std::size_t>(64, parents.size() - first);
        auto& word = word_of(at, first);
        std::uint64_t bits = lanes == 64 ? 0 : word >> lanes << lanes;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          const std::uint32_t parent = parents[first + lane];
          bits |= (before[parent / 64] >> parent % 64 & 1) << lane;
        }
        word = bits;
      }
    }
  }

  [[nodiscard]] std::string save() const override {
    ArchiveWriter out("bit-sliced spins", size(), range_.count);
    out.put(step_);
    out.put(updates_);
    out.put_all<Word>(words_);
    return std::move(out).bytes();
  }
  void restore(std::string_view bytes) override {
    ArchiveReader in(bytes, "bit-sliced spins", size(), range_.count);
    step_ = in.get<std::uint64_t>();
    updates_ = in.get<std::uint64_t>();
    in.get_all<Word>(words_);
    in.finish();
  }

 private:
  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(program_.site_at.size());
  }
  // Words of a block: one for each position, then one of all ones that fields couple to.
  [[nodiscard]] std::size_t words_per_block() const noexcept { return std::size_t{size()} + 1; }
  [[nodiscard]] const std::uint64_t* spins(std::size_t block) const noexcept {
    return words_[block * words_per_block()].bits.data();
  }
  [[nodiscard]] std::size_t index_of(std::uint32_t at, std::size_t replica) const noexcept {
    return replica / kSlicedLanes * words_per_block() + at;
  }
  [[nodiscard]] std::uint64_t& word_of(std::uint32_t at, std::size_t replica) noexcept {
    return words_[index_of(at, replica)].bits[replica % kSlicedLanes / 64];
  }
  [[nodiscard]] bool is_up(std::uint32_t at, std::size_t replica) const noexcept {
    const auto& word = words_[index_of(at, replica)];
    return (word.bits[replica % kSlicedLanes / 64] >> replica % 64 & 1) != 0;
  }

  void cut_into_pieces() {
    class_pieces_ = {0};
    for (std::size_t c = 0; c + 1 < program_.class_start.size(); ++c) {
      for (std::uint32_t r = program_.class_start[c]; r < program_.class_start[c + 1]; ++r) {
        const auto& run = program_.runs[r];
        for (std::uint32_t begin = run.begin; begin < run.end; begin += kSitesPerPiece) {
          pieces_.push_back({run, begin, std::min(run.end, begin + kSitesPerPiece)});
        }
      }
      class_pieces_.push_back(pieces_.size());
    }
  }

  void make_blocks() {
    const auto is_odd = [](const SlicedSite& site) { return site.weight % 2 != 0; };
    const bool any_odd = std::ranges::any_of(program_.sites, is_odd);
    const bool any_even = !std::ranges::all_of(program_.sites, is_odd);
    const std::size_t count = (std::size_t{range_.count} + kSlicedLanes - 1) / kSlicedLanes;
    words_.resize(count * words_per_block());
    for (std::size_t b = 0; b < count; ++b) {
      blocks_.push_back({.thresholds = {program_.unit, program_.most_weight, any_even, any_odd}});
    }
    for (std::size_t b = 0; b < count; ++b) {
      auto& call = blocks_[b].call;
      call.spins = words_[b * words_per_block()].bits.data();
      call.inputs = program_.inputs.data();
      call.sites = program_.sites.data();
      call.counters = blocks_[b].counters.data();
      call.keys = keys_[0].data();
      words_[(b + 1) * words_per_block() - 1].bits.fill(~std::uint64_t{0});
    }
  }

  void draw_start(const Rng& rng) {
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      for (std::uint32_t at = 0; at < size(); ++at) {
        for (std::uint16_t q = 0; q < 4; ++q) {
          const auto bits = rng.block({.chain = block_number(b), .site = at, .lane = q});
          auto& word = words_[b * words_per_block() + at].bits;
          word[2 * q] = std::uint64_t{bits[1]} << 32 | bits[0];
          word[2 * q + 1] = std::uint64_t{bits[3]} << 32 | bits[2];
        }
      }
    }
  }

  [[nodiscard]] std::uint32_t block_number(std::size_t block) const noexcept {
    return range_.first / kSlicedLanes + static_cast<std::uint32_t>(block);
  }

  void set_betas(std::span<const double> betas) {
    std::vector<double> lanes;
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      auto part = betas;
      if (betas.size() > 1) {
        part = betas.subspan(b * kSlicedLanes);
        part = part.first(std::min<std::size_t>(part.size(), kSlicedLanes));
        lanes.assign(part.begin(), part.end());
        lanes.resize(kSlicedLanes, lanes.back());  // lanes that are nobody's
        part = lanes;
      }
      blocks_[b].thresholds.set(part, blocks_[b].call);
    }
  }

  // docs/theory/bit-slicing.md eq. 5, the first key already in.
  void set_counters(std::size_t block, std::uint64_t step) noexcept {
    auto* out = blocks_[block].counters.data();
    const auto& key = keys_[0];
    const auto join = [](std::uint32_t low, std::uint32_t high) {
      return std::uint64_t{high} << 32 | low;
    };
    const auto low_step = static_cast<std::uint32_t>(step);
    const auto high_step = static_cast<std::uint32_t>(step >> 32) << 16;
    for (std::uint32_t k = 0; k < kSlicedPlanes * 4; ++k) {  // plane and quarter
      *out++ = join(key[0], key[1] ^ block_number(block));
      *out++ = join(key[2] ^ low_step, key[3] ^ (high_step | k));
    }
  }

  // Few blocks, many threads: all of them on one class after another.
  void sweep_together(std::uint64_t step, const Resources& resources) {
    for (std::size_t b = 0; b < blocks_.size(); ++b) set_counters(b, step);
    for (std::size_t c = 0; c + 1 < class_pieces_.size(); ++c) {
      const std::size_t first = class_pieces_[c], count = class_pieces_[c + 1] - first;
      const auto work = [&](std::size_t task) {
        const auto& piece = pieces_[first + task % count];
        kernels_.sweep(blocks_[task / count].call, piece.run, piece.begin, piece.end);
      };
      if (count * blocks_.size() == 1) {
        work(0);
      } else {
        resources.for_each(count * blocks_.size(), work);
      }
    }
  }

  // totals: [lane]
  static void add_counts(const std::array<Word, kCounterPlanes>& counts, unsigned digit,
                         std::uint64_t* totals) {
    for (unsigned w = 0; w < kSlicedWords; ++w) {
      std::uint64_t block[64] = {};
      for (unsigned plane = 0; plane < kCounterPlanes; ++plane)
        block[plane] = counts[plane].bits[w];
      transpose_bits(block);
      for (unsigned lane = 0; lane < 64; ++lane) totals[64 * w + lane] += block[lane] << digit;
    }
  }

  SlicedProgram program_;
  ReplicaRange range_;
  const SlicedKernels& kernels_;
  std::array<ArsBlock, kArsRounds + 1> keys_;
  LargeVector<Word> words_;  // [block][position + 1]
  std::vector<Block> blocks_;
  std::vector<Piece> pieces_;              // by class
  std::vector<std::size_t> class_pieces_;  // [class + 1] into pieces_
  std::uint64_t step_ = 0;
  std::uint64_t updates_ = 0;
};

std::string refusal(const Target& target, const MachineConfig& config) {
  const auto* program = std::get_if<std::shared_ptr<const IsingProgram>>(&target);
  if (program == nullptr) return "needs an Ising program";
  if (rule_for(target, config) != UpdateRule::heat_bath) return "has the heat bath alone";
  return sliced_refusal(**program);
}

// Not for long rows: with a beta for each lane, all levels of |f| cost.
bool prefers(const Target& target, const MachineConfig& config) {
  if (config.replicas < kWorthwhileReplicas) return false;
  const auto& program = *std::get<std::shared_ptr<const IsingProgram>>(target);
  double weight = 0.0;
  for (const double v : program.couplings().value) weight += std::abs(v);
  for (const double v : program.fields()) weight += std::abs(v);
  const auto unit = common_unit(program.couplings().value, program.fields(), kMostWeight);
  return weight <= kWorthwhileWeight * unit.value_or(0.0) * program.size();
}

std::unique_ptr<Machine> make(const Target& target, const MachineConfig& /*config*/,
                              ReplicaRange range, const Rng& rng) {
  return make_bit_sliced(std::get<std::shared_ptr<const IsingProgram>>(target), range, rng,
                         best_sliced_kernels());
}

}  // namespace

const SlicedKernels& best_sliced_kernels() noexcept {
  for (const auto* kernels : {sliced_vaes(), sliced_aesni()}) {
    if (kernels != nullptr) return *kernels;
  }
  return kSlicedTwin;
}

std::unique_ptr<Machine> make_bit_sliced(std::shared_ptr<const IsingProgram> program,
                                         ReplicaRange range, const Rng& rng,
                                         const SlicedKernels& kernels) {
  return std::make_unique<BitSlicedMachine>(std::move(program), range, rng, kernels);
}

constinit const KernelEntry kBitSliced{
    "bit_sliced", "512 replicas in the bits of a word, for small-integer couplings",
    kSlicedLanes, Exactness::bitwise,
    refusal,      prefers,
    make};

}  // namespace therma::kernels
