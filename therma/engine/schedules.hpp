// SPDX-License-Identifier: Apache-2.0
// Schedules as requests state them.
#pragma once

#include <string>

#include "therma/dynamics/schedule.hpp"

namespace therma {

// The schedule that a setting states: Schedule::parse, or the numbers of the file it names.
// Throws Error{invalid_argument} for words that are no schedule, Error{bad_data} for a file with
// file and line.
[[nodiscard]] Schedule read_schedule(const std::string& text);

}  // namespace therma
