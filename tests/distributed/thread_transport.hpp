// SPDX-License-Identifier: Apache-2.0
// Ranks as threads of one test, for what must hold without MPI.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "therma/core/error.hpp"
#include "therma/dynamics/transport.hpp"

namespace therma::testing {

// What the threads of one run share: a table of messages, and a place to wait for each other.
class Meeting {
 public:
  explicit Meeting(std::uint32_t size) : size_(size), table_(std::size_t{size} * size) {}

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::string& message(std::uint32_t from, std::uint32_t to) {
    return table_[std::size_t{from} * size_ + to];
  }
  void wait_for_all() {
    std::unique_lock lock(mutex_);
    const std::uint64_t round = round_;
    if (++waiting_ == size_) {
      waiting_ = 0;
      ++round_;
      changed_.notify_all();
      return;
    }
    changed_.wait(lock, [&] { return round_ != round || abandoned_; });
    if (round_ == round) fail(ErrorCode::remote, "another rank is gone");
  }
  bool all_failed() {
    std::unique_lock lock(mutex_);
    ++failed_;
    changed_.notify_all();
    return changed_.wait_for(lock, std::chrono::seconds(1), [&] { return failed_ == size_; });
  }
  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }

 private:
  std::uint32_t size_;
  std::vector<std::string> table_;  // [from, to]
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t round_ = 0;
  std::uint32_t waiting_ = 0;
  std::uint32_t failed_ = 0;
  bool abandoned_ = false;
};

class ThreadTransport final : public Transport {
 public:
  ThreadTransport(Meeting& meeting, std::uint32_t rank) : meeting_(meeting), rank_(rank) {}

  [[nodiscard]] std::uint32_t rank() const noexcept override { return rank_; }
  [[nodiscard]] std::uint32_t size() const noexcept override { return meeting_.size(); }

  void gather(std::span<const double> mine, std::span<const std::size_t> counts,
              std::span<double> all) override {
    const auto incoming = exchange(std::vector<std::string>(size(), as_bytes(mine)));
    auto at = all.begin();
    for (std::uint32_t rank = 0; rank < size(); ++rank) {
      take(incoming[rank], {at, counts[rank]});
      at += static_cast<std::ptrdiff_t>(counts[rank]);
    }
  }
  void broadcast(std::span<double> values, std::uint32_t root) override {
    const auto incoming = exchange(
        std::vector<std::string>(size(), rank_ == root ? as_bytes(values) : std::string()));
    take(incoming[root], values);
  }
  [[nodiscard]] std::vector<std::string> exchange(std::span<const std::string> outgoing) override {
    for (std::uint32_t to = 0; to < size(); ++to) meeting_.message(rank_, to) = outgoing[to];
    meeting_.wait_for_all();
    std::vector<std::string> incoming;
    for (std::uint32_t from = 0; from < size(); ++from) {
      incoming.push_back(meeting_.message(from, rank_));
    }
    meeting_.wait_for_all();
    return incoming;
  }
  [[nodiscard]] bool all_failed() noexcept override { return meeting_.all_failed(); }
  void abandon(int /*status*/) noexcept override { meeting_.abandon(); }

 private:
  static std::string as_bytes(std::span<const double> values) {
    return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
  }
  // Ranks that do not make the same calls are a bug of the code under test.
  static void take(const std::string& bytes, std::span<double> values) {
    if (bytes.size() != values.size_bytes()) {
      fail(ErrorCode::internal, "expected {} bytes, got {}", values.size_bytes(), bytes.size());
    }
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  }

  Meeting& meeting_;
  std::uint32_t rank_;
};

// Runs body(transport) on so many ranks; what each of them threw, null for nothing. [rank]
inline std::vector<std::exception_ptr> errors_on_ranks(
    std::uint32_t size, const std::function<void(Transport&)>& body) {
  Meeting meeting(size);
  std::vector<std::exception_ptr> errors(size);
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t rank = 0; rank < size; ++rank) {
      threads.emplace_back([&, rank] {
        ThreadTransport transport(meeting, rank);
        try {
          body(transport);
        } catch (...) {
          errors[rank] = std::current_exception();
        }
        transport.abandon(0);
      });
    }
  }
  return errors;
}

// The same, where nothing may be thrown.
inline void on_ranks(std::uint32_t size, const std::function<void(Transport&)>& body) {
  for (const auto& error : errors_on_ranks(size, body)) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace therma::testing
