// SPDX-License-Identifier: Apache-2.0
// Work, heat and entropy production against closed forms and fluctuation theorems.
//
// Thresholds are 5 standard errors (false alarms 6e-7 per comparison), seeds fixed. Means of
// e^{-Sigma} and e^{-W/kT} are taken where their spread is of order one.
#include <gtest/gtest.h>

#include <numbers>

#include "tests/support/transition_matrix.hpp"
#include "therma/dynamics/fluctuation.hpp"
#include "therma/dynamics/gibbs.hpp"
#include "therma/dynamics/metropolis.hpp"
#include "therma/dynamics/observables.hpp"
#include "therma/dynamics/ornstein_uhlenbeck.hpp"
#include "therma/dynamics/run.hpp"
#include "therma/energy/penalties.hpp"

namespace therma {
namespace {

// Points drawn from N(centre, variance).
std::vector<double> gaussian_points(std::uint32_t count, double centre, double variance,
                                    std::uint64_t seed) {
  std::vector<double> z(count);
  fill_normals(Rng(seed).child("start"), 0, 0, z);
  for (auto& value : z) value = centre + std::sqrt(variance) * value;
  return z;
}

struct Drag {
  double k = 1.0, mu = 1.0, kT = 1.0, v = 1.0, dt = 0.02;
  std::uint32_t steps = 100, replicas = 50'000;

  [[nodiscard]] double mean_work() const {
    // With u = z - centre: each step the centre jumps by d = v dt, then <u> decays.
    const double d = v * dt;
    double u = 0.0, work = 0.0;
    for (std::uint32_t n = 0; n < steps; ++n) {
      work += k * (0.5 * d * d - u * d);
      u = (u - d) * std::exp(-mu * k * dt);
    }
    return work;
  }
};

std::vector<double> drag_works(const Drag& drag) {
  const HarmonicTrap start{.stiffness = drag.k};
  auto s = init_langevin(start, gaussian_points(drag.replicas, 0.0, drag.kT / drag.k, 77));
  const auto protocol = [&](std::uint64_t n) {
    return HarmonicTrap{.stiffness = drag.k,
                        .centre = drag.v * drag.dt * static_cast<double>(n + 1)};
  };
  const Driven<ExactTrap> kernel{{.mu = drag.mu, .kT = drag.kT, .dt = drag.dt}};
  ThermoObserver thermo;
  run(kernel, protocol, s, Rng(78), {.samples = drag.steps}, {}, thermo);
  return thermo.work;
}

Moments moments_of(std::span<const double> values) {
  Moments moments;
  for (const double value : values) moments.add(value);
  return moments;
}

TEST(DraggedTrap, DoesTheWorkOfTheClosedForm) {
  const Drag drag{.k = 1.5, .mu = 0.8, .kT = 0.9};
  const auto work = moments_of(drag_works(drag));
  EXPECT_NEAR(work.mean, drag.mean_work(), 5.0 * work.error());
  // docs/theory/thermodynamics.md eq. 6 in continuous time; the steps add k v^2 dt tau / 2 at most.
  const double w = drag.mu * drag.k, tau = drag.dt * drag.steps;
  const double closed = drag.v * drag.v / drag.mu * (tau - (1.0 - std::exp(-w * tau)) / w);
  EXPECT_NEAR(work.mean, closed, 0.5 * drag.k * drag.dt * tau + 5.0 * work.error());
  // Var W = 2 kT <W>; the variance of a Gaussian is known to a relative sqrt(2 / N).
  EXPECT_NEAR(work.variance(), 2.0 * drag.kT * drag.mean_work(),
              5.0 * std::sqrt(2.0 / drag.replicas) * work.variance());
}

TEST(DraggedTrap, ObeysJarzynskisEquality) {
  const Drag drag{.kT = 1.2, .steps = 80};
  const auto works = drag_works(drag);
  Moments weights;
  for (const double w : works) weights.add(std::exp(-w / drag.kT));
  EXPECT_NEAR(weights.mean, 1.0, 5.0 * weights.error());
  EXPECT_LT(weights.error(), 0.02);
  const auto free_energy = jarzynski(works, drag.kT);
  EXPECT_NEAR(free_energy.value, 0.0, 5.0 * free_energy.error);
  // The second law, by many standard errors.
  const auto work = moments_of(works);
  EXPECT_GT(work.mean, 20.0 * work.error());
}

TEST(DraggedTrap, CostsLeastWithJumpsAtBothEnds) {
  // Unit parameters, L = 2, t_f = 3: <W> = L^2 / (t_f + 2) = 0.8. Work is linear in the mean path,
  // so that the noiseless path gives it exactly but for dt.
  constexpr double kLength = 2.0, kTime = 3.0, kStep = 0.001;
  const auto work_of = [&](const auto& centre_at) {
    auto s = init_langevin(HarmonicTrap{}, {0.0});
    ThermoObserver thermo;
    run(
        Driven<ExactTrap>{{.kT = 0.0, .dt = kStep}},
        [&](std::uint64_t n) {
          return HarmonicTrap{.centre = centre_at((static_cast<double>(n) + 0.5) * kStep)};
        },
        s, Rng(1), {.samples = 3000}, {}, thermo);
    return thermo.work[0] + perform_work(HarmonicTrap{.centre = kLength}, s)[0];
  };
  const double best = work_of([&](double t) { return kLength * (t + 1.0) / (kTime + 2.0); });
  EXPECT_NEAR(best, 0.8, 1e-5);
  const double steady = work_of([&](double t) { return kLength * t / kTime; });
  const double closed = kLength * kLength / (kTime * kTime) * (kTime - (1.0 - std::exp(-kTime)));
  EXPECT_NEAR(steady, closed, 1e-5);
  EXPECT_GT(steady, best);
}

// Works of stiffening a trap from k0 to k1 in `steps` equal jumps, from equilibrium.
std::vector<double> breathing_works(double k0, double k1, std::uint32_t steps, std::uint32_t count,
                                    std::uint64_t seed) {
  constexpr double kT = 0.7;
  auto s = init_langevin(HarmonicTrap{.stiffness = k0}, gaussian_points(count, 0.0, kT / k0, seed));
  const auto protocol = [=](std::uint64_t n) {
    const double share = static_cast<double>(n + 1) / steps;
    return HarmonicTrap{.stiffness = k0 + share * (k1 - k0)};
  };
  ThermoObserver thermo;
  run(Driven<ExactTrap>{{.kT = kT, .dt = 0.1}}, protocol, s, Rng(seed), {.samples = steps}, {},
      thermo);
  return thermo.work;
}

TEST(BreathingTrap, GivesTheFreeEnergyByJarzynskiAndBennett) {
  const double expected = 0.5 * 0.7 * std::log(3.0);  // (kT / 2) ln(k1 / k0)
  // The last step of each way releases heat only; the reverse protocol starts with it. The order
  // "jump, relax" reversed is "relax, jump", which from equilibrium is "jump" alone: the works of
  // the reverse have their first jump at equilibrium, as it should be.
  const auto forward = breathing_works(1.0, 3.0, 8, 60'000, 11);
  const auto reverse = breathing_works(3.0, 1.0, 8, 40'000, 12);
  for (const auto& estimate : {jarzynski(forward, 0.7), bennett(forward, reverse, 0.7)}) {
    EXPECT_NEAR(estimate.value, expected, 5.0 * estimate.error);
    EXPECT_LT(estimate.error, 0.01);
  }
  const auto back = jarzynski(reverse, 0.7);
  EXPECT_NEAR(back.value, -expected, 5.0 * back.error);
}

TEST(BreathingTrap, ObeysCrooksWithSlopeOneOverTheTemperature) {
  // ln P_F(W) / P_R(-W) = (W - dF) / kT, fitted over bins where both count at least 100.
  // The reverse of n jumps with a relaxation after each (the last is idle) has the same form.
  const auto forward = breathing_works(1.0, 3.0, 3, 150'000, 21);
  const auto reverse = breathing_works(3.0, 1.0, 3, 150'000, 22);
  constexpr double kWidth = 0.05;
  constexpr std::size_t kBins = 100;
  std::vector<double> counts_f(kBins), counts_r(kBins);
  const auto count = [&](std::vector<double>& counts, double w) {
    if (w >= 0.0 && w < kWidth * kBins) ++counts[static_cast<std::size_t>(w / kWidth)];
  };
  for (const double w : forward) count(counts_f, w);
  for (const double w : reverse) count(counts_r, -w);
  double s0 = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t b = 0; b < kBins; ++b) {
    if (counts_f[b] < 100 || counts_r[b] < 100) continue;
    const double weight = 1.0 / (1.0 / counts_f[b] + 1.0 / counts_r[b]);
    const double x = (static_cast<double>(b) + 0.5) * kWidth;
    const double y = std::log(counts_f[b] / counts_r[b]);
    s0 += weight, sx += weight * x, sy += weight * y;
    sxx += weight * x * x, sxy += weight * x * y;
  }
  const double determinant = s0 * sxx - sx * sx;
  const double slope = (s0 * sxy - sx * sy) / determinant;
  const double error = std::sqrt(s0 / determinant);
  EXPECT_LT(error, 0.03);
  EXPECT_NEAR(slope, 1.0 / 0.7, 5.0 * error);
  const double crossing = -(sy - slope * sx) / s0 / slope;  // P_F = P_R at W = dF
  EXPECT_NEAR(crossing, 0.5 * 0.7 * std::log(3.0), 0.05);
}

TEST(BreathingTrap, HasWorksOfAChiSquareLawWhenQuenched) {
  // One jump: W = (k1 - k0) z^2 / 2 = kT (k1 - k0) / (2 k0) chi^2_1, of mean 0.7 here.
  const auto works = breathing_works(1.0, 3.0, 1, 100'000, 31);
  const auto work = moments_of(works);
  EXPECT_NEAR(work.mean, 0.7, 5.0 * work.error());
  // chi^2_1 exceeds 1 with probability erfc(1 / sqrt 2).
  const double p = std::erfc(1.0 / std::numbers::sqrt2);
  const auto above =
      static_cast<double>(std::ranges::count_if(works, [](double w) { return w > 0.7; }));
  EXPECT_NEAR(above / 1e5, p, 5.0 * std::sqrt(p * (1.0 - p) / 1e5));
}

TEST(EntropyProduction, AveragesToOneWithItsBoundaryTermForEulerAtALargeStep) {
  // A trap that moves and stiffens; mean and variance of the law of z follow exactly, so that
  // Sigma = ln p_0(z_0) / p_T(z_T) + sum ln k/k~ can be evaluated; docs/theory/thermodynamics.md
  // eq. 3.
  constexpr double kMu = 1.0, kT = 0.8, kDt = 0.3;
  constexpr std::uint32_t kSteps = 6, kReplicas = 100'000;
  const auto protocol = [](std::uint64_t n) {
    const auto t = static_cast<double>(n + 1);
    return HarmonicTrap{.stiffness = 1.0 + 0.15 * t, .centre = 0.1 * t};
  };
  const double variance_0 = 0.9;
  auto s = init_langevin(HarmonicTrap{}, gaussian_points(kReplicas, 0.0, variance_0, 41));
  const auto z0 = s.z;
  ThermoObserver thermo;
  run(Driven<EulerMaruyama>{{.mu = kMu, .kT = kT, .dt = kDt}}, protocol, s, Rng(42),
      {.samples = kSteps}, {}, thermo);
  double mean = 0.0, variance = variance_0;
  for (std::uint32_t n = 0; n < kSteps; ++n) {
    const auto trap = protocol(n);
    const double keep = 1.0 - kMu * trap.stiffness * kDt;
    mean = trap.centre + keep * (mean - trap.centre);
    variance = keep * keep * variance + 2.0 * kMu * kT * kDt;
  }
  const auto log_density = [](double z, double m, double v) {
    return -0.5 * (z - m) * (z - m) / v - 0.5 * std::log(v);
  };
  Moments sigma, weights, without_boundary;
  for (std::size_t r = 0; r < kReplicas; ++r) {
    const double total = log_density(z0[r], 0.0, variance_0) - log_density(s.z[r], mean, variance) +
                         thermo.entropy[r];
    sigma.add(total);
    weights.add(std::exp(-total));
    without_boundary.add(std::exp(-thermo.entropy[r]));
  }
  EXPECT_GT(sigma.mean, 5.0 * sigma.error());
  EXPECT_LT(sigma.mean, 1.0);
  EXPECT_NEAR(weights.mean, 1.0, 5.0 * weights.error());
  EXPECT_LT(weights.error(), 0.02);
  EXPECT_GT(std::abs(without_boundary.mean - 1.0), 5.0 * without_boundary.error());
}

template <class Kernel>
class SpinQuench : public ::testing::Test {};
using Kernels = ::testing::Types<Gibbs, Metropolis>;
TYPED_TEST_SUITE(SpinQuench, Kernels);

TYPED_TEST(SpinQuench, AveragesEntropyProductionToOneWithItsBoundaryTerm) {
  const auto model = testing::make_glass(4, 51);
  const auto program = compile(model);
  const TypeParam kernel{.beta = 0.9};
  constexpr int kSweeps = 2;
  constexpr std::uint32_t kChains = 100'000;
  const auto p_0 = testing::enumerate_boltzmann(model, 0.3);
  // The law after the quench, from the kernel's own matrices. Gibbs visits sites in order;
  // Metropolis picks each of its four sites at random.
  auto p_end = p_0;
  const auto matrix_of = [&](std::uint32_t site) {
    return testing::site_matrix(kernel, program, site);
  };
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (std::uint32_t k = 0; k < program.size(); ++k) {
      if constexpr (std::is_same_v<TypeParam, Gibbs>) {
        p_end = testing::advance(p_end, matrix_of(program.sweep_order()[k]));
      } else {
        std::vector<double> next(p_end.size(), 0.0);
        for (std::uint32_t site = 0; site < program.size(); ++site) {
          const auto one = testing::advance(p_end, matrix_of(site));
          for (std::size_t i = 0; i < next.size(); ++i) next[i] += one[i] / program.size();
        }
        p_end = next;
      }
    }
  }
  const Rng rng(52);
  Moments sigma, weights;
  for (std::uint32_t chain = 0; chain < kChains; ++chain) {
    double u = rng.child("start").uniform({.chain = chain});
    std::size_t first = 0;
    while (first + 1 < p_0.size() && u >= p_0[first]) u -= p_0[first++];
    auto s = init_spins(program, testing::spins_of(first, 4), chain);
    double total = 0.0;
    for (int sweep = 0; sweep < kSweeps; ++sweep) total += kernel.step(program, s, rng).entropy;
    total += std::log(p_0[first] / p_end[testing::index_of(s.spins)]);
    sigma.add(total);
    weights.add(std::exp(-total));
  }
  EXPECT_GT(sigma.mean, 5.0 * sigma.error());
  EXPECT_NEAR(weights.mean, 1.0, 5.0 * weights.error());
  EXPECT_LT(weights.error(), 0.02);
}

TEST(Penalties, AdaptedWhileSamplingDoWorkAndReleaseHeat) {
  // Pulled towards 2, not allowed beyond 1: the weight rises until the violation rests near its
  // tolerance, and every rise is work.
  Penalties v(1, {{.name = "pull",
                   .evaluate =
                       [](std::span<const double> z, double weight, std::span<double> g) {
                         if (!g.empty()) g[0] += weight * 2.0 * (z[0] - 2.0);
                         return (z[0] - 2.0) * (z[0] - 2.0);
                       },
                   .is_constraint = false},
                  {.name = "limit",
                   .evaluate =
                       [](std::span<const double> z, double weight, std::span<double> g) {
                         const double excess = std::max(0.0, z[0] - 1.0);
                         if (!g.empty()) g[0] += weight * 2.0 * excess;
                         return excess * excess;
                       },
                   .weight = 0.0}});
  constexpr std::uint32_t kReplicas = 50;
  auto s = init_langevin(v, std::vector<double>(kReplicas));
  const auto start = s.energy;
  std::vector<double> work(kReplicas), heat(kReplicas), phi(2);
  double late_violation = 0.0;
  for (int k = 0; k < 4000; ++k) {
    const auto info = EulerMaruyama{.kT = 0.01, .dt = 0.01}.step(v, s, Rng(61));
    for (std::uint32_t r = 0; r < kReplicas; ++r) heat[r] += info.heat[r];
    double violation = 0.0;
    for (std::uint32_t r = 0; r < kReplicas; ++r) {
      v.values(s.position(r), phi);
      violation += phi[1] / kReplicas;
    }
    v.ascend(std::vector<double>{0.0, violation}, {.rate = 0.2, .tolerance = 0.01});
    const auto done = perform_work(v, s);
    for (std::uint32_t r = 0; r < kReplicas; ++r) work[r] += done[r];
    if (k >= 3000) late_violation += violation / 1000.0;
  }
  for (std::uint32_t r = 0; r < kReplicas; ++r) {
    EXPECT_NEAR(s.energy[r] - start[r], work[r] - heat[r], 1e-10);
    EXPECT_GT(work[r], 0.0);
  }
  // Unconstrained the violation would be about 1.
  EXPECT_NEAR(late_violation, 0.01, 0.003);
}

TEST(Spins, DoWorkWhenTheirFieldsChange) {
  // Two free spins, a field switched from 0 to 1 with both up: W = -2.
  const auto before = compile(IsingModel{.num_spins = 2});
  const auto after = compile(IsingModel{.num_spins = 2, .fields = {1.0, 1.0}});
  auto s = init_spins(before, {kUp, kUp});
  EXPECT_EQ(perform_work(after, s)[0], -2.0);
  EXPECT_EQ(s.energy, -2.0);
}

}  // namespace
}  // namespace therma
