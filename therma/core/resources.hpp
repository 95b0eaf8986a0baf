// SPDX-License-Identifier: Apache-2.0
// Resources: how to compute (threads, time, cancellation, progress), apart from what to compute.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

namespace therma {

// A point in time after which a long loop returns its best so far. The default never comes.
class Deadline {
 public:
  Deadline() = default;
  // Negative and NaN count as 0, more than 1e9 s as 1e9 s.
  [[nodiscard]] static Deadline after(double seconds) { return Deadline(seconds); }
  [[nodiscard]] bool passed() const { return at_ && Clock::now() >= *at_; }
  // Seconds left, not negative; infinite for the default.
  [[nodiscard]] double left_s() const;

 private:
  using Clock = std::chrono::steady_clock;
  explicit Deadline(double seconds);
  std::optional<Clock::time_point> at_;
};

// Seconds since construction.
class Stopwatch {
 public:
  [[nodiscard]] double elapsed_s() const;

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// A fixed set of threads that a program owns and the library borrows.
class Pool {
 public:
  explicit Pool(unsigned num_threads);  // throws Error{invalid_argument} unless in [1, 1024]
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] unsigned num_threads() const noexcept { return num_threads_; }
  // Runs work(i) once for each i below count, in any order; returns when all are done.
  // An exception cancels what has not begun; the first one is rethrown here.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& work) const;

 private:
  struct Arena;
  unsigned num_threads_;
  std::unique_ptr<Arena> arena_;
};

// What a long computation tells about itself; called on the caller's thread, between rounds.
struct Progress {
  std::string_view stage;       // "relax", "temper", ...
  double fraction = 0.0;        // of the work known to be left; negative where unknown
  std::optional<double> best;   // objective of the best verified-looking answer so far
  std::optional<double> bound;  // proven lower bound
  std::uint32_t replicas = 0;
};

struct Resources {
  const Pool* pool = nullptr;  // null: the caller's thread alone
  std::stop_token stop;
  Deadline deadline;
  std::function<void(const Progress&)> on_progress;

  [[nodiscard]] bool should_stop() const { return stop.stop_requested() || deadline.passed(); }
  [[nodiscard]] unsigned num_threads() const { return pool ? pool->num_threads() : 1; }
  void for_each(std::size_t count, const std::function<void(std::size_t)>& work) const;
  void report(const Progress& progress) const {
    if (on_progress) on_progress(progress);
  }
};

}  // namespace therma
