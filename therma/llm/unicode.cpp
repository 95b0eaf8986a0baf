// SPDX-License-Identifier: Apache-2.0
// Decoding by the ranges of first and second bytes, categories by utf8proc.
#include "therma/llm/unicode.hpp"

#include <utf8proc.h>

#include <cstring>

namespace therma::llm {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

unsigned byte_at(std::string_view text, std::size_t at) noexcept {
  return static_cast<unsigned char>(text[at]);
}

// What may follow a first byte: how many bytes, and the range of the second one.
struct Lead {
  std::uint32_t size = 0;  // 0: no first byte
  unsigned low = 0x80;
  unsigned high = 0xBF;
};

Lead lead_of(unsigned byte) noexcept {
  if (byte >= 0xC2 && byte <= 0xDF) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  if (byte >= 0xF1 && byte <= 0xF3) return {4};
  return {};
}

}  // namespace

Character next_wide_character(std::string_view text, std::size_t at) noexcept {
  const unsigned first = byte_at(text, at);
  const auto lead = lead_of(first);
  if (lead.size == 0) return {kReplacement, 1, false, false};
  char32_t code = first & (0x7FU >> lead.size);
  for (std::uint32_t k = 1; k < lead.size; ++k) {
    const unsigned low = k == 1 ? lead.low : 0x80, high = k == 1 ? lead.high : 0xBF;
    if (at + k >= text.size()) return {kReplacement, k, false, true};
    const unsigned byte = byte_at(text, at + k);
    if (byte < low || byte > high) return {kReplacement, k, false, false};
    code = code << 6 | (byte & 0x3FU);
  }
  return {code, lead.size, true, false};
}

void append_utf8(std::string& out, char32_t code) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)),
        put(0x80 | (code & 0x3F));
  }
}

bool is_valid_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    std::uint64_t eight = 0;
    while (at + sizeof eight <= text.size()) {  // eight bytes of ASCII at once
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080U) != 0) break;
      at += sizeof eight;
    }
    if (at == text.size()) return true;
    const auto next = next_character(text, at);
    if (!next.is_valid) return false;
    at += next.size;
  }
  return true;
}

std::string repaired_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto next = next_character(text, at);
    append_utf8(out, next.code);
    at += next.size;
  }
  return out;
}

std::u32string code_points(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto next = next_character(text, at);
    out += next.code;
    at += next.is_valid ? next.size : 1;
  }
  return out;
}

std::size_t num_code_points(std::string_view text) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    const auto next = next_character(text, at);
    at += next.is_valid ? next.size : 1;
  }
  return count;
}

std::string utf8(std::u32string_view text) {
  std::string out;
  for (const char32_t code : text) append_utf8(out, code);
  return out;
}

bool is_wide_letter(char32_t code) noexcept {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_wide_number(char32_t code) noexcept {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool is_wide_space(char32_t code) noexcept {
  return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
         code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

}  // namespace therma::llm
