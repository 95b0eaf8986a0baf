// SPDX-License-Identifier: Apache-2.0
// The machine of replica lanes: blocks of 64 chains, each moved on one thread.
#include "therma/dynamics/kernels/replica_lanes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "therma/core/archive.hpp"
#include "therma/core/cpu.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/kernels/kernels.hpp"

namespace therma::kernels {
namespace lanes {
namespace {

struct alignas(kSiteBytes) SiteSpins {
  std::array<std::uint8_t, kSiteBytes> bytes{};

  [[nodiscard]] bool up(std::uint32_t r) const noexcept {
    return (bytes[r % 32] >> (4 * (r / 32)) & 1U) != 0;
  }
  void set(std::uint32_t r, bool value) noexcept {
    const auto bit = static_cast<std::uint8_t>(1U << (4 * (r / 32)));
    bytes[r % 32] = static_cast<std::uint8_t>(value ? bytes[r % 32] | bit : bytes[r % 32] & ~bit);
  }
};

struct BetaParameters {
  bool cold = false;
  std::vector<Parameters> by_class;
};

BetaParameters parameters_for(const LaneProgram& lanes, LaneRule rule,
                              std::span<const double> betas) {
  BetaParameters all{.by_class = std::vector<Parameters>(lanes.classes.size())};
  for (const auto& site_class : lanes.classes) {
    for (const double beta : betas) all.cold |= is_cold(site_class, beta);
  }
  for (std::size_t c = 0; c < lanes.classes.size(); ++c) {
    fill_parameters(rule, all.cold, lanes.classes[c], betas, all.by_class[c]);
  }
  return all;
}

// What a block's step needs beside its spins; decides in double what 16 bits leave open.
class Block final : public Referee {
 public:
  Block(const LaneProgram& lanes, std::uint32_t number)
      : lanes_(lanes),
        number_(number),
        spins_(lanes.num_sites + 1),
        last_batch_(lanes.num_sites + 1, 0) {}

  [[nodiscard]] std::vector<SiteSpins>& spins() noexcept { return spins_; }
  [[nodiscard]] const std::vector<SiteSpins>& spins() const noexcept { return spins_; }

  void randomize(const Rng& rng) {
    const Rng start = rng.child("start");
    for (std::uint32_t r = 0; r < kLanes; ++r) {
      for (std::uint32_t k = 0; k < lanes_.num_sites; ++k) {
        spins_[k].set(r, starts_up(start, number_ * kLanes + r, lanes_.site_at[k]));
      }
    }
  }

  void advance(LaneRule rule, const Rng& rng, std::span<const double> betas,
               const BetaParameters& parameters, std::uint64_t first_step, std::uint64_t steps) {
    rule_ = rule;
    rng_ = rng.child("rest");
    visits_rng_ = rng.child("visits");
    betas_ = betas;
    BitsPlace place{.round_keys = ars_round_keys(rng.ars_key()), .block = number_};
    alignas(kSiteBytes) std::array<std::uint8_t, kVisitsPerBatch * kVisitBytes> random;
    Visits visits{.rule = rule,
                  .cold = parameters.cold,
                  .program = &lanes_,
                  .parameters = parameters.by_class.data(),
                  .spins = spins_[0].bytes.data(),
                  .random = random.data()};
    for (step_ = first_step; step_ < first_step + steps; ++step_) {
      place.step = step_;
      for (visits.first_visit = 0; visits.first_visit < lanes_.num_sites;
           visits.first_visit += visits.num_visits) {
        choose_sites(visits);
        draw(place, visits.first_visit, visits.num_visits, random.data());
        (void)run_visits(visits, *this);
      }
    }
  }

  void decide(std::uint32_t visit, std::uint32_t position, std::uint64_t undecided,
              const std::uint8_t* before, const std::uint8_t* random) noexcept override {
    SiteSpins old;
    std::memcpy(old.bytes.data(), before, kSiteBytes);
    for (; undecided != 0; undecided &= undecided - 1) {
      const auto r = static_cast<std::uint32_t>(std::countr_zero(undecided));
      std::uint16_t word = 0;
      std::memcpy(&word, random + std::size_t{2} * word_of(r), sizeof word);
      const double beta = betas_.size() == 1 ? betas_[0] : betas_[r];
      const auto rest = [&] { return rest_of_draw(rng_, number_ * kLanes + r, step_, visit); };
      spins_[position].set(r, decided_up(rule_, beta, local_field(position, r), old.up(r),
                                         leading_bits(rule_, word), rest));
    }
  }

 private:
  static void draw(const BitsPlace& place, std::uint32_t first, std::uint32_t count,
                   std::uint8_t* out) noexcept {
    static const bool kVaes = cpu_runs_vaes();
    if (kVaes) {
      fill_bits_vaes(place.round_keys[0].data(), place.block, place.step, first, count, out);
    } else {
      fill_bits(place, first, count, out);
    }
  }

  // The next visits, of sites that are not coupled: of one colour, or (Metropolis) picked at random
  // up to the first that meets a neighbour.
  void choose_sites(Visits& visits) noexcept {
    const std::uint32_t first = visits.first_visit;
    if (rule_ == LaneRule::heat_bath) {
      visits.first_position = first;
      visits.num_visits = std::min(kVisitsPerBatch, lanes_.class_end[first] - first);
      return;
    }
    if (++batch_ == 0) std::ranges::fill(last_batch_, batch_++);
    visits.positions = positions_.data();
    visits.num_visits = 0;
    const std::uint32_t most = std::min(kVisitsPerBatch, lanes_.num_sites - first);
    pick_positions(first, most);
    while (visits.num_visits < most && !is_met(positions_[visits.num_visits])) {
      last_batch_[positions_[visits.num_visits++]] = batch_;
    }
  }

  // Picks the sites of `count` visits and asks for their data, which lie all over the memory.
  void pick_positions(std::uint32_t first, std::uint32_t count) noexcept {
    for (std::uint32_t k = 0; k < count; ++k) {
      positions_[k] = visited_position(visits_rng_, number_, step_, first + k, lanes_.num_sites);
      __builtin_prefetch(&lanes_.sites[positions_[k]]);
    }
    for (std::uint32_t k = 0; k < count; ++k) {
      const Site* site = &lanes_.sites[positions_[k]];
      const auto* byte = reinterpret_cast<const char*>(lanes_.groups.data() + site[0].first_group);
      const auto* end = reinterpret_cast<const char*>(lanes_.groups.data() + site[1].first_group);
      for (; byte < end; byte += 64) __builtin_prefetch(byte);
    }
  }

  // Whether the batch holds the site or a neighbour of it.
  [[nodiscard]] bool is_met(std::uint32_t position) const noexcept {
    const auto* group = lanes_.groups.data() + lanes_.sites[position].first_group;
    const auto* const end = lanes_.groups.data() + lanes_.sites[position + 1].first_group;
    bool met = last_batch_[position] == batch_;
    for (; group != end; ++group) {
      for (const std::uint32_t offset : group->offsets) {
        met |= last_batch_[offset / kSiteBytes] == batch_;
      }
    }
    return met;
  }

  // As IsingProgram::local_field adds it up.
  [[nodiscard]] double local_field(std::uint32_t position, std::uint32_t r) const noexcept {
    double field = lanes_.fields[position];
    for (std::uint32_t g = lanes_.sites[position].first_group;
         g < lanes_.sites[position + 1].first_group; ++g) {
      for (std::size_t k = 0; k < 4; ++k) {
        const bool up = spins_[lanes_.groups[g].offsets[k] / kSiteBytes].up(r);
        field += lanes_.couplings[g][k] * static_cast<double>(2 * int{up} - 1);
      }
    }
    return field;
  }

  const LaneProgram& lanes_;
  std::uint32_t number_;
  std::vector<SiteSpins> spins_;  // [position + 1], the last one always down
  LaneRule rule_ = LaneRule::heat_bath;
  Rng rng_{0};
  Rng visits_rng_{0};
  std::span<const double> betas_;
  std::uint64_t step_ = 0;
  std::array<std::uint32_t, kVisitsPerBatch> positions_{};
  std::vector<std::uint32_t> last_batch_;  // [position + 1] that visited it; Metropolis
  std::uint32_t batch_ = 0;
};

// Ensembles are padded to whole blocks; the lanes beyond num_replicas() run along, unseen.
class LanesMachine final : public Machine {
 public:
  LanesMachine(std::shared_ptr<const IsingProgram> program, LaneRule rule, ReplicaRange range,
               const Rng& rng)
      : program_(std::move(program)), lanes_(*program_), rule_(rule), range_(range), rng_(rng) {
    const std::uint32_t num_blocks = (range.count + kLanes - 1) / kLanes;
    for (std::uint32_t b = 0; b < num_blocks; ++b) {
      blocks_.emplace_back(lanes_, range.first / kLanes + b);
      blocks_.back().randomize(rng);
    }
  }

  [[nodiscard]] std::uint64_t num_variables() const noexcept override { return lanes_.num_sites; }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override { return range_.count; }
  [[nodiscard]] MachineTally tally() const noexcept override {
    return {.updates = step_ * lanes_.num_sites * range_.count, .changes = std::nullopt};
  }

  void advance(std::span<const double> betas, std::uint64_t steps,
               const Resources& resources) override {
    BetaParameters shared;
    if (betas.size() == 1) shared = parameters_for(lanes_, rule_, betas);
    resources.for_each(blocks_.size(), [&](std::size_t b) {
      if (betas.size() == 1) {
        return blocks_[b].advance(rule_, rng_, betas, shared, step_, steps);
      }
      std::vector<double> own(kLanes, betas.back());
      const auto mine =
          betas.subspan(b * kLanes, std::min<std::size_t>(kLanes, betas.size() - b * kLanes));
      std::ranges::copy(mine, own.begin());
      blocks_[b].advance(rule_, rng_, own, parameters_for(lanes_, rule_, own), step_, steps);
    });
    step_ += steps;
  }

  void energies(std::span<double> energies, const Resources& resources) const override {
    resources.for_each(blocks_.size(), [&](std::size_t b) {
      std::array<double, kLanes> sums;
      sum_energies(lanes_, blocks_[b].spins()[0].bytes.data(), sums);
      for (std::size_t r = b * kLanes; r < std::min<std::size_t>(range_.count, (b + 1) * kLanes);
           ++r) {
        energies[r] = program_->offset() + lanes_.energy_unit * sums[r % kLanes];
      }
    });
  }

  void read(std::uint32_t replica, std::span<double> values) const override {
    const auto& spins = blocks_[replica / kLanes].spins();
    for (std::uint32_t k = 0; k < lanes_.num_sites; ++k) {
      values[lanes_.site_at[k]] = spins[k].up(replica % kLanes) ? 1.0 : -1.0;
    }
  }
  void write(std::uint32_t replica, std::span<const double> values) override {
    auto& spins = blocks_[replica / kLanes].spins();
    for (std::uint32_t k = 0; k < lanes_.num_sites; ++k) {
      spins[k].set(replica % kLanes, values[lanes_.site_at[k]] > 0.0);
    }
  }
  [[nodiscard]] double mean_value(std::uint32_t replica) const override {
    const auto& spins = blocks_[replica / kLanes].spins();
    std::uint64_t up = 0;
    for (std::uint32_t k = 0; k < lanes_.num_sites; ++k) up += spins[k].up(replica % kLanes);
    return 2.0 * static_cast<double>(up) / lanes_.num_sites - 1.0;
  }

  void resample(std::span<const std::uint32_t> parents) override {
    std::vector<SiteSpins> before(blocks_.size());
    for (std::uint32_t k = 0; k < lanes_.num_sites; ++k) {
      for (std::size_t b = 0; b < blocks_.size(); ++b) before[b] = blocks_[b].spins()[k];
      for (std::size_t r = 0; r < parents.size(); ++r) {
        const bool up = before[parents[r] / kLanes].up(parents[r] % kLanes);
        blocks_[r / kLanes].spins()[k].set(r % kLanes, up);
      }
    }
  }

  [[nodiscard]] std::string save() const override {
    ArchiveWriter out("replica_lanes", lanes_.num_sites, range_.count);
    out.put(step_);
    for (const auto& block : blocks_) out.put_all<SiteSpins>(block.spins());
    return std::move(out).bytes();
  }
  void restore(std::string_view bytes) override {
    ArchiveReader in(bytes, "replica_lanes", lanes_.num_sites, range_.count);
    step_ = in.get<std::uint64_t>();
    for (auto& block : blocks_) in.get_all<SiteSpins>(block.spins());
    in.finish();
  }

 private:
  std::shared_ptr<const IsingProgram> program_;
  LaneProgram lanes_;
  LaneRule rule_;
  ReplicaRange range_;
  Rng rng_;
  std::uint64_t step_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace
}  // namespace lanes

namespace {

constexpr std::uint32_t kMostNeighbours = 1U << 15;

const IsingProgram* ising(const Target& target) {
  const auto* held = std::get_if<std::shared_ptr<const IsingProgram>>(&target);
  return held == nullptr ? nullptr : held->get();
}

std::string refusal(const Target& target, const MachineConfig& config) {
  const auto* program = ising(target);
  if (program == nullptr) return "needs spins on a graph";
  const UpdateRule rule = rule_for(target, config);
  if (rule != UpdateRule::heat_bath && rule != UpdateRule::metropolis) {
    return "has heat_bath and metropolis only";
  }
  if (program->size() == 0) return "needs at least one spin";
  for (std::uint32_t site = 0; site < program->size(); ++site) {
    if (program->couplings().columns(site).size() > kMostNeighbours) {
      return fmt::format("takes at most {} neighbours for each spin", kMostNeighbours);
    }
  }
  return "";
}

// Few replicas leave most lanes idle; many neighbours cost what a dense kernel does faster.
bool prefers(const Target& target, const MachineConfig& config) {
  const auto* program = ising(target);
  const double mean_degree = 2.0 * static_cast<double>(program->num_couplings()) / program->size();
  return config.replicas >= 8 && (mean_degree <= 64.0 || program->size() <= 256);
}

std::unique_ptr<Machine> make(const Target& target, const MachineConfig& config, ReplicaRange range,
                              const Rng& rng) {
  if (range.first % lanes::kLanes != 0) {
    fail(ErrorCode::invalid_argument, "replica_lanes: ensembles split at multiples of {}, got {}",
         lanes::kLanes, range.first);
  }
  const auto rule = rule_for(target, config) == UpdateRule::heat_bath ? lanes::LaneRule::heat_bath
                                                                      : lanes::LaneRule::metropolis;
  return std::make_unique<lanes::LanesMachine>(
      std::get<std::shared_ptr<const IsingProgram>>(target), rule, range, rng);
}

}  // namespace

constinit const KernelEntry kReplicaLanes{
    "replica_lanes",
    "64 chains of one graph in vector lanes, exact by 16-bit sums and a referee",
    lanes::kLanes,
    Exactness::bitwise,
    refusal,
    prefers,
    make};

}  // namespace therma::kernels
