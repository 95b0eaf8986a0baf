// SPDX-License-Identifier: Apache-2.0
// Values of a template: immutable and shared, but for namespaces.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "therma/core/json.hpp"

namespace therma::llm::jinja {

struct Value;
struct Statement;

struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;  // in bytes
};

struct Undefined {
  std::string name;  // of what was not there, for messages
};
struct None {};
struct List;
struct Dict;
using Text = std::shared_ptr<const std::string>;
using ListPtr = std::shared_ptr<const List>;
using DictPtr = std::shared_ptr<const Dict>;
struct Namespace;
using NamespacePtr = std::shared_ptr<Namespace>;
struct Loop;
using LoopPtr = std::shared_ptr<const Loop>;
struct Method;  // a function with the value it belongs to
using MethodPtr = std::shared_ptr<const Method>;

struct Value {
  std::variant<Undefined, None, bool, std::int64_t, double, Text, ListPtr, DictPtr, NamespacePtr,
               LoopPtr, MethodPtr>
      data;

  Value() : data(Undefined{}) {}
  template <class T>
  explicit Value(T value) : data(std::move(value)) {}

  template <class T>
  [[nodiscard]] bool is() const noexcept {
    return std::holds_alternative<T>(data);
  }
  template <class T>
  [[nodiscard]] const T& as() const {
    return std::get<T>(data);
  }
  [[nodiscard]] const std::string* text() const noexcept {
    const auto* found = std::get_if<Text>(&data);
    return found == nullptr ? nullptr : found->get();
  }
  [[nodiscard]] const List* list() const noexcept {
    const auto* found = std::get_if<ListPtr>(&data);
    return found == nullptr ? nullptr : found->get();
  }
  [[nodiscard]] const Dict* dict() const noexcept {
    const auto* found = std::get_if<DictPtr>(&data);
    return found == nullptr ? nullptr : found->get();
  }
};

// Containers know how deep they are: a hostile template could nest them without end.
struct List {
  std::vector<Value> items;
  bool is_tuple = false;
  std::uint32_t depth = 1;
};

// In the order of insertion.
struct Dict : std::vector<std::pair<std::string, Value>> {
  std::uint32_t depth = 1;
};

struct Namespace {
  std::map<std::string, Value> members;
};

struct Loop {
  ListPtr items;
  std::size_t index0 = 0;
};

// Without `self` a function of the template language; with `macro` one that the template defines.
struct Method {
  std::string name;
  Value self;
  const Statement* macro = nullptr;
};

[[nodiscard]] Value text_value(std::string text);
[[nodiscard]] Value list_value(std::vector<Value> items, bool is_tuple = false);
[[nodiscard]] Value dict_value(Dict members);
[[nodiscard]] std::uint32_t depth_of(const Value& value) noexcept;
[[nodiscard]] Value from_json(const Json& json);
[[nodiscard]] const Value* find(const Dict& dict, std::string_view key) noexcept;

[[nodiscard]] bool is_number(const Value& value) noexcept;   // Python counts bool among them
[[nodiscard]] bool is_integer(const Value& value) noexcept;  // bool among them
[[nodiscard]] std::int64_t integer_of(const Value& value);
[[nodiscard]] double number_of(const Value& value);
[[nodiscard]] bool is_true(const Value& value);
// Each comparison costs one of `budget`; false once there is none left.
[[nodiscard]] bool equal(const Value& a, const Value& b, std::uint64_t& budget);
// "a number", "a mapping": for messages.
[[nodiscard]] std::string_view kind_of(const Value& value);

// What Python's str() and repr() print. Stops growing beyond `most` bytes.
void write_str(std::string& out, const Value& value, std::size_t most);
void write_repr(std::string& out, const Value& value, std::size_t most);

struct JsonLayout {
  bool ascii = false;
  int indent = -1;  // none
  bool sorted = false;
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};
// What Python's json.dumps prints; false where a value has no JSON.
[[nodiscard]] bool write_json(std::string& out, const Value& value, const JsonLayout& layout,
                              std::size_t most, int depth = 0);

}  // namespace therma::llm::jinja
