// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/chat/jinja_operators.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "therma/llm/chat/jinja_strings.hpp"

namespace therma::llm::jinja {
namespace {

// {as an object of type 'undefined named x'}: names what was missing.
std::string named_kind(const Value& value) {
  if (!value.is<Undefined>()) return std::string(kind_of(value));
  const auto& name = value.as<Undefined>().name;
  return name.empty() ? "undefined" : fmt::format("{}, which is undefined,", name);
}

[[noreturn]] void mismatch(std::string_view op, const Value& a, const Value& b, Place place,
                           const Meter& meter) {
  meter.fail(place,
             fmt::format("{} cannot be taken of {} and {}", op, named_kind(a), named_kind(b)));
}

// Rounds towards minus infinity, as Python does; b is not 0.
std::int64_t floor_quotient(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return quotient * b != a && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

Value integers(char op, std::int64_t a, std::int64_t b, Place place, const Meter& meter) {
  std::int64_t result = 0;
  bool is_over = false;
  if (op == '+') is_over = __builtin_add_overflow(a, b, &result);
  if (op == '-') is_over = __builtin_sub_overflow(a, b, &result);
  if (op == '*') is_over = __builtin_mul_overflow(a, b, &result);
  if (op == 'd' || op == '%') {
    if (b == 0) meter.fail(place, "division by zero");
    is_over = a == INT64_MIN && b == -1;
    if (!is_over) result = op == 'd' ? floor_quotient(a, b) : a - floor_quotient(a, b) * b;
  }
  if (is_over) meter.fail(place, "a whole number beyond 64 bits is refused");
  return Value(result);
}

Value reals(char op, double a, double b, Place place, const Meter& meter) {
  if (op == '+') return Value(a + b);
  if (op == '-') return Value(a - b);
  if (op == '*') return Value(a * b);
  if (b == 0.0) meter.fail(place, "division by zero");
  if (op == '/') return Value(a / b);
  if (op == 'd') return Value(std::floor(a / b));
  const double rest = std::fmod(a, b);
  return Value(rest != 0.0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

Value repeated(const Value& value, std::int64_t times, Place place, Meter& meter) {
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(times, 0));
  const auto size = value.text() ? value.text()->size() : value.list()->items.size();
  if (size > 0 && count > meter.most_bytes() / size)
    meter.fail(place, fmt::format("a repetition of more than {} bytes or items is refused",
                                  meter.most_bytes()));
  if (const auto* text = value.text()) {
    meter.charge_bytes(place, size * count);
    std::string out;
    for (std::size_t i = 0; size > 0 && i < count; ++i) out += *text;
    return text_value(std::move(out));
  }
  meter.charge_items(place, size * count);
  std::vector<Value> items;
  for (std::size_t i = 0; size > 0 && i < count; ++i)
    items.insert(items.end(), value.list()->items.begin(), value.list()->items.end());
  return list_value(std::move(items), value.list()->is_tuple);
}

Value sum(const Value& a, const Value& b, Place place, Meter& meter) {
  if (a.text() != nullptr && b.text() != nullptr) {
    meter.charge_bytes(place, a.text()->size() + b.text()->size());
    return text_value(*a.text() + *b.text());
  }
  if (a.list() == nullptr || b.list() == nullptr || a.list()->is_tuple != b.list()->is_tuple)
    mismatch("the sum", a, b, place, meter);
  auto items = a.list()->items;
  items.insert(items.end(), b.list()->items.begin(), b.list()->items.end());
  return meter.list(place, std::move(items), a.list()->is_tuple);
}

}  // namespace

Value calculate(std::string_view op, const Value& a, const Value& b, Place place, Meter& meter) {
  const char sign = op == "//" ? 'd' : op[0];
  if (is_number(a) && is_number(b)) {
    if (sign != '/' && is_integer(a) && is_integer(b))
      return integers(sign, integer_of(a), integer_of(b), place, meter);
    return reals(sign, number_of(a), number_of(b), place, meter);
  }
  if (sign == '+') return sum(a, b, place, meter);
  if (sign == '*' && (a.text() || a.list()) && is_integer(b))
    return repeated(a, integer_of(b), place, meter);
  if (sign == '*' && (b.text() || b.list()) && is_integer(a))
    return repeated(b, integer_of(a), place, meter);
  mismatch(fmt::format("the operation {}", op), a, b, place, meter);
}

Value with_sign(std::string_view sign, const Value& value, Place place, const Meter& meter) {
  if (!is_number(value)) meter.fail(place, fmt::format("{} has no sign", named_kind(value)));
  if (value.is<double>()) return Value(sign == "-" ? -value.as<double>() : value.as<double>());
  return integers(sign == "-" ? '-' : '+', 0, integer_of(value), place, meter);
}

bool contains(const Value& whole, const Value& part, Place place, Meter& meter) {
  if (const auto* text = whole.text()) {
    if (part.text() == nullptr) mismatch("\"in\"", part, whole, place, meter);
    meter.charge_bytes(place, text->size());
    return text->find(*part.text()) != text->npos;
  }
  if (const auto* dict = whole.dict()) {
    meter.charge_items(place, dict->size());
    return part.text() != nullptr && find(*dict, *part.text()) != nullptr;
  }
  if (whole.is<Undefined>()) return false;
  if (whole.list() == nullptr) mismatch("\"in\"", part, whole, place, meter);
  return std::ranges::any_of(whole.list()->items, [&](const Value& candidate) {
    return meter.same(place, candidate, part);
  });
}

bool holds(std::string_view op, const Value& a, const Value& b, Place place, Meter& meter) {
  if (op == "==") return meter.same(place, a, b);
  if (op == "!=") return !meter.same(place, a, b);
  if (op == "in") return contains(b, a, place, meter);
  if (op == "not in") return !contains(b, a, place, meter);
  const bool or_equal = op.size() == 2;
  const auto ordered = [&](const auto& x, const auto& y) {
    return op[0] == '<' ? (or_equal ? x <= y : x < y) : (or_equal ? x >= y : x > y);
  };
  if (is_integer(a) && is_integer(b)) return ordered(integer_of(a), integer_of(b));
  if (is_number(a) && is_number(b)) return ordered(number_of(a), number_of(b));
  // UTF-8 orders as its code points do.
  if (a.text() != nullptr && b.text() != nullptr) return ordered(*a.text(), *b.text());
  if (a.list() != nullptr && b.list() != nullptr) {
    const auto& x = a.list()->items;
    const auto& y = b.list()->items;
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
      if (!meter.same(place, x[i], y[i])) return holds(op, x[i], y[i], place, meter);
    return ordered(x.size(), y.size());
  }
  mismatch(fmt::format("the order {}", op), a, b, place, meter);
}

namespace {

// Indices that a Python slice names, in its order.
std::vector<std::size_t> slice_indices(std::int64_t size, const SliceBounds& bounds, Place place,
                                       Meter& meter) {
  const auto bound = [&](const Value& value, std::int64_t fallback) {
    if (value.is<Undefined>() || value.is<None>()) return fallback;
    if (!is_integer(value)) meter.fail(place, "the bounds of a slice must be whole numbers");
    return integer_of(value);
  };
  const auto step = bound(bounds.step, 1);
  if (step == 0) meter.fail(place, "the step of a slice must not be 0");
  const std::int64_t low = step > 0 ? 0 : -1;
  const std::int64_t high = step > 0 ? size : size - 1;
  const auto clamped = [&](const Value& value, std::int64_t fallback) {
    auto at = bound(value, fallback);
    if (value.is<Undefined>() || value.is<None>()) return at;
    if (at < 0) at = at < -size ? -1 - size : at + size;
    return std::clamp(at, low, high);
  };
  const auto first = clamped(bounds.first, step > 0 ? low : high);
  const auto last = clamped(bounds.last, step > 0 ? high : low);
  std::vector<std::size_t> indices;
  for (auto at = first; step > 0 ? at < last : at > last;) {
    indices.push_back(static_cast<std::size_t>(at));
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  meter.charge_items(place, indices.size());
  return indices;
}

}  // namespace

Value slice(const Value& value, const SliceBounds& bounds, Place place, Meter& meter) {
  if (const auto* text = value.text()) {
    const auto all = code_points(*text);
    meter.charge_bytes(place, text->size());
    std::u32string out;
    for (const auto at : slice_indices(static_cast<std::int64_t>(all.size()), bounds, place, meter))
      out += all[at];
    return text_value(utf8(out));
  }
  if (const auto* list = value.list()) {
    std::vector<Value> items;
    const auto size = static_cast<std::int64_t>(list->items.size());
    for (const auto at : slice_indices(size, bounds, place, meter))
      items.push_back(list->items[at]);
    return meter.list(place, std::move(items), list->is_tuple);
  }
  meter.fail(place, fmt::format("{} cannot be sliced", named_kind(value)));
}

Value item(const Value& value, const Value& key, Place place, Meter& meter) {
  if (value.is<Undefined>()) meter.fail(place, fmt::format("{} has no items", named_kind(value)));
  if (const auto* dict = value.dict(); dict != nullptr && key.text() != nullptr) {
    meter.charge(place, 1 + dict->size() / 16);
    const auto* found = find(*dict, *key.text());
    return found != nullptr ? *found : Value(Undefined{*key.text()});
  }
  if (!is_integer(key)) return Value(Undefined{});
  auto at = integer_of(key);
  const auto wrapped = [&](std::size_t size) {
    if (at < 0) at += static_cast<std::int64_t>(size);
    return at >= 0 && static_cast<std::size_t>(at) < size;
  };
  if (const auto* list = value.list()) {
    return wrapped(list->items.size()) ? list->items[static_cast<std::size_t>(at)]
                                       : Value(Undefined{"an item beyond the end"});
  }
  if (const auto* text = value.text()) {
    meter.charge_bytes(place, text->size());
    const auto all = code_points(*text);
    if (!wrapped(all.size())) return Value(Undefined{"a character beyond the end"});
    return text_value(utf8(std::u32string(1, all[static_cast<std::size_t>(at)])));
  }
  return Value(Undefined{});
}

}  // namespace therma::llm::jinja
