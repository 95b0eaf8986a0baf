// SPDX-License-Identifier: Apache-2.0
// Machines of dense spin glasses: 64 replicas in lanes, fields updated by the panel multiply.
#include "therma/dynamics/kernels/dense_spins.hpp"

#include <algorithm>
#include <limits>

#include "therma/core/archive.hpp"
#include "therma/dynamics/kernels/kernels.hpp"

namespace therma::kernels {
namespace {

constexpr std::uint64_t kAllLanes = ~std::uint64_t{0};

// 64 replicas.
struct Group {
  std::uint32_t first_chain = 0;
  std::uint64_t counted = kAllLanes;  // lanes that hold replicas of the machine
  std::vector<std::uint64_t> spins;   // [site] bit r: replica r's spin is up
  std::vector<LaneRow> fields;        // [site, filled up to whole panels] h + J s
  std::uint64_t stale = kAllLanes;    // lanes whose fields are not those of their spins
  std::uint64_t flips = 0;
};

class DenseSpins final : public Machine {
 public:
  DenseSpins(std::shared_ptr<const IsingProgram> program, ReplicaRange range, const Rng& rng)
      : program_(std::move(program)),
        range_(range),
        keys_(ars_round_keys(rng.ars_key())),
        couplings_(program_->size(), program_->size()),
        refreshes_(!has_whole_numbers(*program_)) {
    for (std::uint32_t i = 0; i < program_->size(); ++i) {
      const auto columns = program_->couplings().columns(i);
      const auto values = program_->couplings().values(i);
      for (std::size_t k = 0; k < columns.size(); ++k) {
        couplings_.set(i, columns[k], static_cast<float>(values[k]));
      }
    }
    for (std::uint32_t first = 0; first < range.count; first += kGroupLanes) {
      groups_.push_back(make_group(first, rng.child("start")));
    }
  }

  [[nodiscard]] std::uint64_t num_variables() const noexcept override { return program_->size(); }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override { return range_.count; }
  [[nodiscard]] MachineTally tally() const noexcept override {
    MachineTally tally{.updates = step_ * range_.count * program_->size(), .changes = 0};
    for (const auto& group : groups_) *tally.changes += group.flips;
    return tally;
  }

  void advance(std::span<const double> betas, std::uint64_t steps,
               const Resources& resources) override {
    // Whole groups on a thread each; what is left over shares its multiplies.
    constexpr std::uint32_t kWorthSharing = 512;  // spins
    const std::size_t threads = resources.num_threads();
    const bool shares = program_->size() >= kWorthSharing;
    const std::size_t alone = shares ? groups_.size() - groups_.size() % threads : groups_.size();
    const auto run = [&](std::size_t g, const Resources& inner) {
      double of_lane[kGroupLanes];
      LaneRow twice;
      for (std::size_t lane = 0; lane < kGroupLanes; ++lane) {
        // Lanes beyond the last replica follow it.
        of_lane[lane] = betas[std::min(g * kGroupLanes + lane, betas.size() - 1)];
        constexpr double kMost = std::numeric_limits<float>::max();
        twice.lane[lane] = static_cast<float>(std::min(2.0 * of_lane[lane], kMost));
      }
      for (std::uint64_t k = 0; k < steps; ++k) sweep(groups_[g], step_ + k, of_lane, twice, inner);
    };
    resources.for_each(alone, [&](std::size_t g) { run(g, {}); });
    for (std::size_t g = alone; g < groups_.size(); ++g) run(g, resources);
    step_ += steps;
  }

  void energies(std::span<double> energies, const Resources& resources) const override {
    resources.for_each(groups_.size(), [&](std::size_t g) {
      const auto& group = groups_[g];
      std::vector<LaneRow> fresh;
      if (group.stale != 0) fresh = fields_of(group, {});
      double sums[kGroupLanes] = {};
      for (std::uint32_t i = 0; i < program_->size(); ++i) {
        for (std::uint32_t lane = 0; lane < kGroupLanes; ++lane) {
          const bool is_stale = (group.stale >> lane & 1U) != 0;
          const auto& field = (is_stale ? fresh : group.fields)[i].lane[lane];
          const bool is_up = (group.spins[i] >> lane & 1U) != 0;
          // Each pair is met from both of its ends: half of the coupling part, all of the field's.
          const double sum = 0.5 * (program_->fields()[i] + static_cast<double>(field));
          sums[lane] += is_up ? sum : -sum;
        }
      }
      const std::size_t first = g * kGroupLanes;
      for (std::size_t r = first; r < std::min<std::size_t>(first + kGroupLanes, range_.count);
           ++r) {
        energies[r] = program_->offset() - sums[r - first];
      }
    });
  }

  void read(std::uint32_t replica, std::span<double> values) const override {
    const auto& spins = groups_[replica / kGroupLanes].spins;
    for (std::size_t i = 0; i < spins.size(); ++i) {
      values[i] = (spins[i] >> replica % kGroupLanes & 1U) != 0 ? 1.0 : -1.0;
    }
  }
  void write(std::uint32_t replica, std::span<const double> values) override {
    auto& group = groups_[replica / kGroupLanes];
    const std::uint64_t bit = std::uint64_t{1} << replica % kGroupLanes;
    for (std::size_t i = 0; i < group.spins.size(); ++i) {
      group.spins[i] = values[i] > 0.0 ? group.spins[i] | bit : group.spins[i] & ~bit;
    }
    group.stale |= bit;
  }

  void resample(std::span<const std::uint32_t> parents) override {
    const auto before = groups_;
    for (std::uint32_t r = 0; r < range_.count; ++r) {
      auto& to = groups_[r / kGroupLanes];
      const auto& from = before[parents[r] / kGroupLanes];
      const std::uint32_t lane = r % kGroupLanes, parent = parents[r] % kGroupLanes;
      const auto copy_bit = [&](std::uint64_t& word, std::uint64_t source) {
        word = (word & ~(std::uint64_t{1} << lane)) | (source >> parent & 1U) << lane;
      };
      copy_bit(to.stale, from.stale);
      for (std::size_t i = 0; i < to.spins.size(); ++i) {
        copy_bit(to.spins[i], from.spins[i]);
        to.fields[i].lane[lane] = from.fields[i].lane[parent];
      }
    }
  }

  [[nodiscard]] std::string save() const override {
    ArchiveWriter out("dense spins", program_->size(), range_.count);
    out.put(step_);
    for (const auto& group : groups_) {
      out.put(group.stale);
      out.put(group.flips);
      out.put_all<std::uint64_t>(group.spins);
      out.put_all<LaneRow>(group.fields);  // with their roundings
    }
    return std::move(out).bytes();
  }
  void restore(std::string_view bytes) override {
    ArchiveReader in(bytes, "dense spins", program_->size(), range_.count);
    step_ = in.get<std::uint64_t>();
    for (auto& group : groups_) {
      group.stale = in.get<std::uint64_t>();
      group.flips = in.get<std::uint64_t>();
      in.get_all<std::uint64_t>(group.spins);
      in.get_all<LaneRow>(group.fields);
    }
    in.finish();
  }

 private:
  // first: the group's first replica in this machine.
  [[nodiscard]] Group make_group(std::uint32_t first, const Rng& start) const {
    Group group{.first_chain = range_.first + first};
    const std::uint32_t left = range_.count - first;
    if (left < kGroupLanes) group.counted = (std::uint64_t{1} << left) - 1;
    group.spins.resize(program_->size());
    group.fields.resize(std::size_t{couplings_.num_panels()} * PackedMatrix::kPanelRows);
    for (std::uint32_t site = 0; site < program_->size(); ++site) {
      for (std::uint32_t lane = 0; lane < kGroupLanes; ++lane) {
        const DrawAt at{.chain = group.first_chain + lane, .site = site};
        group.spins[site] |= (start.bits(at) >> 63) << lane;
      }
    }
    return group;
  }

  // fields += J changes, the panels shared among threads.
  void add_changes(std::span<const std::uint32_t> changed, const LaneRow* changes,
                   std::vector<LaneRow>& fields, const Resources& resources) const {
    constexpr std::uint32_t kShare = 48;  // panels
    const std::uint32_t panels = couplings_.num_panels();
    resources.for_each((panels + kShare - 1) / kShare, [&](std::size_t k) {
      const auto first = static_cast<std::uint32_t>(k) * kShare;
      const PanelPart part{.first_panel = first,
                           .num_panels = std::min(kShare, panels - first),
                           .columns = changed.data(),
                           .depth = static_cast<std::uint32_t>(changed.size())};
      multiply_panels(couplings_, part, changes->lane, kGroupLanes,
                      fields[std::size_t{first} * PackedMatrix::kPanelRows].lane);
    });
  }

  // h + J s of all lanes, from nothing but the spins.
  [[nodiscard]] std::vector<LaneRow> fields_of(const Group& group,
                                               const Resources& resources) const {
    std::vector<LaneRow> fields(group.fields.size());
    std::vector<LaneRow> spins(kSpinBlock);
    std::vector<std::uint32_t> sites(kSpinBlock);
    for (std::uint32_t i = 0; i < program_->size(); ++i) {
      std::ranges::fill(fields[i].lane, static_cast<float>(program_->fields()[i]));
    }
    for (std::uint32_t first = 0; first < program_->size(); first += kSpinBlock) {
      const std::uint32_t count = std::min(kSpinBlock, program_->size() - first);
      for (std::uint32_t t = 0; t < count; ++t) {
        sites[t] = first + t;
        for (std::uint32_t lane = 0; lane < kGroupLanes; ++lane) {
          spins[t].lane[lane] = (group.spins[first + t] >> lane & 1U) != 0 ? 1.0F : -1.0F;
        }
      }
      add_changes(std::span(sites).first(count), spins.data(), fields, resources);
    }
    return fields;
  }

  // Measures the fields of some lanes again; those of others keep their bits.
  void refresh(Group& group, std::uint64_t lanes, const Resources& resources) const {
    const auto fresh = fields_of(group, resources);
    for (std::size_t i = 0; i < fresh.size(); ++i) {
      for (std::uint32_t lane = 0; lane < kGroupLanes; ++lane) {
        if ((lanes >> lane & 1U) != 0) group.fields[i].lane[lane] = fresh[i].lane[lane];
      }
    }
    group.stale = 0;
  }

  void sweep(Group& group, std::uint64_t step, const double* betas, const LaneRow& twice_betas,
             const Resources& resources) const {
    const bool is_due = refreshes_ && step % kRefreshSweeps == 0;
    if (const auto lanes = is_due ? kAllLanes : group.stale; lanes != 0) {
      refresh(group, lanes, resources);
    }
    std::uint32_t changed[kSpinBlock];
    LaneRow changes[kSpinBlock];
    for (std::uint32_t first = 0; first < program_->size(); first += kSpinBlock) {
      SpinBlock block{.couplings = &couplings_,
                      .keys = &keys_,
                      .at = {.first_chain = group.first_chain, .step = step, .site = first},
                      .num_sites = std::min(kSpinBlock, program_->size() - first),
                      .betas = betas,
                      .twice_betas = &twice_betas,
                      .fields = &group.fields[first],
                      .spins = &group.spins[first],
                      .changed = changed,
                      .changes = changes,
                      .counted = group.counted};
      const std::uint32_t num_changed = sweep_block(block);
      group.flips += block.flips;
      if (num_changed > 0) add_changes({changed, num_changed}, changes, group.fields, resources);
    }
  }

  std::shared_ptr<const IsingProgram> program_;
  ReplicaRange range_;
  ArsKeys keys_;
  PackedMatrix couplings_;
  bool refreshes_;
  std::vector<Group> groups_;
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

// With few replicas the lanes are mostly idle; and rows of small whole numbers are so short that
// single chains are faster at any temperature.
bool prefers(const Target& target, const MachineConfig& config) {
  const auto& program = **spins_of(target);
  return is_dense(program) && config.replicas >= 16 && !has_small_numbers(program);
}

std::unique_ptr<Machine> make(const Target& target, const MachineConfig& /*config*/,
                              ReplicaRange range, const Rng& rng) {
  return std::make_unique<DenseSpins>(*spins_of(target), range, rng);
}

}  // namespace

constinit const KernelEntry kDenseSpins{
    "dense_spins", "spins with most pairs coupled: 64 replicas in lanes, fields by panel multiply",
    kGroupLanes,   Exactness::tolerance,
    refusal,       prefers,
    make};

}  // namespace therma::kernels
