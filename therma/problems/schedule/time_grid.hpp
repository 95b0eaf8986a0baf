// SPDX-License-Identifier: Apache-2.0
// Turns stated times into ticks: the same reader runs twice, first to collect, then to convert.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "therma/problems/schedule/model.hpp"

namespace therma::schedule {

class TimeGrid {
 public:
  // While collecting: remembers the time and returns 0. Afterwards: the exact number of ticks.
  Ticks ticks(double units);
  // The same for work / speed, which is rounded up where no grid makes it whole.
  Ticks ticks_at_speed(double work, double speed);
  // A range whose draws need not be whole units: asks for ticks of at most 1/60 unit.
  void ask_for_fractions() { wants_fractions_ = true; }

  // Ends collecting: picks the coarsest of 1, 10, 60, 100, ... ticks per unit that makes every
  // collected time whole. Throws Error{bad_data} where none does, or where a time passes kMaxTicks.
  void settle(std::string_view where);
  [[nodiscard]] std::int64_t ticks_per_unit() const noexcept { return ticks_per_unit_; }

 private:
  [[nodiscard]] bool fits_times(std::int64_t per_unit) const;
  [[nodiscard]] bool fits_quotients(std::int64_t per_unit) const;

  std::vector<double> times_;
  std::vector<std::pair<double, double>> quotients_;  // work, speed; speed != 1
  bool wants_fractions_ = false;
  std::int64_t ticks_per_unit_ = 0;  // 0: collecting
};

}  // namespace therma::schedule
