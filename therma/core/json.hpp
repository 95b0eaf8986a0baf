// SPDX-License-Identifier: Apache-2.0
// JSON in and out: parsing with limits, and reading with the path in every message.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "therma/core/error.hpp"

namespace therma {

// Keeps the order of keys as written.
using Json = nlohmann::ordered_json;

inline constexpr int kMaxJsonDepth = 64;

// Parses one JSON document. Nesting beyond kMaxJsonDepth, duplicate keys and trailing text are
// errors. `where` (a file name, "request") opens every message.
// Throws Error{bad_data} with line and column, both from 1 and the column in bytes.
[[nodiscard]] Json parse_json(std::string_view text, std::string_view where);

// Two-space indentation and a closing newline; invalid UTF-8 is replaced, never thrown on.
[[nodiscard]] std::string to_text(const Json& json);

// A place in a document: reads values and names the place when one is not what was expected.
// Holds a reference: the document must outlive it. Every member throws Error{bad_data}.
class JsonReader {
 public:
  JsonReader(const Json& json, std::string path) : json_(json), path_(std::move(path)) {}

  [[nodiscard]] const Json& json() const noexcept { return json_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] JsonReader at(std::string_view key) const;  // required member of an object
  [[nodiscard]] JsonReader at(std::size_t index) const;     // element of an array
  [[nodiscard]] std::size_t array_size() const;             // requires an array
  void require_object() const;
  // Throws when the object holds a key outside the list: a typo is never ignored.
  void allow_keys(std::initializer_list<std::string_view> keys) const;

  [[nodiscard]] double number() const;         // finite
  [[nodiscard]] std::int64_t integer() const;  // within +-2^53, no fraction
  // A whole number in [0, most], exact over all 64 bits.
  [[nodiscard]] std::uint64_t count(std::uint64_t most) const;
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] std::string string() const;
  [[nodiscard]] double number_or(std::string_view key, double fallback) const;

  // "where: path: must be X, got Y"
  [[noreturn]] void expected(std::string_view what) const;
  [[noreturn]] void reject(std::string_view why) const;

 private:
  const Json& json_;
  std::string path_;
};

}  // namespace therma
