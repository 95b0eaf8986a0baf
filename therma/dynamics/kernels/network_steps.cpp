// SPDX-License-Identifier: Apache-2.0
// Each rule's step, block by block of rows.
#include "therma/dynamics/kernels/network_steps.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "therma/dynamics/noise.hpp"

namespace therma::kernels {
namespace {

constexpr std::uint32_t kBlockRows = LaneNetwork::kBlockRows;

// f(beta) for every lane.
LaneRow each_lane(const LaneBetas& betas, auto&& f) {
  LaneRow row;
  for (std::size_t lane = 0; lane < kGroupLanes; ++lane) {
    row.lane[lane] = static_cast<float>(f(betas.beta[lane]));
  }
  return row;
}

}  // namespace

void copy_lanes(std::uint32_t num_rows, std::uint64_t lanes, const LaneRow* from,
                LaneRow* to) noexcept {
  for (std::uint32_t row = 0; row < num_rows; ++row) {
    for (std::uint32_t lane = 0; lane < kGroupLanes; ++lane) {
      const bool copies = (lanes >> lane & 1U) != 0;
      to[row].lane[lane] = copies ? from[row].lane[lane] : to[row].lane[lane];
    }
  }
}

NetworkSteps::NetworkSteps(std::shared_ptr<const LaneNetwork> network, UpdateRule rule,
                           const MachineConfig& config, const Rng& rng)
    : network_(std::move(network)),
      rule_(rule),
      config_(config),
      start_(rng.child("start")),
      accept_(rng.child("accept")),
      keys_(ars_round_keys(rng.ars_key())),
      momentum_keys_(ars_round_keys(rng.child("momenta").ars_key())) {}

NetworkGroup NetworkSteps::start(std::uint32_t first_chain, std::uint64_t counted) const {
  NetworkGroup group{.first_chain = first_chain};
  group.counted = counted;
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
  std::vector<double> z(n);
  for (std::uint32_t lane = 0; lane < kGroupLanes; ++lane) {
    fill_normals(start_, first_chain + lane, 0, z);
    for (std::size_t i = 0; i < n; ++i) group.x[i].lane[lane] = static_cast<float>(z[i]);
  }
  return group;
}

void NetworkSteps::gradient_of(std::uint32_t block, const std::vector<LaneRow>& x,
                               LaneRow* g) const {
  network_->fields(block, x.data(), g);
  complete_gradient(*network_, network_->rows_of(block), &x[std::size_t{block} * kBlockRows], g);
}

void NetworkSteps::step(NetworkGroup& group, std::uint64_t step, const LaneBetas& betas,
                        const Resources& resources) const {
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
void NetworkSteps::step_overdamped(NetworkGroup& group, std::uint64_t step, const LaneBetas& betas,
                                   const Resources& resources) const {
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

void NetworkSteps::draw_momenta(const NetworkGroup& group, std::uint64_t step,
                                const LaneRow& thermal, std::uint32_t first, std::uint32_t num_rows,
                                LaneRow* p) const {
  LaneRow drawn[kBlockRows];
  fill_lane_normals(momentum_keys_, {.first_chain = group.first_chain, .step = step}, first,
                    num_rows, drawn);
  for (std::uint32_t row = 0; row < num_rows; ++row) {
    for (std::size_t lane = 0; lane < kGroupLanes; ++lane)
      drawn[row].lane[lane] *= thermal.lane[lane];
  }
  copy_lanes(num_rows, group.fresh, drawn, p);
}

// docs/theory/langevin.md eq. 10.
void NetworkSteps::step_baoab(NetworkGroup& group, std::uint64_t step, const LaneBetas& betas,
                              const Resources& resources) const {
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
      draw_momenta(group, step, thermal, first, num_rows, &group.momentum[first]);
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
void NetworkSteps::step_mala(NetworkGroup& group, std::uint64_t step, const LaneBetas& betas,
                             const Resources& resources) const {
  if (group.fresh != 0) {
    measure(group, group.x, group.gradient, nullptr, resources);
    group.fresh = 0;
  }
  const auto sigma = each_lane(
      betas, [&](double beta) { return std::sqrt(2.0 * config_.mu * config_.dt / beta); });
  const auto drift = static_cast<float>(config_.mu * config_.dt);
  for_blocks(resources, [&](std::uint32_t, std::uint32_t first, std::uint32_t num_rows) {
    LaneRow xi[kBlockRows];
    fill_lane_normals(keys_, {.first_chain = group.first_chain, .step = step}, first, num_rows, xi);
    move_overdamped(num_rows, drift, sigma, &group.x[first], &group.gradient[first], xi, nullptr,
                    &group.x_next[first]);
  });
  const LaneSums before = group.total;
  measure(group, group.x_next, group.next_gradient, &group.x, resources);
  const std::uint64_t moves = accepted_lanes(group, step, betas, before);
  for (std::size_t lane = 0; lane < kGroupLanes; ++lane) {
    if ((moves >> lane & 1U) == 0) group.total.energy[lane] = before.energy[lane];
  }
  group.accepted += static_cast<std::uint64_t>(std::popcount(moves & group.counted));
  for_blocks(resources, [&](std::uint32_t, std::uint32_t first, std::uint32_t num_rows) {
    copy_lanes(num_rows, moves, &group.x_next[first], &group.x[first]);
    copy_lanes(num_rows, moves, &group.next_gradient[first], &group.gradient[first]);
  });
}

void NetworkSteps::measure(NetworkGroup& group, const std::vector<LaneRow>& x,
                           std::vector<LaneRow>& gradient, const std::vector<LaneRow>* from,
                           const Resources& resources) const {
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
std::uint64_t NetworkSteps::accepted_lanes(const NetworkGroup& group, std::uint64_t step,
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

}  // namespace therma::kernels
