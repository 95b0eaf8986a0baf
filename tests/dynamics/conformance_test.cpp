// SPDX-License-Identifier: Apache-2.0
// Every row of the table of samplers against one contract.
#include <gtest/gtest.h>

#include "tests/support/targets.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/registry.hpp"

namespace therma {
namespace {

SampleTarget target_for(const SamplerEntry& entry) {
  const SampleTarget spins = std::make_shared<const IsingProgram>(testing::make_glass(12, 3));
  const SampleTarget units = AnyGradientEnergy(compile(testing::make_quartic(6, 2, 3)));
  return entry.supports(spins) ? spins : units;
}

SamplerConfig quick() {
  return {.beta = "linear:0.5:1.5", .chains = 7, .warm_up = 20, .samples = 50, .replicas = 4};
}

class Sampler : public ::testing::TestWithParam<std::string_view> {
 protected:
  const SamplerEntry& entry_ = sampler(GetParam());
  const SampleTarget target_ = target_for(entry_);
  const Rng rng_{5};
};

std::vector<double> numbers(const SampleReport& report) {
  std::vector<double> out;
  for (const auto& chain : report.chains) {
    out.insert(out.end(),
               {chain.energy.mean(), chain.energy.error(), chain.lowest_energy,
                static_cast<double>(chain.changes), chain.heat, chain.entropy.value_or(-1.0)});
    out.insert(out.end(), chain.lowest.begin(), chain.lowest.end());
  }
  return out;
}

TEST_P(Sampler, GivesTheSameBitsOnAnyNumberOfThreads) {
  const auto on = [&](unsigned threads) {
    const Pool pool(threads);
    Resources resources;
    resources.pool = &pool;
    return numbers(sample(entry_, target_, quick(), rng_, resources));
  };
  const auto expected = on(1);
  EXPECT_EQ(on(2), expected);
  EXPECT_EQ(on(7), expected);
}

TEST_P(Sampler, GivesOtherBitsForAnotherSeed) {
  EXPECT_NE(numbers(sample(entry_, target_, quick(), Rng(1), {})),
            numbers(sample(entry_, target_, quick(), Rng(2), {})));
}

TEST_P(Sampler, RunsChainsThatDifferFromEachOther) {
  const auto report = sample(entry_, target_, quick(), rng_, {});
  for (std::size_t i = 1; i < report.chains.size(); ++i) {
    EXPECT_NE(report.chains[i].energy.mean(), report.chains[0].energy.mean());
  }
}

TEST_P(Sampler, ContinuesFromACheckpoint) {
  auto chain = entry_.make(target_, quick(), rng_, 2);
  for (int k = 0; k < 15; ++k) chain->step(0.9, rng_);
  const auto checkpoint = chain->clone();
  for (int k = 0; k < 15; ++k) {
    chain->step(1.1, rng_);
    checkpoint->step(1.1, rng_);
  }
  EXPECT_EQ(chain->values(), checkpoint->values());
  EXPECT_EQ(chain->energy(), checkpoint->energy());
}

TEST_P(Sampler, ReportsTheHeatOfEveryStep) {
  // A ladder shows the energy of its cold end and the heat of all its replicas: run_test.cpp.
  if (entry_.name == "tempering") return;
  auto chain = entry_.make(target_, quick(), rng_, 0);
  const double start = chain->energy();
  double heat = 0.0;
  for (int k = 0; k < 100; ++k) heat += chain->step(1.0, rng_).heat;
  EXPECT_NEAR(start - chain->energy(), heat, 1e-9);
}

TEST_P(Sampler, StopsWhenTold) {
  std::stop_source source;
  source.request_stop();
  Resources resources;
  resources.stop = source.get_token();
  const auto report = sample(entry_, target_, quick(), rng_, resources);
  EXPECT_TRUE(report.stopped);
  EXPECT_EQ(report.chains[0].steps, 0U);
  resources.stop = {};
  resources.deadline = Deadline::after(0.0);
  EXPECT_TRUE(sample(entry_, target_, quick(), rng_, resources).stopped);
}

TEST_P(Sampler, RejectsABadConfig) {
  const auto rejects = [&](auto&& change) {
    auto config = quick();
    change(config);
    EXPECT_THROW((void)sample(entry_, target_, config, rng_, {}), Error);
  };
  rejects([](auto& c) { c.beta = "warm"; });
  rejects([](auto& c) { c.chains = 0; });
  rejects([](auto& c) { c.samples = 0; });
  rejects([](auto& c) { c.steps_per_sample = 0; });
  rejects([](auto& c) { c.dt = -1.0; });
  rejects([](auto& c) { c.replicas = 1; });
}

TEST_P(Sampler, RejectsATargetOfTheOtherKind) {
  const SampleTarget spins = std::make_shared<const IsingProgram>(testing::make_glass(4, 3));
  const SampleTarget units = AnyGradientEnergy(compile(testing::make_quartic(4, 2, 3)));
  EXPECT_NE(entry_.supports(spins), entry_.supports(units));
  const auto& other = entry_.supports(spins) ? units : spins;
  EXPECT_THROW((void)sample(entry_, other, quick(), rng_, {}), Error);
}

// False alarms: 6 standard errors, the errors themselves good to some 15 %: below 1e-6 a sampler.
TEST_P(Sampler, FindsTheMeanEnergy) {
  const SamplerConfig config{.beta = "0.8",
                             .chains = 8,
                             .warm_up = 500,
                             .samples = 4000,
                             .mu = 1.0,
                             .dt = 0.02,
                             .replicas = 4};
  double expected = 0.0;
  SampleTarget target = target_;
  double bias = 0.0;
  if (std::holds_alternative<AnyGradientEnergy>(target_)) {
    // One unit of V = x^2 + x^4, by quadrature.
    target = AnyGradientEnergy(compile(QuarticModel{.num_units = 1}));
    double weights = 0.0;
    for (double x = -4.0; x <= 4.0; x += 1e-3) {
      const double v = x * x + x * x * x * x, weight = std::exp(-0.8 * v);
      weights += weight;
      expected += weight * v;
    }
    expected /= weights;
    // V'' is 5 in the mean; Euler's relative bias is about V'' dt / 4.
    if (entry_.name == "euler") bias = 0.05 * expected;
  } else {
    const auto model = testing::make_glass(12, 3);
    const auto p = testing::enumerate_boltzmann(model, 0.8);
    for (std::size_t k = 0; k < p.size(); ++k) {
      expected += p[k] * energy(model, testing::spins_of(k, 12));
    }
  }
  const auto report = sample(entry_, target, config, rng_, {});
  EXPECT_NEAR(report.mean_energy(), expected, bias + 6.0 * report.energy_error());
  EXPECT_LT(report.energy_error(), 0.05 * std::abs(expected));
}

std::vector<std::string_view> names() {
  std::vector<std::string_view> out;
  for (const auto& entry : samplers()) out.push_back(entry.name);
  return out;
}
INSTANTIATE_TEST_SUITE_P(Table, Sampler, ::testing::ValuesIn(names()),
                         [](const auto& row) { return std::string(row.param); });

TEST(Samplers, AreNamedInTheErrorForAnUnknownOne) {
  try {
    (void)sampler("magic");
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(),
                 "sampler: must be one of gibbs, metropolis, tempering, euler, "
                 "leimkuhler_matthews, mala, got \"magic\"");
  }
}

TEST(Samplers, SayWhenATimeStepWasTooLarge) {
  const SampleTarget units = AnyGradientEnergy(compile(QuarticModel{.num_units = 3}));
  try {
    (void)sample(sampler("euler"), units, {.beta = "0.1", .dt = 2.0}, Rng(1), {});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::no_answer);
  }
}

}  // namespace
}  // namespace therma
