// SPDX-License-Identifier: Apache-2.0
// The only place that instantiates the JSON parser.
#include "therma/core/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
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

// Builds the document from the parser's events. The library's own builder looks through a whole
// object before it adds a key, which takes minutes for a vocabulary.
class Builder {
 public:
  Builder(std::string_view where, std::string_view text, const std::size_t& num_read)
      : where_(where), text_(text), num_read_(num_read) {}

  bool null() { return add(nullptr), true; }
  bool boolean(bool value) { return add(value), true; }
  bool number_integer(std::int64_t value) { return add(value), true; }
  bool number_unsigned(std::uint64_t value) { return add(value), true; }
  bool number_float(double value, const std::string&) { return add(value), true; }
  bool string(std::string& value) { return add(std::move(value)), true; }
  bool binary(Json::binary_t&) { return false; }  // no text stands for it

  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_array() { return close(); }
  bool start_object(std::size_t) {
    open(Json::object());
    open_.back().keys.emplace();
    return true;
  }
  bool end_object() { return close(); }
  bool key(std::string& value) {
    if (const auto [_, is_new] = open_.back().keys->insert(value); !is_new) {
      fail(ErrorCode::bad_data, "{}: the key {} appears twice in one object", here(), shown(value));
    }
    auto& members = open_.back().json->get_ref<Json::object_t&>();
    next_ = &members.emplace_back(std::move(value), nullptr).second;
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const Json::exception& e) {
    const auto* const syntax = dynamic_cast<const Json::parse_error*>(&e);
    std::string_view what = e.what();
    if (const auto cut = what.rfind("syntax error"); syntax != nullptr && cut != what.npos) {
      what.remove_prefix(cut);
    }
    fail(ErrorCode::bad_data, "{}: not valid JSON: {}",
         syntax != nullptr ? place(where_, text_, syntax->byte) : here(), what);
  }

  [[nodiscard]] Json take() && { return std::move(root_); }

 private:
  // Only the innermost container grows, so that pointers to the others stay valid.
  struct Open {
    Json* json;
    std::optional<std::set<std::string>> keys;  // of an object
  };

  [[nodiscard]] std::string here() const { return place(where_, text_, num_read_); }
  Json* add(Json value) {
    if (open_.empty()) return root_ = std::move(value), &root_;
    if (open_.back().keys) return *next_ = std::move(value), next_;
    return &open_.back().json->get_ref<Json::array_t&>().emplace_back(std::move(value));
  }
  bool open(Json container) {
    if (open_.size() >= kMaxJsonDepth) {
      fail(ErrorCode::bad_data, "{}: nested deeper than {} levels", here(), kMaxJsonDepth);
    }
    auto* const json = add(std::move(container));
    open_.push_back({json, std::nullopt});
    return true;
  }
  bool close() { return open_.pop_back(), true; }

  std::string_view where_;
  std::string_view text_;
  const std::size_t& num_read_;
  Json root_;
  Json* next_ = nullptr;  // the value of the key just read
  std::vector<Open> open_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view where) {
  std::size_t num_read = 0;
  Builder builder(where, text, num_read);
  Json::sax_parse(CountedReader(text.data(), num_read),
                  CountedReader(text.data() + text.size(), num_read), &builder);
  return std::move(builder).take();
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
