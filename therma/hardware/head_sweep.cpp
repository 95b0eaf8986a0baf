// SPDX-License-Identifier: Apache-2.0
// Bits times noise over the positions of a text.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "therma/core/error.hpp"
#include "therma/hardware/effective_beta.hpp"
#include "therma/hardware/head_laws.hpp"

namespace therma::hardware {
namespace {

// What the device does at one position.
struct Position {
  double surprisal = 0.0;
  LawDistance distance;
};

// [position, row]
class Energies {
 public:
  Energies(const LimitedMatrix& matrix, std::span<const float> hidden, const Team& team)
      : rows_(matrix.weights().rows) {
    const std::size_t columns = matrix.weights().columns, count = hidden.size() / columns;
    values_.resize(count * rows_);
    for (std::size_t t = 0; t < count; ++t) {
      matrix.energies(hidden.subspan(t * columns, columns), nullptr, team,
                      std::span(values_).subspan(t * rows_, rows_));
    }
  }
  [[nodiscard]] std::span<const float> at(std::size_t t) const noexcept {
    return std::span(values_).subspan(t * rows_, rows_);
  }

 private:
  std::size_t rows_;
  std::vector<float> values_;
};

void check(const llm::HeadMatrix& matrix, std::span<const float> hidden,
           std::span<const llm::TokenId> targets, const SweepConfig& config) {
  if (targets.empty() || hidden.size() != targets.size() * matrix.weights.columns) {
    fail(ErrorCode::invalid_argument,
         "head sweep: must have {} numbers for each of {} targets, got {}", matrix.weights.columns,
         targets.size(), hidden.size());
  }
  const llm::TokenMask mask(matrix);
  for (const auto target : targets) {
    if (!mask.holds(target)) {
      fail(ErrorCode::invalid_argument, "head sweep: target {} is no token of the head", target);
    }
  }
  if (!(config.beta > 0.0 && std::isfinite(config.beta))) {
    fail(ErrorCode::invalid_argument, "beta: must be positive and finite, got {}", config.beta);
  }
  if (!std::ranges::all_of(hidden, [](float x) { return std::isfinite(x); })) {
    fail(ErrorCode::bad_data, "head sweep: a number of the hidden states is not finite");
  }
}

Position measure(std::span<const float> ideal_energies, std::span<const float> limited,
                 const NoisyRace& race, llm::TokenId target, const SweepConfig& config) {
  auto law = race.law(limited, config.beta);
  relax_for_one_period(law, limited, config.others.relaxation_time);
  return {.surprisal = -std::log(std::max(law[target], kLeastProbability)),
          .distance = distance_of(ideal_energies, law, config.beta)};
}

// One beta for all positions: sum of the means.
double effective_beta(const Energies& ideal, std::span<const Position> positions, double beta,
                      const Team& team) {
  double mean = 0.0, least = 0.0;
  for (std::size_t t = 0; t < positions.size(); ++t) {
    mean += positions[t].distance.mean_energy;
    least += static_cast<double>(std::ranges::min(ideal.at(t)));
  }
  std::vector<EnergyMoments> each(positions.size());
  return beta_of_mean(mean, least, beta, [&](double b) {
    team.split(static_cast<std::uint32_t>(each.size()), 1, [&](auto begin, auto end) {
      for (auto t = begin; t < end; ++t) each[t] = energy_moments(ideal.at(t), b);
    });
    EnergyMoments sum;
    for (const auto& one : each) {
      sum.mean += one.mean;
      sum.variance += one.variance;
    }
    return sum;
  });
}

SweepRow averaged(std::span<const Position> positions) {
  SweepRow row;
  const double count = static_cast<double>(positions.size());
  double surprisal = 0.0;
  for (const auto& position : positions) {
    surprisal += position.surprisal / count;
    row.tv += position.distance.tv / count;
    row.kl += position.distance.kl / count;
  }
  row.perplexity = std::exp(surprisal);
  return row;
}

}  // namespace

std::vector<SweepRow> sweep_limits(const llm::HeadMatrix& matrix, std::span<const float> hidden,
                                   std::span<const llm::TokenId> targets, const SweepConfig& config,
                                   const Team& team) {
  check(matrix, hidden, targets, config);
  const Energies ideal(LimitedMatrix(matrix, {}, team), hidden, team);
  const std::vector<NoisyRace> races(config.noise_floors.begin(), config.noise_floors.end());
  std::vector<SweepRow> rows;
  for (const auto bits : config.dac_bits) {
    HeadLimits limits = config.others;
    limits.dac_bits = bits;
    limits.noise_floor = 0.0;
    if (limits.field_range == 0.0) limits.field_range = calibrated_range(hidden);
    const Energies limited(LimitedMatrix(matrix, limits, team), hidden, team);
    for (std::size_t i = 0; i < races.size(); ++i) {
      std::vector<Position> positions(targets.size());
      team.split(static_cast<std::uint32_t>(targets.size()), 1, [&](auto begin, auto end) {
        for (auto t = begin; t < end; ++t) {
          positions[t] = measure(ideal.at(t), limited.at(t), races[i], targets[t], config);
        }
      });
      auto& row = rows.emplace_back(averaged(positions));
      row.dac_bits = bits;
      row.noise_floor = config.noise_floors[i];
      row.effective_beta = effective_beta(ideal, positions, config.beta, team);
    }
  }
  return rows;
}

}  // namespace therma::hardware
