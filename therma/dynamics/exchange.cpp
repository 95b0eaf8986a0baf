// SPDX-License-Identifier: Apache-2.0
// Swaps, round trips and the re-spacing of a ladder.
#include "therma/dynamics/exchange.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"

namespace therma {
namespace {

void check_betas(std::span<const double> betas) {
  if (betas.empty()) fail(ErrorCode::invalid_argument, "ladder: must hold at least one beta");
  for (std::size_t i = 0; i < betas.size(); ++i) {
    if (!(betas[i] >= (i == 0 ? 0.0 : betas[i - 1]))) {
      fail(ErrorCode::invalid_argument,
           "ladder: betas must not be negative nor decrease from hot to cold, got {} on rung {}",
           betas[i], i);
    }
  }
}

}  // namespace

double swap_probability(ReplicaPoint a, ReplicaPoint b) noexcept {
  // Equal in one of the two: the exponent is 0, also where the other is infinite.
  if (a.beta == b.beta || a.energy == b.energy) return 1.0;
  const double exponent = (a.beta - b.beta) * (a.energy - b.energy);
  return exponent >= 0.0 ? 1.0 : std::exp(exponent);
}

double SwapStatistics::rate(std::size_t pair) const noexcept {
  return attempts[pair] == 0 ? 0.0 : probability_sum[pair] / static_cast<double>(attempts[pair]);
}

double SwapStatistics::barrier() const noexcept {
  double sum = 0.0;
  for (std::size_t pair = 0; pair < attempts.size(); ++pair) sum += 1.0 - rate(pair);
  return sum;
}

void SwapStatistics::reset() noexcept {
  std::ranges::fill(attempts, 0);
  std::ranges::fill(accepted, 0);
  std::ranges::fill(probability_sum, 0.0);
  round_trips = 0;
}

void SwapStatistics::merge(const SwapStatistics& other) noexcept {
  for (std::size_t pair = 0; pair < attempts.size(); ++pair) {
    attempts[pair] += other.attempts[pair];
    accepted[pair] += other.accepted[pair];
    probability_sum[pair] += other.probability_sum[pair];
  }
  round_trips += other.round_trips;
}

Ladder::Ladder(std::vector<double> betas)
    : betas_(std::move(betas)),
      replica_on_(betas_.size()),
      rung_of_(betas_.size()),
      heading_(betas_.size(), Heading::none) {
  check_betas(betas_);
  std::iota(replica_on_.begin(), replica_on_.end(), 0U);
  std::iota(rung_of_.begin(), rung_of_.end(), 0U);
  const std::size_t num_pairs = betas_.size() - 1;
  statistics_.attempts.resize(num_pairs);
  statistics_.accepted.resize(num_pairs);
  statistics_.probability_sum.resize(num_pairs);
  note_ends();
}

std::uint32_t Ladder::exchange(std::span<const double> energies, const Rng& rng) noexcept {
  THERMA_ASSERT(energies.size() == size());
  std::uint32_t swaps = 0;
  for (std::size_t pair = round_ & 1U; pair + 1 < size(); pair += 2) {
    const double probability =
        swap_probability({betas_[pair], energies[replica_on_[pair]]},
                         {betas_[pair + 1], energies[replica_on_[pair + 1]]});
    const bool accepted =
        rng.uniform({.step = round_, .site = static_cast<std::uint32_t>(pair)}) < probability;
    ++statistics_.attempts[pair];
    statistics_.accepted[pair] += accepted;
    statistics_.probability_sum[pair] += probability;
    if (accepted) swap_rungs(pair);
    swaps += accepted;
  }
  note_ends();
  ++round_;
  return swaps;
}

void Ladder::swap_rungs(std::size_t pair) noexcept {
  std::swap(replica_on_[pair], replica_on_[pair + 1]);
  rung_of_[replica_on_[pair]] = static_cast<std::uint32_t>(pair);
  rung_of_[replica_on_[pair + 1]] = static_cast<std::uint32_t>(pair + 1);
}

void Ladder::note_ends() noexcept {
  if (size() < 2) return;
  auto& at_hot = heading_[replica_on_.front()];
  statistics_.round_trips += at_hot == Heading::hot;
  at_hot = Heading::cold;
  auto& at_cold = heading_[replica_on_.back()];
  if (at_cold == Heading::cold) at_cold = Heading::hot;
}

void Ladder::set_betas(std::vector<double> betas) {
  check_betas(betas);
  if (betas.size() != size()) {
    fail(ErrorCode::invalid_argument, "ladder: must keep its {} rungs, got {} betas", size(),
         betas.size());
  }
  betas_ = std::move(betas);
}

std::string Ladder::save() const {
  ArchiveWriter out("ladder", size(), 1);
  out.put_all<double>(betas_);
  out.put_all<std::uint32_t>(replica_on_);
  out.put_all<Heading>(heading_);
  out.put(round_);
  out.put_all<std::uint64_t>(statistics_.attempts);
  out.put_all<std::uint64_t>(statistics_.accepted);
  out.put_all<double>(statistics_.probability_sum);
  out.put(statistics_.round_trips);
  return std::move(out).bytes();
}

void Ladder::restore(std::string_view bytes) {
  Ladder read(std::vector<double>(size(), 0.0));
  ArchiveReader in(bytes, "ladder", size(), 1);
  in.get_all<double>(read.betas_);
  in.get_all<std::uint32_t>(read.replica_on_);
  in.get_all<Heading>(read.heading_);
  read.round_ = in.get<std::uint64_t>();
  in.get_all<std::uint64_t>(read.statistics_.attempts);
  in.get_all<std::uint64_t>(read.statistics_.accepted);
  in.get_all<double>(read.statistics_.probability_sum);
  read.statistics_.round_trips = in.get<std::uint64_t>();
  in.finish();
  std::vector<bool> seen(size(), false);
  for (std::size_t rung = 0; rung < size(); ++rung) {
    const std::uint32_t replica = read.replica_on_[rung];
    if (replica >= size() || seen[replica]) {
      fail(ErrorCode::bad_data, "ladder: rung {} names replica {}, which is not there or taken",
           rung, replica);
    }
    seen[replica] = true;
    read.rung_of_[replica] = static_cast<std::uint32_t>(rung);
  }
  check_betas(read.betas_);
  *this = std::move(read);
}

std::vector<double> geometric_betas(double beta_hot, double beta_cold, std::size_t num) {
  if (!(beta_hot > 0.0) || !(beta_cold >= beta_hot) || !std::isfinite(beta_cold) || num == 0) {
    fail(ErrorCode::invalid_argument,
         "ladder: needs 0 < beta_hot <= beta_cold and a rung, got {}, {} and {} rungs", beta_hot,
         beta_cold, num);
  }
  if (num == 1) return {beta_cold};
  std::vector<double> betas(num);
  for (std::size_t i = 0; i < num; ++i) {
    const double fraction = static_cast<double>(i) / static_cast<double>(num - 1);
    betas[i] = beta_hot * std::pow(beta_cold / beta_hot, fraction);
  }
  betas.back() = beta_cold;
  return betas;
}

std::vector<LadderPlace> equal_rejection_places(std::span<const double> rejections) {
  const std::size_t num_pairs = rejections.size();
  std::vector<double> barrier(num_pairs + 1, 0.0);  // [rung] cumulative rejection
  for (std::size_t pair = 0; pair < num_pairs; ++pair) {
    barrier[pair + 1] = barrier[pair] + rejections[pair];
  }
  std::vector<LadderPlace> places;
  std::size_t pair = 0;
  for (std::size_t rung = 1; rung < num_pairs; ++rung) {
    const double wanted =
        barrier.back() * static_cast<double>(rung) / static_cast<double>(num_pairs);
    while (barrier[pair + 1] < wanted) ++pair;
    places.push_back({pair, (wanted - barrier[pair]) / (barrier[pair + 1] - barrier[pair])});
  }
  return places;
}

std::vector<double> equalised_betas(std::span<const double> betas, std::span<const double> rates) {
  THERMA_ASSERT(rates.size() + 1 == betas.size());
  std::vector<double> rejections;
  double sum = 0.0;
  for (const double rate : rates) sum += rejections.emplace_back(std::max(0.0, 1.0 - rate));
  std::vector<double> out(betas.begin(), betas.end());
  if (!(sum > 0.0)) return out;
  std::size_t rung = 0;
  for (const auto& [pair, fraction] : equal_rejection_places(rejections)) {
    out[++rung] = betas[pair] + fraction * (betas[pair + 1] - betas[pair]);
  }
  return out;
}

}  // namespace therma
