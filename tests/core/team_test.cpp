// SPDX-License-Identifier: Apache-2.0
#include "therma/core/team.hpp"

#include <gtest/gtest.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr unsigned kSizes[] = {1, 2, 3, 7};

TEST(Team, EveryMemberRunsEveryJobOnce) {
  for (const unsigned size : kSizes) {
    const Team team(size);
    ASSERT_EQ(team.size(), size);
    std::vector<int> runs(size);  // plain: that run() returns after all is part of the promise
    for (int job = 0; job < 500; ++job) {
      team.run([&](unsigned member) { ++runs[member]; });
      for (const int count : runs) ASSERT_EQ(count, job + 1);
    }
  }
}

TEST(Team, TheCallerIsMemberZero) {
  const Team team(3);
  std::vector<std::thread::id> ids(3);
  team.run([&](unsigned member) { ids[member] = std::this_thread::get_id(); });
  EXPECT_EQ(ids[0], std::this_thread::get_id());
  EXPECT_NE(ids[1], ids[0]);
  EXPECT_NE(ids[2], ids[1]);
}

TEST(Team, AJobSeesWhatTheCallerWroteBefore) {
  const Team team(2);
  int input = 0, output = 0;
  for (int k = 1; k <= 2000; ++k) {
    input = k;
    team.run([&](unsigned member) {
      if (member == 1) output = input;
    });
    ASSERT_EQ(output, k);
  }
}

TEST(Team, ASplitCoversEachIndexOnceInRunsOfTheGrain) {
  for (const unsigned size : kSizes) {
    const Team team(size);
    for (const std::uint32_t count : {0U, 1U, 31U, 32U, 33U, 100U, 4864U}) {
      for (const std::uint32_t grain : {1U, 4U, 32U, 10000U}) {
        std::vector<std::atomic<int>> seen(count);
        team.split(count, grain, [&](std::uint32_t begin, std::uint32_t end) {
          EXPECT_EQ(begin % grain, 0U);
          EXPECT_TRUE(end % grain == 0 || end == count);
          for (std::uint32_t k = begin; k < end; ++k) ++seen[k];
        });
        for (const auto& times : seen) ASSERT_EQ(times, 1);
      }
    }
  }
}

TEST(Team, SplitsOfTheLargestCountDoNotOverflow) {
  const Team team(7);
  std::atomic<std::uint64_t> covered{0};
  team.split(0xFFFFFFFFU, 64,
             [&](std::uint32_t begin, std::uint32_t end) { covered += end - begin; });
  EXPECT_EQ(covered, 0xFFFFFFFFU);
}

TEST(Team, OfSeveralExceptionsThatOfTheFirstMemberIsRethrownOnceAllAreDone) {
  const Team team(4);
  std::atomic<int> finished{0};
  try {
    team.run([&](unsigned member) {
      if (member == 0) {
        ++finished;
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(4 - member));
      ++finished;
      throw std::runtime_error(std::to_string(member));
    });
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "1");
  }
  EXPECT_EQ(finished, 4);
  int runs = 0;
  team.run([&](unsigned member) {
    if (member == 0) ++runs;
  });
  EXPECT_EQ(runs, 1);
}

TEST(Team, SizesOutsideTheRangeAreRefused) {
  EXPECT_THROW(Team(0), Error);
  EXPECT_THROW(Team(1025), Error);
}

// Within a job the other members are taken: a job given by a member runs on that member alone.
TEST(Team, AJobWithinAJobRunsAllItsPartsOnItsMember) {
  const Team team(3);
  std::vector<int> parts(3);
  team.run([&](unsigned member) {
    const auto here = std::this_thread::get_id();
    team.run([&](unsigned) {
      ++parts[member];
      EXPECT_EQ(std::this_thread::get_id(), here);
    });
  });
  EXPECT_EQ(parts, (std::vector<int>{3, 3, 3}));
}

// Machines are shared: a member that waits for a slow one, or for a job, takes no processor.
TEST(Team, WaitingTakesNoProcessor) {
  const auto process_seconds = [] {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  };
  const auto nap = std::chrono::milliseconds(100);
  const Team team(4);
  const double begin = process_seconds();
  team.run([&](unsigned member) {
    if (member == 2) std::this_thread::sleep_for(nap);
  });
  std::this_thread::sleep_for(nap);
  EXPECT_LT(process_seconds() - begin, 0.05);  // of 0.8 thread seconds
}

}  // namespace
}  // namespace therma
