// SPDX-License-Identifier: Apache-2.0
// A thread that waits for signals; SIGUSR1 from the destructor is how it learns to leave.
#include "therma/cli/interrupt.hpp"

#include <pthread.h>
#include <unistd.h>

#include "therma/cli/terminal.hpp"

namespace therma::cli {
namespace {

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

constexpr int kWakeUp = SIGUSR1;
constexpr int kInterrupted = 128;  // plus the signal: what a shell reports for a killed program

}  // namespace

Interrupt::Interrupt() {
  sigemptyset(&signals_);
  sigaddset(&signals_, kWakeUp);
  for (const int signal : {SIGINT, SIGTERM}) {
    if (!is_ignored(signal)) sigaddset(&signals_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  waiter_ = std::thread([this] { wait(); });
}

Interrupt::~Interrupt() {
  done_ = true;
  pthread_kill(waiter_.native_handle(), kWakeUp);
  waiter_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interrupt::wait() {
  while (true) {
    int signal = 0;
    if (sigwait(&signals_, &signal) != 0) continue;
    if (signal == kWakeUp) {
      if (done_) return;
      continue;
    }
    if (stop_.stop_requested()) ::_exit(kInterrupted + signal);
    stop_.request_stop();
    print_notice("\ntherma: stopping with the best so far; once more to quit\n");
  }
}

}  // namespace therma::cli
