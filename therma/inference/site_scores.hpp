// SPDX-License-Identifier: Apache-2.0
// Quantities whose mean is zero at the right temperature, site by site, from states alone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "therma/core/archive.hpp"
#include "therma/dynamics/machine.hpp"
#include "therma/inference/certificate.hpp"

namespace therma {

// What one site of one sampled state says; docs/theory/certificate.md eqs. 1-3.
struct SiteScore {
  double score = 0.0;        // moves with beta; mean zero
  double residual = 0.0;     // moves with a bias; mean zero
  double information = 0.0;  // conditional variance of the score; 0 where it is not known
  double variance = 0.0;     // of the residual, likewise
  double leave = 1.0;        // chance that a fresh draw of this site given the rest changes it
};

// One for each family of energies. Reads states, never the machine's own bookkeeping.
class SiteScores {
 public:
  virtual ~SiteScores() = default;

  // scores: [site of sites]. values: [variable], as Machine::read gives them.
  virtual void evaluate(std::span<const double> values, double beta,
                        std::span<const std::uint32_t> sites, std::span<SiteScore> scores) = 0;

  // The temperature at which the mean score would be zero, when it is `mean` at beta.
  [[nodiscard]] virtual double beta_at(double mean, double beta) const = 0;
  // Root mean square of half the energy between a site's states; infinite for reals, whose
  // temperature has no other unit than itself.
  [[nodiscard]] virtual double energy_scale() const = 0;
  // How far the update rule itself may put beta_eff from beta, relative, at this time step.
  struct KnownBias {
    double relative = 0.0;   // part of it that is measured and taken off the score
    double allowance = 0.0;  // part that is known in order of magnitude only
  };
  [[nodiscard]] virtual KnownBias known_bias(double /*beta*/) const { return {}; }
  [[nodiscard]] virtual bool is_discrete() const noexcept = 0;
  // False for clamped variables.
  [[nodiscard]] virtual bool updates(std::uint32_t /*site*/) const { return true; }
  // The number of the state that read() shows as `value`; discrete ones only.
  [[nodiscard]] virtual std::uint32_t state_of(double /*value*/, std::uint32_t /*site*/) const {
    return 0;
  }
  [[nodiscard]] virtual std::uint64_t num_variables() const noexcept = 0;
  // Rough number of values read to score one state, for budgets.
  [[nodiscard]] virtual double cost() const noexcept = 0;

  virtual void save(ArchiveWriter& out) const = 0;
  virtual void restore(ArchiveReader& in) = 0;
};

// config: the rule and time step of the machine. Null for a program that has no scores yet.
[[nodiscard]] std::unique_ptr<SiteScores> make_site_scores(const Target& target,
                                                           const MachineConfig& config);

// Sums of score and residual by site over equal blocks of time: up to 64 blocks, joined in pairs
// when more would be needed.
class SiteBlocks {
 public:
  static constexpr std::size_t kMostBlocks = 64;

  SiteBlocks() = default;
  explicit SiteBlocks(std::size_t sites);

  // One sample's scores of one replica; end_sample() after the last replica.
  void add(std::span<const SiteScore> scores);
  void end_sample();

  struct Worst {
    std::size_t site = 0;    // index among the sites
    double z = 0.0;          // skewness taken off
    double p = 1.0;          // of the worst of all, both statistics
    std::size_t tested = 0;  // statistics; 0: too few blocks or events
    double freedom = 0.0;
  };
  [[nodiscard]] Worst worst() const;
  [[nodiscard]] double leaving() const noexcept;  // expected changes, all sites

  void save(ArchiveWriter& out) const;
  void restore(ArchiveReader& in);

 private:
  static constexpr std::size_t kStatistics = 2;  // score, residual
  void join_pairs();

  std::size_t sites_ = 0;
  std::uint64_t length_ = 1;      // samples per block
  std::uint64_t filled_ = 0;      // samples in the open block
  std::vector<double> blocks_;    // [block][statistic][site], closed ones
  std::vector<double> open_;      // [statistic][site]
  std::vector<double> expected_;  // [statistic][site] conditional variance, summed
  std::vector<double> leave_;     // [site] summed
};

}  // namespace therma
