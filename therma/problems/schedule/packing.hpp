// SPDX-License-Identifier: Apache-2.0
// Depth-first search for an assignment of tasks to windows that ends by a given makespan.
#pragma once

#include <cstdint>
#include <vector>

#include "therma/problems/schedule/limits.hpp"

namespace therma::schedule {

// Resumable: holds its own stack. One object answers for one makespan after another.
class Packing {
 public:
  explicit Packing(const Tables& tables);

  enum class Answer { searching, possible, impossible };

  // Starts the question whether all tasks can end by `makespan`.
  void start(Ticks makespan);
  // Searches `budget` nodes further; returns how many were used.
  std::uint64_t advance(std::uint64_t budget);
  [[nodiscard]] Answer answer() const noexcept { return answer_; }

 private:
  struct Bin {
    std::uint32_t machine;
    Ticks open;
    Ticks close;
    Ticks load = 0;
    std::vector<std::uint32_t> tasks;  // by earliest start
  };
  struct Level {
    std::uint32_t task;
    std::vector<std::uint32_t> bins;  // where it fits by itself
    std::size_t next = 0;             // of them to try
    bool is_placed = false;           // in bins[next - 1]
    std::uint32_t twin;               // an equal task at an earlier level, or its own level
  };

  [[nodiscard]] bool holds(Bin& bin, std::uint32_t task) const;
  [[nodiscard]] bool is_twin_of_earlier_bin(const Level& level, std::size_t choice) const;
  void place(Level& level, std::uint32_t bin);
  void remove(Level& level);
  void find_twins();

  const Tables& tables_;
  Limits earliest_;
  Latest latest_;
  std::vector<Bin> bins_;
  std::vector<Level> levels_;
  std::vector<Ticks> work_behind_;  // [level]: least work of it and all later levels
  std::size_t depth_ = 0;
  Ticks free_ = 0;
  Answer answer_ = Answer::impossible;
};

}  // namespace therma::schedule
