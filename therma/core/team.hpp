// SPDX-License-Identifier: Apache-2.0
// A team of threads for work that is shared out every few microseconds: its members spin for a
// moment and then sleep on a futex, for machines are shared.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace therma {

// A program owns it; the library borrows it. One job at a time, given by one thread, which takes
// part as member 0.
class Team {
 public:
  Team();                               // the caller's thread alone
  explicit Team(unsigned num_threads);  // throws Error{invalid_argument} unless in [1, 1024]
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  [[nodiscard]] unsigned size() const noexcept { return size_; }
  // Runs job(member) once on each member; returns when all are done. An exception is rethrown here
  // once all are done; of several, that of the first member.
  void run(const std::function<void(unsigned)>& job) const;
  // Shares [0, count) out in equal runs of a multiple of `grain`: job(begin, end), by position.
  void split(std::uint32_t count, std::uint32_t grain,
             const std::function<void(std::uint32_t, std::uint32_t)>& job) const;

 private:
  struct Parts;
  unsigned size_ = 1;
  std::unique_ptr<Parts> parts_;
};

}  // namespace therma
