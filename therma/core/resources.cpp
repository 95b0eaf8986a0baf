// SPDX-License-Identifier: Apache-2.0
// Clocks, and the thread pool on oneTBB.
#include "therma/core/resources.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <limits>

#include "therma/core/error.hpp"

namespace therma {
namespace {

// Longer than any run, short enough that adding it to now cannot overflow the clock.
constexpr double kLongestWait_s = 1e9;

}  // namespace

Deadline::Deadline(double seconds)
    : at_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                             seconds > 0.0 ? std::min(seconds, kLongestWait_s) : 0.0))) {}

double Deadline::left_s() const {
  if (!at_) return std::numeric_limits<double>::infinity();
  return std::max(0.0, std::chrono::duration<double>(*at_ - Clock::now()).count());
}

double Stopwatch::elapsed_s() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

struct Pool::Arena {
  explicit Arena(unsigned num_threads) : tasks(static_cast<int>(num_threads)) {
    // Without leave oneTBB starts no more threads than there are cores, and prints a warning.
    if (num_threads > 1) limit.emplace(tbb::global_control::max_allowed_parallelism, num_threads);
  }
  std::optional<tbb::global_control> limit;
  mutable tbb::task_arena tasks;
};

Pool::Pool(unsigned num_threads) : num_threads_(num_threads) {
  constexpr unsigned kMost = 1024;
  if (num_threads < 1 || num_threads > kMost) {
    fail(ErrorCode::invalid_argument, "threads: must be in [1, {}], got {}", kMost, num_threads);
  }
  arena_ = std::make_unique<Arena>(num_threads);
}

Pool::~Pool() = default;

void Pool::for_each(std::size_t count, const std::function<void(std::size_t)>& work) const {
  arena_->tasks.execute([&] {
    tbb::parallel_for(
        std::size_t{0}, count, [&](std::size_t i) { work(i); }, tbb::simple_partitioner{});
  });
}

void Resources::for_each(std::size_t count, const std::function<void(std::size_t)>& work) const {
  if (pool != nullptr && pool->num_threads() > 1) return pool->for_each(count, work);
  for (std::size_t i = 0; i < count; ++i) work(i);
}

}  // namespace therma
