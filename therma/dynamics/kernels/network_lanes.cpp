// SPDX-License-Identifier: Apache-2.0
// Machines of quartic networks and quadratic energies: 64 replicas in lanes, every Langevin rule.
#include "therma/dynamics/kernels/network_lanes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/kernels/kernels.hpp"
#include "therma/dynamics/noise.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/energy/quartic.hpp"

namespace therma::kernels {

void copy_lanes(std::uint32_t num_rows, std::uint64_t lanes, const LaneRow* from,
                LaneRow* to) noexcept {
  for (std::uint32_t row = 0; row < num_rows; ++row) {
    for (std::uint32_t lane = 0; lane < kGroupLanes; ++lane) {
      const bool copies = (lanes >> lane & 1U) != 0;
      to[row].lane[lane] = copies ? from[row].lane[lane] : to[row].lane[lane];
    }
  }
}

namespace {

constexpr std::uint32_t kBlockRows = LaneNetwork::kBlockRows;
constexpr std::uint64_t kAllLanes = ~std::uint64_t{0};

// 64 replicas. Which arrays are used depends on the rule.
struct Group {
  std::uint32_t first_chain = 0;
  std::vector<LaneRow> x;         // [unit]
  std::vector<LaneRow> x_next;    // [unit] written while x is read
  std::vector<LaneRow> noise;     // [unit] leimkuhler_matthews: of noise_step
  std::vector<LaneRow> momentum;  // [unit] baoab: after the second drift of the last step
  std::vector<LaneRow> gradient;  // [unit] mala: at x
  std::vector<LaneRow> next_gradient;
  std::vector<LaneSums> sums;  // [block] mala
  LaneSums total;              // mala: energy at x, and the sums of the last proposal
  std::uint64_t noise_step = ~std::uint64_t{0};
  std::uint64_t fresh = kAllLanes;  // lanes without momenta (baoab) or gradient (mala)
  std::uint64_t accepted = 0;       // moves of replicas, mala
};

struct LaneBetas {
  double beta[kGroupLanes];
};

class NetworkMachine final : public Machine {
 public:
  NetworkMachine(std::shared_ptr<const LaneNetwork> network, UpdateRule rule,
                 const MachineConfig& config, ReplicaRange range, const Rng& rng)
      : network_(std::move(network)),
        rule_(rule),
        config_(config),
        range_(range),
        rng_(rng),
        accept_(rng.child("accept")),
        keys_(ars_round_keys(rng.ars_key())),
        momentum_keys_(ars_round_keys(rng.child("momenta").ars_key())) {
    for (std::uint32_t first = 0; first < range.count; first += kGroupLanes) {
      groups_.push_back(make_group(range.first + first));
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
      for (std::uint64_t k = 0; k < steps; ++k) step(groups_[g], step_ + k, lanes, inner);
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
  [[nodiscard]] Group make_group(std::uint32_t first_chain) const {
    Group group{.first_chain = first_chain};
    const std::size_t n = network_->size();
    group.x.resize(n);
    group.x_next.resize(n);
    if (rule_ == UpdateRule::leimkuhler_matthews) group.noise.resize(n);
    if (rule_ == UpdateRule::baoab) group.momentum.resize(n);
    if (rule_ == UpdateRule::mala) {
      group.gradient.resize(n);
      group.next_gradient.resize(n);
      group.sums.resize(network_->num_blocks());
    }
    const Rng start = rng_.child("start");
    std::vector<double> z(n);
    for (std::uint32_t lane = 0; lane < kGroupLanes; ++lane) {
      fill_normals(start, first_chain + lane, 0, z);
      for (std::size_t i = 0; i < n; ++i) group.x[i].lane[lane] = static_cast<float>(z[i]);
    }
    return group;
  }

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
  // f(beta) for every lane.
  static LaneRow each_lane(const LaneBetas& betas, auto&& f) {
    LaneRow row;
    for (std::size_t lane = 0; lane < kGroupLanes; ++lane) {
      row.lane[lane] = static_cast<float>(f(betas.beta[lane]));
    }
    return row;
  }
  // The work of a block, on any thread: work(block, its first row, its rows).
  void for_blocks(const Resources& resources, auto&& work) const {
    resources.for_each(network_->num_blocks(), [&](std::size_t b) {
      const auto block = static_cast<std::uint32_t>(b);
      work(block, block * kBlockRows, network_->rows_of(block));
    });
  }
  void gradient_of(std::uint32_t block, const std::vector<LaneRow>& x, LaneRow* g) const {
    network_->fields(block, x.data(), g);
    complete_gradient(*network_, network_->rows_of(block), &x[std::size_t{block} * kBlockRows], g);
  }

  void step(Group& group, std::uint64_t step, const LaneBetas& betas, const Resources& resources) {
    switch (rule_) {
      case UpdateRule::mala:
        return step_mala(group, step, betas, resources);
      case UpdateRule::baoab:
        return step_baoab(group, step, betas, resources);
      default:
        return step_overdamped(group, step, betas, resources);
    }
  }

  // docs/theory/langevin.md eqs. 2 and 5.
  void step_overdamped(Group& group, std::uint64_t step, const LaneBetas& betas,
                       const Resources& resources) {
    const bool averages = rule_ == UpdateRule::leimkuhler_matthews;
    const auto sigma = each_lane(betas, [&](double beta) {
      return (averages ? 0.5 : 1.0) * std::sqrt(2.0 * config_.mu * config_.dt / beta);
    });
    const auto drift = static_cast<float>(config_.mu * config_.dt);
    const bool has_noise = group.noise_step == step;
    for_blocks(resources, [&](std::uint32_t block, std::uint32_t first, std::uint32_t num_rows) {
      LaneRow g[kBlockRows], xi[kBlockRows];
      gradient_of(block, group.x, g);
      const LaneDraw now{.first_chain = group.first_chain, .step = step};
      const LaneDraw next{.first_chain = group.first_chain, .step = step + 1};
      LaneRow* old = averages ? &group.noise[first] : nullptr;
      if (averages && !has_noise) fill_lane_normals(keys_, now, first, num_rows, old);
      fill_lane_normals(keys_, averages ? next : now, first, num_rows, xi);
      move_overdamped(num_rows, drift, sigma, &group.x[first], g, xi, old, &group.x_next[first]);
      if (averages) std::copy_n(xi, num_rows, old);
    });
    group.noise_step = step + 1;
    group.x.swap(group.x_next);
  }

  // docs/theory/langevin.md eq. 10.
  void step_baoab(Group& group, std::uint64_t step, const LaneBetas& betas,
                  const Resources& resources) {
    const double keep = std::exp(-config_.friction * config_.dt);
    BaoabLanes lanes{.half_dt = static_cast<float>(0.5 * config_.dt),
                     .keep = static_cast<float>(keep)};
    lanes.spread =
        each_lane(betas, [&](double beta) { return std::sqrt((1.0 - keep * keep) / beta); });
    for (std::size_t lane = 0; lane < kGroupLanes; ++lane) {
      const bool is_fresh = (group.fresh >> lane & 1U) != 0;
      lanes.kick.lane[lane] = static_cast<float>((is_fresh ? 0.5 : 1.0) * config_.dt);
    }
    const auto thermal = each_lane(betas, [](double beta) { return std::sqrt(1.0 / beta); });
    for_blocks(resources, [&](std::uint32_t block, std::uint32_t first, std::uint32_t num_rows) {
      LaneRow g[kBlockRows], xi[kBlockRows];
      const LaneDraw at{.first_chain = group.first_chain, .step = step};
      if (group.fresh != 0) {
        fill_lane_normals(momentum_keys_, at, first, num_rows, xi);
        for (std::uint32_t row = 0; row < num_rows; ++row) {
          for (std::size_t lane = 0; lane < kGroupLanes; ++lane) {
            xi[row].lane[lane] *= thermal.lane[lane];
          }
        }
        copy_lanes(num_rows, group.fresh, xi, &group.momentum[first]);
      }
      gradient_of(block, group.x, g);
      fill_lane_normals(keys_, at, first, num_rows, xi);
      move_baoab(num_rows, lanes, &group.x[first], g, xi, &group.momentum[first],
                 &group.x_next[first]);
    });
    group.fresh = 0;
    group.x.swap(group.x_next);
  }

  // docs/theory/langevin.md eq. 9.
  void step_mala(Group& group, std::uint64_t step, const LaneBetas& betas,
                 const Resources& resources) {
    if (group.fresh != 0) {
      measure(group, group.x, group.gradient, nullptr, resources);
      group.fresh = 0;
    }
    const auto sigma = each_lane(
        betas, [&](double beta) { return std::sqrt(2.0 * config_.mu * config_.dt / beta); });
    const auto drift = static_cast<float>(config_.mu * config_.dt);
    for_blocks(resources, [&](std::uint32_t, std::uint32_t first, std::uint32_t num_rows) {
      LaneRow xi[kBlockRows];
      fill_lane_normals(keys_, {.first_chain = group.first_chain, .step = step}, first, num_rows,
                        xi);
      move_overdamped(num_rows, drift, sigma, &group.x[first], &group.gradient[first], xi, nullptr,
                      &group.x_next[first]);
    });
    const LaneSums before = group.total;
    measure(group, group.x_next, group.next_gradient, &group.x, resources);
    const std::uint64_t moves = accepted_lanes(group, step, betas, before);
    for (std::size_t lane = 0; lane < kGroupLanes; ++lane) {
      if ((moves >> lane & 1U) == 0) group.total.energy[lane] = before.energy[lane];
    }
    group.accepted += static_cast<std::uint64_t>(std::popcount(moves & real_lanes(group)));
    for_blocks(resources, [&](std::uint32_t, std::uint32_t first, std::uint32_t num_rows) {
      copy_lanes(num_rows, moves, &group.x_next[first], &group.x[first]);
      copy_lanes(num_rows, moves, &group.next_gradient[first], &group.gradient[first]);
    });
  }

  // Energy and gradient at x, and with `from`, where the gradient is group.gradient, the sums of
  // the move from there.
  void measure(Group& group, const std::vector<LaneRow>& x, std::vector<LaneRow>& gradient,
               const std::vector<LaneRow>* from, const Resources& resources) const {
    for_blocks(resources, [&](std::uint32_t block, std::uint32_t first, std::uint32_t num_rows) {
      LaneRow g[kBlockRows];
      auto& sums = group.sums[block] = {};
      network_->fields(block, x.data(), g);
      sum_energy(*network_, first, num_rows, &x[first], g, sums);
      complete_gradient(*network_, num_rows, &x[first], g);
      if (from != nullptr) {
        sum_action(num_rows, &(*from)[first], &group.gradient[first], &x[first], g, sums);
      }
      std::copy_n(g, num_rows, &gradient[first]);
    });
    group.total = {};
    for (const auto& sums : group.sums) {
      for (std::size_t lane = 0; lane < kGroupLanes; ++lane) {
        group.total.energy[lane] += sums.energy[lane];
        group.total.along[lane] += sums.along[lane];
        group.total.steepening[lane] += sums.steepening[lane];
      }
    }
  }
  // NaN accepts nothing.
  [[nodiscard]] std::uint64_t accepted_lanes(const Group& group, std::uint64_t step,
                                             const LaneBetas& betas,
                                             const LaneSums& before) const noexcept {
    std::uint64_t accepted = 0;
    for (std::uint32_t lane = 0; lane < kGroupLanes; ++lane) {
      const double beta = betas.beta[lane];
      const auto& sums = group.total;
      const double heat = before.energy[lane] - sums.energy[lane];
      const double entropy =
          0.25 * beta * (config_.mu * config_.dt * sums.steepening[lane] - 2.0 * sums.along[lane]);
      // The scalar kernel draws after its proposal's step is counted.
      const double u = accept_.uniform({.chain = group.first_chain + lane, .step = step + 1});
      if (std::log(u) < beta * heat - entropy) accepted |= std::uint64_t{1} << lane;
    }
    return accepted;
  }
  [[nodiscard]] std::uint64_t real_lanes(const Group& group) const noexcept {
    const std::uint32_t left = range_.first + range_.count - group.first_chain;
    return left >= kGroupLanes ? kAllLanes : (std::uint64_t{1} << left) - 1;
  }

  std::shared_ptr<const LaneNetwork> network_;
  UpdateRule rule_;
  MachineConfig config_;
  ReplicaRange range_;
  Rng rng_;
  Rng accept_;
  ArsKeys keys_;
  ArsKeys momentum_keys_;
  std::vector<Group> groups_;
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
