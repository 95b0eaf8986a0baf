// SPDX-License-Identifier: Apache-2.0
// Reads, writes and evaluates schedules.
#include "therma/dynamics/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "therma/core/error.hpp"

namespace therma {
namespace {

[[noreturn]] void not_understood(std::string_view text) {
  fail(ErrorCode::invalid_argument,
       "schedule: must be a number, inf, const:A, linear:A:B, exp:A:B or list:A,B,..., got \"{}\"",
       text);
}

// The numbers of `text` between separators; the whole schedule is named where one is not a number.
std::vector<double> parse_numbers(std::string_view text, char separator, std::string_view whole) {
  std::vector<double> numbers;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data();;) {
    double value = 0.0;
    const auto [stop, error] = std::from_chars(at, end, value);
    if (error != std::errc{}) not_understood(whole);
    numbers.push_back(value);
    if (stop == end) return numbers;
    if (*stop != separator) not_understood(whole);
    at = stop + 1;
  }
}

}  // namespace

Schedule::Schedule(Kind kind, std::vector<double> values)
    : kind_(kind), values_(std::move(values)) {
  if (values_.empty()) fail(ErrorCode::invalid_argument, "schedule: a list must hold a number");
  for (const double value : values_) {
    if (!(value >= 0.0)) {
      fail(ErrorCode::invalid_argument, "schedule: values must not be negative, got {}", value);
    }
    const bool interpolates = kind_ == Kind::linear || kind_ == Kind::exponential;
    if ((interpolates && !std::isfinite(value)) || (kind_ == Kind::exponential && value == 0.0)) {
      fail(ErrorCode::invalid_argument, "schedule: the ends of {} must be {}, got {}",
           kind_ == Kind::linear ? "linear" : "exp",
           kind_ == Kind::linear ? "finite" : "positive and finite", value);
    }
  }
}

Schedule Schedule::constant(double value) { return {Kind::constant, {value}}; }
Schedule Schedule::linear(double first, double last) { return {Kind::linear, {first, last}}; }
Schedule Schedule::exponential(double first, double last) {
  return {Kind::exponential, {first, last}};
}
Schedule Schedule::list(std::vector<double> values) { return {Kind::list, std::move(values)}; }

Schedule Schedule::parse(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    const auto numbers = parse_numbers(text, ':', text);
    return constant(numbers.front());
  }
  const auto kind = text.substr(0, colon);
  const auto rest = text.substr(colon + 1);
  if (kind == "list") return list(parse_numbers(rest, ',', text));
  const auto numbers = parse_numbers(rest, ':', text);
  if (kind == "const" && numbers.size() == 1) return constant(numbers[0]);
  if (kind == "linear" && numbers.size() == 2) return linear(numbers[0], numbers[1]);
  if (kind == "exp" && numbers.size() == 2) return exponential(numbers[0], numbers[1]);
  not_understood(text);
}

double Schedule::at(std::uint64_t k, std::uint64_t n) const noexcept {
  if (kind_ == Kind::constant) return values_.front();
  if (k + 1 >= n) return values_.back();
  if (kind_ == Kind::list) {
    const double share = static_cast<double>(k) / static_cast<double>(n);
    const auto index = static_cast<std::size_t>(share * static_cast<double>(values_.size()));
    return values_[std::min(index, values_.size() - 1)];
  }
  if (k == 0) return values_.front();
  const double fraction = static_cast<double>(k) / static_cast<double>(n - 1);
  if (kind_ == Kind::linear) return values_[0] + fraction * (values_[1] - values_[0]);
  return values_[0] * std::pow(values_[1] / values_[0], fraction);
}

std::string Schedule::text() const {
  switch (kind_) {
    case Kind::constant:
      return fmt::format("const:{}", values_[0]);
    case Kind::linear:
      return fmt::format("linear:{}:{}", values_[0], values_[1]);
    case Kind::exponential:
      return fmt::format("exp:{}:{}", values_[0], values_[1]);
    case Kind::list:
      return fmt::format("list:{}", fmt::join(values_, ","));
  }
  return {};
}

}  // namespace therma
