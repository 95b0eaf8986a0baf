// SPDX-License-Identifier: Apache-2.0
// The only place that instantiates the JSON parser.
#include "therma/core/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

namespace therma {
namespace {

// "where:line:column" of the last of `num_read` bytes.
std::string place(std::string_view where, std::string_view text, std::size_t num_read) {
  const auto before = text.substr(0, num_read == 0 ? 0 : std::min(num_read, text.size() + 1) - 1);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto newline = before.rfind('\n');
  const auto column =
      newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  return fmt::format("{}:{}:{}", where, line, column + 1);
}

// Iterates over text and tells how far the parser has read, which its events do not.
class CountedReader {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountedReader(const char* at, std::size_t& num_read) : at_(at), num_read_(&num_read) {}
  reference operator*() const { return *at_; }
  CountedReader& operator++() { return ++at_, ++*num_read_, *this; }
  bool operator==(const CountedReader& other) const { return at_ == other.at_; }
  bool operator!=(const CountedReader& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::size_t* num_read_;
};

std::string shown(const Json& json) {
  auto text = json.is_structured() ? std::string(json.type_name())
                                   : json.dump(-1, ' ', false, Json::error_handler_t::replace);
  constexpr std::size_t kLongest = 40;
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "…";
  return text;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view where) {
  std::size_t num_read = 0;
  std::vector<std::set<std::string>> open_objects;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      if (depth >= kMaxJsonDepth) {
        fail(ErrorCode::bad_data, "{}: nested deeper than {} levels", place(where, text, num_read),
             kMaxJsonDepth);
      }
    }
    if (event == Event::object_start) open_objects.emplace_back();
    if (event == Event::object_end) open_objects.pop_back();
    if (event == Event::key) {
      if (const auto [_, is_new] = open_objects.back().insert(parsed.get<std::string>()); !is_new) {
        fail(ErrorCode::bad_data, "{}: the key {} appears twice in one object",
             place(where, text, num_read), shown(parsed));
      }
    }
    return true;
  };
  try {
    return Json::parse(CountedReader(text.data(), num_read),
                       CountedReader(text.data() + text.size(), num_read), watch);
  } catch (const Json::parse_error& e) {
    std::string_view what = e.what();
    if (const auto cut = what.rfind("syntax error"); cut != std::string_view::npos)
      what.remove_prefix(cut);
    fail(ErrorCode::bad_data, "{}: not valid JSON: {}", place(where, text, e.byte), what);
  } catch (const Json::exception& e) {
    fail(ErrorCode::bad_data, "{}: not valid JSON: {}", place(where, text, num_read), e.what());
  }
}

std::string to_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool JsonReader::has(std::string_view key) const {
  require_object();
  return json_.contains(key);
}

JsonReader JsonReader::at(std::string_view key) const {
  require_object();
  const auto found = json_.find(key);
  if (found == json_.end()) fail(ErrorCode::bad_data, "{}: \"{}\" is missing", path_, key);
  return {*found, fmt::format("{}.{}", path_, key)};
}

JsonReader JsonReader::at(std::size_t index) const {
  if (index >= array_size()) expected(fmt::format("an array of more than {} elements", index));
  return {json_[index], fmt::format("{}[{}]", path_, index)};
}

std::size_t JsonReader::array_size() const {
  if (!json_.is_array()) expected("an array");
  return json_.size();
}

void JsonReader::require_object() const {
  if (!json_.is_object()) expected("an object");
}

void JsonReader::allow_keys(std::initializer_list<std::string_view> keys) const {
  require_object();
  for (const auto& [key, _] : json_.items()) {
    if (std::ranges::find(keys, key) == keys.end()) {
      fail(ErrorCode::bad_data, "{}: unknown key \"{}\"; known are {}", path_, key,
           fmt::join(keys, ", "));
    }
  }
}

double JsonReader::number() const {
  if (!json_.is_number()) expected("a number");
  const auto value = json_.get<double>();
  if (!std::isfinite(value)) expected("a finite number");
  return value;
}

std::int64_t JsonReader::integer() const {
  constexpr std::int64_t kLargest = std::int64_t{1} << 53;
  if (!json_.is_number()) expected("a whole number");
  const double rounded = number();
  if (rounded != std::floor(rounded) || std::abs(rounded) > static_cast<double>(kLargest)) {
    expected("a whole number");
  }
  // 2^53 + 1 rounds to 2^53 as a double: integers are compared as such.
  const auto value =
      json_.is_number_integer() ? json_.get<std::int64_t>() : static_cast<std::int64_t>(rounded);
  if (value > kLargest || value < -kLargest) expected("a whole number");
  return value;
}

std::uint64_t JsonReader::count(std::uint64_t most) const {
  const auto what = fmt::format("a count in [0, {}]", most);
  if (!json_.is_number_unsigned() && integer() < 0) expected(what);
  const auto value = json_.is_number_unsigned() ? json_.get<std::uint64_t>()
                                                : static_cast<std::uint64_t>(integer());
  if (value > most) expected(what);
  return value;
}

bool JsonReader::boolean() const {
  if (!json_.is_boolean()) expected("true or false");
  return json_.get<bool>();
}

std::string JsonReader::string() const {
  if (!json_.is_string()) expected("a string");
  return json_.get<std::string>();
}

double JsonReader::number_or(std::string_view key, double fallback) const {
  return has(key) ? at(key).number() : fallback;
}

void JsonReader::expected(std::string_view what) const {
  fail(ErrorCode::bad_data, "{}: must be {}, got {}", path_, what, shown(json_));
}

void JsonReader::reject(std::string_view why) const {
  fail(ErrorCode::bad_data, "{}: {}", path_, why);
}

}  // namespace therma
