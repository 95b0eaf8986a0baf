// SPDX-License-Identifier: Apache-2.0
// Threads, deadlines and stopping, as the library borrows them.
#include "therma/core/resources.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "therma/core/error.hpp"

namespace therma {
namespace {

TEST(Pool, RunsEveryIndexExactlyOnceOnAnyNumberOfThreads) {
  for (const unsigned num_threads : {1U, 2U, 7U}) {
    const Pool pool(num_threads);
    const Resources resources{.pool = &pool};
    std::vector<std::atomic<int>> runs(10'000);
    resources.for_each(runs.size(), [&](std::size_t i) { ++runs[i]; });
    for (std::size_t i = 0; i < runs.size(); ++i) ASSERT_EQ(runs[i], 1) << i;
    EXPECT_EQ(resources.num_threads(), num_threads);
  }
}

TEST(Pool, HasNothingToDoForNoWork) {
  const Pool pool(2);
  pool.for_each(0, [](std::size_t) { FAIL() << "called"; });
}

TEST(Pool, HandsAnExceptionToTheCallerAndWorksOn) {
  const Pool pool(2);
  const auto faulty = [](std::size_t i) {
    if (i == 17) fail(ErrorCode::bad_data, "item {}", i);
  };
  try {
    pool.for_each(100, faulty);
    FAIL() << "the exception got lost";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::bad_data);
    EXPECT_STREQ(e.what(), "item 17");
  }
  std::atomic<int> count = 0;
  pool.for_each(100, [&](std::size_t) { ++count; });
  EXPECT_EQ(count, 100);
}

TEST(Pool, RunsWorkThatItselfRunsWork) {
  const Pool pool(2);
  std::atomic<int> count = 0;
  pool.for_each(8, [&](std::size_t) { pool.for_each(8, [&](std::size_t) { ++count; }); });
  EXPECT_EQ(count, 64);
}

TEST(Pool, RefusesNoThreadsAndAbsurdlyMany) {
  EXPECT_THROW(Pool(0), Error);
  EXPECT_THROW(Pool(1025), Error);
  EXPECT_NO_THROW(Pool(1024));
}

TEST(Resources, RunInOrderOnTheCallersThreadWithoutAPool) {
  const Resources resources;
  const auto caller = std::this_thread::get_id();
  std::vector<std::size_t> order;
  resources.for_each(5, [&](std::size_t i) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    order.push_back(i);
  });
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(resources.num_threads(), 1U);
}

TEST(Resources, StopOnRequestOrWhenTheDeadlineHasPassed) {
  EXPECT_FALSE(Resources{}.should_stop());
  std::stop_source source;
  const Resources stoppable{.stop = source.get_token()};
  EXPECT_FALSE(stoppable.should_stop());
  source.request_stop();
  EXPECT_TRUE(stoppable.should_stop());
  EXPECT_TRUE(Resources{.deadline = Deadline::after(0)}.should_stop());
}

TEST(Resources, ReportToWhoeverListens) {
  Resources{}.report({.stage = "relax"});  // nobody: nothing happens
  std::string heard;
  const Resources resources{.on_progress = [&](const Progress& p) { heard = p.stage; }};
  resources.report({.stage = "temper"});
  EXPECT_EQ(heard, "temper");
}

TEST(Deadline, NeverComesByDefault) {
  EXPECT_FALSE(Deadline{}.passed());
  EXPECT_TRUE(std::isinf(Deadline{}.left_s()));
}

TEST(Deadline, PassesAfterItsTime) {
  const auto soon = Deadline::after(0.01);
  EXPECT_LE(soon.left_s(), 0.01);
  std::this_thread::sleep_for(std::chrono::milliseconds(11));
  EXPECT_TRUE(soon.passed());
  EXPECT_EQ(soon.left_s(), 0.0);
}

TEST(Deadline, TakesAnyNumber) {
  EXPECT_TRUE(Deadline::after(-1).passed());
  EXPECT_TRUE(Deadline::after(std::nan("")).passed());
  EXPECT_FALSE(Deadline::after(1e300).passed());
  EXPECT_FALSE(Deadline::after(HUGE_VAL).passed());
}

TEST(Stopwatch, Advances) {
  const Stopwatch watch;
  const double before = watch.elapsed_s();
  EXPECT_GE(before, 0.0);
  EXPECT_GE(watch.elapsed_s(), before);
}

}  // namespace
}  // namespace therma
