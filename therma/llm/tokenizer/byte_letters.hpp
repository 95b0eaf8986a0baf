// SPDX-License-Identifier: Apache-2.0
// The alphabet in which byte-level vocabularies write bytes: printable ones as themselves, the
// others from U+0100 on (Radford et al. 2019, code of GPT-2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace therma::llm {

[[nodiscard]] std::string letters_of(std::string_view bytes);
// Nothing where a character is not of the alphabet.
[[nodiscard]] std::optional<std::string> bytes_of(std::string_view letters);

// The byte that a piece "<0xNN>" stands for in SentencePiece's vocabularies.
[[nodiscard]] std::optional<unsigned char> byte_named(std::string_view piece) noexcept;

}  // namespace therma::llm
