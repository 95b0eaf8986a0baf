// SPDX-License-Identifier: Apache-2.0
// Machines of dense spin glasses, one chain after another: for few replicas.
#include "therma/dynamics/kernels/dense_spins_chain.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "therma/core/archive.hpp"
#include "therma/dynamics/kernels/aligned.hpp"
#include "therma/dynamics/kernels/dense_spins.hpp"
#include "therma/dynamics/kernels/kernels.hpp"

namespace therma::kernels {

bool settle_chain_spin(const ArsBlock& key, std::uint32_t chain, std::uint64_t step,
                       std::uint32_t site, double beta, double field) noexcept {
  const auto word = [&](std::uint16_t plane) { return chain_word(key, chain, step, site, plane); };
  const std::uint64_t rest = std::uint64_t{word(kChainPlane + 1)} << 32 | word(kChainPlane + 2);
  return settle_spin(word(kChainPlane), rest, beta, field);
}

void sweep_single_chain_plain(const IsingProgram& program, double beta, const ArsBlock& key,
                              std::uint32_t chain, std::uint64_t step,
                              std::span<Spin> spins) noexcept {
  for (std::uint32_t site = 0; site < program.size(); ++site) {
    const double field = program.local_field(spins, site);
    spins[site] = settle_chain_spin(key, chain, step, site, beta, field) ? kUp : kDown;
  }
}

namespace {

// Float fields are measured afresh after so many flips per spin: as many roundings as
// kRefreshSweeps sweeps make.
constexpr std::uint64_t kRefreshFlips = kRefreshSweeps;

template <class Row, class Field>
class DenseChains final : public Machine {
 public:
  DenseChains(std::shared_ptr<const IsingProgram> program, ReplicaRange range, const Rng& rng)
      : program_(std::move(program)),
        range_(range),
        keys_(ars_round_keys(rng.ars_key())),
        stride_((program_->size() + kChainBlock - 1) / kChainBlock * kChainBlock),
        rows_(stride_ * program_->size()),
        refreshes_(!has_whole_numbers(*program_)) {
    for (std::uint32_t i = 0; i < program_->size(); ++i) {
      const auto columns = program_->couplings().columns(i);
      const auto values = program_->couplings().values(i);
      for (std::size_t k = 0; k < columns.size(); ++k) {
        rows_[i * stride_ + columns[k]] = static_cast<Row>(values[k]);
      }
    }
    const Rng start = rng.child("start");
    for (std::uint32_t r = 0; r < range.count; ++r) {
      Chain chain{.spins = AlignedVector<Spin>(stride_, kDown),
                  .fields = AlignedVector<Field>(stride_)};
      for (std::uint32_t site = 0; site < program_->size(); ++site) {
        const bool up = start.bits({.chain = range.first + r, .site = site}) >> 63 != 0;
        chain.spins[site] = up ? kUp : kDown;
      }
      measure(chain);
      chains_.push_back(std::move(chain));
    }
  }

  [[nodiscard]] std::uint64_t num_variables() const noexcept override { return program_->size(); }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override { return range_.count; }
  [[nodiscard]] MachineTally tally() const noexcept override {
    MachineTally tally{.updates = step_ * range_.count * program_->size(), .changes = 0};
    for (const auto& chain : chains_) *tally.changes += chain.flips;
    return tally;
  }

  void advance(std::span<const double> betas, std::uint64_t steps,
               const Resources& resources) override {
    resources.for_each(chains_.size(), [&](std::size_t r) {
      auto& chain = chains_[r];
      AlignedVector<float> thresholds(stride_);
      constexpr double kMost = std::numeric_limits<float>::max();
      const double beta = betas.size() == 1 ? betas[0] : betas[r];
      ChainSweep<Row, Field> sweep{.rows = rows_.data(),
                                   .stride = stride_,
                                   .num_sites = program_->size(),
                                   .keys = &keys_,
                                   .chain = range_.first + static_cast<std::uint32_t>(r),
                                   .step = step_,
                                   .beta = beta,
                                   .twice_beta = static_cast<float>(std::min(2.0 * beta, kMost)),
                                   .thresholds = thresholds.data(),
                                   .spins = chain.spins.data(),
                                   .fields = chain.fields.data()};
      for (std::uint64_t k = 0; k < steps; ++k, ++sweep.step) {
        if (refreshes_ && chain.flips - chain.measured_at >= kRefreshFlips * program_->size()) {
          measure(chain);
        }
        chain.flips += sweep_chain(sweep);
      }
    });
    step_ += steps;
  }

  void energies(std::span<double> energies, const Resources& /*resources*/) const override {
    for (std::size_t r = 0; r < chains_.size(); ++r) {
      double sum = 0.0;
      for (std::uint32_t i = 0; i < program_->size(); ++i) {
        // Each pair is met from both of its ends: half of the coupling part, all of the field's.
        sum += chains_[r].spins[i] * 0.5 *
               (program_->fields()[i] + static_cast<double>(chains_[r].fields[i]));
      }
      energies[r] = program_->offset() - sum;
    }
  }

  void read(std::uint32_t replica, std::span<double> values) const override {
    std::copy_n(chains_[replica].spins.begin(), values.size(), values.begin());
  }
  void write(std::uint32_t replica, std::span<const double> values) override {
    auto& chain = chains_[replica];
    for (std::size_t i = 0; i < values.size(); ++i) chain.spins[i] = values[i] > 0.0 ? kUp : kDown;
    measure(chain);
  }

  void resample(std::span<const std::uint32_t> parents) override {
    const auto before = chains_;
    for (std::size_t r = 0; r < chains_.size(); ++r) {
      const auto& parent = before[parents[r]];
      chains_[r].spins = parent.spins;
      chains_[r].fields = parent.fields;
      // As many roundings ago as the parent's.
      chains_[r].measured_at = chains_[r].flips - (parent.flips - parent.measured_at);
    }
  }

  [[nodiscard]] std::string save() const override {
    ArchiveWriter out("dense chain", program_->size(), range_.count);
    out.put(step_);
    for (const auto& chain : chains_) {
      out.put(chain.flips);
      out.put(chain.measured_at);
      out.put_all<Spin>(chain.spins);
      out.put_all<Field>(chain.fields);  // with their roundings
    }
    return std::move(out).bytes();
  }
  void restore(std::string_view bytes) override {
    ArchiveReader in(bytes, "dense chain", program_->size(), range_.count);
    step_ = in.get<std::uint64_t>();
    for (auto& chain : chains_) {
      chain.flips = in.get<std::uint64_t>();
      chain.measured_at = in.get<std::uint64_t>();
      in.get_all<Spin>(chain.spins);
      in.get_all<Field>(chain.fields);
    }
    in.finish();
  }

 private:
  struct Chain {
    AlignedVector<Spin> spins;    // [stride]
    AlignedVector<Field> fields;  // [stride]
    std::uint64_t flips = 0;
    std::uint64_t measured_at = 0;  // flips, when its fields were last measured
  };

  // h + J s, from nothing but the spins.
  void measure(Chain& chain) const {
    chain.measured_at = chain.flips;
    std::ranges::fill(chain.fields, Field{});
    for (std::uint32_t i = 0; i < program_->size(); ++i) {
      chain.fields[i] = static_cast<Field>(program_->fields()[i]);
    }
    for (std::uint32_t i = 0; i < program_->size(); ++i) {
      add_row(&rows_[i * stride_], chain.spins[i], stride_, chain.fields.data());
    }
  }

  std::shared_ptr<const IsingProgram> program_;
  ReplicaRange range_;
  ArsKeys keys_;
  std::size_t stride_;
  AlignedVector<Row> rows_;  // [site, stride]
  bool refreshes_;
  std::vector<Chain> chains_;  // [replica]
  std::uint64_t step_ = 0;
};

const std::shared_ptr<const IsingProgram>* spins_of(const Target& target) {
  return std::get_if<std::shared_ptr<const IsingProgram>>(&target);
}

std::string refusal(const Target& target, const MachineConfig& config) {
  if (spins_of(target) == nullptr) return "needs spins with pair couplings";
  if (rule_for(target, config) != UpdateRule::heat_bath) return "runs the heat bath only";
  return dense_refusal(**spins_of(target));
}

bool prefers(const Target& target, const MachineConfig& /*config*/) {
  return is_dense(**spins_of(target));
}

std::unique_ptr<Machine> make(const Target& target, const MachineConfig& /*config*/,
                              ReplicaRange range, const Rng& rng) {
  const auto& program = *spins_of(target);
  if (has_small_numbers(*program)) {
    return std::make_unique<DenseChains<std::int8_t, std::int16_t>>(program, range, rng);
  }
  return std::make_unique<DenseChains<float, float>>(program, range, rng);
}

}  // namespace

constinit const KernelEntry kDenseChain{
    "dense_chain",
    "spins with most pairs coupled: one chain, a flip adds a row to all fields",
    1,
    Exactness::tolerance,
    refusal,
    prefers,
    make};

}  // namespace therma::kernels
