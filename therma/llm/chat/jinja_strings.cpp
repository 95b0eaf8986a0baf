// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/chat/jinja_strings.hpp"

#include <algorithm>

namespace therma::llm::jinja {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char up(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
char down(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

bool is_space(char32_t c) noexcept {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
         c == 0x205f || c == 0x3000;
}

std::string strip(std::string_view text, Side side, const std::optional<std::string>& chars) {
  const auto all = code_points(text);
  const auto set = chars ? code_points(*chars) : std::u32string{};
  const auto goes = [&](char32_t c) { return chars ? set.find(c) != set.npos : is_space(c); };
  std::size_t begin = 0;
  std::size_t end = all.size();
  while (side != Side::right && begin < end && goes(all[begin])) ++begin;
  while (side != Side::left && end > begin && goes(all[end - 1])) --end;
  return utf8(std::u32string_view(all).substr(begin, end - begin));
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), up);
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), down);
  return out;
}

std::string title(std::string_view text) {
  std::string out(text);
  bool in_word = false;
  for (char& c : out) {
    c = in_word ? down(c) : up(c);
    in_word = is_letter(c) || static_cast<unsigned char>(c) >= 0x80;
  }
  return out;
}

std::string capitalize(std::string_view text) {
  auto out = lower(text);
  if (!out.empty()) out[0] = up(out[0]);
  return out;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to,
                     std::int64_t most) {
  std::string out;
  std::size_t at = 0;
  const auto may_go_on = [&] { return most < 0 || most-- > 0; };
  if (from.empty()) {  // before each code point, and at the end
    for (const char32_t c : code_points(text)) {
      if (may_go_on()) out += to;
      append_utf8(out, c);
    }
    if (may_go_on()) out += to;
    return out;
  }
  for (auto found = text.find(from); found != text.npos && may_go_on();
       found = text.find(from, at)) {
    out += text.substr(at, found - at);
    out += to;
    at = found + from.size();
  }
  return out += text.substr(at);
}

std::vector<std::string> split(std::string_view text, std::string_view separator,
                               std::int64_t most) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (auto found = text.find(separator); found != text.npos && (most < 0 || most-- > 0);
       found = text.find(separator, at)) {
    parts.emplace_back(text.substr(at, found - at));
    at = found + separator.size();
  }
  parts.emplace_back(text.substr(at));
  return parts;
}

std::vector<std::string> split_blanks(std::string_view text, std::int64_t most) {
  std::vector<std::string> parts;
  const auto all = code_points(text);
  for (std::size_t at = 0;;) {
    while (at < all.size() && is_space(all[at])) ++at;
    if (at == all.size()) return parts;
    const std::u32string_view rest = std::u32string_view(all).substr(at);
    if (most >= 0 && most-- == 0) return parts.push_back(strip(utf8(rest), Side::right)), parts;
    const auto length = std::ranges::find_if(rest, is_space) - rest.begin();
    parts.push_back(utf8(rest.substr(0, static_cast<std::size_t>(length))));
    at += static_cast<std::size_t>(length);
  }
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of("\r\n"), text.size());
    lines.emplace_back(text.substr(0, end));
    const bool is_pair = text.substr(end, 2) == "\r\n";
    text.remove_prefix(std::min(text.size(), end + (is_pair ? 2 : 1)));
  }
  return lines;
}

}  // namespace therma::llm::jinja
