// SPDX-License-Identifier: Apache-2.0
// A small validator, written from the text of JSON Schema (draft 2020-12), that shares nothing with
// the compiler of grammars.
#pragma once

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "therma/core/json.hpp"

namespace therma::llm {

class Validator {
 public:
  explicit Validator(const Json& document) : document_(document) {}
  bool holds(const Json& value) const { return holds(document_, value); }

 private:
  static bool is_of(const std::string& type, const Json& v) {
    if (type == "integer") return v.is_number() && std::floor(v.get<double>()) == v.get<double>();
    if (type == "number") return v.is_number();
    if (type == "string") return v.is_string();
    if (type == "boolean") return v.is_boolean();
    if (type == "null") return v.is_null();
    return type == "array" ? v.is_array() : v.is_object();
  }

  static std::size_t length(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  }

  bool holds(const Json& s, const Json& v) const {
    if (s.is_boolean()) return s.get<bool>();
    if (s.contains("$ref")) {
      const auto name = s["$ref"].get<std::string>();
      if (!holds(document_.at(Json::json_pointer(name.substr(1))), v)) return false;
    }
    if (s.contains("type")) {
      const auto& t = s["type"];
      const bool fits =
          t.is_array() ? std::ranges::any_of(
                             t, [&](const Json& each) { return is_of(each.get<std::string>(), v); })
                       : is_of(t.get<std::string>(), v);
      if (!fits) return false;
    }
    if (s.contains("const") && s["const"] != v) return false;
    if (s.contains("enum") && std::ranges::find(s["enum"], v) == s["enum"].end()) return false;
    return combined(s, v) && (!v.is_number() || number(s, v.get<double>())) &&
           (!v.is_string() || string(s, v.get<std::string>())) && (!v.is_array() || array(s, v)) &&
           (!v.is_object() || object(s, v));
  }

  bool combined(const Json& s, const Json& v) const {
    const auto fits = [&](const Json& each) { return holds(each, v); };
    if (s.contains("allOf") && !std::ranges::all_of(s["allOf"], fits)) return false;
    if (s.contains("anyOf") && !std::ranges::any_of(s["anyOf"], fits)) return false;
    if (s.contains("oneOf") && std::ranges::count_if(s["oneOf"], fits) != 1) return false;
    return !s.contains("not") || !holds(s["not"], v);
  }

  static bool number(const Json& s, double v) {
    return !(s.contains("minimum") && v < s["minimum"].get<double>()) &&
           !(s.contains("maximum") && v > s["maximum"].get<double>()) &&
           !(s.contains("exclusiveMinimum") && v <= s["exclusiveMinimum"].get<double>()) &&
           !(s.contains("exclusiveMaximum") && v >= s["exclusiveMaximum"].get<double>());
  }

  static bool string(const Json& s, const std::string& v) {
    return !(s.contains("minLength") && length(v) < s["minLength"].get<std::size_t>()) &&
           !(s.contains("maxLength") && length(v) > s["maxLength"].get<std::size_t>()) &&
           !(s.contains("pattern") &&
             !std::regex_search(v, std::regex(s["pattern"].get<std::string>())));
  }

  bool array(const Json& s, const Json& v) const {
    if (s.contains("minItems") && v.size() < s["minItems"].get<std::size_t>()) return false;
    if (s.contains("maxItems") && v.size() > s["maxItems"].get<std::size_t>()) return false;
    const Json prefix = s.value("prefixItems", Json::array());
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (i < prefix.size() ? !holds(prefix[i], v[i])
                            : s.contains("items") && !holds(s["items"], v[i]))
        return false;
    }
    return true;
  }

  bool object(const Json& s, const Json& v) const {
    if (s.contains("minProperties") && v.size() < s["minProperties"].get<std::size_t>())
      return false;
    if (s.contains("maxProperties") && v.size() > s["maxProperties"].get<std::size_t>())
      return false;
    for (const auto& key : s.value("required", Json::array()))
      if (!v.contains(key.get<std::string>())) return false;
    const Json properties = s.value("properties", Json::object());
    for (const auto& [key, member] : v.items()) {
      const bool is_listed = properties.contains(key);
      if (is_listed && !holds(properties[key], member)) return false;
      if (!is_listed && s.contains("additionalProperties") &&
          !holds(s["additionalProperties"], member))
        return false;
    }
    return true;
  }

  const Json& document_;
};

}  // namespace therma::llm
