// SPDX-License-Identifier: Apache-2.0
// Machines of quartic networks and quadratic energies: 64 replicas in lanes, every Langevin rule.
#include "therma/dynamics/kernels/network_lanes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/kernels/kernels.hpp"
#include "therma/dynamics/kernels/network_steps.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/energy/quartic.hpp"

namespace therma::kernels {

namespace {

constexpr std::uint32_t kBlockRows = LaneNetwork::kBlockRows;
class NetworkMachine final : public Machine {
 public:
  NetworkMachine(std::shared_ptr<const LaneNetwork> network, UpdateRule rule,
                 const MachineConfig& config, ReplicaRange range, const Rng& rng)
      : network_(network),
        rule_(rule),
        range_(range),
        steps_(std::move(network), rule, config, rng) {
    for (std::uint32_t first = 0; first < range.count; first += kGroupLanes) {
      const std::uint32_t left = range.count - first;
      const auto counted = left < kGroupLanes ? (std::uint64_t{1} << left) - 1 : kAllLanes;
      groups_.push_back(steps_.start(range.first + first, counted));
    }
  }

  [[nodiscard]] std::uint64_t num_variables() const noexcept override { return network_->size(); }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override { return range_.count; }
  [[nodiscard]] MachineTally tally() const noexcept override {
    const std::uint64_t updates = step_ * range_.count * network_->size();
    if (rule_ != UpdateRule::mala) return {.updates = updates, .changes = updates};
    std::uint64_t accepted = 0;
    for (const auto& group : groups_) accepted += group.accepted;
    return {.updates = updates, .changes = accepted * network_->size()};
  }

  void advance(std::span<const double> betas, std::uint64_t steps,
               const Resources& resources) override {
    for (std::size_t r = 0; r < betas.size(); ++r) check_beta(betas[r], r);
    // Whole groups on a thread each; what is left over, and single large networks, block by block.
    constexpr std::uint64_t kWorthSharing = std::uint64_t{1} << 20;  // multiply-adds
    const std::size_t threads = resources.num_threads();
    const bool shares = network_->multiply_adds() >= kWorthSharing;
    const std::size_t alone = shares ? groups_.size() - groups_.size() % threads : groups_.size();
    const auto run = [&](std::size_t g, const Resources& inner) {
      const auto lanes = betas_of(betas, g);
      for (std::uint64_t k = 0; k < steps; ++k) steps_.step(groups_[g], step_ + k, lanes, inner);
    };
    resources.for_each(alone, [&](std::size_t g) { run(g, {}); });
    for (std::size_t g = alone; g < groups_.size(); ++g) run(g, resources);
    step_ += steps;
  }

  void energies(std::span<double> energies, const Resources& resources) const override {
    std::vector<LaneSums> sums(groups_.size() * network_->num_blocks());
    resources.for_each(sums.size(), [&](std::size_t k) {
      const auto block = static_cast<std::uint32_t>(k % network_->num_blocks());
      const auto& x = groups_[k / network_->num_blocks()].x;
      LaneRow field[kBlockRows];
      network_->fields(block, x.data(), field);
      sum_energy(*network_, block * kBlockRows, network_->rows_of(block),
                 &x[std::size_t{block} * kBlockRows], field, sums[k]);
    });
    for (std::uint32_t r = 0; r < range_.count; ++r) {
      energies[r] = 0.0;
      for (std::uint32_t b = 0; b < network_->num_blocks(); ++b) {
        energies[r] += sums[r / kGroupLanes * network_->num_blocks() + b].energy[r % kGroupLanes];
      }
    }
  }

  void read(std::uint32_t replica, std::span<double> values) const override {
    const auto& x = groups_[replica / kGroupLanes].x;
    for (std::size_t i = 0; i < x.size(); ++i) {
      values[i] = static_cast<double>(x[i].lane[replica % kGroupLanes]);
    }
  }
  void write(std::uint32_t replica, std::span<const double> values) override {
    auto& group = groups_[replica / kGroupLanes];
    for (std::size_t i = 0; i < group.x.size(); ++i) {
      group.x[i].lane[replica % kGroupLanes] = static_cast<float>(values[i]);
    }
    group.fresh |= std::uint64_t{1} << replica % kGroupLanes;
  }

  void resample(std::span<const std::uint32_t> parents) override {
    const auto before = groups_;
    for (std::uint32_t r = 0; r < range_.count; ++r) {
      auto& to = groups_[r / kGroupLanes];
      const auto& from = before[parents[r] / kGroupLanes];
      const std::uint32_t lane = r % kGroupLanes, parent = parents[r] % kGroupLanes;
      for (std::size_t i = 0; i < to.x.size(); ++i) {
        to.x[i].lane[lane] = from.x[i].lane[parent];
        if (!to.momentum.empty()) to.momentum[i].lane[lane] = from.momentum[i].lane[parent];
      }
      const std::uint64_t bit = std::uint64_t{1} << lane;
      const bool is_fresh = rule_ == UpdateRule::mala || (from.fresh >> parent & 1U) != 0;
      to.fresh = is_fresh ? to.fresh | bit : to.fresh & ~bit;
    }
  }

  [[nodiscard]] std::string save() const override {
    ArchiveWriter out("network lanes", network_->size(), range_.count);
    out.put(rule_);
    out.put(step_);
    for (const auto& group : groups_) {
      // A gradient is not part of the state: it is computed again to the same bits.
      out.put(rule_ == UpdateRule::mala ? kAllLanes : group.fresh);
      out.put(group.accepted);
      out.put_all<LaneRow>(group.x);
      out.put_all<LaneRow>(group.momentum);
    }
    return std::move(out).bytes();
  }
  void restore(std::string_view bytes) override {
    ArchiveReader in(bytes, "network lanes", network_->size(), range_.count);
    if (in.get<UpdateRule>() != rule_) fail(ErrorCode::bad_data, "checkpoint: of another rule");
    step_ = in.get<std::uint64_t>();
    for (auto& group : groups_) {
      group.fresh = in.get<std::uint64_t>();
      group.accepted = in.get<std::uint64_t>();
      in.get_all<LaneRow>(group.x);
      in.get_all<LaneRow>(group.momentum);
      group.noise_step = ~std::uint64_t{0};
    }
    in.finish();
  }

 private:
  void check_beta(double beta, std::size_t replica) const {
    if (!(beta > 0.0) || (rule_ == UpdateRule::mala && std::isinf(beta))) {
      fail(ErrorCode::invalid_argument, "beta of replica {}: {} needs a positive{} number, got {}",
           replica, enum_names(rule_)[static_cast<std::size_t>(rule_)],
           rule_ == UpdateRule::mala ? " finite" : "", beta);
    }
  }
  // Lanes beyond the last replica follow it.
  [[nodiscard]] LaneBetas betas_of(std::span<const double> betas, std::size_t group) const {
    LaneBetas out{};
    for (std::size_t lane = 0; lane < kGroupLanes; ++lane) {
      out.beta[lane] = betas[std::min(group * kGroupLanes + lane, betas.size() - 1)];
    }
    return out;
  }

  std::shared_ptr<const LaneNetwork> network_;
  UpdateRule rule_;
  ReplicaRange range_;
  NetworkSteps steps_;
  std::vector<NetworkGroup> groups_;
  std::uint64_t step_ = 0;
};

struct NetworkSize {
  std::uint32_t size;
  bool is_dense;
};
NetworkSize size_of(const Target& target) {
  if (const auto* quartic = std::get_if<std::shared_ptr<const QuarticProgram>>(&target)) {
    return {(*quartic)->size(), (*quartic)->is_dense()};
  }
  return {std::get<std::shared_ptr<const QuadraticEnergy>>(target)->size(), true};
}

std::string refusal(const Target& target, const MachineConfig& config) {
  if (!std::holds_alternative<std::shared_ptr<const QuarticProgram>>(target) &&
      !std::holds_alternative<std::shared_ptr<const QuadraticEnergy>>(target)) {
    return "needs a quartic network or a quadratic energy";
  }
  const auto rule = rule_for(target, config);
  if (rule == UpdateRule::heat_bath || rule == UpdateRule::metropolis) {
    return fmt::format("moves reals, which {} does not",
                       enum_names(rule)[static_cast<std::size_t>(rule)]);
  }
  const auto [size, is_dense] = size_of(target);
  if (is_dense && size > kMostDenseVariables) {
    return fmt::format("keeps dense couplings of at most {} variables, and there are {}",
                       kMostDenseVariables, size);
  }
  return size == 0 ? "needs at least one variable" : "";
}

// Below some eight replicas the lanes are mostly idle.
bool prefers(const Target& /*target*/, const MachineConfig& config) { return config.replicas >= 8; }

std::unique_ptr<Machine> make(const Target& target, const MachineConfig& config, ReplicaRange range,
                              const Rng& rng) {
  std::shared_ptr<const LaneNetwork> network;
  if (const auto* quartic = std::get_if<std::shared_ptr<const QuarticProgram>>(&target)) {
    network = std::make_shared<const LaneNetwork>(**quartic);
  } else {
    network = std::make_shared<const LaneNetwork>(
        *std::get<std::shared_ptr<const QuadraticEnergy>>(target));
  }
  return std::make_unique<NetworkMachine>(std::move(network), rule_for(target, config), config,
                                          range, rng);
}

}  // namespace

constinit const KernelEntry kNetworkLanes{
    "network_lanes",
    "quartic networks and quadratic energies: 64 replicas in lanes, in float",
    kGroupLanes,
    Exactness::tolerance,
    refusal,
    prefers,
    make};

}  // namespace therma::kernels
