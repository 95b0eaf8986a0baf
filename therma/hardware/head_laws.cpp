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
constexpr double kLowest = -60.0;  // ln of a product of distributions that is none

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

// Weights of four neighbouring points (Lagrange); beyond the table F is exp(-e^-(x - s^2/2)).
struct NoisyRace::At {
  std::size_t point = 0;  // the second of four
  std::array<double, 4> weights{};

  [[nodiscard]] double of(std::span<const double> table, std::size_t ahead) const noexcept {
    const double* const y = table.data() + point + ahead - 1;
    return weights[0] * y[0] + weights[1] * y[1] + weights[2] * y[2] + weights[3] * y[3];
  }
};

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

NoisyRace::At NoisyRace::at(double x) const noexcept {
  const double place = std::max(1.0, (x - first_) * static_cast<double>(kPerUnit));
  At at{.point = static_cast<std::size_t>(place)};
  const double s = place - static_cast<double>(at.point);
  at.weights = {-s * (s - 1.0) * (s - 2.0) / 6.0, (s + 1.0) * (s - 1.0) * (s - 2.0) / 2.0,
                -(s + 1.0) * s * (s - 2.0) / 2.0, (s + 1.0) * s * (s - 1.0) / 6.0};
  return at;
}

std::vector<double> NoisyRace::law(std::span<const float> energies, double beta) const {
  if (sigma_ == 0.0 || std::isinf(beta)) return boltzmann_law(energies, beta);
  const double least = static_cast<double>(std::ranges::min(energies));
  const std::size_t size = log_distribution_.size();
  // Nodes t from where the likeliest token alone has hardly fired to where all have.
  std::size_t start = 1;
  while ((start + 1) * kStride + 2 < size && log_distribution_[start * kStride] < kLowest) ++start;
  const double first = first_ + kNodeStep * static_cast<double>(start);
  const double last = 36.0 + 0.5 * sigma_ * sigma_ + std::log(static_cast<double>(energies.size()));
  const auto nodes = static_cast<std::size_t>((last - first) / kNodeStep);
  const auto for_nodes = [&](float energy, const auto& use) {  // use(node, ln F, f / F)
    const double x = first + beta * (static_cast<double>(energy) - least);
    const auto here = at(x);
    for (std::size_t node = 0; node < nodes; ++node) {
      const std::size_t ahead = node * kStride;
      if (here.point + ahead + 2 < size) {
        use(node, here.of(log_distribution_, ahead), here.of(hazard_, ahead));
      } else {
        const double rate =
            std::exp(0.5 * sigma_ * sigma_ - x - kNodeStep * static_cast<double>(node));
        use(node, -rate, rate);
      }
    }
  };
  std::vector<double> weights(nodes, 0.0), law(energies.size(), 0.0);
  for (const float energy : energies) {
    if (std::isinf(energy)) continue;
    for_nodes(energy, [&](std::size_t k, double log_f, double) { weights[k] += log_f; });
  }
  for (double& weight : weights) weight = std::exp(weight);
  for (std::size_t v = 0; v < law.size(); ++v) {
    if (std::isinf(energies[v])) continue;
    for_nodes(energies[v],
              [&](std::size_t k, double, double hazard) { law[v] += weights[k] * hazard; });
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
