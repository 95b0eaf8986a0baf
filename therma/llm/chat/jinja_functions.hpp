// SPDX-License-Identifier: Apache-2.0
// What templates call by name: filters, tests, methods of values.
#pragma once

#include "therma/llm/chat/jinja_meter.hpp"

namespace therma::llm::jinja {

// The name is that of the arguments. Throws Error{bad_data} naming what is not understood.
[[nodiscard]] Value filtered(const Value& target, const Arguments& arguments, Meter& meter);
[[nodiscard]] bool passes(const Value& target, const Arguments& arguments, Meter& meter);

[[nodiscard]] bool has_method(const Value& value, std::string_view name) noexcept;
[[nodiscard]] Value call_method(const Value& self, const Arguments& arguments, Meter& meter);

}  // namespace therma::llm::jinja
