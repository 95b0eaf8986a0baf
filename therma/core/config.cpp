// SPDX-License-Identifier: Apache-2.0
// One visitor per use of a field list: check, text, JSON.
#include "therma/core/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace therma {
namespace {

template <class... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overload(Cases...) -> Overload<Cases...>;

[[noreturn]] void bad_value(const Field& field, std::string_view rule, std::string_view got) {
  fail(ErrorCode::invalid_argument, "{}: must be {}, got {}", field.name, rule, got);
}

// The whole text as a number of type T; infinity is spelled "inf", and "nan" breaks every rule.
template <class T>
T parse_number(const Field& field, std::string_view text, std::string_view what) {
  T value{};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) bad_value(field, what, fmt::format("\"{}\"", text));
  return value;
}

std::size_t parse_word(const Field& field, const EnumField& choice, std::string_view text) {
  const auto found = std::ranges::find(choice.names, text);
  if (found == choice.names.end()) {
    bad_value(field, fmt::format("one of {}", fmt::join(choice.names, ", ")),
              fmt::format("\"{}\"", text));
  }
  return static_cast<std::size_t>(found - choice.names.begin());
}

// JSON has no infinity: it is the string "inf" there, as on the command line.
double number_or_infinity(const JsonReader& json) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (json.json() == "inf") return kInfinity;
  if (json.json() == "-inf") return -kInfinity;
  return json.number();
}

bool parse_flag(const Field& field, std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  bad_value(field, "true or false", fmt::format("\"{}\"", text));
}

}  // namespace

bool Rule::holds(double value) const noexcept {
  return (low_is_open ? value > low : value >= low) && value <= high;
}

std::string Rule::text() const {
  if (std::isfinite(high)) return fmt::format("in {}{}, {}]", low_is_open ? '(' : '[', low, high);
  if (std::isfinite(low)) return fmt::format("{} {}", low_is_open ? ">" : ">=", low);
  return "";
}

void Field::check() const {
  const auto number = [this](double value) {
    if (rule.holds(value)) return;
    const auto limits = rule.text();
    bad_value(*this, limits.empty() ? "a number" : limits, text());
  };
  std::visit(
      Overload{[&](const double* v) { number(*v); }, [&](const std::uint32_t* v) { number(*v); },
               [&](const std::uint64_t* v) { number(static_cast<double>(*v)); }, [](const bool*) {},
               [](const std::string*) {}, [](const EnumField&) {}},
      target);
}

void Field::set(std::string_view text) const {
  std::visit(
      Overload{
          [&](double* v) { *v = parse_number<double>(*this, text, "a number"); },
          [&](std::uint32_t* v) { *v = parse_number<std::uint32_t>(*this, text, "a count"); },
          [&](std::uint64_t* v) { *v = parse_number<std::uint64_t>(*this, text, "a count"); },
          [&](bool* v) { *v = parse_flag(*this, text); },
          [&](std::string* v) { *v = text; },
          [&](const EnumField& e) { e.write(e.target, parse_word(*this, e, text)); },
      },
      target);
  check();
}

void Field::set(const JsonReader& json) const {
  const auto read = Overload{
      [&](double* v) { *v = number_or_infinity(json); },
      [&](std::uint32_t* v) {
        *v = static_cast<std::uint32_t>(json.count(std::numeric_limits<std::uint32_t>::max()));
      },
      [&](std::uint64_t* v) { *v = json.count(std::numeric_limits<std::uint64_t>::max()); },
      [&](bool* v) { *v = json.boolean(); },
      [&](std::string* v) { *v = json.string(); },
      [&](const EnumField& e) { e.write(e.target, parse_word(*this, e, json.string())); },
  };
  try {
    std::visit(read, target);
    check();
  } catch (const Error& e) {
    if (e.code() != ErrorCode::invalid_argument) throw;
    // In a document, the path names the field already.
    json.reject(std::string_view(e.what()).substr(name.size() + std::string_view(": ").size()));
  }
}

std::string Field::text() const {
  return std::visit(
      Overload{[](const bool* v) { return std::string(*v ? "true" : "false"); },
               [](const std::string* v) { return *v; },
               [](const EnumField& e) { return std::string(e.names[e.read(e.target)]); },
               [](const auto* v) { return fmt::format("{}", *v); }},
      target);
}

Json Field::json() const {
  return std::visit(Overload{[](const EnumField& e) { return Json(e.names[e.read(e.target)]); },
                             [](const double* v) {
                               return std::isinf(*v) ? Json(*v > 0 ? "inf" : "-inf") : Json(*v);
                             },
                             [](const auto* v) { return Json(*v); }},
                    target);
}

std::string_view Field::type() const noexcept {
  constexpr std::string_view kNames[] = {"number", "count", "count", "flag", "text", "word"};
  return kNames[target.index()];
}

std::string Field::help_text() const {
  std::string out{help};
  if (const auto* choice = std::get_if<EnumField>(&target)) {
    out += fmt::format(": {}", fmt::join(choice->names, ", "));
  }
  if (const auto limits = rule.text(); !limits.empty()) out += fmt::format(" ({})", limits);
  if (const auto value = text(); !value.empty()) out += fmt::format(" [{}]", value);
  return out;
}

void check_fields(std::span<const Field> fields) {
  for (const auto& field : fields) field.check();
}

Json fields_to_json(std::span<const Field> fields) {
  Json out = Json::object();
  for (const auto& field : fields) out[std::string(field.name)] = field.json();
  return out;
}

void fields_from_json(const JsonReader& json, std::span<const Field> fields) {
  json.require_object();
  for (const auto& [key, _] : json.json().items()) {
    const auto found = std::ranges::find(fields, key, &Field::name);
    if (found == fields.end()) json.reject(fmt::format("unknown key \"{}\"", key));
    found->set(json.at(key));
  }
}

}  // namespace therma
