// SPDX-License-Identifier: Apache-2.0
// A generation counter that members wait on, and a count of those still at work.
#include "therma/core/team.hpp"

#include <atomic>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr int kSpins = 1000;  // some 20 microseconds: longer than a step, shorter than a time slice

inline void relax_cpu() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Returns once value differs from `old`.
void wait_while_equal(const std::atomic<std::uint32_t>& value, std::uint32_t old) noexcept {
  for (int k = 0; k < kSpins; ++k) {
    if (value.load(std::memory_order_acquire) != old) return;
    relax_cpu();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

}  // namespace

struct Team::Parts {
  std::atomic<std::uint32_t> generation{0};
  std::atomic<std::uint32_t> working{0};
  std::atomic<bool> is_busy{false};
  bool ends = false;
  Call job;
  std::vector<std::exception_ptr> errors;
  std::vector<std::thread> threads;

  void attempt(unsigned member) noexcept {
    try {
      job(member);
    } catch (...) {
      errors[member] = std::current_exception();
    }
  }
  void serve(unsigned member) noexcept {
    for (std::uint32_t seen = 0;;) {
      wait_while_equal(generation, seen);
      seen = generation.load(std::memory_order_acquire);
      if (ends) return;
      attempt(member);
      if (working.fetch_sub(1, std::memory_order_acq_rel) == 1) working.notify_one();
    }
  }
  void start() noexcept {
    generation.fetch_add(1, std::memory_order_acq_rel);
    generation.notify_all();
  }
  void end() noexcept {
    ends = true;
    start();
    for (auto& thread : threads) thread.join();
  }
  std::exception_ptr take_first_error() noexcept {
    std::exception_ptr first;
    for (auto& error : errors) {
      if (first == nullptr) first = error;
      error = nullptr;
    }
    return first;
  }
};

Team::Team() = default;

Team::Team(unsigned num_threads) : size_(num_threads) {
  if (num_threads < 1 || num_threads > 1024) {
    fail(ErrorCode::invalid_argument, "threads: must be in [1, 1024], got {}", num_threads);
  }
  if (num_threads == 1) return;
  parts_ = std::make_unique<Parts>();
  parts_->errors.resize(num_threads);
  parts_->threads.reserve(num_threads - 1);
  try {
    for (unsigned member = 1; member < num_threads; ++member) {
      parts_->threads.emplace_back([parts = parts_.get(), member] { parts->serve(member); });
    }
  } catch (const std::system_error& error) {
    parts_->end();
    fail(ErrorCode::device, "threads: the system gave {} of {}: {}", parts_->threads.size() + 1,
         num_threads, error.what());
  }
}

Team::~Team() {
  if (parts_ != nullptr) parts_->end();
}

void Team::run_in_turn(Call call) const {
  std::exception_ptr first;
  for (unsigned member = 0; member < size_; ++member) {
    try {
      call(member);
    } catch (...) {
      if (first == nullptr) first = std::current_exception();
    }
  }
  if (first != nullptr) std::rethrow_exception(first);
}

void Team::run_call(Call call) const {
  if (parts_ == nullptr) return call(0);
  auto& parts = *parts_;
  if (parts.is_busy.exchange(true, std::memory_order_acquire)) return run_in_turn(call);
  parts.job = call;
  parts.working.store(size_ - 1, std::memory_order_relaxed);
  parts.start();  // publishes the job
  parts.attempt(0);
  for (auto left = parts.working.load(std::memory_order_acquire); left != 0;
       left = parts.working.load(std::memory_order_acquire)) {
    wait_while_equal(parts.working, left);
  }
  const auto error = parts.take_first_error();
  parts.is_busy.store(false, std::memory_order_release);
  if (error != nullptr) std::rethrow_exception(error);
}

}  // namespace therma
