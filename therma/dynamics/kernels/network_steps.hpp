// SPDX-License-Identifier: Apache-2.0
// Time steps of networks in lanes: one group of 64 replicas under each Langevin rule.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/dynamics/kernels/network_lanes.hpp"
#include "therma/dynamics/machine.hpp"

namespace therma::kernels {

inline constexpr std::uint64_t kAllLanes = ~std::uint64_t{0};

// 64 replicas. Which arrays are used depends on the rule.
struct NetworkGroup {
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
  std::uint64_t fresh = kAllLanes;    // lanes without momenta (baoab) or gradient (mala)
  std::uint64_t counted = kAllLanes;  // lanes that hold replicas of the machine
  std::uint64_t accepted = 0;         // their moves, mala
};

struct LaneBetas {
  double beta[kGroupLanes];
};

class NetworkSteps {
 public:
  NetworkSteps(std::shared_ptr<const LaneNetwork> network, UpdateRule rule,
               const MachineConfig& config, const Rng& rng);

  [[nodiscard]] const LaneNetwork& network() const noexcept { return *network_; }
  [[nodiscard]] UpdateRule rule() const noexcept { return rule_; }

  // A group at standard normals, the scalar machine's.
  [[nodiscard]] NetworkGroup start(std::uint32_t first_chain, std::uint64_t counted) const;
  // Step number `step` of all lanes; the blocks of rows run on any thread.
  void step(NetworkGroup& group, std::uint64_t step, const LaneBetas& betas,
            const Resources& resources) const;

 private:
  void step_overdamped(NetworkGroup& group, std::uint64_t step, const LaneBetas& betas,
                       const Resources& resources) const;
  void step_baoab(NetworkGroup& group, std::uint64_t step, const LaneBetas& betas,
                  const Resources& resources) const;
  void step_mala(NetworkGroup& group, std::uint64_t step, const LaneBetas& betas,
                 const Resources& resources) const;
  void draw_momenta(const NetworkGroup& group, std::uint64_t step, const LaneRow& thermal,
                    std::uint32_t first, std::uint32_t num_rows, LaneRow* p) const;
  // Energy and gradient at x, and with `from`, where the gradient is group.gradient, the sums of
  // the move from there.
  void measure(NetworkGroup& group, const std::vector<LaneRow>& x, std::vector<LaneRow>& gradient,
               const std::vector<LaneRow>* from, const Resources& resources) const;
  // Lanes whose proposal, summed in group.total, is accepted; NaN accepts nothing.
  [[nodiscard]] std::uint64_t accepted_lanes(const NetworkGroup& group, std::uint64_t step,
                                             const LaneBetas& betas,
                                             const LaneSums& before) const noexcept;
  void gradient_of(std::uint32_t block, const std::vector<LaneRow>& x, LaneRow* g) const;
  // The work of a block, on any thread: work(block, its first row, its rows).
  void for_blocks(const Resources& resources, auto&& work) const {
    resources.for_each(network_->num_blocks(), [&](std::size_t b) {
      const auto block = static_cast<std::uint32_t>(b);
      work(block, block * LaneNetwork::kBlockRows, network_->rows_of(block));
    });
  }

  std::shared_ptr<const LaneNetwork> network_;
  UpdateRule rule_;
  MachineConfig config_;
  Rng start_;
  Rng accept_;
  ArsKeys keys_;
  ArsKeys momentum_keys_;
};

}  // namespace therma::kernels
