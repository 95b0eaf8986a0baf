// SPDX-License-Identifier: Apache-2.0
// The checks of the cursor.
#include "therma/llm/load/byte_cursor.hpp"

#include <algorithm>
#include <bit>

namespace therma::llm {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they are stored");

bool is_plain(char c) { return c > ' ' && c <= '~'; }

}  // namespace

std::string shown_text(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string result = "\"";
  for (const char c : text.substr(0, kLongest)) {
    if (is_plain(c) || c == ' ') {
      result += c;
    } else {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return result + (text.size() > kLongest ? "…\"" : "\"");
}

bool is_plain_name(std::string_view text) noexcept {
  constexpr std::size_t kLongest = 255;
  return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, is_plain);
}

std::span<const std::byte> ByteCursor::take(std::uint64_t num_bytes, std::string_view what) {
  require(num_bytes, 1, what);
  const auto taken = bytes_.subspan(offset_, num_bytes);
  offset_ += num_bytes;
  return taken;
}

std::string_view ByteCursor::text(std::string_view what) {
  const auto length = get<std::uint64_t>(what);
  const auto bytes = take(length, what);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void ByteCursor::require(std::uint64_t count, std::uint64_t item_bytes,
                         std::string_view what) const {
  if (count <= remaining() / item_bytes) return;
  if (item_bytes == 1) reject("{} takes {} bytes, but {} are left", what, count, remaining());
  reject("{}: {} of at least {} bytes each, but {} bytes are left", what, count, item_bytes,
         remaining());
}

}  // namespace therma::llm
