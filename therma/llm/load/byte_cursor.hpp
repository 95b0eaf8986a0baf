// SPDX-License-Identifier: Apache-2.0
// Reads little-endian bytes that nobody vouches for: every length is checked before it is used.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "therma/core/error.hpp"

namespace therma::llm {

// Nothing where the result does not fit.
[[nodiscard]] inline std::optional<std::uint64_t> product(std::uint64_t a,
                                                          std::uint64_t b) noexcept {
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

// Text from a file as a message may show it: in quotes, cut short, and with everything but
// printable ASCII escaped.
[[nodiscard]] std::string shown_text(std::string_view text);

// 1 to 255 printable ASCII characters without blanks.
[[nodiscard]] bool is_plain_name(std::string_view text) noexcept;

// A place in a span of bytes. Every member throws Error{bad_data} with `where`, the byte where it
// stood and what it was reading. Borrows the bytes.
class ByteCursor {
 public:
  ByteCursor(std::span<const std::byte> bytes, std::string_view where)
      : bytes_(bytes), where_(where) {}

  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::size_t remaining() const noexcept { return bytes_.size() - offset_; }

  template <class T>
  requires std::is_arithmetic_v<T>
  [[nodiscard]] T get(std::string_view what) {
    T value;
    const auto from = take(sizeof value, what);
    std::memcpy(&value, from.data(), sizeof value);
    return value;
  }
  [[nodiscard]] std::span<const std::byte> take(std::uint64_t num_bytes, std::string_view what);
  // A 64-bit length and so many bytes.
  [[nodiscard]] std::string_view text(std::string_view what);

  // That `count` items of at least so many bytes are left: asked before room is made for them.
  void require(std::uint64_t count, std::uint64_t item_bytes, std::string_view what) const;

  // "where: byte 24: ..."
  template <class... Args>
  [[noreturn]] void reject(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorCode::bad_data, "{}: byte {}: {}", where_, offset_,
         fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  std::span<const std::byte> bytes_;
  std::string_view where_;
  std::size_t offset_ = 0;
};

}  // namespace therma::llm
