// SPDX-License-Identifier: Apache-2.0
// How values look as text: Python's str() and repr(), and JSON.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "therma/llm/chat/jinja_strings.hpp"
#include "therma/llm/chat/jinja_value.hpp"

namespace therma::llm::jinja {
namespace {

std::string shown(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  auto text = fmt::format("{}", number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

void write_quoted(std::string& out, std::string_view text) {
  const bool has_single = text.find('\'') != text.npos;
  const char quote = has_single && text.find('"') == text.npos ? '"' : '\'';
  out += quote;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += quote;
}

template <class Items, class Write>
void write_joined(std::string& out, const Items& items, std::size_t most, const Write& write) {
  bool is_first = true;
  for (const auto& item : items) {
    if (out.size() > most) return;
    if (!is_first) out += ", ";
    is_first = false;
    write(item);
  }
}

void write_list(std::string& out, const List& list, std::size_t most) {
  out += list.is_tuple ? '(' : '[';
  write_joined(out, list.items, most, [&](const Value& item) { write_repr(out, item, most); });
  if (list.is_tuple && list.items.size() == 1) out += ',';
  out += list.is_tuple ? ')' : ']';
}

void write_dict(std::string& out, const Dict& dict, std::size_t most) {
  out += '{';
  write_joined(out, dict, most, [&](const auto& member) {
    write_quoted(out, member.first);
    out += ": ";
    write_repr(out, member.second, most);
  });
  out += '}';
}

void write_json_text(std::string& out, std::string_view text, bool ascii) {
  out += '"';
  for (const char32_t c : code_points(text)) {
    constexpr std::string_view kPlain = "\"\\\n\r\t\f\b";
    constexpr std::string_view kEscaped = "\"\\nrtfb";
    const auto at = c < 0x80 ? kPlain.find(static_cast<char>(c)) : kPlain.npos;
    if (at != kPlain.npos) {
      out += '\\';
      out += kEscaped[at];
    } else if (c >= 0x10000 && ascii) {
      const auto rest = static_cast<unsigned>(c) - 0x10000;
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
    } else if (c < 0x20 || (c > 0x7e && ascii)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      append_utf8(out, c);
    }
  }
  out += '"';
}

}  // namespace

void write_str(std::string& out, const Value& value, std::size_t most) {
  if (const auto* text = value.text()) {
    out += *text;
  } else if (!value.is<Undefined>()) {
    write_repr(out, value, most);
  }
}

void write_repr(std::string& out, const Value& value, std::size_t most) {
  if (out.size() > most) return;
  if (value.is<Undefined>()) out += "Undefined";
  if (value.is<None>()) out += "None";
  if (value.is<bool>()) out += value.as<bool>() ? "True" : "False";
  if (value.is<std::int64_t>()) out += fmt::format("{}", value.as<std::int64_t>());
  if (value.is<double>()) out += shown(value.as<double>());
  if (const auto* text = value.text()) write_quoted(out, *text);
  if (const auto* list = value.list()) write_list(out, *list, most);
  if (const auto* dict = value.dict()) write_dict(out, *dict, most);
  if (value.is<NamespacePtr>()) out += "<Namespace>";
  if (value.is<LoopPtr>()) out += "<LoopContext>";
  if (value.is<MethodPtr>()) out += "<function>";
}

namespace {

void break_line(std::string& out, const JsonLayout& layout, int depth) {
  if (layout.indent < 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(layout.indent * depth), ' ');
}

// Items between brackets, each on a line of its own where there is an indent.
template <class Items, class Write>
bool write_json_items(std::string& out, const Items& items, std::string_view brackets,
                      const JsonLayout& layout, int depth, const Write& write) {
  out += brackets[0];
  bool is_first = true;
  for (const auto& item : items) {
    if (!is_first) out += layout.item_separator;
    is_first = false;
    break_line(out, layout, depth + 1);
    if (!write(item)) return false;
  }
  if (!is_first) break_line(out, layout, depth);
  out += brackets[1];
  return true;
}

}  // namespace

bool write_json(std::string& out, const Value& value, const JsonLayout& layout, std::size_t most,
                int depth) {
  if (out.size() > most) return true;
  if (value.is<None>()) return out += "null", true;
  if (value.is<bool>()) return out += value.as<bool>() ? "true" : "false", true;
  if (value.is<double>() && std::isnan(value.as<double>())) return out += "NaN", true;
  if (value.is<double>() && std::isinf(value.as<double>()))
    return out += value.as<double>() < 0 ? "-Infinity" : "Infinity", true;
  if (is_number(value)) return write_repr(out, value, most), true;
  if (const auto* text = value.text()) return write_json_text(out, *text, layout.ascii), true;
  if (const auto* list = value.list()) {
    return write_json_items(out, list->items, "[]", layout, depth, [&](const Value& item) {
      return write_json(out, item, layout, most, depth + 1);
    });
  }
  if (const auto* dict = value.dict()) {
    std::vector<const Dict::value_type*> members;
    for (const auto& member : *dict) members.push_back(&member);
    if (layout.sorted) std::ranges::sort(members, {}, [](const auto* m) { return m->first; });
    return write_json_items(out, members, "{}", layout, depth, [&](const auto* member) {
      write_json_text(out, member->first, layout.ascii);
      out += layout.key_separator;
      return write_json(out, member->second, layout, most, depth + 1);
    });
  }
  return false;
}

}  // namespace therma::llm::jinja
