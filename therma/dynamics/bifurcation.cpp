// SPDX-License-Identifier: Apache-2.0
// Runs blocks of oscillators and reads their sides as spins.
#include "therma/dynamics/bifurcation.hpp"

#include <hwy/aligned_allocator.h>
#include <algorithm>
#include <cmath>

#include "therma/core/error.hpp"
#include "therma/dynamics/kernels/bifurcation.hpp"
#include "therma/energy/ising.hpp"

namespace therma {
namespace {

using kernels::kBifurcationLanes;

constexpr std::uint64_t kRoundsPerRun = 100;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Couplings in single precision times c0; fields as couplings to one more spin, the last.
struct Rows {
  std::vector<std::size_t> row_start;
  std::vector<std::uint32_t> column;
  std::vector<float> value;
  bool has_extra_spin = false;

  Rows(const IsingProgram& program, double coupling) : row_start{0} {
    const std::uint32_t size = program.size();
    const auto fields = program.fields();
    has_extra_spin = std::ranges::any_of(fields, [](double h) { return h != 0.0; });
    const auto put = [&](std::uint32_t j, double J) {
      column.push_back(j);
      value.push_back(static_cast<float>(coupling * J));
    };
    for (std::uint32_t i = 0; i < size; ++i) {
      const auto columns = program.couplings().columns(i);
      for (std::size_t k = 0; k < columns.size(); ++k) {
        put(columns[k], program.couplings().values(i)[k]);
      }
      if (fields[i] != 0.0) put(size, fields[i]);
      row_start.push_back(column.size());
    }
    if (!has_extra_spin) return;
    for (std::uint32_t i = 0; i < size; ++i) {
      if (fields[i] != 0.0) put(i, fields[i]);
    }
    row_start.push_back(column.size());
  }

  [[nodiscard]] kernels::BifurcationRows view() const noexcept {
    return {.size = static_cast<std::uint32_t>(row_start.size() - 1),
            .row_start = row_start.data(),
            .column = column.data(),
            .value = value.data()};
  }
};

class Bifurcation {
 public:
  Bifurcation(const IsingProgram& program, const BifurcationConfig& config, const Rng& rng,
              const Resources& resources)
      : program_(program),
        config_(config),
        rng_(rng.child("bifurcation")),
        resources_(resources),
        coupling_(config.coupling > 0.0 ? config.coupling : default_coupling(program)),
        dt_(config.dt > 0.0 ? config.dt : default_time_step(program, coupling_)),
        rows_(program, coupling_),
        num_blocks_((config.replicas + kBifurcationLanes - 1) / kBifurcationLanes),
        numbers_(hwy::AllocateAligned<float>(3 * num_blocks_ * block_size())),
        found_(config.goal.num_best, config.goal.fold_mirrors) {
    result_.dt = dt_;
    result_.coupling = coupling_;
    result_.replica_best.assign(config.replicas, kInfinity);
  }

  BifurcationResult run() && {
    while (!is_done() && (config_.runs == 0 || result_.runs < config_.runs)) one_run();
    if (found_.states().empty()) {
      start();
      look();
    }
    if (found_.lowest_energy() <= config_.goal.target_energy) result_.reason = StopReason::target;
    result_.best = std::move(found_).take();
    return std::move(result_);
  }

 private:
  [[nodiscard]] std::size_t block_size() const noexcept {
    return std::size_t{rows_.view().size} * kBifurcationLanes;
  }
  [[nodiscard]] kernels::BifurcationBlock block(std::size_t b) noexcept {
    float* const first = numbers_.get() + 3 * b * block_size();
    return {.x = first, .y = first + block_size(), .felt = first + 2 * block_size()};
  }

  void one_run() {
    start();
    const std::uint64_t rounds = std::min(kRoundsPerRun, config_.steps);
    for (std::uint64_t round = 0; round < rounds; ++round) {
      const std::uint64_t first = config_.steps * round / rounds;
      const std::uint64_t count = config_.steps * (round + 1) / rounds - first;
      advance({.first = first,
               .count = count,
               .total = config_.steps,
               .dt = static_cast<float>(dt_),
               .discrete = config_.kind == BifurcationKind::discrete});
      result_.sweeps += count;
      ++result_.rounds;
      report();
      const bool is_last = round + 1 == rounds;
      const bool ends = !is_last && is_done();
      if (is_last || ends || 2 * round >= rounds) look();
      if (ends || found_.lowest_energy() <= config_.goal.target_energy) return;
    }
    ++result_.runs;
  }

  // Positions and momenta uniform in [-0.1, 0.1).
  void start() {
    const Rng starts = rng_.child("start");
    resources_.for_each(num_blocks_, [&](std::size_t b) {
      const auto one = block(b);
      for (std::uint32_t i = 0; i < rows_.view().size; ++i) {
        for (std::size_t lane = 0; lane < kBifurcationLanes; ++lane) {
          const auto replica = static_cast<std::uint32_t>(b * kBifurcationLanes + lane);
          const auto bits = starts.block({.chain = replica, .step = result_.runs, .site = i});
          const std::size_t at = i * kBifurcationLanes + lane;
          one.x[at] = 0.2F * (static_cast<float>(bits[0] >> 8) * 0x1.0p-24F - 0.5F);
          one.y[at] = 0.2F * (static_cast<float>(bits[1] >> 8) * 0x1.0p-24F - 0.5F);
          one.felt[at] = config_.kind == BifurcationKind::discrete ? std::copysign(1.0F, one.x[at])
                                                                   : one.x[at];
        }
      }
    });
  }

  void advance(const kernels::BifurcationSteps& steps) {
    resources_.for_each(num_blocks_, [&](std::size_t b) {
      (config_.plain ? kernels::bifurcation_steps_plain : kernels::bifurcation_steps)(
          rows_.view(), block(b), steps);
    });
  }

  // A field pulls where the extra spin is up: all spins turn over where it is down.
  void decode(std::size_t replica, std::span<Spin> spins) {
    const auto one = block(replica / kBifurcationLanes);
    const std::size_t lane = replica % kBifurcationLanes;
    const auto side = [&](std::size_t spin) {
      return std::signbit(one.x[spin * kBifurcationLanes + lane]) ? kDown : kUp;
    };
    const Spin frame = rows_.has_extra_spin ? side(program_.size()) : kUp;
    for (std::size_t i = 0; i < spins.size(); ++i) spins[i] = static_cast<Spin>(side(i) * frame);
  }

  void look() {
    std::vector<std::vector<Spin>> spins(config_.replicas, std::vector<Spin>(program_.size()));
    std::vector<double> energies(config_.replicas);
    resources_.for_each(config_.replicas, [&](std::size_t r) {
      decode(r, spins[r]);
      energies[r] = program_.energy(spins[r]);
    });
    for (std::size_t r = 0; r < spins.size(); ++r) {
      result_.replica_best[r] = std::min(result_.replica_best[r], energies[r]);
      if (!found_.wants(energies[r])) continue;
      found_.offer(energies[r], std::vector<double>(spins[r].begin(), spins[r].end()));
    }
  }

  bool is_done() {
    if (found_.lowest_energy() <= config_.goal.target_energy) return true;
    if (config_.rounds > 0 && result_.rounds >= config_.rounds) return true;
    if (!resources_.should_stop()) return false;
    result_.reason = StopReason::stopped;
    return true;
  }

  void report() const {
    Progress progress{.stage = "bifurcate",
                      .fraction = -1.0,
                      .best = {},
                      .bound = {},
                      .replicas = config_.replicas};
    if (!found_.states().empty()) progress.best = found_.lowest_energy();
    resources_.report(progress);
  }

  const IsingProgram& program_;
  const BifurcationConfig& config_;
  Rng rng_;
  const Resources& resources_;
  double coupling_;
  double dt_;
  Rows rows_;
  std::size_t num_blocks_;
  hwy::AlignedFreeUniquePtr<float[]> numbers_;  // [block, (x, y, felt), spin, lane]
  BestStates found_;
  BifurcationResult result_;
};

}  // namespace

std::span<const std::string_view> enum_names(BifurcationKind) noexcept {
  static constexpr std::string_view kNames[] = {"ballistic", "discrete"};
  return kNames;
}

double default_coupling(const IsingProgram& program) {
  double squares = 0.0;  // over ordered pairs
  for (const double J : program.couplings().value) squares += J * J;
  double from_fields = 0.0;
  for (const double h : program.fields()) from_fields += 2.0 * h * h;
  const double size = program.size() + (from_fields > 0.0 ? 1.0 : 0.0);
  squares += from_fields;
  return squares > 0.0 ? 0.5 * std::sqrt((size - 1.0) / squares) : 1.0;
}

double default_time_step(const IsingProgram& program, double coupling) {
  const std::uint32_t size = program.size();
  double bound = 0.0;  // Gershgorin: no eigenvalue is larger in size
  for (std::uint32_t i = 0; i < size; ++i) {
    double sum = 0.0;
    for (const double J : program.couplings().values(i)) sum += std::abs(J);
    bound = std::max(bound, sum);
  }
  // Power iteration on bound - J, whose largest eigenvalue is bound - (least of J).
  std::vector<double> v(size), w(size);
  const Rng rng = Rng(0).child("time step");
  for (std::uint32_t i = 0; i < size; ++i) v[i] = rng.uniform({.site = i}) - 0.5;
  double growth = bound;
  for (int k = 0; k < 30; ++k) {
    double before = 0.0, after = 0.0;
    for (std::uint32_t i = 0; i < size; ++i) {
      w[i] = bound * v[i];
      const auto columns = program.couplings().columns(i);
      const auto values = program.couplings().values(i);
      for (std::size_t j = 0; j < columns.size(); ++j) w[i] -= values[j] * v[columns[j]];
      before += v[i] * v[i];
      after += w[i] * w[i];
    }
    if (!(after > 0.0)) break;
    growth = std::sqrt(after / before);
    for (std::uint32_t i = 0; i < size; ++i) v[i] = w[i] / std::sqrt(after);
  }
  const double stiffness = 1.0 + coupling * std::max(0.0, growth - bound);
  return std::min(1.25, std::sqrt(1.9 / stiffness));
}

BifurcationResult bifurcate(const IsingProgram& program, const BifurcationConfig& config,
                            const Rng& rng, const Resources& resources) {
  checked(config);
  check_ends(config.goal, config.runs > 0 || config.rounds > 0, resources);
  return Bifurcation(program, config, rng, resources).run();
}

}  // namespace therma
