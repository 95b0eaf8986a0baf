// SPDX-License-Identifier: Apache-2.0
// Networks in lanes against the scalar kernels in double under the same noise, on every target.
#include "therma/dynamics/kernels/network_lanes.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/on_each_target.hpp"
#include "tests/support/targets.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/baoab.hpp"
#include "therma/dynamics/kernels/kernels.hpp"
#include "therma/dynamics/kernels/lane_noise.hpp"
#include "therma/dynamics/mala.hpp"
#include "therma/energy/harmonic.hpp"

namespace therma {
namespace {

using kernels::kNetworkLanes;
using kernels::LaneNoise;
using kernels::LaneRow;
using testing::on_each_target;

constexpr UpdateRule kRules[] = {UpdateRule::euler, UpdateRule::leimkuhler_matthews,
                                 UpdateRule::baoab, UpdateRule::mala};

std::unique_ptr<Machine> make(const Target& target, UpdateRule rule, std::uint32_t replicas,
                              double dt) {
  return kNetworkLanes.make(target, {.rule = rule, .mu = 0.8, .dt = dt, .friction = 1.5},
                            {0, replicas}, Rng(3));
}
std::vector<double> values(const Machine& machine, std::uint32_t replica) {
  std::vector<double> out(machine.num_variables());
  machine.read(replica, out);
  return out;
}

// A positive quadratic form; half of its couplings vanish where `stride` is 8: kept sparse.
QuadraticEnergy make_quadratic(std::uint32_t n, std::uint32_t stride) {
  std::vector<double> K(std::size_t{n} * n), b(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    K[i * n + i] = 2.0;
    b[i] = Rng(6).normal({.site = i});
    for (std::uint32_t j = 0; j < i; ++j) {
      if ((i + j) % stride != 0) continue;
      K[i * n + j] = K[j * n + i] = 0.5 / std::sqrt(n) * Rng(5).normal({.chain = i, .site = j});
    }
  }
  return QuadraticEnergy(K, b);
}

TEST(LaneNoise, IsTheTwinsToTheRoundingOfFloatOnEachTarget) {
  // Angle and radius carry some five roundings of 2^-24 each, on numbers up to 6.8: 4e-6.
  const Rng rng(7);
  const auto keys = ars_round_keys(rng.ars_key());
  constexpr std::uint32_t kRows = 201, kFirst = 48;
  std::vector<double> expected(kFirst + kRows);
  on_each_target([&] {
    std::vector<LaneRow> normals(kRows);
    const std::uint64_t step = 0x123456789abc;
    fill_lane_normals(keys, {.first_chain = 128, .step = step}, kFirst, kRows, normals.data());
    for (const std::uint32_t lane : {0U, 1U, 6U, 31U, 63U}) {
      fill_normals(LaneNoise(rng), 128 + lane, step, expected);
      for (std::uint32_t row = 0; row < kRows; ++row) {
        ASSERT_NEAR(normals[row].lane[lane], expected[kFirst + row], 4e-6) << row;
      }
    }
  });
}

// Steps one replica by the scalar kernel and returns where it ends.
template <class Kernel, class E>
std::vector<double> scalar_end(const Kernel& kernel, const E& energy, std::vector<double> z,
                               std::uint32_t chain, int steps) {
  const LaneNoise noise{Rng(3)};
  const auto run = [&](auto state) {
    for (int k = 0; k < steps; ++k) kernel.step(energy, state, noise);
    return state.z;
  };
  if constexpr (std::same_as<Kernel, Baoab>) {
    return run(init_baoab(energy, std::move(z), chain));
  } else {
    return run(init_langevin(energy, std::move(z), chain));
  }
}

template <class E>
void expect_the_scalar_paths(const E& energy, UpdateRule rule) {
  // 40 steps; each rounds coordinates of order 1 some ten times by 2^-24, and the dynamics does
  // not amplify by more than e^{40 dt |V''|} < e^{5}: 40 * 1e-6 * ... < 2e-4. A wrong factor or a
  // draw in the wrong place moves them by 1e-2 and more.
  constexpr double kDt = 0.01;
  const Target target = std::make_shared<const E>(energy);
  std::vector<double> betas(70);
  for (std::size_t r = 0; r < betas.size(); ++r) betas[r] = 0.5 + 0.1 * static_cast<double>(r % 9);
  on_each_target([&] {
    auto machine = make(target, rule, 70, kDt);
    std::vector<std::vector<double>> starts;
    for (std::uint32_t r = 0; r < 70; ++r) starts.push_back(values(*machine, r));
    machine->advance(betas, 25, {});
    machine->advance(betas, 15, {});
    for (const std::uint32_t r : {0U, 5U, 63U, 64U, 69U}) {
      const double kT = 1.0 / betas[r];
      const auto expected = [&] {
        switch (rule) {
          case UpdateRule::euler:
            return scalar_end(EulerMaruyama{.mu = 0.8, .kT = kT, .dt = kDt}, energy, starts[r], r,
                              40);
          case UpdateRule::baoab:
            return scalar_end(Baoab{.friction = 1.5, .kT = kT, .dt = kDt}, energy, starts[r], r,
                              40);
          case UpdateRule::mala:
            return scalar_end(Mala{.mu = 0.8, .kT = kT, .dt = kDt}, energy, starts[r], r, 40);
          default:
            return scalar_end(LeimkuhlerMatthews{.mu = 0.8, .kT = kT, .dt = kDt}, energy, starts[r],
                              r, 40);
        }
      }();
      const auto end = values(*machine, r);
      for (std::size_t i = 0; i < end.size(); ++i) {
        ASSERT_NEAR(end[i], expected[i], 2e-4)
            << enum_names(rule)[static_cast<std::size_t>(rule)] << " " << r << " " << i;
      }
    }
  });
}

TEST(NetworkLanes, FollowTheScalarPathsUnderEachRule) {
  for (const auto rule : kRules) {
    expect_the_scalar_paths(compile(testing::make_quartic(53, 1, 3)), rule);
    expect_the_scalar_paths(compile(testing::make_quartic(53, 9, 3)), rule);
    expect_the_scalar_paths(make_quadratic(61, 1), rule);
    expect_the_scalar_paths(make_quadratic(61, 8), rule);
  }
}

TEST(NetworkLanes, MeasureTheProgramsEnergy) {
  const auto check = [](const auto& energy) {
    auto machine = make(std::make_shared<const std::remove_cvref_t<decltype(energy)>>(energy),
                        UpdateRule::euler, 66, 0.01);
    const double beta = 1.0;
    machine->advance({&beta, 1}, 5, {});
    std::vector<double> energies(66);
    machine->energies(energies, {});
    for (std::uint32_t r = 0; r < 66; ++r) {
      const double expected = energy.energy(values(*machine, r));
      EXPECT_NEAR(energies[r], expected, 1e-5 * std::max(1.0, std::abs(expected)));
    }
  };
  check(compile(testing::make_quartic(53, 1, 3)));
  check(compile(testing::make_quartic(53, 9, 3)));
  check(make_quadratic(61, 1));
}

TEST(NetworkLanes, GiveTheSameBitsWhenThreadsShareANetwork) {
  // Large enough to be shared block by block.
  for (const std::uint32_t stride : {1U, 5U}) {
    const Target target =
        std::make_shared<const QuarticProgram>(testing::make_quartic(300, stride, 3));
    for (const auto rule : kRules) {
      const auto on = [&](unsigned threads) {
        const Pool pool(threads);
        auto machine = make(target, rule, 130, 1e-3);
        const double beta = 1.0;
        machine->advance({&beta, 1}, 3, {.pool = &pool});
        return machine->save();
      };
      const auto expected = on(1);
      EXPECT_EQ(on(2), expected);
      EXPECT_EQ(on(5), expected);
    }
  }
}

TEST(NetworkLanes, ShowADivergedReplicaAndLeaveTheOthersAlone) {
  const Target target = std::make_shared<const QuarticProgram>(testing::make_quartic(20, 1, 3));
  for (const auto rule : {UpdateRule::euler, UpdateRule::leimkuhler_matthews, UpdateRule::baoab}) {
    auto a = make(target, rule, 64, 0.01), b = make(target, rule, 64, 0.01);
    a->write(9, std::vector<double>(20, 1e6));  // x^3 dt is far beyond stability
    const double beta = 1.0;
    for (auto* m : {a.get(), b.get()}) m->advance({&beta, 1}, 20, {});
    std::vector<double> energies(64);
    a->energies(energies, {});
    EXPECT_FALSE(std::isfinite(energies[9]));
    for (std::uint32_t r = 0; r < 64; ++r) {
      EXPECT_EQ(values(*a, r) == values(*b, r), r != 9) << r;
    }
  }
}

TEST(NetworkLanes, RejectMovesOfMetropolisThatDiverge) {
  // dt far too large: every proposal overshoots and is refused, nothing moves, nothing is NaN.
  const Target target = std::make_shared<const QuarticProgram>(testing::make_quartic(20, 1, 3));
  auto machine = make(target, UpdateRule::mala, 64, 1e4);
  const auto before = values(*machine, 3);
  const double beta = 1.0;
  machine->advance({&beta, 1}, 10, {});
  EXPECT_EQ(values(*machine, 3), before);
  EXPECT_EQ(machine->tally().changes, 0U);
}

TEST(NetworkLanes, RefuseTemperaturesThatTheRuleHasNoStepFor) {
  const Target target = std::make_shared<const QuarticProgram>(testing::make_quartic(20, 1, 3));
  const double zero = 0.0, infinite = INFINITY;
  EXPECT_THROW(make(target, UpdateRule::euler, 2, 0.01)->advance({&zero, 1}, 1, {}), Error);
  EXPECT_THROW(make(target, UpdateRule::mala, 2, 0.01)->advance({&infinite, 1}, 1, {}), Error);
  EXPECT_NO_THROW(make(target, UpdateRule::euler, 2, 0.01)->advance({&infinite, 1}, 1, {}));
  EXPECT_NE(kNetworkLanes.refusal(target, {.rule = UpdateRule::heat_bath}), "");
  EXPECT_NE(kNetworkLanes.refusal(AnyGradientEnergy(HarmonicTrap{}), {}), "");
}

}  // namespace
}  // namespace therma
