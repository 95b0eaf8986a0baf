// SPDX-License-Identifier: Apache-2.0
// Stretches around characters that are not settled are decomposed, ordered and composed with
// utf8proc's tables; the text between them is copied.
//
// utf8proc's own utf8proc_map orders marks by exchanging neighbours: quadratic, 3 s for 80 kB.
#include "therma/llm/tokenizer/normal_form.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

using Codes = std::vector<utf8proc_int32_t>;

constexpr utf8proc_option_t kCanonical = UTF8PROC_STABLE;
constexpr auto kCompatible =
    static_cast<utf8proc_option_t>(int{UTF8PROC_STABLE} | int{UTF8PROC_COMPAT});

utf8proc_propval_t combining_class(utf8proc_int32_t code) noexcept {
  return utf8proc_get_property(code)->combining_class;
}

void append_decomposed(Codes& out, char32_t code, utf8proc_option_t options) {
  std::array<utf8proc_int32_t, 32> parts{};  // the longest decomposition, of U+FDFA, has 18
  int boundary = 0;
  const auto mode = static_cast<utf8proc_option_t>(int{options} | int{UTF8PROC_DECOMPOSE});
  const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code), parts.data(),
                                             parts.size(), mode, &boundary);
  if (count < 0 || count > static_cast<utf8proc_ssize_t>(parts.size())) {
    fail(ErrorCode::bad_data, "text: U+{:04X} cannot be decomposed",
         static_cast<std::uint32_t>(code));
  }
  out.insert(out.end(), parts.begin(), parts.begin() + count);
}

// The canonical ordering algorithm: each run of marks by combining class, stable.
void order_marks(Codes& codes) {
  for (auto at = codes.begin(); at != codes.end();) {
    if (combining_class(*at) == 0) {
      ++at;
      continue;
    }
    const auto end = std::find_if(at, codes.end(), [](auto c) { return combining_class(c) == 0; });
    std::stable_sort(at, end,
                     [](auto a, auto b) { return combining_class(a) < combining_class(b); });
    at = end;
  }
}

void append_composed(std::string& out, std::string_view text, utf8proc_option_t options) {
  Codes codes;
  for (std::size_t at = 0; at < text.size();) {
    const auto next = next_character(text, at);
    append_decomposed(codes, next.code, options);
    at += next.size;
  }
  order_marks(codes);
  const auto compose = static_cast<utf8proc_option_t>(int{options} | int{UTF8PROC_COMPOSE});
  const auto count =
      utf8proc_normalize_utf32(codes.data(), static_cast<utf8proc_ssize_t>(codes.size()), compose);
  if (count < 0) fail(ErrorCode::bad_data, "text: {}", utf8proc_errmsg(count));
  for (utf8proc_ssize_t k = 0; k < count; ++k) {
    append_utf8(out, static_cast<char32_t>(codes[static_cast<std::size_t>(k)]));
  }
}

}  // namespace

bool is_settled_in_nfc(char32_t code) noexcept {
  if (code < 0x300) return true;
  const bool is_syllable = code >= 0xAC00 && code <= 0xD7A3;  // Hangul, composed
  if (is_syllable) return true;
  const bool is_vowel_or_final = code >= 0x1160 && code <= 0x11FF;  // follows a Hangul consonant
  if (is_vowel_or_final) return false;
  const auto* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(code));
  const bool composes_with_previous =
      property->comb_index != UINT16_MAX && property->comb_index >= 0x8000;
  const bool has_canonical_decomposition =
      property->decomp_seqindex != UINT16_MAX && property->decomp_type == 0;
  return property->combining_class == 0 && !composes_with_previous && !has_canonical_decomposition;
}

bool is_settled_in_nfc(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0xCC) {  // the first byte of U+0300
      ++at;
      continue;
    }
    const auto next = next_character(text, at);
    if (!is_settled_in_nfc(next.code)) return false;
    at += next.size;
  }
  return true;
}

std::string to_nfc(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t copied = 0, settled = 0;  // before `settled` the last settled character begins
  for (std::size_t at = 0; at < text.size();) {
    auto next = next_character(text, at);
    if (is_settled_in_nfc(next.code)) {
      settled = at;
      at += next.size;
      continue;
    }
    out += text.substr(copied, settled - copied);
    while (at < text.size() && !is_settled_in_nfc(next.code)) {
      at += next.size;
      if (at < text.size()) next = next_character(text, at);
    }
    append_composed(out, text.substr(settled, at - settled), kCanonical);
    copied = settled = at;
  }
  out += text.substr(copied);
  return out;
}

std::string to_nfkc(std::string_view text) {
  std::string out;
  append_composed(out, text, kCompatible);
  return out;
}

}  // namespace therma::llm
