// SPDX-License-Identifier: Apache-2.0
// Reading of one metadata key each.
#include <cmath>
#include <string_view>

#include "therma/llm/load/byte_cursor.hpp"
#include "therma/llm/load/gguf.hpp"

namespace therma::llm {
namespace {

constexpr std::string_view kKinds[] = {
    "a whole number",      "a whole number",     "a number",
    "true or false",       "a string",           "an array of integers",
    "an array of numbers", "an array of strings"};

[[noreturn]] void wrong_type(const GgufFile& file, std::string_view key, std::string_view expected,
                             const GgufValue& value) {
  fail(ErrorCode::bad_data, "{}: {} must be {}, got {}", file.where, key, expected,
       kKinds[value.index()]);
}

template <class T>
const T* find_as(const GgufFile& file, std::string_view key, std::string_view expected) {
  const auto* const value = file.find(key);
  if (value == nullptr) return nullptr;
  const auto* const typed = std::get_if<T>(value);
  if (typed == nullptr) wrong_type(file, key, expected, *value);
  return typed;
}

std::uint64_t whole(const GgufFile& file, std::string_view key, const GgufValue& value,
                    std::uint64_t most) {
  std::uint64_t number = 0;
  if (const auto* const natural = std::get_if<std::uint64_t>(&value)) {
    number = *natural;
  } else if (const auto* const integer = std::get_if<std::int64_t>(&value)) {
    if (*integer < 0) {
      fail(ErrorCode::bad_data, "{}: {} must be in [0, {}], got {}", file.where, key, most,
           *integer);
    }
    number = static_cast<std::uint64_t>(*integer);
  } else {
    wrong_type(file, key, "a whole number", value);
  }
  if (number > most) {
    fail(ErrorCode::bad_data, "{}: {} must be in [0, {}], got {}", file.where, key, most, number);
  }
  return number;
}

}  // namespace

const GgufValue* GgufFile::find(std::string_view key) const noexcept {
  const auto found = metadata.find(key);
  return found == metadata.end() ? nullptr : &found->second;
}

std::uint64_t GgufFile::count(std::string_view key, std::uint64_t most) const {
  const auto* const value = find(key);
  if (value == nullptr) fail(ErrorCode::bad_data, "{}: {} is missing", where, key);
  return whole(*this, key, *value, most);
}

std::uint64_t GgufFile::count_or(std::string_view key, std::uint64_t most,
                                 std::uint64_t fallback) const {
  const auto* const value = find(key);
  return value == nullptr ? fallback : whole(*this, key, *value, most);
}

double GgufFile::number_or(std::string_view key, double fallback) const {
  const auto* const value = find(key);
  if (value == nullptr) return fallback;
  if (const auto* const natural = std::get_if<std::uint64_t>(value)) {
    return static_cast<double>(*natural);
  }
  if (const auto* const integer = std::get_if<std::int64_t>(value)) {
    return static_cast<double>(*integer);
  }
  const auto* const number = std::get_if<double>(value);
  if (number == nullptr) wrong_type(*this, key, "a number", *value);
  if (!std::isfinite(*number)) {
    fail(ErrorCode::bad_data, "{}: {} must be a finite number, got {}", where, key, *number);
  }
  return *number;
}

bool GgufFile::flag_or(std::string_view key, bool fallback) const {
  const auto* const flag = find_as<bool>(*this, key, "true or false");
  return flag == nullptr ? fallback : *flag;
}

std::string GgufFile::text_or(std::string_view key, std::string_view fallback) const {
  const auto* const text = find_as<std::string>(*this, key, "a string");
  return text == nullptr ? std::string(fallback) : *text;
}

const std::vector<std::string>& GgufFile::texts(std::string_view key) const {
  const auto* const found = find_as<std::vector<std::string>>(*this, key, "an array of strings");
  if (found == nullptr) fail(ErrorCode::bad_data, "{}: {} is missing", where, key);
  return *found;
}

const std::vector<double>* GgufFile::numbers(std::string_view key) const {
  return find_as<std::vector<double>>(*this, key, "an array of numbers");
}

const std::vector<std::int64_t>* GgufFile::integers(std::string_view key) const {
  return find_as<std::vector<std::int64_t>>(*this, key, "an array of integers");
}

}  // namespace therma::llm
