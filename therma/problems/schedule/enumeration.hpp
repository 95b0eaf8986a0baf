// SPDX-License-Identifier: Apache-2.0
// Branch and bound over all schedules, built in order of start times.
#pragma once

#include <cstdint>
#include <vector>

#include "therma/problems/schedule/limits.hpp"
#include "therma/problems/schedule/partial.hpp"

namespace therma::schedule {

// Some optimal schedule is what serial generation makes of the tasks in order of their starts
// (decode.hpp), so only lists with starts that never fall are built. Resumable.
class Enumeration {
 public:
  Enumeration(const Problem& problem, const Tables& tables);

  // Small enough, and waiting never helps.
  [[nodiscard]] bool is_supported() const noexcept { return supported_; }
  // Goes on until `budget` nodes are used or all schedules better than `cutoff` are ruled out.
  // A cutoff may fall from call to call. Returns the nodes used.
  std::uint64_t advance(std::uint64_t budget, double cutoff);
  [[nodiscard]] bool is_finished() const noexcept { return finished_; }
  // Once finished: no schedule has a lower objective; infinite: there is no schedule.
  [[nodiscard]] double proven() const noexcept { return cutoff_; }

 private:
  struct Choice {
    std::uint32_t task;
    Placement at;
  };
  struct Level {
    PartialSchedule schedule;
    std::vector<Choice> choices;  // most promising last
    double cost = 0.0;            // tardiness and preference of the tasks placed, weighted
    Ticks end = 0;
    Choice last{};
  };

  void expand(std::size_t depth);
  [[nodiscard]] bool is_pruned(const Level& level, std::size_t depth);
  [[nodiscard]] double cost_of(std::uint32_t task, const Placement& at) const;

  const Problem& problem_;
  const Tables& tables_;
  bool supported_ = false;
  bool finished_ = false;
  double cutoff_;
  std::vector<std::uint32_t> rank_;     // [task]: in one topological order
  std::vector<std::uint32_t> order_;    // that order
  std::vector<Ticks> shortest_;         // [task]
  std::vector<Ticks> tail_;             // [task]: least time after its end
  std::vector<std::uint32_t> only_on_;  // [task]: its machine if it has one, else num_machines
  std::vector<Level> levels_;
  std::vector<std::uint8_t> placed_;  // [task]: scratch
  std::vector<Ticks> head_;           // [task]: scratch
  std::vector<Ticks> lane_work_;      // [machine]: scratch
  std::size_t depth_ = 0;
};

}  // namespace therma::schedule
