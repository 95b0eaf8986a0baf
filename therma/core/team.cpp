// SPDX-License-Identifier: Apache-2.0
// A generation counter that members wait on, and a count of those still at work.
#include "therma/core/team.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr int kSpins = 2000;  // some microseconds

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
  bool ends = false;
  const std::function<void(unsigned)>* job = nullptr;
  std::vector<std::exception_ptr> errors;
  std::vector<std::thread> threads;

  void attempt(unsigned member) noexcept {
    try {
      (*job)(member);
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
};

Team::Team() = default;

Team::Team(unsigned num_threads) : size_(num_threads) {
  if (num_threads < 1 || num_threads > 1024) {
    fail(ErrorCode::invalid_argument, "threads: must be in [1, 1024], got {}", num_threads);
  }
  if (num_threads == 1) return;
  parts_ = std::make_unique<Parts>();
  parts_->errors.resize(num_threads);
  for (unsigned member = 1; member < num_threads; ++member) {
    parts_->threads.emplace_back([parts = parts_.get(), member] { parts->serve(member); });
  }
}

Team::~Team() {
  if (parts_ == nullptr) return;
  parts_->ends = true;
  parts_->start();
  for (auto& thread : parts_->threads) thread.join();
}

void Team::run(const std::function<void(unsigned)>& job) const {
  if (parts_ == nullptr) return job(0);
  auto& parts = *parts_;
  parts.job = &job;
  parts.working.store(size_ - 1, std::memory_order_relaxed);
  parts.start();
  parts.attempt(0);
  for (auto left = parts.working.load(std::memory_order_acquire); left != 0;
       left = parts.working.load(std::memory_order_acquire)) {
    wait_while_equal(parts.working, left);
  }
  for (auto& error : parts.errors) {
    if (error) {
      const auto first = error;
      std::ranges::fill(parts.errors, nullptr);
      std::rethrow_exception(first);
    }
  }
}

void Team::split(std::uint32_t count, std::uint32_t grain,
                 const std::function<void(std::uint32_t, std::uint32_t)>& job) const {
  const std::uint64_t pieces = (std::uint64_t{count} + grain - 1) / grain;
  const auto edge = [&](std::uint64_t member) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(count, pieces * member / size_ * grain));
  };
  run([&](unsigned member) {
    const auto begin = edge(member), end = edge(member + 1);
    if (begin < end) job(begin, end);
  });
}

}  // namespace therma
