// SPDX-License-Identifier: Apache-2.0
// Operators on values, as Python defines them.
#pragma once

#include "therma/llm/chat/jinja_meter.hpp"

namespace therma::llm::jinja {

// Each throws Error{bad_data} where the kinds do not go together.
[[nodiscard]] Value calculate(std::string_view op, const Value& a, const Value& b, Place place,
                              Meter& meter);
[[nodiscard]] Value with_sign(std::string_view sign, const Value& value, Place place,
                              const Meter& meter);
// ==, !=, <, <=, >, >=, in, not in
[[nodiscard]] bool holds(std::string_view op, const Value& a, const Value& b, Place place,
                         Meter& meter);
[[nodiscard]] bool contains(const Value& whole, const Value& part, Place place, Meter& meter);

struct SliceBounds {
  Value first;  // undefined: left out
  Value last;
  Value step;
};
[[nodiscard]] Value slice(const Value& value, const SliceBounds& bounds, Place place, Meter& meter);
// value[key]: undefined where there is none.
[[nodiscard]] Value item(const Value& value, const Value& key, Place place, Meter& meter);

}  // namespace therma::llm::jinja
