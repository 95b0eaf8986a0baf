// SPDX-License-Identifier: Apache-2.0
// The choice of the tick.
#include "therma/problems/schedule/time_grid.hpp"

#include <algorithm>
#include <cmath>

#include "therma/core/error.hpp"
#include "therma/problems/schedule/check.hpp"

namespace therma::schedule {
namespace {

constexpr std::int64_t kGrids[] = {1,       10,        60,        100,         600,
                                   1000,    3600,      10'000,    36'000,      100'000,
                                   600'000, 1'000'000, 3'600'000, 100'000'000, 1'000'000'000};
// Where quotients by speed cannot be whole, they are rounded up on a grid at least this fine.
constexpr std::int64_t kFineGrid = 3600;

// Whole up to the error of the decimal number itself: 1/3 h written with 16 digits is 20 minutes.
bool is_whole(double value) {
  return std::abs(value - std::round(value)) <= 2e-15 * std::abs(value);
}

}  // namespace

Ticks TimeGrid::ticks(double units) {
  if (ticks_per_unit_ == 0) {
    times_.push_back(units);
    return 0;
  }
  return static_cast<Ticks>(std::llround(units * static_cast<double>(ticks_per_unit_)));
}

Ticks TimeGrid::ticks_at_speed(double work, double speed) {
  const Ticks exact = ticks(work);
  if (ticks_per_unit_ == 0) {
    if (speed != 1.0) quotients_.emplace_back(work, speed);
    return 0;
  }
  return schedule::ticks_at_speed(exact, speed);
}

bool TimeGrid::fits_times(std::int64_t per_unit) const {
  return std::ranges::all_of(times_,
                             [&](double t) { return is_whole(t * static_cast<double>(per_unit)); });
}

bool TimeGrid::fits_quotients(std::int64_t per_unit) const {
  return std::ranges::all_of(quotients_, [&](const auto& q) {
    const double ticks = q.first * static_cast<double>(per_unit) / q.second;
    return std::abs(ticks - std::round(ticks)) <= 1e-9;
  });
}

void TimeGrid::settle(std::string_view where) {
  const auto least = wants_fractions_ ? std::int64_t{60} : std::int64_t{1};
  std::int64_t chosen = 0;
  for (const auto grid : kGrids) {
    if (grid < least || !fits_times(grid)) continue;
    // The last grid taken is the first with whole quotients, or the first fine one.
    if (chosen == 0 || chosen < kFineGrid) chosen = grid;
    if (fits_quotients(grid)) {
      chosen = grid;
      break;
    }
  }
  if (chosen == 0) {
    fail(ErrorCode::bad_data,
         "{}: the times have no common tick down to 1e-9 of a unit; round them to fewer digits",
         where);
  }
  double largest = 0;
  for (const double t : times_) largest = std::max(largest, std::abs(t));
  for (const auto& [work, speed] : quotients_) largest = std::max(largest, work / speed);
  if (largest > static_cast<double>(kMaxTicks) / static_cast<double>(chosen)) {
    fail(ErrorCode::bad_data, "{}: the time {} is beyond what can be kept exact ({:.3g})", where,
         largest, static_cast<double>(kMaxTicks) / static_cast<double>(chosen));
  }
  ticks_per_unit_ = chosen;
}

}  // namespace therma::schedule
