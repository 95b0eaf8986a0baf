// SPDX-License-Identifier: Apache-2.0
// Replica exchange on systems small enough to enumerate.
#include "therma/solve/tempering.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace therma::solve {
namespace {

constexpr std::size_t kSites = 6;
// Two wells, at 0 and 3, with barriers between them.
constexpr std::array<double, kSites> kEnergies{0.0, 2.0, 1.5, 0.5, 2.5, 1.0};

// A walker on a ring of six sites with given energies; one step left or right.
struct Ring {
  struct State {
    std::uint32_t site = 0;
    std::uint32_t before = 0;
  };
  using Move = std::uint32_t;  // the site to go to

  State initial(Draws& draws) const { return {.site = draws.below(kSites)}; }
  double energy(const State& s) const { return kEnergies[s.site]; }
  std::optional<Move> propose(const State& s, Draws& draws) const {
    return (s.site + (draws.below(2) == 0 ? 1 : kSites - 1)) % kSites;
  }
  double apply(State& s, Move to, double) const {
    s.before = s.site;
    s.site = to;
    return kEnergies[to] - kEnergies[s.before];
  }
  void undo(State& s) const { s.site = s.before; }
};

// The same ring, where steps to the right are proposed three times as often.
struct SlantedRing : Ring {
  std::optional<Move> propose(const State& s, Draws& draws) const {
    return (s.site + (draws.below(4) != 0 ? 1 : kSites - 1)) % kSites;
  }
  double log_bias(const State& s) const {
    const bool went_right = s.site == (s.before + 1) % kSites;
    return went_right ? -std::log(3.0) : std::log(3.0);
  }
  double max_log_bias() const { return std::log(3.0); }
};

// The same ring with a compound move: scan the sites in order, one evaluation each.
struct ScannedRing : Ring {
  struct State : Ring::State {
    std::uint32_t scanned = 0;
    std::uint32_t best = 0;
  };
  State initial(Draws& draws) const { return {{.site = draws.below(kSites)}}; }
  bool begin_large_step(State& s, const State*, Draws&) const {
    s.scanned = 0;
    s.best = s.site;
    return false;
  }
  LargeStep large_step(State& s, Draws&, std::uint64_t budget) const {
    std::uint64_t used = 0;
    for (; used < budget && s.scanned < kSites; ++used, ++s.scanned) {
      if (kEnergies[s.scanned] < kEnergies[s.best]) s.best = s.scanned;
    }
    return {.evaluations = used, .best = kEnergies[s.best], .finished = s.scanned == kSites};
  }
  void conclude(State& s) const { s.site = s.best; }
};

static_assert(MoveProblem<Ring> && !BiasedMoveProblem<Ring> && !LargeStepProblem<Ring>);
static_assert(BiasedMoveProblem<SlantedRing>);
static_assert(LargeStepProblem<ScannedRing>);

// Largest |z| of visit frequencies against Boltzmann's over all rungs and sites, with the standard
// error from the spread of 100 batches of rounds.
template <MoveProblem P>
double largest_z(const P& problem, const TemperingConfig& config) {
  constexpr int kBatches = 100;
  constexpr int kRounds = 1000;  // per batch
  Tempering<P> run(problem, config);
  double largest = 0.0;
  std::vector<std::array<std::array<double, kBatches>, kSites>> seen(run.num_rungs());
  for (int batch = -1; batch < kBatches; ++batch) {  // batch -1 forgets the start
    for (int i = 0; i < kRounds; ++i) {
      run.round({});
      if (batch < 0) continue;
      for (std::size_t rung = 0; rung < run.num_rungs(); ++rung) {
        seen[rung][run.state_at(rung).site][static_cast<std::size_t>(batch)] += 1.0 / kRounds;
      }
    }
  }
  for (std::size_t rung = 0; rung < run.num_rungs(); ++rung) {
    double partition = 0.0;
    for (const double e : kEnergies) partition += std::exp(-e / run.temperature(rung));
    for (std::size_t site = 0; site < kSites; ++site) {
      double mean = 0.0;
      double square = 0.0;
      for (const double share : seen[rung][site]) mean += share / kBatches;
      for (const double share : seen[rung][site]) square += (share - mean) * (share - mean);
      const double error = std::sqrt(square / (kBatches * (kBatches - 1.0)));
      const double expected = std::exp(-kEnergies[site] / run.temperature(rung)) / partition;
      largest = std::max(largest, std::abs(mean - expected) / error);
    }
  }
  return largest;
}

constexpr TemperingConfig kFourRungs{.replicas = 4,
                                     .attempts = 10,
                                     .cold_temperature = 0.3,
                                     .hot_temperature = 2.0,
                                     .adapt_rounds = 0,
                                     .seed = 11};

// 24 comparisons with Student's t of 99 degrees of freedom: P(|t| > 5.5) = 3e-7 each, so the
// false-alarm rate is below 1e-5.
TEST(Tempering, VisitsSitesWithBoltzmannFrequenciesAtEveryTemperature) {
  EXPECT_LT(largest_z(Ring{}, kFourRungs), 5.5);
}

TEST(Tempering, CorrectsForProposalsThatAreNotSymmetric) {
  EXPECT_LT(largest_z(SlantedRing{}, kFourRungs), 5.5);
}

TEST(Tempering, GivesTheSameBitsOnOneTwoAndSevenThreads) {
  const TemperingConfig config{
      .replicas = 9, .compound_replicas = 4, .rounds = 50, .compound_budget = 4, .seed = 3};
  const auto alone = temper(ScannedRing{}, config, {});
  for (const unsigned threads : {2U, 7U}) {
    const Pool pool(threads);
    const auto together = temper(ScannedRing{}, config, {.pool = &pool});
    ASSERT_EQ(together.winner, alone.winner);
    for (std::size_t i = 0; i < alone.replicas.size(); ++i) {
      EXPECT_EQ(together.replicas[i].best.site, alone.replicas[i].best.site);
      EXPECT_EQ(together.replicas[i].heat, alone.replicas[i].heat);
      EXPECT_EQ(together.replicas[i].accepted, alone.replicas[i].accepted);
      EXPECT_EQ(together.replicas[i].entropy_production, alone.replicas[i].entropy_production);
    }
    for (std::size_t rung = 0; rung < alone.rungs.size(); ++rung) {
      EXPECT_EQ(together.rungs[rung].temperature, alone.rungs[rung].temperature);
      EXPECT_EQ(together.swaps[rung].done, alone.swaps[rung].done);
    }
  }
}

TEST(Tempering, IsNeverWorseThanItsWarmStart) {
  const std::vector<Ring::State> warm{{.site = 3}};
  const auto outcome =
      temper(Ring{}, {.replicas = 1, .rounds = 1, .attempts = 1, .cold_temperature = 1}, {},
             {.warm = warm});
  EXPECT_LE(outcome.best().energy, kEnergies[3]);
}

TEST(Tempering, StopsAtTheTarget) {
  const auto outcome = temper(Ring{}, {.replicas = 2, .seed = 1}, {}, {.target = 0.0});
  EXPECT_EQ(outcome.best().energy, 0.0);
  EXPECT_EQ(outcome.best().best.site, 0U);
}

TEST(Tempering, StopsWhenTheProvenBoundIsMet) {
  const auto prove = [](double) { return 0.0; };
  const auto outcome = temper(Ring{}, {.replicas = 2, .seed = 1}, {}, {.prove = prove});
  EXPECT_EQ(outcome.lower_bound, 0.0);
  EXPECT_EQ(outcome.best().energy, 0.0);
}

TEST(Tempering, ReturnsAfterOneRoundWhenStopped) {
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(temper(Ring{}, {}, {.stop = source.get_token()}).rounds, 1U);
  EXPECT_EQ(temper(Ring{}, {}, {.deadline = Deadline::after(0)}).rounds, 1U);
}

TEST(Tempering, ReportsProgressAfterEveryRound) {
  std::vector<double> fractions;
  Resources resources;
  resources.on_progress = [&](const Progress& p) { fractions.push_back(p.fraction); };
  (void)temper(Ring{}, {.rounds = 4}, resources);
  EXPECT_EQ(fractions, (std::vector{0.25, 0.5, 0.75, 1.0}));
}

// Heat is minus the energy change where no work is done; the parameters of a replica's trajectory
// are its temperatures, and changing those at a fixed state does no work on an energy without T.
TEST(Tempering, ReleasesTheHeatThatTheEnergyLost) {
  const std::vector<Ring::State> warm(3, {.site = 4});
  const auto outcome = temper(Ring{}, {.replicas = 3, .rounds = 20, .seed = 5}, {}, {.warm = warm});
  for (const auto& replica : outcome.replicas) {
    EXPECT_NEAR(replica.heat, kEnergies[4] - replica.energy, 1e-9);
  }
}

TEST(Tempering, ReportsEntropyProductionOnlyWhereEveryMoveHasAReverse) {
  const TemperingConfig config{.replicas = 2, .compound_replicas = 2, .rounds = 30, .seed = 2};
  for (const auto& replica : temper(Ring{}, config, {}).replicas) {
    EXPECT_TRUE(replica.entropy_production.has_value());
  }
  const auto compound = temper(ScannedRing{}, config, {});
  for (const auto& replica : compound.replicas) {
    if (replica.heat != 0.0) {
      EXPECT_FALSE(replica.entropy_production.has_value());
    }
    EXPECT_EQ(replica.energy, 0.0);
    EXPECT_GT(replica.compound_evaluations, 0U);
  }
}

TEST(Tempering, NamesTheFieldThatIsOutOfRange) {
  try {
    (void)temper(Ring{}, {.replicas = 0, .rounds = 1}, {});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::invalid_argument);
    EXPECT_NE(std::string(e.what()).find("replicas"), std::string::npos);
  }
}

TEST(Ladder, FindsTheTemperatureThatAcceptsAGivenShare) {
  // One size of rise: exp(-2/T) = 0.65 at T = 2 / -ln 0.65.
  EXPECT_NEAR(temperature_accepting(std::vector{2.0, 2.0}, 0.65), 2.0 / -std::log(0.65), 1e-9);
  EXPECT_EQ(temperature_accepting({}, 0.65), 1.0);
}

TEST(Ladder, SitsBelowTheSmallestRise) {
  EXPECT_DOUBLE_EQ(coldest_temperature(std::vector{5.0, 1.0, 3.0}), 0.4);
}

TEST(Ladder, IsGeometric) {
  const auto ladder = geometric_ladder(1.0, 8.0, 4);
  for (std::size_t rung = 0; rung < 4; ++rung) EXPECT_NEAR(ladder[rung], std::exp2(rung), 1e-12);
  EXPECT_EQ(geometric_ladder(1.0, 8.0, 1), std::vector{1.0});
}

TEST(Ladder, MovesRungsToWhereSwapsAreRejected) {
  // All rejections lie between the first two rungs, spread evenly in ln T: up to the floor of
  // 0.02, the barrier is 1 + 0.02, and the middle rung stands at half of it, 0.51 of the way.
  const std::vector<SwapCount> swaps{{.tried = 10, .done = 0}, {.tried = 10, .done = 10}, {}};
  const auto evened = even_ladder(std::vector{1.0, 4.0, 16.0}, swaps);
  EXPECT_NEAR(evened[1], std::pow(4.0, 0.51), 1e-12);
  EXPECT_EQ(evened[0], 1.0);
  EXPECT_EQ(evened[2], 16.0);
}

}  // namespace
}  // namespace therma::solve
