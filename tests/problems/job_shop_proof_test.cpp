// SPDX-License-Identifier: Apache-2.0
// Bounds never exceed the optimum, and proofs end exactly there.
#include "therma/problems/job_shop/proof.hpp"

#include <gtest/gtest.h>

#include "tests/problems/job_shop_support.hpp"

namespace therma::job_shop {
namespace {

constexpr std::uint64_t kPlenty = 1'000'000;

TEST(JobShopBound, AddsUpJobsAndMachines) {
  // Job 0: 3 on A, 4 on B. Job 1: 2 on B, 5 on A.
  const std::vector<std::vector<Step>> jobs{{{0, 3}, {1, 4}}, {{1, 2}, {0, 5}}};
  const Model m = from_jobs(jobs, 2);
  EXPECT_EQ(job_length_bound(m).value, 7);
  // A: least head 0, work 8, least tail 0. B: 0 + 6 + 0.
  EXPECT_EQ(machine_load_bound(m).value, 8);
  EXPECT_EQ(best_bound(m).from, "machine load");
}

TEST(JobShopBound, RunsJacksonsPreemptiveScheduleOfCarliersExample) {
  // J. Carlier (1982), table 1: heads, durations and tails of seven jobs; the preemptive optimum
  // is 49, that of the example without preemption 50.
  const std::vector<OneMachineOp> ops{{10, 5, 7}, {13, 6, 26}, {11, 7, 24}, {20, 4, 21},
                                      {30, 3, 8}, {0, 6, 17},  {30, 2, 0}};
  // 10 before the second job, 6 + 7 + 4 + ... : least head of {1, 2, 3, 4} is 10, work 22, least
  // tail 7 gives 39; {2, 3, 4}: 11 + 17 + 21 = 49.
  EXPECT_EQ(preemptive_makespan(ops), 49);
}

TEST(JobShopBound, StaysBelowTheOptimum) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const Model m = random_shop(seed, 3, 3, 3);
    const Time optimum = brute_force_optimum(m);
    EXPECT_LE(job_length_bound(m).value, optimum);
    EXPECT_LE(machine_load_bound(m).value, optimum);
    EXPECT_LE(one_machine_bound(m).value, optimum);
    EXPECT_GE(one_machine_bound(m).value, machine_load_bound(m).value);
  }
}

TEST(JobShopProof, EndsAtTheOptimum) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const Model m = random_shop(seed, 3, 3, 3);
    const Time optimum = brute_force_optimum(m);
    Proof proof(m);
    EXPECT_EQ(proof.advance(kPlenty, optimum).value, optimum) << seed;
    EXPECT_FALSE(proof.is_open());
  }
}

TEST(JobShopProof, NeverRefutesWhatIsPossible) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const Model m = random_shop(seed, 3, 3, 3);
    const Time optimum = brute_force_optimum(m);
    for (const Time above : {1, 2, 5}) {
      Proof proof(m);
      EXPECT_LE(proof.advance(kPlenty, optimum + above).value, optimum) << seed;
      EXPECT_FALSE(proof.is_open());  // it found that a shorter schedule exists
      EXPECT_EQ(proof.advance(kPlenty, optimum).value, optimum) << seed;
    }
  }
}

TEST(JobShopProof, GoesOnInSlicesToTheSameEnd) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Model m = random_shop(seed, 5, 3, 5, 30);
    Proof whole(m);
    const Time known = best_bound(m).value + 3;  // some makespan, possible or not
    const auto expected = whole.advance(kPlenty, known);
    Proof sliced(m);
    while (sliced.is_open()) (void)sliced.advance(1, known);
    EXPECT_EQ(sliced.bound().value, expected.value);
    EXPECT_EQ(sliced.bound().from, expected.from);
    EXPECT_EQ(sliced.nodes(), whole.nodes());
  }
}

TEST(JobShopProof, ProvesFt06) {
  const Model m = ft06();
  Proof proof(m);
  EXPECT_EQ(proof.advance(kPlenty, 55).value, 55);
  Proof loose(m);
  EXPECT_LE(loose.advance(kPlenty, 56).value, 55);
}

TEST(JobShopProof, KeepsTheSimpleBoundWhereAMachineHasTooManyOperations) {
  const std::vector<std::vector<Step>> jobs(kMostOpsOnMachine + 1, {{0, 2}});
  const Model m = from_jobs(jobs, 1);
  Proof proof(m);
  EXPECT_EQ(proof.advance(10, 1000).value, kMostOpsOnMachine + 1);  // in units of 2
}

}  // namespace
}  // namespace therma::job_shop
