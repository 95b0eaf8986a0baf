// SPDX-License-Identifier: Apache-2.0
// The container GGUF, versions 2 and 3: typed key-value pairs and aligned tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "therma/llm/tensor.hpp"

namespace therma::llm {

// Arrays of numbers are widened; arrays of arrays are refused.
using GgufValue =
    std::variant<std::uint64_t, std::int64_t, double, bool, std::string, std::vector<std::int64_t>,
                 std::vector<double>, std::vector<std::string>>;

struct GgufFile {
  std::string where;  // the file, for messages
  std::uint32_t version = 0;
  std::map<std::string, GgufValue, std::less<>> metadata;
  std::vector<Tensor> tensors;  // named as in the file; bytes borrowed

  // The reader of one key each: throws Error{bad_data} naming file and key where it is missing, of
  // another type, or out of range. *_or: only where it is of another type.
  [[nodiscard]] const GgufValue* find(std::string_view key) const noexcept;
  [[nodiscard]] std::uint64_t count(std::string_view key, std::uint64_t most) const;
  [[nodiscard]] std::uint64_t count_or(std::string_view key, std::uint64_t most,
                                       std::uint64_t fallback) const;
  [[nodiscard]] double number_or(std::string_view key, double fallback) const;
  [[nodiscard]] bool flag_or(std::string_view key, bool fallback) const;
  [[nodiscard]] std::string text_or(std::string_view key, std::string_view fallback) const;
  [[nodiscard]] const std::vector<std::string>& texts(std::string_view key) const;
  [[nodiscard]] const std::vector<double>* numbers(std::string_view key) const;
  [[nodiscard]] const std::vector<std::int64_t>* integers(std::string_view key) const;
};

// Reads the directory of a whole file. Tensors borrow from `bytes`.
// Throws Error{bad_data} with the byte where it stopped.
[[nodiscard]] GgufFile parse_gguf(std::span<const std::byte> bytes, std::string where);

}  // namespace therma::llm
