// SPDX-License-Identifier: Apache-2.0
// A team of threads for work that is shared out every few microseconds: its members spin for a
// moment and then sleep on a futex, for machines are shared.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

namespace therma {

// A program owns it; the library borrows it. One job at a time, given by one thread, which takes
// part as member 0.
class Team {
 public:
  Team();  // the caller's thread alone
  // Throws Error{invalid_argument} unless in [1, 1024], Error{device} if the system has no more.
  explicit Team(unsigned num_threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  [[nodiscard]] unsigned size() const noexcept { return size_; }

  // Runs job(member) once on each member; returns when all are done. An exception is rethrown here
  // once all are done; of several, that of the first member. A job given while the team is at work
  // (by a job) runs for each member in turn on the thread that gives it.
  template <class Job>
  void run(const Job& job) const {
    run_call({&job,
              [](const void* self, unsigned member) { (*static_cast<const Job*>(self))(member); }});
  }

  // Shares [0, count) out in equal runs of a multiple of `grain`: job(begin, end), by position.
  template <class Job>
  void split(std::uint32_t count, std::uint32_t grain, const Job& job) const {
    const std::uint64_t pieces = (std::uint64_t{count} + grain - 1) / grain;
    const auto edge = [&](std::uint64_t member) {
      return static_cast<std::uint32_t>(
          std::min<std::uint64_t>(count, pieces * member / size_ * grain));
    };
    run([&](unsigned member) {
      const auto begin = edge(member), end = edge(std::uint64_t{member} + 1);
      if (begin < end) job(begin, end);
    });
  }

 private:
  struct Call {  // a borrowed job, so that giving one allocates nothing
    const void* job = nullptr;
    void (*invoke)(const void* job, unsigned member) = nullptr;
    void operator()(unsigned member) const { invoke(job, member); }
  };
  struct Parts;
  void run_call(Call call) const;
  void run_in_turn(Call call) const;

  unsigned size_ = 1;
  std::unique_ptr<Parts> parts_;
};

}  // namespace therma
