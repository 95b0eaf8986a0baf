// SPDX-License-Identifier: Apache-2.0
// Ctrl-C: the first asks for the best so far, the second ends the program.
#pragma once

#include <atomic>
#include <csignal>
#include <stop_token>
#include <thread>

namespace therma::cli {

// While it lives, SIGINT and SIGTERM are taken by a thread of its own, since nothing useful may be
// called from a signal handler. Make it before any other thread: they inherit the blocked signals.
// A signal that the parent chose to ignore stays ignored.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] std::stop_token token() const noexcept { return stop_.get_token(); }

 private:
  void wait();

  std::stop_source stop_;
  std::atomic<bool> done_ = false;
  sigset_t signals_{};
  sigset_t before_{};
  std::thread waiter_;
};

}  // namespace therma::cli
