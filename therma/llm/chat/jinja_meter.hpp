// SPDX-License-Identifier: Apache-2.0
// What a rendering may still cost, and the arguments of what it calls.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "therma/llm/chat/jinja_value.hpp"
#include "therma/llm/chat/template.hpp"

namespace therma::llm::jinja {

inline constexpr std::uint32_t kMaxValueDepth = 100;

// Every member that throws throws Error{bad_data} naming the place.
class Meter {
 public:
  Meter(std::string_view where, const RenderOptions& options)
      : where_(where), options_(options), left_(options.limits.steps) {}

  void charge(Place place, std::uint64_t steps = 1);
  // Before a text or a list of that size is made.
  void charge_bytes(Place place, std::size_t bytes);
  void charge_items(Place place, std::size_t count);
  [[nodiscard]] Value text(Place place, std::string text);
  [[nodiscard]] Value list(Place place, std::vector<Value> items, bool is_tuple = false);
  [[nodiscard]] Value dict(Place place, Dict members);
  [[nodiscard]] bool same(Place place, const Value& a, const Value& b);
  [[nodiscard]] std::string shown(Place place, const Value& value);  // str()
  [[noreturn]] void fail(Place place, std::string_view what) const;

  [[nodiscard]] const RenderOptions& options() const noexcept { return options_; }
  [[nodiscard]] std::size_t most_bytes() const noexcept { return options_.limits.output_bytes; }

 private:
  std::string_view where_;
  const RenderOptions& options_;
  std::uint64_t left_;
};

// What a filter, a test, a method or a function is called with.
struct Arguments {
  std::string_view name;  // of what is called
  Place place;
  std::vector<Value> given;
  std::vector<std::pair<std::string, Value>> named;

  // Gives the names of the parameters; more arguments, or other names, are errors.
  void allow(const Meter& meter, std::initializer_list<std::string_view> names) const;
  [[nodiscard]] const Value* at(std::size_t index, std::string_view name) const noexcept;
  [[nodiscard]] std::optional<std::string> text(const Meter& meter, std::size_t index,
                                                std::string_view name) const;
  [[nodiscard]] std::int64_t integer(const Meter& meter, std::size_t index, std::string_view name,
                                     std::int64_t fallback) const;
  [[nodiscard]] bool flag(std::size_t index, std::string_view name) const;
  // Without the first `count` of those given.
  [[nodiscard]] Arguments rest(std::size_t count, std::string_view new_name) const;
};

// The items of a list, the characters of a string, the keys of a mapping; undefined has none.
[[nodiscard]] std::vector<Value> items_of(const Value& value, Place place, Meter& meter);

}  // namespace therma::llm::jinja
