// SPDX-License-Identifier: Apache-2.0
// Schedules: how an inverse temperature (or a temperature) runs over the steps of an anneal.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace therma {

// A value, written "const:1", "linear:0.2:1.5", "exp:0.1:10", "list:0.1,0.5,2", "inf" or a plain
// number. The numbers are not negative; those of "exp" are positive and finite.
class Schedule {
 public:
  // Every constructor below throws Error{invalid_argument} on a bad number.
  [[nodiscard]] static Schedule constant(double value);
  [[nodiscard]] static Schedule linear(double first, double last);
  [[nodiscard]] static Schedule exponential(double first, double last);
  [[nodiscard]] static Schedule list(std::vector<double> values);
  // Throws Error{invalid_argument}: one sentence with the text and the forms that are understood.
  [[nodiscard]] static Schedule parse(std::string_view text);

  // The value during step k of n, the ends reached exactly at k = 0 and k = n - 1; a list holds
  // each of its values for an equal share of the steps. k at or beyond n gives the last value.
  [[nodiscard]] double at(std::uint64_t k, std::uint64_t n) const noexcept;
  [[nodiscard]] std::string text() const;  // as parse() reads it

 private:
  enum class Kind { constant, linear, exponential, list };
  Schedule(Kind kind, std::vector<double> values);

  Kind kind_;
  std::vector<double> values_;  // one, two (first, last), two, or all of a list
};

}  // namespace therma
