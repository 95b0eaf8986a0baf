// SPDX-License-Identifier: Apache-2.0
#include "therma/cli/progress.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "therma/engine/utf8.hpp"

namespace therma::cli {
namespace {

// 2.5 s of 10 s are a quarter: 4 of 16 marks.
TEST(ProgressText, TellsBestBoundReplicasAndTimeLeft) {
  const Progress progress{
      .stage = "temper", .fraction = -1.0, .best = 12.0, .bound = 11.5, .replicas = 8};
  EXPECT_EQ(progress_text(progress, 2.5, 7.5, 120),
            "[####------------] temper 2.5 s, best 12, bound 11.5, 8 replicas, 7.5 s left");
}

TEST(ProgressText, LeavesOutWhatIsUnknown) {
  constexpr double kForever = std::numeric_limits<double>::infinity();
  EXPECT_EQ(progress_text({.stage = "relax", .fraction = 0.5}, 1.0, kForever, 120),
            "[########--------] relax 1.0 s");
}

TEST(ProgressText, NeverWrapsALine) {
  const Progress progress{.stage = "temper", .best = 123456.0, .bound = 1.0, .replicas = 64};
  EXPECT_EQ(columns(progress_text(progress, 1.0, 1.0, 40)), 40U);
}

}  // namespace
}  // namespace therma::cli
