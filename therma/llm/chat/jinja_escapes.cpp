// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/chat/jinja_escapes.hpp"

#include <charconv>

#include "therma/llm/chat/jinja_strings.hpp"

namespace therma::llm::jinja {
namespace {

// Exactly `count` hexadecimal digits from `at`, which moves past them.
std::optional<char32_t> hex(std::string_view raw, std::size_t& at, std::size_t count) {
  std::uint32_t value = 0;
  const auto digits = raw.substr(at, count);
  const auto [end, fault] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.size() != count || fault != std::errc{} || end != digits.data() + count)
    return std::nullopt;
  if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return std::nullopt;
  at += count;
  return static_cast<char32_t>(value);
}

char32_t octal(std::string_view raw, std::size_t& at) {
  char32_t value = 0;
  for (int i = 0; i < 3 && at < raw.size() && raw[at] >= '0' && raw[at] <= '7'; ++i)
    value = value * 8 + static_cast<char32_t>(raw[at++] - '0');
  return value;
}

}  // namespace

std::optional<std::string> unescaped(std::string_view raw) {
  constexpr std::string_view kNames = "\n\\'\"abfnrtv";
  constexpr std::string_view kMeant = "\n\\'\"\a\b\f\n\r\t\v";
  std::string out;
  for (std::size_t at = 0; at < raw.size();) {
    const char c = raw[at++];
    if (c != '\\' || at == raw.size()) {
      out += c;
      continue;
    }
    const char name = raw[at];
    if (name >= '0' && name <= '7') {
      append_utf8(out, octal(raw, at));
      continue;
    }
    ++at;
    if (name == 'x' || name == 'u' || name == 'U') {
      const auto value = hex(raw, at, name == 'x' ? 2 : name == 'u' ? 4 : 8);
      if (!value) return std::nullopt;
      append_utf8(out, *value);
    } else if (const auto known = kNames.find(name); known == kNames.npos) {
      out += '\\';
      out += name;
    } else if (name != '\n') {  // a line break after '\' is no text
      out += kMeant[known];
    }
  }
  return out;
}

}  // namespace therma::llm::jinja
