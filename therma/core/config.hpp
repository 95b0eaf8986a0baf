// SPDX-License-Identifier: Apache-2.0
// Config fields: one list per config drives checks, JSON, command-line flags and help.
//
// A config is an aggregate with a static member
//   static void each_field(auto& self, auto&& field) {
//     field("sweeps", self.sweeps, "passes over every variable", at_least(1));
//   }
// whose members are double, std::uint32_t, std::uint64_t, bool, std::string, or an enum that has
// an `enum_names(E)` overload returning the words of its enumerators 0, 1, 2, ... in order.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "therma/core/json.hpp"

namespace therma {

// What a number must satisfy.
struct Rule {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_is_open = false;

  [[nodiscard]] bool holds(double value) const noexcept;
  [[nodiscard]] std::string text() const;  // "> 0", ">= 1", "in [0, 1]"; empty for any number
};

inline constexpr Rule any_value{};
inline constexpr Rule positive{.low = 0, .low_is_open = true};
inline constexpr Rule non_negative{.low = 0};
[[nodiscard]] constexpr Rule at_least(double low) { return {.low = low}; }
[[nodiscard]] constexpr Rule within(double low, double high) { return {.low = low, .high = high}; }

// An enum member, seen as an index into its words.
struct EnumField {
  void* target;
  std::span<const std::string_view> names;
  std::size_t (*read)(const void*);
  void (*write)(void*, std::size_t);
};

using FieldTarget =
    std::variant<double*, std::uint32_t*, std::uint64_t*, bool*, std::string*, EnumField>;

// One member of a config: borrowed, valid as long as the config it was taken from.
struct Field {
  std::string_view name;
  std::string_view help;
  Rule rule;
  FieldTarget target;

  void check() const;                      // throws Error{invalid_argument}: field, rule, value
  void set(std::string_view text) const;   // parses and checks; throws Error{invalid_argument}
  void set(const JsonReader& json) const;  // throws Error{bad_data}
  [[nodiscard]] std::string text() const;  // the current value as one would type it
  [[nodiscard]] Json json() const;
  [[nodiscard]] std::string_view type()
      const noexcept;                           // "number", "count", "flag", "text", "word"
  [[nodiscard]] std::string help_text() const;  // help, rule or words, and the current value
};

namespace detail {
template <class T>
FieldTarget field_target(T& member) {
  if constexpr (std::is_enum_v<T>) {
    return EnumField{
        &member, enum_names(T{}),
        [](const void* p) { return static_cast<std::size_t>(*static_cast<const T*>(p)); },
        [](void* p, std::size_t i) { *static_cast<T*>(p) = static_cast<T>(i); }};
  } else {
    return &member;
  }
}
}  // namespace detail

template <class Config>
[[nodiscard]] std::vector<Field> fields_of(Config& config) {
  std::vector<Field> fields;
  Config::each_field(config, [&](std::string_view name, auto& member, std::string_view help,
                                 Rule rule = any_value) {
    fields.push_back({name, help, rule, detail::field_target(member)});
  });
  return fields;
}

void check_fields(std::span<const Field> fields);
[[nodiscard]] Json fields_to_json(std::span<const Field> fields);
// Missing keys keep their value; unknown keys throw Error{bad_data}.
void fields_from_json(const JsonReader& json, std::span<const Field> fields);

// The fields of a config that may not be written: for check(), text() and json() only.
template <class Config>
[[nodiscard]] const std::vector<Field> read_fields_of(const Config& config) {
  return fields_of(const_cast<Config&>(config));
}
// Returns the config unchanged, or throws Error{invalid_argument} naming the first bad field.
template <class Config>
const Config& checked(const Config& config) {
  check_fields(read_fields_of(config));
  return config;
}
template <class Config>
[[nodiscard]] Config config_from_json(const JsonReader& json) {
  Config config;
  fields_from_json(json, fields_of(config));
  return config;
}

}  // namespace therma
