// SPDX-License-Identifier: Apache-2.0
// Machines of few chains on large sparse graphs: colour class after class, blocks in parallel.
#include "therma/dynamics/kernels/colour_lanes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"
#include "therma/core/random/ars.hpp"
#include "therma/dynamics/gibbs.hpp"
#include "therma/dynamics/kernels/colour_lanes_program.hpp"
#include "therma/dynamics/kernels/kernels.hpp"

namespace therma::kernels {
namespace {

constexpr std::size_t kBlocksPerPiece = 256;  // 8192 sites, some 10 us
constexpr std::uint32_t kFewReplicas = 8, kManySites = 1000;
constexpr int kNarrowFields = 256;  // -128 to 127

// p in units of 2^-64; 1 loses its last unit.
std::uint64_t fixed_point(double p) {
  const double scaled = std::ldexp(p, 64);
  return scaled < 0x1.0p64 ? static_cast<std::uint64_t>(scaled) : ~std::uint64_t{0};
}

// P(up) of every field that a narrow program can have, for one beta.
struct NarrowTables {
  std::array<std::uint64_t, kNarrowFields> thresholds{};
  std::array<std::uint8_t, kNarrowFields / 2> first_bytes{};

  void set(double beta, double unit) {
    for (int k = -128; k < 128; ++k) {
      const auto at = static_cast<std::size_t>(k + 128);
      thresholds[at] = fixed_point(up_probability(beta, unit * k));
      if (k >= 0) {
        first_bytes[static_cast<std::size_t>(k)] = static_cast<std::uint8_t>(thresholds[at] >> 56);
      }
    }
  }
};

template <class T>  // int8_t narrow, int16_t wide
class ColourMachine final : public Machine {
 public:
  ColourMachine(std::shared_ptr<const IsingProgram> program, ColourProgram layout,
                ReplicaRange range, const Rng& rng, BlockSweep sweep)
      : program_(std::move(program)),
        layout_(std::move(layout)),
        range_(range),
        sweep_(sweep),
        tail_rng_(rng.child("colour lanes tail")),
        keys_(ars_round_keys(rng.child("colour lanes").ars_key())) {
    for (std::uint32_t r = 0; r < range.count; ++r) {
      const auto start = init_spins(*program_, rng, range.first + r);
      auto& chain = chains_.emplace_back();
      chain.spins.resize(layout_.site_at.size() + 2 * kSpinPadding);
      for (std::uint32_t site = 0; site < program_->size(); ++site) {
        spin(chain, site) = start.spins[site] == kUp ? T{0} : T{-1};
      }
    }
  }

  [[nodiscard]] std::uint64_t num_variables() const noexcept override { return program_->size(); }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override { return range_.count; }
  [[nodiscard]] MachineTally tally() const noexcept override { return {.updates = updates_}; }

  void advance(std::span<const double> betas, std::uint64_t steps,
               const Resources& resources) override {
    for (std::size_t r = 0; r < chains_.size(); ++r) {
      chains_[r].set_beta(betas.size() == 1 ? betas[0] : betas[r], layout_);
    }
    if (chains_.size() >= resources.num_threads()) {
      resources.for_each(chains_.size(), [&](std::size_t r) {
        for (std::uint64_t k = 0; k < steps; ++k) {
          const auto call = begin_step(r, step_ + k);
          for (std::size_t c = 0; c + 1 < layout_.class_start.size(); ++c) {
            sweep_(call.sweep, layout_.class_start[c], layout_.class_start[c + 1]);
          }
        }
      });
    } else {
      for (std::uint64_t k = 0; k < steps; ++k) step_together(step_ + k, resources);
    }
    step_ += steps;
    updates_ += steps * program_->size() * chains_.size();
  }

  void energies(std::span<double> energies, const Resources& resources) const override {
    resources.for_each(chains_.size(), [&](std::size_t r) {
      std::vector<Spin> spins(program_->size());
      for (std::uint32_t site = 0; site < spins.size(); ++site) {
        spins[site] = is_up(chains_[r], site) ? kUp : kDown;
      }
      energies[r] = program_->energy(spins);
    });
  }
  void read(std::uint32_t replica, std::span<double> values) const override {
    for (std::uint32_t site = 0; site < program_->size(); ++site) {
      values[site] = is_up(chains_[replica], site) ? 1.0 : -1.0;
    }
  }
  void write(std::uint32_t replica, std::span<const double> values) override {
    for (std::uint32_t site = 0; site < program_->size(); ++site) {
      spin(chains_[replica], site) = values[site] > 0.0 ? T{0} : T{-1};
    }
  }
  void resample(std::span<const std::uint32_t> parents) override {
    std::vector<std::vector<T>> before;
    for (const auto& chain : chains_) before.push_back(chain.spins);
    for (std::size_t r = 0; r < chains_.size(); ++r) chains_[r].spins = before[parents[r]];
  }

  [[nodiscard]] std::string save() const override {
    ArchiveWriter out(kKind, program_->size(), range_.count);
    out.put(step_);
    out.put(updates_);
    for (const auto& chain : chains_) out.put_all<T>(chain.spins);
    return std::move(out).bytes();
  }
  void restore(std::string_view bytes) override {
    ArchiveReader in(bytes, kKind, program_->size(), range_.count);
    step_ = in.get<std::uint64_t>();
    updates_ = in.get<std::uint64_t>();
    for (auto& chain : chains_) in.get_all<T>(chain.spins);
    in.finish();
  }

 private:
  static constexpr bool kNarrow = sizeof(T) == 1;
  static constexpr std::string_view kKind = kNarrow ? "colour lanes int8" : "colour lanes int16";
  static constexpr unsigned kHeadBits = 8 * sizeof(T);

  struct Chain {
    std::vector<T> spins;  // [padding + position + padding]
    double beta = -1.0;
    NarrowTables tables;  // narrow only

    void set_beta(double value, const ColourProgram& layout) {
      if (kNarrow && value != beta) tables.set(value, layout.unit);
      beta = value;
    }
  };
  // What one step of one chain is called with.
  struct Call {
    const ColourMachine* machine = nullptr;
    std::size_t replica = 0;
    std::uint64_t step = 0;
    std::array<std::uint32_t, 16> counters{};
    SweepCall sweep{};

    Call() = default;
    Call(const Call&) = delete;  // `sweep` points into it
    Call& operator=(const Call&) = delete;
  };

  [[nodiscard]] T& spin(Chain& chain, std::uint32_t site) const {
    return chain.spins[std::size_t{layout_.position_of[site]} + kSpinPadding];
  }
  [[nodiscard]] bool is_up(const Chain& chain, std::uint32_t site) const {
    return chain.spins[std::size_t{layout_.position_of[site]} + kSpinPadding] == 0;
  }
  [[nodiscard]] std::uint32_t chain_number(std::size_t replica) const noexcept {
    return range_.first + static_cast<std::uint32_t>(replica);
  }

  struct Begun {
    std::unique_ptr<Call> owner;
    const SweepCall& sweep;
  };
  [[nodiscard]] Begun begin_step(std::size_t replica, std::uint64_t step) {
    auto call = std::make_unique<Call>();
    auto& chain = chains_[replica];
    call->machine = this;
    call->replica = replica;
    call->step = step;
    for (std::uint32_t q = 0; q < 4; ++q) {  // docs/theory/bit-slicing.md eq. 8
      call->counters[4 * q] = keys_[0][0] ^ q;
      call->counters[4 * q + 1] = keys_[0][1] ^ chain_number(replica);
      call->counters[4 * q + 2] = keys_[0][2] ^ static_cast<std::uint32_t>(step);
      call->counters[4 * q + 3] = keys_[0][3] ^ static_cast<std::uint32_t>(step >> 32);
    }
    auto& s = call->sweep;
    s.blocks = layout_.blocks.data();
    s.sources = layout_.sources.data();
    if constexpr (kNarrow) {
      s.weights = layout_.narrow_weights.data();
      s.bases = layout_.narrow_bases.data();
    } else {
      s.weights = layout_.wide_weights.data();
      s.bases = layout_.wide_bases.data();
    }
    s.spins = chain.spins.data();
    s.counters = call->counters.data();
    s.keys = keys_[0].data();
    s.thresholds = chain.tables.thresholds.data();
    s.first_bytes = chain.tables.first_bytes.data();
    s.num_tables = layout_.most_weight / 16 + 1;
    s.two_beta = 2.0 * chain.beta;
    s.settle = settle;
    s.tail = tail;
    s.context = call.get();
    return {std::move(call), s};
  }

  void step_together(std::uint64_t step, const Resources& resources) {
    std::vector<Begun> calls;
    for (std::size_t r = 0; r < chains_.size(); ++r) calls.push_back(begin_step(r, step));
    for (std::size_t c = 0; c + 1 < layout_.class_start.size(); ++c) {
      const std::size_t first = layout_.class_start[c], end = layout_.class_start[c + 1];
      const std::size_t pieces = (end - first + kBlocksPerPiece - 1) / kBlocksPerPiece;
      const auto work = [&](std::size_t task) {
        const std::size_t begin = first + task % pieces * kBlocksPerPiece;
        sweep_(calls[task / pieces].sweep, begin, std::min(end, begin + kBlocksPerPiece));
      };
      if (pieces * calls.size() == 1) {
        work(0);
      } else {
        resources.for_each(pieces * calls.size(), work);
      }
    }
  }

  static std::uint64_t tail(const SweepCall& sweep, std::uint32_t position) {
    const auto& call = *static_cast<const Call*>(sweep.context);
    const auto& m = *call.machine;
    return m.tail_rng_.bits(
        {.chain = m.chain_number(call.replica), .step = call.step, .site = position});
  }

  // Whether the whole draw, head and tail, lies below P(up) of the field in double. A position
  // that pads its class has no field.
  static bool settle(const SweepCall& sweep, std::uint32_t position, std::uint32_t head) {
    const auto& call = *static_cast<const Call*>(sweep.context);
    const auto& m = *call.machine;
    const auto& chain = m.chains_[call.replica];
    const double field = m.field(chain, m.layout_.site_at[position]);
    const std::uint64_t draw =
        std::uint64_t{head} << (64 - kHeadBits) | tail(sweep, position) >> kHeadBits;
    if constexpr (kNarrow) {
      return draw <
             chain.tables
                 .thresholds[static_cast<std::size_t>(std::lround(field / m.layout_.unit) + 128)];
    } else {
      return draw < fixed_point(up_probability(chain.beta, field));
    }
  }
  [[nodiscard]] double field(const Chain& chain, std::uint32_t site) const {
    if (site == kNoSite) return 0.0;
    double sum = program_->fields()[site];
    const auto columns = program_->couplings().columns(site);
    const auto values = program_->couplings().values(site);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      sum += is_up(chain, columns[k]) ? values[k] : -values[k];
    }
    return sum;
  }

  std::shared_ptr<const IsingProgram> program_;
  ColourProgram layout_;
  ReplicaRange range_;
  BlockSweep sweep_;
  Rng tail_rng_;
  std::array<ArsBlock, kArsRounds + 1> keys_;
  std::vector<Chain> chains_;  // [replica]
  std::uint64_t step_ = 0;
  std::uint64_t updates_ = 0;
};

std::string refusal(const Target& target, const MachineConfig& config) {
  if (!std::holds_alternative<std::shared_ptr<const IsingProgram>>(target)) {
    return "needs an Ising program";
  }
  return rule_for(target, config) == UpdateRule::heat_bath ? "" : "has the heat bath alone";
}

bool prefers(const Target& target, const MachineConfig& config) {
  const auto& program = std::get<std::shared_ptr<const IsingProgram>>(target);
  return config.replicas < kFewReplicas && program->size() >= kManySites;
}

std::unique_ptr<Machine> make(const Target& target, const MachineConfig& /*config*/,
                              ReplicaRange range, const Rng& rng) {
  return make_colour_lanes(std::get<std::shared_ptr<const IsingProgram>>(target), range, rng);
}

}  // namespace

std::unique_ptr<Machine> make_colour_lanes(std::shared_ptr<const IsingProgram> program,
                                           ReplicaRange range, const Rng& rng,
                                           const ColourSweeps& sweeps) {
  auto layout = lay_out_by_colour(*program);
  if (layout.narrow) {
    return std::make_unique<ColourMachine<std::int8_t>>(std::move(program), std::move(layout),
                                                        range, rng, sweeps.narrow);
  }
  return std::make_unique<ColourMachine<std::int16_t>>(std::move(program), std::move(layout), range,
                                                       rng, sweeps.wide);
}

constinit const KernelEntry kColourLanes{"colour_lanes",
                                         "one chain vectorised over the sites of a colour class",
                                         1,
                                         Exactness::bitwise,
                                         refusal,
                                         prefers,
                                         make};

}  // namespace therma::kernels
