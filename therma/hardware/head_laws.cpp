// SPDX-License-Identifier: Apache-2.0
// Laws of limited heads by quadrature, and distances between laws.
#include "therma/hardware/head_laws.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "therma/core/error.hpp"
#include "therma/hardware/effective_beta.hpp"

namespace therma::hardware {
namespace {

constexpr std::size_t kPerUnit = 64;  // points of the table
constexpr std::size_t kStride = 16;   // of them to a node of the integral over t
constexpr double kNodeStep = static_cast<double>(kStride) / kPerUnit;
constexpr double kLowest = -60.0;   // ln of a product of distributions that is none
constexpr double kHighest = 700.0;  // energy over kT that is never seen

// Between points of a table: four of them, with Lagrange's weights; all zero: nowhere.
struct Place {
  std::size_t point = 0;
  std::array<double, 4> weights{};
};

// x >= 0 lies between the second and the third.
Place place_of(double x) noexcept {
  const double place = x * static_cast<double>(kPerUnit);
  Place at{.point = static_cast<std::size_t>(place), .weights = {}};
  const double s = place - static_cast<double>(at.point);
  at.weights = {-s * (s - 1.0) * (s - 2.0) / 6.0, (s + 1.0) * (s - 1.0) * (s - 2.0) / 2.0,
                -(s + 1.0) * s * (s - 2.0) / 2.0, (s + 1.0) * s * (s - 1.0) / 6.0};
  return at;
}

std::vector<Place> places_of(std::span<const float> energies, double beta) {
  const double least = static_cast<double>(std::ranges::min(energies));
  std::vector<Place> places(energies.size());
  for (std::size_t v = 0; v < places.size(); ++v) {
    const double x = beta * (static_cast<double>(energies[v]) - least);
    if (x < kHighest) places[v] = place_of(x);
  }
  return places;
}

}  // namespace

std::vector<double> boltzmann_law(std::span<const float> energies, double beta) {
  const float least = std::ranges::min(energies);
  std::vector<double> law(energies.size(), 0.0);
  double z = 0.0;
  for (std::size_t v = 0; v < law.size(); ++v) {
    if (energies[v] == std::numeric_limits<float>::infinity()) continue;
    const double above = static_cast<double>(energies[v]) - static_cast<double>(least);
    law[v] = above == 0.0 ? 1.0 : std::exp(-beta * above);
    z += law[v];
  }
  for (double& p : law) p /= z;
  return law;
}

NoisyRace::NoisyRace(double sigma) : sigma_(sigma) {
  if (!(sigma >= 0.0 && sigma <= 10.0)) {
    fail(ErrorCode::invalid_argument, "noise_floor: must be in [0, 10], got {}", sigma);
  }
  if (sigma == 0.0) return;
  first_ = -6.0 - 20.0 * sigma;
  const double last = 25.0 + 1.5 * sigma * sigma;
  const auto points = static_cast<std::size_t>((last - first_) * kPerUnit);
  for (std::size_t k = 0; k < points; ++k) {
    tabulate(first_ + static_cast<double>(k) / static_cast<double>(kPerUnit));
  }
}

// F = E exp(-e^-y) and f = E e^-y exp(-e^-y) over y = x - sigma xi by the trapezoidal rule, whose
// error falls like exp(-pi^2 / (sigma h)); logarithms of the terms, as F may be tiny.
void NoisyRace::tabulate(double x) {
  const double h = std::min(0.25, 0.4 / sigma_);
  const auto low = static_cast<int>(-26.0 / h), high = static_cast<int>((12.0 + sigma_) / h);
  const auto terms = [&](int i, double& normal, double& rate) {
    const double xi = h * i;
    normal = -0.5 * xi * xi;
    rate = std::exp(std::min(700.0, sigma_ * xi - x));  // e^-y
  };
  double most = -std::numeric_limits<double>::infinity(), normal = 0.0, rate = 0.0;
  for (int i = low; i <= high; ++i) {
    terms(i, normal, rate);
    most = std::max(most, normal - rate);
  }
  double distribution = 0.0, complement = 0.0, density = 0.0;
  for (int i = low; i <= high; ++i) {
    terms(i, normal, rate);
    const double term = std::exp(normal - rate - most);
    distribution += term;
    density += rate * term;
    complement -= std::exp(normal) * std::expm1(-rate);
  }
  const double scale = h / std::sqrt(2.0 * std::numbers::pi);
  log_distribution_.push_back(scale * complement < 0.5 ? std::log1p(-scale * complement)
                                                       : std::log(scale * distribution) + most);
  hazard_.push_back(density / distribution);
}

std::vector<double> NoisyRace::extended(std::span<const double> table, double sign,
                                        std::size_t points) const {
  std::vector<double> values(table.begin(), table.end());
  for (std::size_t k = values.size(); k < points; ++k) {
    const double x = first_ + static_cast<double>(k) / static_cast<double>(kPerUnit);
    values.push_back(sign * std::exp(0.5 * sigma_ * sigma_ - x));
  }
  return values;
}

std::size_t NoisyRace::first_node() const noexcept {
  std::size_t node = 1;
  while ((node + 1) * kStride < log_distribution_.size() &&
         log_distribution_[node * kStride] < kLowest) {
    ++node;
  }
  return node;
}

// The sum over tokens of ln F, and that over nodes t of what makes P, are functions of x = beta
// (E - least): both go through the points of the table, where a token is spread over the four
// nearest by the weights that would interpolate at it.
std::vector<double> NoisyRace::law(std::span<const float> energies, double beta) const {
  if (sigma_ == 0.0 || std::isinf(beta)) return boltzmann_law(energies, beta);
  // Nodes t from where the likeliest token alone has hardly fired to where all have.
  const std::size_t start = first_node();
  const double end = 36.0 + 0.5 * sigma_ * sigma_ + std::log(static_cast<double>(energies.size()));
  const auto nodes = static_cast<std::size_t>((end - first_) / kNodeStep) - start;

  const auto places = places_of(energies, beta);
  const std::size_t points = std::ranges::max(places, {}, &Place::point).point + 4;
  std::vector<double> crowd(points, 0.0);
  for (const auto& place : places) {
    for (std::size_t i = 0; i < 4; ++i) crowd[place.point + i] += place.weights[i];
  }
  // Point p of a token at node k is point p - 1 + (start + k) stride of the table.
  const std::size_t all = points + (start + nodes) * kStride;
  const auto log_f = extended(log_distribution_, -1.0, all), hazard = extended(hazard_, 1.0, all);
  std::vector<double> chance(points, 0.0);
  for (std::size_t k = 0; k < nodes; ++k) {
    const std::size_t ahead = (start + k) * kStride - 1;
    const double log_all = std::inner_product(
        crowd.begin(), crowd.end(), log_f.begin() + static_cast<std::ptrdiff_t>(ahead), 0.0);
    const double weight = std::exp(log_all);
    for (std::size_t p = 0; p < points; ++p) chance[p] += weight * hazard[ahead + p];
  }
  std::vector<double> law(energies.size(), 0.0);
  for (std::size_t v = 0; v < law.size(); ++v) {
    for (std::size_t i = 0; i < 4; ++i)
      law[v] += places[v].weights[i] * chance[places[v].point + i];
  }
  const double total = std::accumulate(law.begin(), law.end(), 0.0);
  for (double& p : law) p /= total;
  return law;
}

void relax_for_one_period(std::span<double> law, std::span<const float> energies, double tau) {
  if (tau == 0.0) return;
  const double held = std::exp(-1.0 / tau);
  const auto count = std::ranges::count_if(energies, [](float e) { return std::isfinite(e); });
  for (std::size_t v = 0; v < law.size(); ++v) {
    law[v] *= 1.0 - held;
    if (std::isfinite(energies[v])) law[v] += held / static_cast<double>(count);
  }
}

LawDistance distance_of(std::span<const float> ideal_energies, std::span<const double> law,
                        double beta) {
  const auto ideal = boltzmann_law(ideal_energies, beta);
  LawDistance distance;
  for (std::size_t v = 0; v < law.size(); ++v) {
    distance.tv += 0.5 * std::abs(ideal[v] - law[v]);
    if (ideal[v] > 0.0) {
      distance.kl += ideal[v] * std::log(ideal[v] / std::max(law[v], kLeastProbability));
    }
    if (law[v] > 0.0) distance.mean_energy += law[v] * static_cast<double>(ideal_energies[v]);
  }
  return distance;
}

LawReport compare_laws(std::span<const float> ideal_energies, std::span<const double> law,
                       double beta) {
  const auto distance = distance_of(ideal_energies, law, beta);
  return {.tv = distance.tv,
          .kl = distance.kl,
          .effective_beta = beta_of_mean(
              distance.mean_energy, static_cast<double>(std::ranges::min(ideal_energies)),
              std::isinf(beta) ? 1.0 : beta,
              [&](double b) { return energy_moments(ideal_energies, b); })};
}

LawReport compare_laws(std::span<const float> ideal_energies,
                       std::span<const float> limited_energies, double beta) {
  const auto law = boltzmann_law(limited_energies, beta);
  return compare_laws(ideal_energies, std::span<const double>(law), beta);
}

}  // namespace therma::hardware
